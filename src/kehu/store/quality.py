"""Quality over time: how many rows of each load broke which rule, and how full and valid their attributes were.

It is counted as the rows come, in the transaction that stores them, and added up by channel and day when it is looked
at. So a row that is mended later does not make the past look better than it was.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from kehu.model.codes import Severity
from kehu.store import asking, columns
from kehu.store.database import Transaction
from kehu.store.dictionary.loads import completeness, load, quality


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a channel brought on a day (UTC)."""

    day: date
    channel: str
    read: int
    """Rows read."""
    accepted: int
    """Rows that became records."""
    quarantined: int
    """Rows that broke a rule of severity reject."""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """How many rows of a channel broke a rule on a day (UTC)."""

    day: date
    channel: str
    rule: str
    severity: str
    """`reject` or `warn`."""
    rows: int


@dataclass(frozen=True, kw_only=True)
class Filled:
    """How full and how valid an attribute was in what a channel brought."""

    channel: str
    attribute: str
    rows: int
    """Accepted rows of the loads that could tell of it."""
    filled: int
    """Rows in which the source wrote something."""
    valid: int
    """Rows whose value says something and passes its check."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The quality of what came, from one day to another."""

    since: date
    until: date
    """The last day; both UTC."""
    days: tuple[Day, ...]
    """By day and channel; a day on which a channel brought nothing is left out."""
    broken: tuple[Broken, ...]
    """By day, channel and rule."""
    filled: tuple[Filled, ...]
    """By channel and attribute, all days together."""


def add(tx: Transaction, number: int, *, rules: pa.Table, attributes: pa.Table) -> None:
    """Count what a batch of a load brought.

    Args:
        tx: The transaction.
        number: The load.
        rules: `rule`, `severity`, `rows`: how many of its rows broke each rule.
        attributes: `attribute`, `filled`, `valid`: how its accepted rows stand.
    """
    _count(tx, quality, number, ("rule", "severity"), ("rows",), rules)
    _count(tx, completeness, number, ("attribute",), ("filled", "valid"), attributes)


def _count(
    tx: Transaction, table: sa.Table, number: int, keys: Sequence[str], counts: Sequence[str], more: pa.Table
) -> None:
    """Add counts to those of the load, all in one statement: the load of a day is added to with every record."""
    if more.num_rows == 0:
        return
    told = more.select([*keys, *counts]).to_pylist()
    values = {f"{name}_{place}": value for place, row in enumerate(told) for name, value in row.items()}
    asking.later(tx, _adding(tx.dialect.name, table, keys, counts, len(told)), {"of": number, **values})


@functools.cache
def _adding(dialect: str, table: sa.Table, keys: Sequence[str], counts: Sequence[str], rows: int) -> sa.Insert:
    """What adds to so many counts of a load, which may be there or not."""
    of: sa.BindParameter[int] = sa.bindparam("of")
    values = [
        {"load_id": of} | {name: sa.bindparam(f"{name}_{place}") for name in (*keys, *counts)} for place in range(rows)
    ]
    if dialect in columns.MYSQL_FAMILY:
        new = mysql.insert(table).values(values)
        return new.on_duplicate_key_update({name: table.c[name] + new.inserted[name] for name in counts})
    adding = (sqlite if dialect == "sqlite" else postgresql).insert(table).values(values)
    sums = {name: table.c[name] + adding.excluded[name] for name in counts}
    added: sa.Insert = adding.on_conflict_do_update(index_elements=["load_id", *keys], set_=sums)
    return added


def of(tx: Transaction, *, since: date, until: date, channel: str | None = None) -> Quality:
    """The quality of what came from one day to another (UTC, both included), of one channel or of all."""
    wanted = [load.c.started_at >= _midnight(since), load.c.started_at < _midnight(until + timedelta(days=1))]
    if channel is not None:
        wanted.append(load.c.channel == channel)
    return Quality(
        since=since,
        until=until,
        days=tuple(Day(**row) for row in _by(tx, [_DAY, load.c.channel], ("read", "accepted", "quarantined"), wanted)),
        broken=tuple(
            Broken(**row)
            for row in _by(
                tx, [_DAY, load.c.channel, quality.c.rule, quality.c.severity], ("rows",), wanted, joined=quality
            )
        ),
        filled=tuple(
            Filled(rows=row.pop("accepted"), **row)
            for row in _by(
                tx,
                [load.c.channel, completeness.c.attribute],
                ("accepted", "filled", "valid"),
                wanted,
                joined=completeness,
            )
        ),
    )


def rules(tx: Transaction) -> tuple[str, ...]:
    """Every rule that ever sent a row to quarantine."""
    query = sa.select(quality.c.rule).where(quality.c.severity == Severity.REJECT).distinct().order_by(quality.c.rule)
    return tuple(tx.scalars(query))


_DAY = sa.func.date(load.c.started_at).label("day")
"""The day of a load; times are UTC in every store, and so are the sessions."""


def _by(
    tx: Transaction,
    keys: Sequence[sa.ColumnElement[Any]],
    counts: Sequence[str],
    wanted: Iterable[sa.ColumnElement[bool]],
    *,
    joined: sa.Table = load,
) -> list[dict[str, Any]]:
    """Sums of counts, of the loads or of what is joined to them, by keys and in their order."""
    sums = [sa.func.sum((joined if name in joined.c else load).c[name]).label(name) for name in counts]
    query = sa.select(*keys, *sums).where(*wanted).group_by(*keys).order_by(*keys)
    if joined is not load:
        query = query.select_from(load).join(joined, joined.c.load_id == load.c.load_id)
    # Sums come as decimals from some databases, and days as texts.
    return [
        {**row, **{name: int(row[name]) for name in counts}, **_day(row.get("day"))}
        for row in tx.execute(query).mappings()
    ]


def _day(told: object) -> dict[str, date]:
    return {} if told is None else {"day": date.fromisoformat(str(told)[:10])}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
