"""A person who is known in every way a store can know somebody, and asks for her rights."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from kehu.engine.few import Few
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.privacy.asked import Asked
from kehu.flows.privacy.erase import Room
from kehu.process.checks import Required
from kehu.resolve import model as models
from kehu.store import customers
from kehu.store.database import Database
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)

CERTIFICATE = "330106199003071244"
CANARIES = ("覃碧瑶", CERTIFICATE, "13912348765", "tan.biyao@example.org")
HER: dict[str, str | None] = {
    "name": "覃碧瑶",
    "id_type": "ID",
    "id_number": CERTIFICATE,
    "phone": "13912348765",
    "email": "tan.biyao@example.org",
    "birth_date": "1990-03-07",
    "address": "浙江省杭州市西湖区文三路138号",
    "updated_at": "2026-10-01T00:00:00Z",
}
ROWS: list[dict[str, str | None]] = [
    {"channel": "hall", "record_id": "h1", **HER},
    {"channel": "hall", "record_id": "h1", **HER, "gender": "女", "updated_at": "2026-10-02T00:00:00Z"},
    {"channel": "app", "record_id": "a1", **HER},
    # Without a name: it lies in quarantine, and is known by the certificate alone.
    {"channel": "hall", "record_id": "h9", "id_number": CERTIFICATE, "id_type": "ID"},
    {"channel": "hall", "record_id": "w1", "name": "王芳", "phone": "13700001111", "birth_date": "1985-01-02"},
    {"channel": "app", "record_id": "w2", "name": "王芳", "phone": "13700001111", "birth_date": "1985-01-02"},
]


@pytest.fixture
def held(store: Database) -> Database:
    """A store with keys."""
    return store if store.vault is not None else replace(store, vault=Vault(keyring.made()))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    ticks = count()
    return Desk(
        engine=Few(),
        model=models.shipped(),
        home="CN",
        trust={},
        hot_key_limit=100,
        mappings={},
        rules={"hall": (Required(rule="required", columns=("name",)),)},
        raw_in=tmp_path / "raw",
        clock=lambda: NOW + timedelta(seconds=next(ticks)),
    )


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(ledger_at=tmp_path / "erased.jsonl")


Ask = Callable[..., Asked]


@pytest.fixture
def asked() -> Ask:
    """Somebody who acts for her, some minutes later."""

    def ask(minutes: int = 10, why: str = "she asked for it in the hall") -> Asked:
        return Asked(who="ann", at=NOW + timedelta(minutes=minutes), why=why)

    return ask


@dataclass(frozen=True, kw_only=True)
class Her:
    """What is known of her."""

    says: dict[str, str | None] = field(default_factory=lambda: dict(HER))
    rows: list[dict[str, str | None]] = field(default_factory=lambda: list(ROWS))
    certificate: str = CERTIFICATE
    canaries: tuple[str, ...] = CANARIES


@pytest.fixture
def her() -> Her:
    return Her()


Known = Callable[[Database, Desk], int]


@pytest.fixture
def known() -> Known:
    """Let her be known by two channels, in a batch and one by one, twice, and in quarantine; her number."""

    def come(store: Database, desk: Desk) -> int:
        arrive.many(store, desk, ROWS)
        arrive.many(store, desk, ROWS[:1])
        arrive.one(store, desk, {"channel": "app", "record_id": "a2", **HER})
        with store.read() as tx:
            number = next(
                row["customer_id"]
                for row in customers.states(tx, retired=False).to_pylist()
                if row["name"] == HER["name"]
            )
        return int(number)

    return come
