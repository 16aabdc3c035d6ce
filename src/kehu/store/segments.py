"""Segments in the store: a tree of conditions as bound SQL, its members, and the segments that were saved.

Columns come from an allow-list, values are bound, and what is not known answers no question with yes: so every
condition is true or false, and `not` turns it round.
"""

import calendar
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa

from kehu.errors import ConflictError, NotFoundError
from kehu.model import segments as model
from kehu.model.segments import All, Any_, Begins, Between, Dated, Has, Is, Kind, Known, Not, OneOf, Segment, Thing
from kehu.store import sequence
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.households import account, interaction, subscription
from kehu.store.dictionary.records import member, record
from kehu.store.dictionary.segments import NAME_LENGTH, segment, segment_count, segment_version
from kehu.store.privacy import restrictions

_TABLES: Mapping[Thing, sa.Table] = {
    Thing.RECORD: record,
    Thing.SUBSCRIPTION: subscription,
    Thing.ACCOUNT: account,
    Thing.INTERACTION: interaction,
}
_SPECIAL: Mapping[str, sa.Column[Any]] = {
    "customer.age": customer.c.birth_date,
    "interaction.at": interaction.c.started_at,
}
"""Columns that are called otherwise than in their table."""


@dataclass(frozen=True, kw_only=True)
class Today:
    """The day on which relative dates are reckoned."""

    day: date
    """In the zone."""
    zone: tzinfo = UTC
    """Where days begin."""

    def start(self, day: date) -> datetime:
        """When a day begins."""
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)


def where(wanted: Segment, today: Today) -> sa.ColumnElement[bool]:
    """The segment as a condition on `customer`; the living only, and those whose data may be used."""
    may_be_meant = sa.and_(customer.c.merged_into.is_(None), restrictions.is_free(customer.c.customer_id))
    return sa.and_(may_be_meant, _sql(wanted.condition, today))


def count(tx: Transaction, wanted: Segment, today: Today) -> int:
    """How many customers are meant."""
    return tx.scalar(sa.select(sa.func.count()).select_from(customer).where(where(wanted, today))) or 0


def living(tx: Transaction) -> int:
    """How many customers there are."""
    return tx.scalar(sa.select(sa.func.count()).select_from(customer).where(customer.c.merged_into.is_(None))) or 0


def overlap(tx: Transaction, one: Segment, other: Segment, today: Today) -> int:
    """How many customers both segments mean."""
    both = sa.and_(where(one, today), where(other, today))
    return tx.scalar(sa.select(sa.func.count()).select_from(customer).where(both)) or 0


def members(
    tx: Transaction, wanted: Segment, today: Today, *, after: int | None = None, limit: int | None = None
) -> list[int]:
    """The numbers of the customers that are meant, the newest first; `after` is the last number of the page before."""
    query = sa.select(customer.c.customer_id).where(where(wanted, today)).order_by(customer.c.customer_id.desc())
    if after is not None:
        query = query.where(customer.c.customer_id < after)
    return list(tx.scalars(query.limit(limit)))


def factors(tx: Transaction, wanted: Segment, today: Today, customer_id: int) -> list[tuple[Any, bool]]:
    """Every condition about one customer in the order of the tree, and whether it holds for them."""
    conditions = list(model.walk(wanted.condition))
    asked = [sa.case((_sql(one, today), 1), else_=0) for one in conditions]
    row = tx.execute(sa.select(*asked).where(customer.c.customer_id == customer_id)).first()
    if row is None:
        raise NotFoundError(f"there is no customer {customer_id}")
    return [(one, bool(holds)) for one, holds in zip(conditions, row, strict=True)]


def _sql(condition: Any, today: Today, *, is_denied: bool = False) -> sa.ColumnElement[bool]:
    """A condition as SQL.

    Args:
        condition: The tree.
        today: When relative dates are reckoned.
        is_denied: It stands inside a `not`, where what is not known must be false. Elsewhere it may stay unknown, as
            SQL has it: to ask for both hides the column's index from a planner.
    """
    match condition:
        case All():
            return sa.and_(*(_sql(one, today, is_denied=is_denied) for one in condition.all))
        case Any_():
            return sa.or_(*(_sql(one, today, is_denied=is_denied) for one in condition.any))
        case Not():
            return sa.not_(_sql(condition.not_, today, is_denied=True))
        case Has():
            return _has(condition, today)
        case _:
            leaf = _leaf(condition, today)
            return sa.and_(_column(condition.column).is_not(None), leaf) if is_denied else leaf


