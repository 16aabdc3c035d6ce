from datetime import datetime
from typing import Any

import pytest

from kehu.errors import NotFoundError
from kehu.model.codes import LoadState
from kehu.store import loads
from kehu.store.database import Database
from kehu.store.loads import Counts


def test_a_load_counts_its_batches_and_moves_the_cursor(store: Database, now: datetime, later: Any) -> None:
    with store.begin() as tx:
        number = loads.start(tx, "hall", at=now)
        loads.advance(tx, number, counts=Counts(read=3, accepted=2, quarantined=1), cursor='{"file": 1}')
        loads.advance(tx, number, counts=Counts(read=2, duplicate=2))
        loads.finish(tx, number, at=later(1))
    with store.read() as tx:
        load = loads.get(tx, number)
        assert loads.cursor_of(tx, "hall") == '{"file": 1}'
        assert loads.totals(tx) == load.counts
    assert load.counts == Counts(read=5, accepted=2, duplicate=2, quarantined=1)
    assert (load.state, load.started_at, load.finished_at) == (LoadState.DONE, now, later(1))


def test_the_next_load_starts_after_the_stored_batches_of_a_failed_one(store: Database, now: datetime) -> None:
    with store.begin() as tx:
        failed = loads.start(tx, "hall", at=now)
        loads.advance(tx, failed, counts=Counts(read=1, accepted=1), cursor="17")
        loads.fail(tx, failed, at=now, reason="the hall's file ends in the middle of a row")
        number = loads.start(tx, "hall", at=now)
    with store.read() as tx:
        assert loads.get(tx, number).cursor_before == "17"
        assert loads.get(tx, failed).failure == "the hall's file ends in the middle of a row"
        assert loads.cursor_of(tx, "online") is None


def test_loads_are_listed_newest_first_a_page_at_a_time(store: Database, now: datetime) -> None:
    with store.begin() as tx:
        numbers = [loads.start(tx, channel, at=now) for channel in ("hall", "online", "hall")]
    with store.read() as tx:
        assert [load.load_id for load in loads.recent(tx)] == numbers[::-1]
        assert [load.load_id for load in loads.recent(tx, channel="hall", limit=1)] == numbers[2:]
        assert [load.load_id for load in loads.recent(tx, channel="hall", before=numbers[2])] == numbers[:1]


def test_a_load_that_was_never_started_is_not_found(store: Database, now: datetime) -> None:
    with store.begin() as tx, pytest.raises(NotFoundError, match="no load 9"):
        loads.finish(tx, 9, at=now)
    with store.read() as tx, pytest.raises(NotFoundError, match="no load 9"):
        loads.get(tx, 9)
