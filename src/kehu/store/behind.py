"""The customers behind a part of a figure: what `counting` counts, as a condition on `customer`.

Of a figure of customers they are as many as the part says. Of contacts and tickets they are those whose these are, of
completeness those who lack the attribute, and of a load those of whom it told.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from kehu.errors import NotFoundError
from kehu.model import segments as model
from kehu.model.codes import Role
from kehu.store.conditions import Today, holds, survivors
from kehu.store.counting import contacts, people
from kehu.store.counting.numbers import ENDED
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.households import interaction, subscription
from kehu.store.dictionary.records import member, record
from kehu.store.dictionary.service import ticket
from kehu.store.tallies import NONE

Condition = sa.ColumnElement[bool]
Bands = tuple[tuple[int | None, str], ...]


OF_CONTACTS = frozenset({"reason", "ticket", "sla"})
"""Figures of contacts and tickets: a channel and months filter these, not their customers."""

BY_THEIR_RECORDS = frozenset({"numbers", "new", "lost", "reason", "load", "tenure", "recency", "retention", "journey"})
"""Figures of which the records of each customer must be looked through; of the others an index tells whose they are."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a figure."""

    figure: str
    """A name of `MEANT`."""
    code: str
    """What it is called there; of a cross its row and its column, parted by a stroke."""
    today: date
    """The day of which the figure was told."""
    channel: str | None = None
    """Only contacts and tickets that came by it."""
    since: str | None = None
    """Only contacts and tickets of this month (2026-01) and after it."""
    until: str | None = None
    """And before it, or in it."""
    stretch: tuple[int, int] | None = None
    """Whose records are looked at: of customers from one number on, and before another. None: of all."""

    def pair(self) -> tuple[str, str]:
        """The row and the column of a cross; a row may have strokes of its own."""
        row, _, column = self.code.rpartition("|")
        return row, column

    @property
    def month(self) -> int:
        """Its day's month, as a number."""
        return contacts.month_of(self.today)


def meant(part: Part) -> Condition:
    """The condition that a customer is behind a part.

    Raises:
        NotFoundError: There is no such figure, or no such part in it.
    """
    try:
        return MEANT[part.figure](part)
    except (KeyError, ValueError, OverflowError):
        raise NotFoundError(f"nobody stands behind {part.code} of {part.figure}") from None


def _coded(column: sa.Column[str]) -> Callable[[Part], Condition]:
    return lambda part: column.is_(None) if part.code == NONE else column == part.code


def _age(part: Part) -> Condition:
    if part.code == NONE:
        return customer.c.birth_date.is_(None)
    begin, end = _range(part.code)
    between: dict[str, Any] = {"column": "customer.age", "is": "between", "to": end}
    # Whoever is said to be born tomorrow is a minor, too.
    between |= {"from": begin} if begin else {}
    return holds(model.parsed(between).condition, Today(day=part.today))


def _score(part: Part) -> Condition:
    place = people.SCORES.index(part.code)
    step = 100 // len(people.SCORES)
    ends = [customer.c.quality >= place * step] if place else []
    return sa.and_(*ends, *([customer.c.quality < (place + 1) * step] if part.code != people.SCORES[-1] else []))


def _records(part: Part) -> Condition:
    return _so_many(customer.c.records, part.code)


def _so_many(column: sa.ColumnElement[int], code: str) -> Condition:
    """As `people.up_to` writes numbers."""
    begin, end = _range(code)
    return column >= begin if end is None else column == begin


def _range(code: str) -> tuple[int, int | None]:
    """The ends of a range, both included.

    >>> _range("18-24"), _range("65+"), _range("3")
    ((18, 24), (65, None), (3, 3))
    """
    told = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9})|(\+))?", code)
    if told is None:
        raise ValueError(code)
    begin = int(told[1])
    return begin, None if told[3] else int(told[2] or begin)


def _band(code: str, bands: Bands) -> tuple[int | None, int | None]:
    """From which number on a band goes, and before which it ends; None: for ever.

    >>> _band("1-2", ((1, "0"), (3, "1-2"), (None, "3+"))), _band("0", ((1, "0"), (None, "1+")))
    ((1, 3), (None, 1))
    """
    place = [name for _, name in bands].index(code)
    return bands[place - 1][0] if place else None, bands[place][0]


def start_of(month: int) -> datetime:
    """When a month begins, told as months since the year nought."""
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def month_of(text: str) -> int:
    """The number of a month.

    >>> start_of(month_of("2026-11")).isoformat()
    '2026-11-01T00:00:00+00:00'
    """
    return contacts.month_of(date.fromisoformat(f"{text}-01"))


def _in(at: sa.ColumnElement[datetime], first: int | None, last: int | None) -> Condition:
    """A moment lies in these months, both included."""
    ends = [] if first is None else [at >= start_of(first)]
    return sa.and_(*ends, *([] if last is None else [at < start_of(last + 1)]), sa.true())


