"""What happened with a customer, on each database."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from kehu.engine.duck import Duck
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.insight import happened, insight
from kehu.resolve import model as models
from kehu.store.database import Database

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def test_records_of_a_load_stand_together_and_those_of_another_day_apart(store: Database, tmp_path: Path) -> None:
    clock = [NOW]
    desk = Desk(
        engine=Duck(threads=1), model=models.shipped(), home="CN", trust={}, hot_key_limit=100, mappings={}, rules={},
        raw_in=tmp_path / "raw", clock=lambda: clock[0],
    )  # fmt: skip
    known = {"channel": "hall", "name": "欧阳修远", "phone": "13766660001", "birth_date": "1990-03-07"}
    for key in ("A-1", "A-2"):
        arrive.one(store, desk, {**known, "record_id": key})
    clock[0] += timedelta(days=1)
    arrive.one(store, desk, {**known, "record_id": "A-3"})
    contacts = insight.timeline(store, 1).timeline
    stretch, told = happened.along(store, 1, contacts, serves=True)
    assert (stretch.since, stretch.until) == (None, None)
    assert [(one.what, one.at, one.told.records) for one in told] == [  # type: ignore[union-attr]  # arrivals, all
        (happened.What.ARRIVAL, NOW + timedelta(days=1), 1),
        (happened.What.ARRIVAL, NOW, 2),
    ]
