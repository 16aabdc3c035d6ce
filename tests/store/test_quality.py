from datetime import UTC, datetime, timedelta

import pyarrow as pa

from kehu.store import loads, quality
from kehu.store.database import Database
from kehu.store.loads import Counts
from kehu.store.quality import Broken, Day, Filled


def rules(**rows: int) -> pa.Table:
    return pa.table({"rule": list(rows), "severity": ["reject"] * len(rows), "rows": list(rows.values())})


def attributes(filled: int, valid: int) -> pa.Table:
    return pa.table({"attribute": ["phone"], "filled": [filled], "valid": [valid]})


def test_the_batches_of_a_load_and_the_loads_of_a_day_add_up(store: Database) -> None:
    # Late in the evening (UTC): a session in another zone would call it the next day.
    at = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    with store.begin() as tx:
        for channel, more in (("hall", 1), ("hall", 2), ("online", 5)):
            number = loads.start(tx, channel, at=at)
            for batch in (rules(length=more), rules(length=more, required=1), rules()):
                quality.add(tx, number, rules=batch, attributes=attributes(3, 2))
            loads.advance(tx, number, counts=Counts(read=20, accepted=10, quarantined=10))
        loads.start(tx, "hall", at=at - timedelta(days=1))
    day = at.date()
    with store.read() as tx:
        told = quality.of(tx, since=day, until=day)
        assert quality.rules(tx) == ("length", "required")
        assert [one.day for one in quality.of(tx, since=day - timedelta(days=1), until=day, channel="hall").days] == [
            day - timedelta(days=1),
            day,
        ]
        assert quality.of(tx, since=day + timedelta(days=1), until=day + timedelta(days=1)).days == ()
    assert told.days == (
        Day(day=day, channel="hall", read=40, accepted=20, quarantined=20),
        Day(day=day, channel="online", read=20, accepted=10, quarantined=10),
    )
    assert told.broken == tuple(
        Broken(day=day, channel=channel, rule=rule, severity="reject", rows=rows)
        for channel, rule, rows in (
            ("hall", "length", 6),
            ("hall", "required", 2),
            ("online", "length", 10),
            ("online", "required", 1),
        )
    )
    assert told.filled == (
        Filled(channel="hall", attribute="phone", rows=20, filled=18, valid=12),
        Filled(channel="online", attribute="phone", rows=10, filled=9, valid=6),
    )
