"""Conditions of segments as bound SQL over `customer`.

Columns come from an allow-list, values are bound, and what is not known answers no question with yes: so every
condition is true or false, and `not` turns it round.
"""

import calendar
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from kehu.model import segments as model
from kehu.model.segments import All, Any_, Begins, Between, Dated, Has, Is, Kind, Known, Not, OneOf, Segment, Thing
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.households import account, interaction, subscription
from kehu.store.dictionary.privacy import consent
from kehu.store.dictionary.records import member, record
from kehu.store.dictionary.service import ticket
from kehu.store.privacy import consents, restrictions

_TABLES: Mapping[Thing, sa.Table] = {
    Thing.RECORD: record,
    Thing.SUBSCRIPTION: subscription,
    Thing.ACCOUNT: account,
    Thing.INTERACTION: interaction,
    Thing.TICKET: ticket,
    Thing.CONSENT: consent,
}
_SPECIAL: Mapping[str, sa.ColumnElement[Any]] = {
    "customer.age": customer.c.birth_date,
    "interaction.at": interaction.c.started_at,
    "ticket.late": ticket.c.breached_at.is_not(None),
}
"""Columns that are called otherwise than in their table, or made of one there."""

PLAN = "subscription.plan"
"""The column of which `member` has a copy."""


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


class likely(FunctionElement[bool]):  # noqa: N801  (SQLite calls it so)
    """A condition of which SQLite is told that it hardly parts anything: an index that begins with it is none."""

    inherit_cache = True
    type = sa.Boolean()


@compiles(likely)
def _said_plainly(element: likely, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)})"


@compiles(likely, "sqlite")
def _said_to_sqlite(element: likely, compiler: SQLCompiler, **kw: Any) -> str:
    return f"likely({compiler.process(element.clauses, **kw)})"


def where(tx: Transaction, wanted: Segment, today: Today) -> sa.ColumnElement[bool]:
    """The segment as a condition on `customer`; the living only, and those whose data may be used."""
    may_be_meant: list[sa.ColumnElement[bool]] = [likely(customer.c.merged_into.is_(None))]
    if restrictions.are_there(tx):  # To look for each of a million in an empty list is a fifth of a count.
        may_be_meant.append(restrictions.is_free(customer.c.customer_id))
    return sa.and_(*may_be_meant, holds(wanted.condition, today))


def holds(condition: Any, today: Today, *, is_denied: bool = False) -> sa.ColumnElement[bool]:
    """A condition as SQL.

    Args:
        condition: The tree.
        today: When relative dates are reckoned.
        is_denied: It stands inside a `not`, where what is not known must be false. Elsewhere it may stay unknown, as
            SQL has it: to ask for both hides the column's index from a planner.
    """
    match condition:
        case All():
            return sa.and_(*(holds(one, today, is_denied=is_denied) for one in condition.all))
        case Any_():
            return sa.or_(*(holds(one, today, is_denied=is_denied) for one in condition.any))
        case Not():
            return sa.not_(holds(condition.not_, today, is_denied=True))
        case Has():
            return _has(condition, today)
        case _:
            leaf = _leaf(condition, today)
            return sa.and_(_column(condition.column).is_not(None), leaf) if is_denied else leaf


def _has(condition: Has, today: Today) -> sa.ColumnElement[bool]:
    whose: sa.ColumnElement[int]
    theirs: sa.Select[Any]
    match condition.has:
        case Thing.TICKET:
            whose, theirs = _of_tickets(condition, today)
        case Thing.CONSENT:
            whose, theirs = _of_consents(condition, today)
        case _:
            whose, theirs = member.c.customer_id, _of_members(condition, today)
    if condition.at_least > 1:
        # Made a sum, it is no order that an index of members has: SQLite would walk all of them in that order, to look
        # for the things of each.
        one = whose + sa.literal_column("0")
        theirs = theirs.with_only_columns(one).group_by(one).having(sa.func.count() >= condition.at_least)
    # A list of customers, made once; a question about each customer would be asked a million times.
    return customer.c.customer_id.in_(theirs)


def _of_members(condition: Has, today: Today) -> sa.Select[tuple[int]]:
    """Whose records tell of it; the plan that a record states stands beside whose it is."""
    plans = [leaf for leaf in condition.where if leaf.column == PLAN]
    others = [leaf for leaf in condition.where if leaf.column != PLAN]
    theirs = sa.select(member.c.customer_id).where(*(_asked(leaf, member.c.plan, today) for leaf in plans))
    if plans and not others:
        return theirs
    table = _TABLES[condition.has]
    return theirs.join(table, table.c.record == member.c.record).where(*(_leaf(leaf, today) for leaf in others))


def _of_tickets(condition: Has, today: Today) -> tuple[sa.ColumnElement[int], sa.Select[tuple[int]]]:
    """Whose tickets they are; those of a customer who was merged away are the survivor's."""
    wanted = sa.select(ticket.c.customer_id).where(*_leaves(condition, today), ticket.c.customer_id.is_not(None))
    told = survivors(wanted)
    return told.c.customer_id, sa.select(told.c.customer_id)


def survivors(wanted: sa.Select[tuple[int]]) -> sa.CTE:
    """The customers that a query names, and whoever they were merged into, as `customer_id`."""
    told = wanted.cte(recursive=True, nesting=True)
    merged = sa.select(customer.c.merged_into).join(told, told.c.customer_id == customer.c.customer_id)
    # Every step of the way stands there as well; nobody lives there who could be meant.
    return told.union_all(merged.where(customer.c.merged_into.is_not(None)))


def _of_consents(condition: Has, today: Today) -> tuple[sa.ColumnElement[int], sa.Select[tuple[int]]]:
    """Who said what, as the latest word on each purpose has it."""
    is_purpose = [leaf.column == "consent.purpose" for leaf in condition.where]
    # Which purposes is asked first: the words on others need no order.
    first = (_leaf(leaf, today) for leaf, early in zip(condition.where, is_purpose, strict=True) if early)
    told = consents.latest(*first)
    later = [leaf for leaf, early in zip(condition.where, is_purpose, strict=True) if not early]
    columns = ((leaf, told.c[leaf.column.removeprefix("consent.")]) for leaf in later)
    return told.c.customer_id, sa.select(told.c.customer_id).where(*(_asked(leaf, at, today) for leaf, at in columns))


def _leaves(condition: Has, today: Today) -> Iterator[sa.ColumnElement[bool]]:
    return (_leaf(leaf, today) for leaf in condition.where)


def _leaf(condition: Any, today: Today) -> sa.ColumnElement[bool]:
    """A question about a column; unknown where that is."""
    return _asked(condition, _column(condition.column), today)


def _asked(condition: Any, column: sa.ColumnElement[Any], today: Today) -> sa.ColumnElement[bool]:
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
            # To SQLite a range of an index that holds nothing else looks better than all answers in a longer one.
            return sa.and_(*(likely(compare(end)) for end, compare in ends if end is not None))
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


def _column(name: str) -> sa.ColumnElement[Any]:
    """The column; `name` was checked against the allow-list when the condition was read."""
    assert name in model.COLUMNS, name
    if name in _SPECIAL:
        return _SPECIAL[name]
    thing, column = name.split(".")
    return customer.c[column] if thing == "customer" else _TABLES[Thing(thing)].c[column]


def _ages(born: sa.ColumnElement[Any], condition: Between, today: date) -> list[sa.ColumnElement[bool]]:
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
