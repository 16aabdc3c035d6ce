"""Tickets (工单): opened, changed, found; and what happened to each.

Whoever changes a ticket holds its row first, so of two changes at one time the second sees what the first did.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from kehu.errors import NotFoundError
from kehu.model import tickets as model
from kehu.model.tickets import TicketAct, TicketKind, TicketSeverity, TicketState
from kehu.store import asking, sequence
from kehu.store.database import Transaction
from kehu.store.dictionary.service import ticket, ticket_event
from kehu.store.service import numbers

COUNTED = 1_000
"""Tickets are counted so far: nobody works on more."""

STANDS_STILL = datetime(5000, 1, 1, tzinfo=UTC)
"""Where in the line those stand whose clock stands still: behind all that are due."""

ENDED = datetime(9000, 1, 1, tzinfo=UTC)
"""Where the ended ones stand, at the latest: less the time since `FIRST`, so the newest stand first."""

FIRST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What a customer wants, or complains about."""

    ticket_id: int
    title: str
    kind: TicketKind
    sla: str
    """The class that says when it is due."""
    severity: TicketSeverity
    state: TicketState
    queue: str
    assignee: str | None
    """Who works on it; None: whoever of the queue comes first."""
    customer_id: int | None
    """Whose it is; that customer may have been merged since."""
    call_id: int | None
    """The call that it came by."""
    record: int | None
    """The record of the interaction that it is about."""
    channel: str
    """How it came."""
    opened_at: datetime
    opened_by: str
    due_at: datetime | None
    """When it must be resolved; None while its clock stands still, and once it is resolved."""
    left_s: float | None
    """Seconds that were left when its clock was stopped."""
    breached_at: datetime | None
    """When it was found to be late; None where it never was."""
    resolved_at: datetime | None
    ended_at: datetime | None
    """When it was closed, cancelled or rejected."""

    @property
    def is_open(self) -> bool:
        """Whether somebody has to do something yet."""
        return self.state in model.OPEN

    @property
    def next_states(self) -> tuple[TicketState, ...]:
        """The states that may follow."""
        return model.MOVES[self.state]

    def is_late(self, at: datetime) -> bool:
        """Whether it ought to be resolved by now, and is not."""
        return self.due_at is not None and self.due_at <= at


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a ticket."""

    place: int
    at: datetime
    who: str
    act: TicketAct
    was: str | None = None
    became: str | None = None
    text: str | None = None
    """What was written about it."""


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which tickets are wanted; what is None does not matter."""

    states: tuple[TicketState, ...] | None = model.OPEN
    kind: TicketKind | None = None
    severity: TicketSeverity | None = None
    queue: str | None = None
    assignee: str | None = None
    """Of one user; the empty text wants those that nobody has."""
    customer_id: int | None = None
    """Of a living customer."""
    late_at: datetime | None = None
    """Those that were due by then."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A piece of a list."""

    rows: tuple[Ticket, ...]
    """Those due first stand first; behind them those whose clock stands still, then the ended ones."""
    following: int | None
    """The ticket after which the next page starts; None on the last page."""


def add(tx: Transaction, made: Ticket) -> Ticket:
    """A new ticket; it is given its number here."""
    numbered = replace(made, ticket_id=sequence.take(tx, "ticket"))
    tx.execute(ticket.insert().values(**_row(numbered)))
    return numbered


def one(tx: Transaction, ticket_id: int, *, hold: bool = False) -> Ticket:
    """The ticket of this number; with `hold` nobody else changes it until the transaction ends.

    Raises:
        NotFoundError: There is none.
    """
    query = sa.select(ticket).where(ticket.c.ticket_id == ticket_id)
    row = tx.execute(query.with_for_update() if hold else query).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no ticket {ticket_id}")
    return _read(row)


def write(tx: Transaction, changed: Ticket) -> None:
    """Let the ticket of this number be so."""
    tx.execute(ticket.update().where(ticket.c.ticket_id == changed.ticket_id).values(**_row(changed)))


def happened(
    tx: Transaction,
    ticket_id: int,
    act: TicketAct,
    *,
    who: str,
    at: datetime,
    was: str | None = None,
    became: str | None = None,
    text: str | None = None,
) -> None:
    """Note what happened to a ticket whose row the caller holds."""
    last = tx.scalar(sa.select(sa.func.max(ticket_event.c.place)).where(ticket_event.c.ticket_id == ticket_id)) or 0
    tx.execute(
        ticket_event.insert().values(
            ticket_id=ticket_id, place=last + 1, at=at, who=who, act=act.value, was=was, became=became, text=text
        )
    )


def events(tx: Transaction, ticket_id: int, *, after: int = 0, limit: int = 200) -> tuple[Event, ...]:
    """What happened to a ticket, the oldest first."""
    columns = [column for column in ticket_event.c if column.name != "ticket_id"]
    theirs = (ticket_event.c.ticket_id == ticket_id, ticket_event.c.place > after)
    rows = tx.execute(sa.select(*columns).where(*theirs).order_by(ticket_event.c.place).limit(limit)).mappings()
    return tuple(Event(**{**row, "act": TicketAct(row["act"])}) for row in rows)


