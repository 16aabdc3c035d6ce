"""Promise 10 at rest: canary certificates go every way there is; then all that was written is searched for them."""

import itertools
import logging
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from kehu.collect import closed, files, raw
from kehu.engine.few import Few
from kehu.errors import KehuError, StoreError
from kehu.flows import mend
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.decide import decide
from kehu.flows.identify import identify
from kehu.flows.intake import intake
from kehu.flows.service import notes
from kehu.flows.upkeep import audit as auditing
from kehu.flows.upkeep import backup, rotate
from kehu.flows.upkeep.audit import Seal
from kehu.flows.upkeep.backup import Asked
from kehu.flows.upkeep.rotate import Cupboard
from kehu.flows.users.people import By
from kehu.process.checks import Required
from kehu.process.mapping import Mapping
from kehu.resolve import model as models
from kehu.store import customers, database, fingerprints, quarantine
from kehu.store.database import Database
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault, Wrap

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
CERTIFICATES = tuple(f"11010119980808{place:03d}" for place in range(731, 739))
"""The first 17 characters: whatever is made of a certificate without a key begins so. No other test has them."""
PHONE, PHONE_OF_THE_BAD = "13998761111", "13998762222"
CONTROL = "Quicksilver Canary"
"""A name, which nobody seals: where it is not found, the search finds nothing."""

Opened = Callable[[str], Database]


def whole(place: int) -> str:
    """A valid certificate."""
    body = CERTIFICATES[place]
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


def desk_in(folder: Path) -> Desk:
    """A desk whose clock goes on a second whenever it is asked."""
    ticks = itertools.count()
    return Desk(
        engine=Few(), model=models.shipped(), home="CN", trust={}, hot_key_limit=100, mappings={},
        rules={"hall": (Required(rule="required", columns=("name",)),)}, raw_in=folder / "raw",
        clock=lambda: AT + timedelta(seconds=next(ticks)),
    )  # fmt: skip


def lived(store: Database, folder: Path) -> list[str]:
    """Let certificates go every way; returns what was said of what was refused."""
    desk = desk_in(folder)
    (folder / "drop").mkdir()
    lines = [f"1,{CONTROL},{whole(0)},{PHONE}", f"2,,{whole(1)},{PHONE_OF_THE_BAD}", f"3,张伟,{whole(2)}{'9' * 80},"]
    (folder / "drop" / "a.csv").write_text("\n".join(["no,name,card,mobile", *lines, f'4,"{whole(3)}']))
    columns = {"record_id": "no", "name": "name", "id_number": "card", "phone": "mobile"}
    feed = intake.Feed(
        channel=files.FilesChannel(
            "hall", files.FilesSource(path=Path("drop"), pattern=("*.csv",), settle_s=0), folder=folder
        ),
        mapping=Mapping.model_validate(columns),
        rules=desk.rules["hall"],
    )
    told = [str(intake.intake(store, feed, raw_in=desk.raw_in, home="CN", clock=desk.clock).failure)]
    identify.identify(store, Few(), desk.model, trust={}, hot_key_limit=100, clock=desk.clock, why="a test")
    person = {"channel": "app", "name": CONTROL, "phone": PHONE}
    arrive.one(store, desk, {**person, "record_id": "p", "id_number": whole(4), "proxy_id_number": whole(5)})
    arrive.many(
        store, desk, [{**person, "record_id": "q", "id_number": whole(6)}, {"channel": "hall", "record_id": "b"}]
    )
    arrive.one(store, desk, {"channel": "hall", "record_id": "r", "id_number": whole(7), "phone": PHONE_OF_THE_BAD})
    with store.read() as tx:
        ids = customers.states(tx, retired=False)["customer_id"].to_pylist()
        bad = quarantine.page(tx)
    assert len(bad) > 2
    merged = decide.merge(store, desk, ids[:2], reason=f"she showed {whole(0)}", by="ann")
    decide.undo(store, desk, merged.decision_id, reason=f"not {whole(0)}", by="ann")
    decide.pin(store, desk, ids[0], "email", "pinned@example.org", reason=f"{whole(0)} called", by="ann")
    notes.write(store, ids[0], f"his card is {whole(0)}", by=By(login="ann", at=desk.clock()))
    with pytest.raises(KehuError) as refused:
        mend.replay_one(store, desk, bad[0].quarantine_id, mended={"nonsense": whole(1)})
    return [*told, str(refused.value)]


