"""Looking at people: noted, at a pace, and unmasked for a reason."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from kehu.errors import StoreError, TooManyError
from kehu.flows.insight import looks
from kehu.flows.insight.looks import Looks
from kehu.flows.users.pace import Asked, Pace, Paces
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Entry, Filter
from kehu.store.database import Database
from kehu.store.dictionary.audit import audit
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.fixture
def sealing(store: Database) -> Database:
    return dataclasses.replace(store, vault=store.vault or Vault(keyring.made()))


def _look(number: int) -> Entry:
    return Entry(at=NOW, who="lihua", act=Act.LOOK, what=f"customer {number}")


def _noted(database: Database) -> list[str]:
    assert database.vault is not None
    with database.read() as tx:
        return [one.what for one in trail.page(tx, Filter(act=Act.LOOK), vault=database.vault)]


def test_looks_are_written_together_in_their_order_and_the_last_of_them_when_it_ends(sealing: Database) -> None:
    seen = Looks(sealing)
    with seen.together(every_s=60):
        for number in range(5):
            seen.note(_look(number))
        assert _noted(sealing) == []
    assert _noted(sealing) == [f"customer {number}" for number in reversed(range(5))]
    seen.note(_look(9))
    assert _noted(sealing)[0] == "customer 9"


def test_a_look_that_cannot_be_written_waits_and_too_many_of_them_show_nothing(
    sealing: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "MOST", 3)
    seen = Looks(sealing)
    with sealing.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE audit RENAME TO audit_away"))
    try:
        with seen.together(every_s=60):
            for number in range(3):
                seen.note(_look(number))
            with pytest.raises(StoreError, match="nobody is shown"):
                seen.note(_look(4))
    finally:
        with sealing.engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE audit_away RENAME TO audit"))
    seen.write()
    assert len(_noted(sealing)) == 3


def test_how_often_somebody_did_something_is_told_latest_first(sealing: Database) -> None:
    assert sealing.vault is not None
    with sealing.begin() as tx:
        for minutes in (90, 30, 10):
            entry = dataclasses.replace(_look(1), at=NOW - timedelta(minutes=minutes))
            trail.note(tx, entry, vault=sealing.vault)
        trail.note(tx, dataclasses.replace(_look(1), who="wangwu"), vault=sealing.vault)
        times = trail.times(tx, who="lihua", act=Act.LOOK, since=NOW - timedelta(hours=1), limit=5)
        assert tx.scalar(sa.select(sa.func.count()).select_from(audit)) == 4
    assert times == [NOW - timedelta(minutes=10), NOW - timedelta(minutes=30)]


def test_everybody_has_a_bucket_of_their_own_and_0_lifts_the_limit() -> None:
    pace = Pace(Paces(searches_per_minute=1, pushes_per_minute=0))
    pace.spend("lihua", Asked.SEARCH, at=NOW)
    pace.spend("wangwu", Asked.SEARCH, at=NOW)
    with pytest.raises(TooManyError) as told:
        pace.spend("lihua", Asked.SEARCH, at=NOW + timedelta(seconds=30))
    assert told.value.wait_s == 30
    for _ in range(1000):
        pace.spend("lihua", Asked.PUSH, at=NOW)