def page(tx: Transaction, wanted: Filter, *, after: int | None = None, limit: int = 50) -> Page:
    """The tickets wanted, in the order of the line."""
    query = sa.select(ticket).where(*_conditions(tx, wanted)).order_by(ticket.c.line_at, ticket.c.ticket_id)
    if after is not None:
        last = sa.select(ticket.c.line_at).where(ticket.c.ticket_id == after).scalar_subquery()
        same = sa.and_(ticket.c.line_at == last, ticket.c.ticket_id > after)
        query = query.where(sa.or_(ticket.c.line_at > last, same))
    rows = tuple(_read(row) for row in tx.execute(query.limit(limit + 1)).mappings())
    return Page(rows=rows[:limit], following=rows[limit - 1].ticket_id if len(rows) > limit else None)


_OF_NUMBERS = (
    sa.select(ticket)
    .where(ticket.c.customer_id.in_(sa.bindparam("numbers", expanding=True)))
    .order_by(ticket.c.line_at, ticket.c.ticket_id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def of_customer(tx: Transaction, customer_id: int, *, limit: int) -> Page:
    """The tickets of a living customer, whatever their state, in the order of the line."""
    found = asking.told(tx, _OF_NUMBERS, numbers=numbers.of_customer(tx, customer_id), most=limit + 1)
    rows = tuple(_read(row._asdict()) for row in found)
    return Page(rows=rows[:limit], following=rows[limit - 1].ticket_id if len(rows) > limit else None)


def count(tx: Transaction, wanted: Filter) -> int:
    """How many tickets are wanted, counted no further than `COUNTED`."""
    some = sa.select(ticket.c.ticket_id).where(*_conditions(tx, wanted)).limit(COUNTED).subquery()
    return int(tx.scalar(sa.select(sa.func.count()).select_from(some)) or 0)


def breaching(tx: Transaction, *, at: datetime, limit: int) -> tuple[Ticket, ...]:
    """Open tickets that are late and were not found to be so yet; nobody else changes them meanwhile."""
    # Whoever is late stands at the head of the line, so this reads no further than that.
    late = (ticket.c.line_at <= at, ticket.c.breached_at.is_(None))
    query = sa.select(ticket).where(*late).order_by(ticket.c.line_at, ticket.c.ticket_id).limit(limit)
    return tuple(_read(row) for row in tx.execute(query.with_for_update()).mappings())


def breached(tx: Transaction, late: Iterable[Ticket], *, at: datetime, who: str) -> None:
    """Mark tickets as late, and note that in each."""
    held = list(late)
    if not held:
        return
    ids = [one.ticket_id for one in held]
    tx.execute(ticket.update().where(ticket.c.ticket_id.in_(ids)).values(breached_at=at))
    last = sa.func.max(ticket_event.c.place)
    theirs = sa.select(ticket_event.c.ticket_id, last).where(ticket_event.c.ticket_id.in_(ids))
    places = {row[0]: row[1] for row in tx.execute(theirs.group_by(ticket_event.c.ticket_id))}
    told = [
        {"ticket_id": number, "place": places.get(number, 0) + 1, "at": at, "who": who, "act": TicketAct.BREACHED.value}
        for number in ids
    ]
    tx.execute(ticket_event.insert(), told)


def _conditions(tx: Transaction, wanted: Filter) -> list[sa.ColumnElement[bool]]:
    asked: dict[Any, Any] = {
        ticket.c.kind: wanted.kind, ticket.c.severity: wanted.severity, ticket.c.queue: wanted.queue,
    }  # fmt: skip
    found = [column == str(value) for column, value in asked.items() if value is not None]
    if wanted.states is not None:
        found.append(ticket.c.state.in_([state.value for state in wanted.states]))
    if wanted.assignee is not None:
        found.append(ticket.c.assignee == wanted.assignee if wanted.assignee else ticket.c.assignee.is_(None))
    if wanted.customer_id is not None:
        found.append(ticket.c.customer_id.in_(numbers.of_customer(tx, wanted.customer_id)))
    if wanted.late_at is not None:
        found.append(ticket.c.line_at <= wanted.late_at)
    return found


def _line(one: Ticket) -> datetime:
    """Where a ticket stands: by its due time; then those whose clock stands still; then the ended, the newest first."""
    if one.is_open:
        return one.due_at or STANDS_STILL
    return ENDED - ((one.ended_at or one.resolved_at or one.opened_at) - FIRST)


def _row(one: Ticket) -> dict[str, Any]:
    values = {name: getattr(one, name) for name in ticket.c.keys() if name != "line_at"}  # noqa: SIM118  (columns)
    codes = {"kind": one.kind.value, "severity": one.severity.value, "state": one.state.value}
    return values | codes | {"line_at": _line(one)}


def _read(row: Mapping[Any, Any]) -> Ticket:
    values = {name: row[name] for name in ticket.c.keys() if name != "line_at"}  # noqa: SIM118  (columns)
    codes = {
        "kind": TicketKind(row["kind"]), "severity": TicketSeverity(row["severity"]), "state": TicketState(row["state"])
    }  # fmt: skip
    return Ticket(**{**values, **codes})