def _has(condition: Has, today: Today) -> sa.ColumnElement[bool]:
    table = _TABLES[condition.has]
    # As a list of customers: it is made once, where a question about each customer would be asked a million times.
    theirs = sa.select(member.c.customer_id).join(table, table.c.record == member.c.record)
    theirs = theirs.where(*(_leaf(leaf, today) for leaf in condition.where))
    if condition.at_least > 1:
        theirs = theirs.group_by(member.c.customer_id).having(sa.func.count() >= condition.at_least)
    return customer.c.customer_id.in_(theirs)


def _leaf(condition: Any, today: Today) -> sa.ColumnElement[bool]:
    """A question about a column; unknown where that is."""
    column = _column(condition.column)
    match condition:
        case Known():
            return column.is_not(None)
        case OneOf():
            return column.in_(condition.values)
        case Begins():
            # A stretch of an index; not LIKE, to which SQLite's A is an a.
            behind = following(condition.value)
            begun = column >= condition.value
            return begun if behind is None else sa.and_(begun, column < behind)
        case Is():
            return column == (condition.is_ == "true")
        case Between() if model.COLUMNS[condition.column] is Kind.AGE:
            return sa.and_(*_ages(column, condition, today.day))
        case Between():
            ends = ((condition.from_, column.__ge__), (condition.to, column.__le__))
            return sa.and_(*(compare(end) for end, compare in ends if end is not None))
        case Dated():
            day = condition.day or today.day - timedelta(days=condition.days_ago or 0)
            bound = day if model.COLUMNS[condition.column] is Kind.DAY else today.start(day)
            return column < bound if condition.is_ == "before" else column >= bound
        case _:
            raise AssertionError(condition)


def following(beginning: str) -> str | None:
    """The first text behind all that begin so, in the order of code points; None where none is.

    >>> following("宽带"), following("a\U0010ffff"), following("\U0010ffff"), following("\ud7ff") == "\ue000"
    ('宽帧', 'b', None, True)
    """
    kept = beginning.rstrip(chr(sys.maxunicode))
    if not kept:
        return None
    last = ord(kept[-1]) + 1
    # Surrogates are no characters.
    return kept[:-1] + chr(0xE000 if last == 0xD800 else last)


def _column(name: str) -> sa.Column[Any]:
    """The column; `name` was checked against the allow-list when the condition was read."""
    assert name in model.COLUMNS, name
    if name in _SPECIAL:
        return _SPECIAL[name]
    thing, column = name.split(".")
    return customer.c[column] if thing == "customer" else _TABLES[Thing(thing)].c[column]


