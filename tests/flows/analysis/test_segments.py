"""Segments that are counted with each run."""

from datetime import UTC, datetime, timedelta

from kehu.flows.analysis import segments
from kehu.flows.analysis.segments import Reader
from kehu.flows.insight import sight
from kehu.flows.users.people import By
from kehu.model import segments as model
from kehu.store.database import Database

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANYBODY = Reader(sees_persons=True, sight=sight.Sight(), smallest=0)


def test_a_segment_is_counted_once_a_day_though_nothing_changes_and_after_each_change(store: Database) -> None:
    wanted = model.parsed({"column": "customer.age", "is": "between", "from": 18})
    by = By(at=NOON, login="somebody")
    segments.save(store, wanted, name="grown up", by=by, with_each_run=True, reader=ANYBODY)
    segments.save(store, wanted, name="when asked", by=by, reader=ANYBODY)

    def recount(hours: int, *, is_changed: bool = False) -> int:
        return segments.recount(store, at=NOON + timedelta(hours=hours), zone=UTC, is_changed=is_changed)

    assert [recount(0), recount(1), recount(2, is_changed=True), recount(3), recount(12), recount(13)] == [
        1,
        0,
        1,
        0,
        1,
        0,
    ]
    assert len(segments.one(store, 1, reader=ANYBODY).sizes) == 3
    segments.save(store, wanted, name="grown up", by=by, segment_id=1, with_each_run=True, reader=ANYBODY)
    assert [recount(14), recount(15)] == [1, 0]
