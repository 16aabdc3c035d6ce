"""The trail is sealed outside the database, whoever does it and however often."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kehu.errors import StoreError
from kehu.flows.upkeep import audit as auditing
from kehu.flows.upkeep.audit import Seal
from kehu.store.audit import chain, head, trail
from kehu.store.audit.trail import Act, Entry
from kehu.store.database import Database
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

AT = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    """Keys, and a place for the head."""
    return Seal(keys=keyring.made(), head_at=tmp_path / "audit.head")


def _note(store: Database, seal: Seal, count: int) -> None:
    with store.begin() as tx:
        for _ in range(count):
            trail.note(tx, Entry(at=AT, who="lihua", act=Act.LOOK, what="customer 1"), vault=Vault(seal.keys))


def test_the_head_outside_says_how_far_the_chain_goes(
    store: Database, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "BATCH", 2)
    for count, place in ((5, 5), (0, 5), (1, 6)):
        _note(store, seal, count)
        assert auditing.sealed(store, seal, at=AT) == count
        known = head.read(seal.head_at, keys=seal.keys)
        assert known
        assert known.place == place
        with store.read() as tx:
            assert list(chain.faults(tx, head=known)) == []


def test_a_head_that_fell_behind_is_no_fault_and_is_brought_up(store: Database, seal: Seal) -> None:
    _note(store, seal, 2)
    auditing.sealed(store, seal, at=AT)
    _note(store, seal, 1)
    with store.begin() as tx:  # Killed before the head was written.
        chain.extend(tx)
    with store.read() as tx:
        assert list(chain.faults(tx, head=head.read(seal.head_at, keys=seal.keys))) == []
    _note(store, seal, 1)
    auditing.sealed(store, seal, at=AT)
    known = head.read(seal.head_at, keys=seal.keys)
    assert known
    assert known.place == 4


def test_a_forged_head_is_not_overwritten(store: Database, seal: Seal) -> None:
    _note(store, seal, 1)
    head.write(seal.head_at, chain.End(place=9, digest=bytes(32)), at=AT, keys=keyring.made(), number=1)
    with pytest.raises(StoreError, match="not signed with our keys"):
        auditing.sealed(store, seal, at=AT)