def kept(folder: Path, store: Database, server_folder: Path) -> Iterator[tuple[str, bytes]]:
    """The bytes of every file that was written: of the store, beside it, and of its server."""
    kind = store.engine.dialect.name
    places = [folder, *([Path(str(store.engine.url.database)).parent] if kind == "sqlite" else [server_folder / kind])]
    for place in places:
        for path in sorted(place.rglob("*")):
            if path.is_file() and "drop" not in path.parts:
                yield str(path), path.read_bytes()


def opened_up(path: Path) -> bytes:
    """A backup, its members unpacked."""
    with zipfile.ZipFile(path) as members:
        tables = [
            pa.ipc.open_stream(members.read(name)).read_all() for name in members.namelist() if name.endswith(".arrow")
        ]
        return repr([table.to_pydict() for table in tables]).encode() + members.read("manifest.json")


@pytest.mark.parametrize("kind", ["sqlite", "mariadb", "postgresql"])
def test_no_certificate_stands_in_clear_in_anything_that_was_written(
    opened: Opened,
    tmp_path: Path,
    server_folder: Path,
    kind: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    folder = tmp_path / "house"
    folder.mkdir()
    keyring.write(folder / "kehu.key", keyring.made())
    keys = keyring.live(folder / "kehu.key")
    store = replace(opened(kind), vault=Vault(keys))
    database.migrate(store)
    with store.begin() as tx:
        fingerprints.note(tx, Vault(keys))
    said = lived(store, folder)
    backup.backup(store, folder / "kehu.zip", asked=Asked(who="cli:ann", at=AT, why=f"for {whole(0)}"))
    turned(store, folder)
    with store.begin() as tx:
        tx.execute(sa.text("ALTER TABLE fresh RENAME TO stale"))
    with pytest.raises(StoreError) as refused:
        arrive.one(
            store,
            desk_in(folder),
            {"channel": "app", "record_id": "z", "name": "x", "id_number": whole(4), "phone": PHONE},
        )
    printed = capfd.readouterr()
    shown = "\n".join([*said, str(refused.value), repr(refused.value), caplog.text, printed.out, printed.err]).encode()
    assert not [one for one in (*CERTIFICATES, PHONE, PHONE_OF_THE_BAD) if one.encode() in shown]
    written = dict(kept(folder, store, server_folder))
    written["the backup, unpacked"] = opened_up(folder / "kehu.zip")
    held = [path for path, content in written.items() if any(one.encode() in content for one in CERTIFICATES)]
    assert held == []
    controlled = {path for path, content in written.items() if CONTROL.encode() in content}
    assert "the backup, unpacked" in controlled
    assert len(controlled) > 1
    batches = [str(closed.read(path, Wrap(Vault(keys))).to_pylist()) for path in raw.every(folder / "raw")]
    assert CERTIFICATES[0] in "".join(batches)


def turned(store: Database, folder: Path) -> None:
    """Bring the store under another key: nothing may be written in clear on the way."""
    path = folder / "kehu.key"

    def another() -> keyring.Keyring:
        keyring.write(path, keyring.read(path).with_another(), over=True)
        return keyring.live(path)

    cupboard = Cupboard(
        another=another, forget=lambda _: None, raw_in=folder / "raw", ledger_at=folder / "erased.ledger"
    )
    seal = Seal(keys=keyring.live(path), head_at=folder / "audit.head")
    rotate.rotate(store, cupboard, asked=Asked(who="cli:ann", at=AT), seal=seal, clock=lambda: datetime.now(UTC))
    auditing.sealed(store, seal, at=AT)
