"""Movement: the statements of docs/sql.md, the figures of the dashboard and a count in plain Python tell the same."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from kehu.store import bulk, customers, tallies
from kehu.store.counting import walk
from kehu.store.database import Database
from kehu.store.dictionary.households import interaction, subscription
from kehu.store.dictionary.privacy import restriction
from kehu.store.tallies import Cut

TODAY = date(2026, 11, 22)
PAGE = Path(__file__).parents[2] / "docs/sql.md"
STATEMENTS = dict(re.findall(r"## (\w+)\n.*?```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
PEOPLE, RECORDS = 40, 120
RESTRICTED = 7


def _at(record: int) -> datetime:
    return datetime(2026, 11, 20, 12, tzinfo=UTC) - timedelta(days=record * record % 800, minutes=record)


def _whose(record: int) -> int:
    return record * 7 % (PEOPLE // (1 + record % 3)) + 1


CHANNELS = {record: ("hall", "calls", "online")[record % 3] for record in range(1, RECORDS + 1)}


@pytest.fixture
def lived(store: Database, arrive: Any, golden: Any, now: datetime) -> Database:
    """Customers with contacts and numbers over two years, of whom one may not be used."""
    arrive([{"record_id": str(record), "channel": channel} for record, channel in CHANNELS.items()])
    numbers = pa.array(range(1, RECORDS + 1), pa.int64())
    with store.begin() as tx:
        customers.write(tx, golden([{"customer_id": one} for one in range(1, PEOPLE + 1)]), at=now, why="load 1")
        belongs = pa.table({"record": numbers, "customer_id": pa.array([_whose(one) for one in CHANNELS], pa.int64())})
        customers.assign(tx, belongs, at=now)
        at = pa.array([_at(one) for one in CHANNELS], pa.timestamp("us", tz="UTC"))
        kinds = pa.array(["call"] * RECORDS)
        bulk.insert(tx, interaction, pa.table({"record": numbers, "started_at": at, "kind": kinds}))
        bulk.insert(tx, subscription, pa.table({
            "record": numbers, "channel": pa.array(CHANNELS.values()), "opened_at": at,
            "msisdn": pa.array([f"138{one:08d}" for one in CHANNELS]),
            "role": pa.array(["holder" if one % 4 else "proxy" for one in CHANNELS]),
        }))  # fmt: skip
        whose = next(one for one in CHANNELS if _whose(one) == RESTRICTED)
        tx.execute(restriction.insert().values(origin=whose, since=now, bound="asked", noted_by="test"))
    return store


def _months(at: datetime | date) -> int:
    return 12 * at.year + at.month


def _band(value: int, *bands: tuple[int, str], last: str) -> str:
    return next((name for end, name in bands if value < end), last)


def _contacts() -> Iterator[list[int]]:
    """The contacts of each customer, in time."""
    told = sorted((one for one in CHANNELS if _whose(one) != RESTRICTED), key=lambda one: (_whose(one), _at(one)))
    return (list(theirs) for _, theirs in groupby(told, key=_whose))


def _plain() -> dict[str, Counter[str]]:
    """The same figures, counted by hand."""
    told = {name: Counter[str]() for name in STATEMENTS}
    for theirs in _contacts():
        ago = _months(TODAY) - _months(_at(theirs[-1]))
        months = _band(ago, (1, "0"), (3, "1-2"), (6, "3-5"), (12, "6-11"), last="12+")
        often = _band(len(theirs), (2, "1"), (3, "2"), (5, "3-4"), (10, "5-9"), last="10+")
        told["recency"][f"{months}|{often}"] += 1
        following = CHANNELS[theirs[1]] if len(theirs) > 1 else "-"
        told["journey"][f"{CHANNELS[theirs[0]]}|{following}"] += 1
        came = {_months(_at(one)) for one in theirs}
        if _months(TODAY) - min(came) <= 12:
            told["retention"].update(f"{_months(TODAY) - min(came)}|{month - min(came)}" for month in came)
        held = [_months(TODAY) - _months(_at(one)) for one in theirs if one % 4]
        if held:
            bands = ((12, "0"), (24, "1"), (36, "2"), (60, "3-4"), (120, "5-9"))
            told["tenure"][_band(max(held), *bands, last="10+")] += 1
    return told


def test_the_documented_sql_the_figures_and_a_plain_count_tell_the_same(lived: Database) -> None:
    plain = _plain()
    assert set(STATEMENTS) == {"recency", "tenure", "retention", "journey"}
    with lived.read() as tx:
        counted = walk.tallies(tx, today=TODAY)
        for name, statement in STATEMENTS.items():
            given = {"today": TODAY.isoformat()} if ":today" in statement else {}
            rows = tx.execute(sa.text(statement), given).all()
            codes = ["|".join(str(one if isinstance(one, str) else int(one)) for one in row[:-1]) for row in rows]
            assert dict(zip(codes, [int(row[-1]) for row in rows], strict=True)) == plain[name], name
            figure = tallies.of(counted, name, Cut())
            assert dict(zip(figure["value"].to_pylist(), figure["count"].to_pylist(), strict=True)) == plain[name], name