def _ago(at: sa.ColumnElement[datetime], part: Part, code: str, bands: Bands) -> Condition:
    """A moment lies so many months ago."""
    least, most = _band(code, bands)
    first = None if most is None else part.month - most + 1
    return _in(at, first, None if least is None else part.month - least)


_STATED = sa.func.coalesce(record.c.updated_at, record.c.received_at)

Theirs = sa.Select[tuple[int]]


def _members(part: Part) -> Theirs:
    """Whose records are looked at, a row each."""
    query = sa.select(member.c.customer_id)
    if part.stretch is None:
        return query
    begin, end = part.stretch
    return query.where(member.c.customer_id >= begin, member.c.customer_id < end)


def _held(part: Part) -> Theirs:
    theirs = _members(part).join(subscription, subscription.c.record == member.c.record)
    return theirs.where(subscription.c.role == Role.HOLDER.value)


def _opened_at(part: Part) -> Theirs:
    return _held(part).where(subscription.c.opened_at.is_not(None))


def _came(part: Part) -> Theirs:
    return _members(part).join(interaction, interaction.c.record == member.c.record)


def _of_records(part: Part) -> Theirs:
    return _members(part).join(record, record.c.record == member.c.record)


def _who(theirs: sa.Select[Any]) -> Condition:
    return customer.c.customer_id.in_(theirs)


def _numbers(part: Part, *, gone: int | None = None) -> sa.Subquery:
    """Of who ever held a number: how many they hold (`held`), and when the last they gave back went (`ended`).

    Args:
        part: The part.
        gone: Only of those who gave one back in this month.
    """
    gave_back = subscription.c.number_state.in_([one.value for one in ENDED])
    # Only of these numbers it must be known what was said last: few, and that stands in wide rows.
    once = _held(part).where(gave_back).add_columns(subscription.c.msisdn).distinct().subquery()
    same = sa.and_(once.c.customer_id == member.c.customer_id, once.c.msisdn == subscription.c.msisdn)
    words = (
        _held(part)
        .join(once, same)
        .join(record, record.c.record == member.c.record)
        .where(subscription.c.number_state.is_not(None))
        .add_columns(
            subscription.c.msisdn,
            subscription.c.number_state,
            _STATED.label("stated"),
            sa.func.row_number()
            .over(
                partition_by=(member.c.customer_id, subscription.c.msisdn),
                order_by=(_STATED.desc(), record.c.record.desc()),
            )
            .label("place"),
        )
        .subquery()
    )
    is_over = words.c.number_state.in_([one.value for one in ENDED])
    over = sa.select(words.c.customer_id, words.c.msisdn, words.c.stated).where(words.c.place == 1, is_over).cte()
    same = sa.and_(over.c.customer_id == member.c.customer_id, over.c.msisdn == subscription.c.msisdn)
    still = sa.case((over.c.msisdn.is_(None), subscription.c.msisdn))
    counted = _held(part).outerjoin(over, same).group_by(member.c.customer_id)
    if gone is not None:
        then = sa.select(over.c.customer_id).where(_in(over.c.stated, gone, gone))
        counted = counted.where(member.c.customer_id.in_(then))
    held = sa.func.count(still.distinct()).label("held")
    return counted.add_columns(held, sa.func.max(over.c.stated).label("ended")).subquery()


def _holding(part: Part) -> Condition:
    told = _numbers(part)
    who = sa.select(told.c.customer_id)
    certified = customer.c.id_type.is_not(None)
    if part.code == "0":
        return sa.and_(certified, customer.c.customer_id.not_in(who.where(told.c.held > 0)))
    return sa.and_(certified, _who(who.where(_so_many(told.c.held, part.code))))


def _lost(part: Part) -> Condition:
    month = month_of(part.code)
    told = _numbers(part, gone=month)
    return _who(sa.select(told.c.customer_id).where(told.c.held == 0, _in(told.c.ended, month, month)))


def _new(part: Part) -> Condition:
    month = month_of(part.code)
    first = sa.func.min(subscription.c.opened_at)
    opened = _opened_at(part).group_by(member.c.customer_id).having(_in(first, month, month))
    unsaid = _of_records(part).where(member.c.customer_id.not_in(_opened_at(part)))
    heard = unsaid.group_by(member.c.customer_id).having(_in(sa.func.min(_STATED), month, month))
    is_known = _who(_members(part))
    return sa.or_(
        _who(opened),
        _who(heard),
        sa.and_(_in(customer.c.valid_from, month, month), sa.not_(is_known)),
    )


def _tenure(part: Part) -> Condition:
    held_since = _ago(sa.func.min(subscription.c.opened_at), part, part.code, contacts.YEARS)
    return _who(_opened_at(part).group_by(member.c.customer_id).having(held_since))


