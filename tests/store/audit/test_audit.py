"""What is noted stays as it was, or the chain tells."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from kehu.errors import StoreError
from kehu.store.audit import chain, head, trail
from kehu.store.audit.trail import Act, Entry, Filter
from kehu.store.database import Database, Transaction
from kehu.store.dictionary.audit import audit, audit_chain
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

KEYS = keyring.made()
VAULT = Vault(KEYS)
AT = datetime(2026, 1, 5, 8, 30, 0, 123456, tzinfo=UTC)


def _note(store: Database, count: int, *, who: str = "lihua") -> None:
    with store.begin() as tx:
        for number in range(count):
            entry = Entry(
                at=AT + timedelta(seconds=number),
                who=who,
                act=Act.UNMASK,
                what=f"customer {number}",
                why="王小明 asked",
                whence="10.0.0.7",
                detail={"fields": ["phone"]},
            )
            trail.note(tx, entry, vault=VAULT)


def _chained(store: Database) -> chain.End:
    with store.begin() as tx:
        end = chain.extend(tx)
    assert end
    return end


def _faults(store: Database, known: chain.End | None) -> list[str]:
    with store.read() as tx:
        return [fault.broken for fault in chain.faults(tx, head=known)]


def test_an_entry_is_read_as_it_was_noted_and_its_reason_is_not_in_clear(store: Database) -> None:
    _note(store, 2)
    with store.read() as tx:
        noted = trail.page(tx, Filter(who="lihua", act=Act.UNMASK, what="customer 1"), vault=VAULT)
        raw = tx.scalars(sa.select(audit.c.why)).all()
    assert [(one.at, one.why, one.detail, one.whence) for one in noted] == [
        (AT + timedelta(seconds=1), "王小明 asked", {"fields": ["phone"]}, "10.0.0.7")
    ]
    assert not any("王小明" in str(one) for one in raw)


def test_pages_follow_each_other_latest_first(store: Database) -> None:
    _note(store, 5)
    seen: list[str] = []
    before = None
    with store.read() as tx:
        while rows := trail.page(tx, Filter(), vault=VAULT, before=before, limit=2):
            seen += [row.what for row in rows]
            before = rows[-1].audit_id
    assert seen == [f"customer {number}" for number in (4, 3, 2, 1, 0)]


def test_a_sound_trail_has_no_faults_however_often_it_was_extended(store: Database) -> None:
    assert _faults(store, None) == []
    for count in (3, 1, 4):
        _note(store, count)
        known = _chained(store)
    _note(store, 1)
    assert known.place == 8
    assert _faults(store, known) == []
    with store.begin() as tx:
        assert chain.extend(tx)
        assert chain.extend(tx) is None


def _changed(tx: Transaction, second: int) -> None:
    tx.execute(audit.update().where(audit.c.audit_id == second).values(who="nobody"))


def _redated(tx: Transaction, second: int) -> None:
    tx.execute(audit.update().where(audit.c.audit_id == second).values(at=AT - timedelta(microseconds=1)))


def _deleted(tx: Transaction, second: int) -> None:
    tx.execute(audit_chain.delete().where(audit_chain.c.audit_id == second))
    tx.execute(audit.delete().where(audit.c.audit_id == second))


def _swapped(tx: Transaction, second: int) -> None:
    rows = {row.audit_id: dict(row) for row in tx.execute(sa.select(audit)).mappings()}
    for here, there in ((second, second + 1), (second + 1, second)):
        other = {name: value for name, value in rows[there].items() if name != "audit_id"}
        tx.execute(audit.update().where(audit.c.audit_id == here).values(other))


def _cut(tx: Transaction, second: int) -> None:
    tx.execute(audit_chain.delete().where(audit_chain.c.audit_id >= second))
    tx.execute(audit.delete().where(audit.c.audit_id >= second))


def _emptied(tx: Transaction, second: int) -> None:
    tx.execute(audit_chain.delete())
    tx.execute(audit.delete())


def _made_anew(tx: Transaction, second: int) -> None:
    _changed(tx, second)
    digest = chain.START
    for row in tx.execute(sa.select(audit).order_by(audit.c.audit_id)).all():
        digest = chain.following(digest, row)
        tx.execute(audit_chain.update().where(audit_chain.c.audit_id == row.audit_id).values(digest=digest))


@pytest.mark.parametrize("tamper", [_changed, _redated, _deleted, _swapped, _cut, _emptied, _made_anew])
def test_whatever_is_done_to_the_trail_is_noticed(store: Database, tamper: Callable[[Transaction, int], None]) -> None:
    _note(store, 5)
    known = _chained(store)
    assert _faults(store, known) == []
    with store.begin() as tx:
        numbers = tx.scalars(sa.select(audit.c.audit_id).order_by(audit.c.audit_id)).all()
        tamper(tx, numbers[1])
    assert _faults(store, known)


def test_a_missing_head_is_noticed(store: Database) -> None:
    _note(store, 1)
    _chained(store)
    assert _faults(store, None) == ["the head of the chain, outside the database, is missing"]


def test_a_head_is_read_as_it_was_written_and_only_ours_is_believed(tmp_path: Path) -> None:
    path, end = tmp_path / "audit.head", chain.End(place=7, digest=bytes(range(32)))
    assert head.read(path, keys=KEYS) is None
    head.write(path, end, at=AT, keys=KEYS, number=1)
    assert head.read(path, keys=KEYS) == end
    assert head.read(path, keys=KEYS.with_another()) == end
    with pytest.raises(StoreError, match="not signed with our keys"):
        head.read(path, keys=keyring.made())
    path.write_text(path.read_text().replace('"place": 7', '"place": 6'))
    with pytest.raises(StoreError, match="not signed with our keys"):
        head.read(path, keys=KEYS)