def _ages(born: sa.Column[Any], condition: Between, today: date) -> list[sa.ColumnElement[bool]]:
    """Whole years of age as a range of birth dates: at least 18 are those born 18 years ago or before."""
    ends = []
    if condition.from_ is not None:
        ends.append(born <= years_before(today, -int(-condition.from_ // 1)))
    if condition.to is not None:
        ends.append(born > years_before(today, int(condition.to // 1) + 1))
    return ends


def years_before(day: date, years: int) -> date:
    """The day so many years before; who was born on a 29th of February has a birthday on the 28th in other years.

    >>> years_before(date(2026, 2, 28), 18), years_before(date(2024, 2, 29), 1)
    (datetime.date(2008, 2, 29), datetime.date(2023, 2, 28))
    """
    year = day.year - years
    if year < 1:
        return date.min
    last = calendar.monthrange(year, day.month)[1]
    # On the last of February everybody of its last days has had their birthday.
    is_last = day.month == 2 and day.day == calendar.monthrange(day.year, 2)[1]
    return date(year, day.month, last if is_last else min(day.day, last))


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A segment that somebody saved."""

    segment_id: int
    """Its number."""
    name: str
    """What it is called."""
    version: int
    """The version in force."""
    segment: Segment
    """What it means."""
    with_each_run: bool
    """It is counted with each run."""
    made_at: datetime
    """When this version was saved."""
    made_by: str
    """By whom."""


def save(
    tx: Transaction,
    wanted: Segment,
    *,
    name: str,
    by: str,
    at: datetime,
    segment_id: int | None = None,
    with_each_run: bool = False,
) -> int:
    """Save a segment, or another version of one; its number.

    Raises:
        ConflictError: The name is empty, too long, or another segment's.
        NotFoundError: There is no segment with this number.
    """
    name = name.strip()
    if not name or len(name) > NAME_LENGTH:
        raise ConflictError("a segment has a name of 1 to 200 characters")
    taken = tx.scalar(sa.select(segment.c.segment_id).where(segment.c.name == name))
    if taken is not None and taken != segment_id:
        raise ConflictError("there is a segment with this name already")
    every = "run" if with_each_run else None
    if segment_id is None:
        segment_id, version = sequence.take(tx, "segment"), 1
        tx.execute(segment.insert().values(segment_id=segment_id, name=name, version=version, every=every))
    else:
        held = tx.scalar(sa.select(segment.c.version).where(segment.c.segment_id == segment_id).with_for_update())
        if held is None:
            raise NotFoundError(f"there is no segment {segment_id}")
        version = held + 1
        values = {"name": name, "version": version, "every": every, "deleted_at": None}
        tx.execute(segment.update().where(segment.c.segment_id == segment_id).values(values))
    condition = json.dumps(model.written(wanted), ensure_ascii=False)
    tx.execute(
        segment_version.insert().values(
            segment_id=segment_id, version=version, condition=condition, made_at=at, made_by=by
        )
    )
    return segment_id


def saved(tx: Transaction, segment_id: int, *, version: int | None = None) -> Saved:
    """A saved segment, in force or in one of its versions.

    Raises:
        NotFoundError: There is none.
    """
    row = tx.execute(_saved(version).where(segment.c.segment_id == segment_id)).first()
    if row is None:
        raise NotFoundError(f"there is no segment {segment_id}")
    return _read(row)


def named(tx: Transaction, name: str) -> Saved:
    """The saved segment of this name.

    Raises:
        NotFoundError: There is none.
    """
    row = tx.execute(_saved(None).where(segment.c.name == name.strip(), segment.c.deleted_at.is_(None))).first()
    if row is None:
        raise NotFoundError(f"there is no segment {name}")
    return _read(row)


def listed(tx: Transaction, *, after: int = 0, limit: int = 50) -> list[Saved]:
    """A page of the segments in use, in the order in which they were first saved."""
    query = _saved(None).where(segment.c.segment_id > after, segment.c.deleted_at.is_(None))
    return [_read(row) for row in tx.execute(query.order_by(segment.c.segment_id).limit(limit))]


def put_away(tx: Transaction, segment_id: int, *, at: datetime) -> None:
    """Take a segment out of use; its versions and counts stay."""
    tx.execute(segment.update().where(segment.c.segment_id == segment_id).values(deleted_at=at))


def note_count(tx: Transaction, one: Saved, customers: int, *, at: datetime) -> None:
    """Keep how many customers it meant."""
    row = {"segment_id": one.segment_id, "at": at, "version": one.version, "customers": customers}
    tx.execute(segment_count.insert().values(row))


def counts(tx: Transaction, segment_id: int, *, limit: int = 400) -> list[tuple[datetime, int]]:
    """How many customers it meant over time, the oldest of the last `limit` first."""
    query = sa.select(segment_count.c.at, segment_count.c.customers).where(segment_count.c.segment_id == segment_id)
    rows = tx.execute(query.order_by(segment_count.c.at.desc()).limit(limit)).all()
    return [(row.at, row.customers) for row in reversed(rows)]


def last_counts(tx: Transaction, numbers: Sequence[int]) -> dict[int, tuple[datetime, int]]:
    """How many customers each of these segments meant when it was last counted; those never counted are left out."""
    asked = segment_count.c.segment_id.in_(numbers)
    last = (
        sa.select(segment_count.c.segment_id, sa.func.max(segment_count.c.at).label("at"))
        .where(asked)
        .group_by(segment_count.c.segment_id)
        .subquery()
    )
    same = sa.and_(segment_count.c.segment_id == last.c.segment_id, segment_count.c.at == last.c.at)
    return {row.segment_id: (row.at, row.customers) for row in tx.execute(sa.select(segment_count).join(last, same))}


def _saved(version: int | None) -> sa.Select[Any]:
    wanted = segment.c.version if version is None else version
    both = sa.and_(segment_version.c.segment_id == segment.c.segment_id, segment_version.c.version == wanted)
    return sa.select(
        segment.c.segment_id, segment.c.name, segment.c.every, segment_version.c.version,
        segment_version.c.condition, segment_version.c.made_at, segment_version.c.made_by,
    ).join(segment_version, both)  # fmt: skip


def _read(row: sa.Row[Any]) -> Saved:
    return Saved(
        segment_id=row.segment_id, name=row.name, version=row.version,
        segment=model.parsed(json.loads(row.condition)), with_each_run=row.every == "run",
        made_at=row.made_at, made_by=row.made_by,
    )  # fmt: skip