def _known_by(part: Part) -> Condition:
    return _who(_of_records(part).where(record.c.channel == part.code))


def _twice(part: Part) -> Condition:
    theirs = _of_records(part).where(record.c.channel == part.code).group_by(member.c.customer_id)
    return _who(theirs.having(sa.func.count() > 1))


def _lacking(part: Part) -> Condition:
    """A record that the channel brought says nothing of it, or nothing that holds."""
    attribute, channel = part.pair()
    column = record.c[attribute]
    lacks: Condition = column.is_(None)
    if attribute == "id_number":
        lacks = sa.or_(lacks, record.c.id_valid.is_(sa.false()))
    return _who(_of_records(part).where(record.c.channel == channel, lacks))


def _brought(part: Part) -> Condition:
    load, outcome = part.pair()
    version = {"new": record.c.version == 1, "changed": record.c.version > 1}[outcome]
    return _who(_of_records(part).where(record.c.load_id == int(load.split(" ")[0]), version))


def _within(part: Part, at: sa.ColumnElement[datetime]) -> Condition:
    ends = (None if text is None else month_of(text) for text in (part.since, part.until))
    return _in(at, *ends)


def _reason(part: Part) -> Condition:
    theirs = _came(part).where(_coded(interaction.c.reason)(part), _within(part, interaction.c.started_at))
    if part.channel is not None:
        came_by = record.c.channel == part.channel
        theirs = theirs.join(record, record.c.record == interaction.c.record).where(came_by)
    return _who(theirs)


def _opened(part: Part) -> Condition:
    month = month_of(part.code)
    return _whose(part, _in(ticket.c.opened_at, month, month))


def _ended(part: Part) -> Condition:
    kind, outcome = part.pair()
    late, done = ticket.c.breached_at.is_not(None), ticket.c.resolved_at.is_not(None)
    how = {"late": late, "in_time": sa.and_(~late, done), "open": sa.and_(~late, ~done)}[outcome]
    return _whose(part, ticket.c.kind == kind, how)


def _whose(part: Part, *which: Condition) -> Condition:
    by = [] if part.channel is None else [ticket.c.channel == part.channel]
    wanted = sa.select(ticket.c.customer_id).where(*which, *by, _within(part, ticket.c.opened_at))
    return _who(sa.select(survivors(wanted.where(ticket.c.customer_id.is_not(None))).c.customer_id))


def _recency(part: Part) -> Condition:
    ago, often = part.pair()
    least, most = _band(often, contacts.CONTACTS)
    many = [sa.func.count() >= least] if least is not None else []
    many += [sa.func.count() < most] if most is not None else []
    last = _ago(sa.func.max(interaction.c.started_at), part, ago, contacts.MONTHS_AGO)
    return _who(_came(part).group_by(member.c.customer_id).having(sa.and_(last, *many)))


def _retention(part: Part) -> Condition:
    began, later = (int(code) for code in part.pair())
    first, then = part.month - began, part.month - began + later
    cohort = _came(part).group_by(member.c.customer_id).having(_in(sa.func.min(interaction.c.started_at), first, first))
    return sa.and_(_who(cohort), _who(_came(part).where(_in(interaction.c.started_at, then, then))))


def _journey(part: Part) -> Condition:
    first, following = part.pair()
    in_time: dict[str, Any] = {
        "partition_by": member.c.customer_id,
        "order_by": (interaction.c.started_at, interaction.c.record),
    }
    in_order = (
        _came(part)
        .add_columns(
            interaction.c.record,
            sa.func.lead(interaction.c.record).over(**in_time).label("following"),
            sa.func.row_number().over(**in_time).label("place"),
        )
        .subquery()
    )
    one, next_one = record.alias(), record.alias()
    # The channel stands in wide rows: it is looked up for the two contacts alone that matter.
    came = sa.select(in_order.c.customer_id).join(one, one.c.record == in_order.c.record)
    came = came.where(in_order.c.place == 1, one.c.channel == first)
    if following == NONE:
        return _who(came.where(in_order.c.following.is_(None)))
    again = came.join(next_one, next_one.c.record == in_order.c.following)
    return _who(again.where(next_one.c.channel == following))


MEANT: Mapping[str, Callable[[Part], Condition]] = {
    **{name: _coded(customer.c[name]) for name in ("category", "province", "star_level", "kind", "gender")},
    "age": _age, "score": _score, "records": _records, "channel": _known_by, "numbers": _holding, "new": _new,
    "lost": _lost, "reason": _reason, "ticket": _opened, "sla": _ended, "twice": _twice, "completeness": _lacking,
    "validity": _lacking, "load": _brought, "tenure": _tenure, "recency": _recency, "retention": _retention,
    "journey": _journey,
}  # fmt: skip
"""Figure -> who stands behind a part of it."""
