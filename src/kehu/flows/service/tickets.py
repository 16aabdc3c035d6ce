"""Tickets: opened, changed and commented by people and machines, and found to be late; each act in one transaction.

What happened stands in the ticket's own events, with what was written; the audit trail is told that it happened.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kehu.errors import ConflictError, SettingsError
from kehu.flows import meanwhile
from kehu.flows.once import Once, made, noted
from kehu.flows.service.sla import Clock
from kehu.flows.users.people import By
from kehu.model import masks
from kehu.model.tickets import MOVES, PAUSED, TicketAct, TicketKind, TicketSeverity, TicketState
from kehu.store import customers, records
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Entry
from kehu.store.database import Database, Transaction
from kehu.store.people import users
from kehu.store.service import asked, calls, tickets
from kehu.store.service.tickets import Event, Ticket

KEHU = "kehu"
"""Who does what nobody does."""

EVERY_S = 30.0
"""So often the application looks for late tickets."""

SWEPT = 500
"""So many late tickets are marked in one transaction."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A ticket that somebody wants to open."""

    title: str
    sla: str | None = None
    """Its class; else the first of its kind."""
    kind: TicketKind | None = None
    """What it is about; else its class says so."""
    severity: TicketSeverity = TicketSeverity.MINOR
    text: str | None = None
    """What the customer said."""
    queue: str | None = None
    """Else that of its class."""
    assignee: str | None = None
    customer_id: int | None = None
    call_id: int | None = None
    record: int | None = None
    channel: str = "page"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What shall be otherwise; what is None stays."""

    state: TicketState | None = None
    severity: TicketSeverity | None = None
    queue: str | None = None
    assignee: str | None = None
    """A login; the empty text puts the ticket back into its queue."""
    text: str | None = None
    """What is to be said about it."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """A ticket and what happened to it."""

    ticket: Ticket
    events: tuple[Event, ...]
    """The oldest first."""


def one(database: Database, ticket_id: int) -> Told:
    """A ticket; its customer is the living one.

    Raises:
        NotFoundError: There is none of this number.
    """
    with database.read() as tx:
        return _told(tx, ticket_id)


def open_one(database: Database, clock: Clock, wanted: Wanted, *, by: By, once: Once | None = None) -> Told:
    """Open a ticket.

    Args:
        database: The store.
        clock: It says when the ticket is due.
        wanted: The ticket.
        by: Who opens it.
        once: Where it comes again, it is answered with the ticket that was opened then.

    Raises:
        NotFoundError: There is no such customer, call or record.
        ConflictError: The key came with another ticket; or nobody has the login of the assignee.
        SettingsError: There is no title, or no such class.
    """
    title = masks.in_text(" ".join(wanted.title.split()))
    if not title:
        raise SettingsError("a ticket needs a title")
    sla = wanted.sla or clock.of_kind(wanted.kind or TicketKind.REQUEST)
    told = clock.named(sla)
    if wanted.kind not in (None, told.kind):
        raise SettingsError(f"tickets of class {sla} are about a {told.kind}, not about a {wanted.kind}")
    with database.begin() as tx:
        if (before := made(once, tx)) is not None:
            return _told(tx, before)
        ticket = tickets.add(
            tx,
            Ticket(
                ticket_id=0,
                title=title,
                kind=told.kind,
                sla=sla,
                severity=wanted.severity,
                state=TicketState.ACKNOWLEDGED,
                queue=wanted.queue or told.queue,
                assignee=_assignee(tx, wanted.assignee),
                customer_id=_customer(tx, wanted),
                call_id=wanted.call_id,
                record=wanted.record,
                channel=wanted.channel,
                opened_at=by.at,
                opened_by=by.login,
                due_at=clock.due(sla, by.at),
                left_s=None,
                breached_at=None,
                resolved_at=None,
                ended_at=None,
            ),
        )
        tickets.happened(tx, ticket.ticket_id, TicketAct.OPENED, who=by.login, at=by.at, text=_text(wanted.text))
        noted(once, tx, ticket.ticket_id)
        _note(tx, ticket, by, ["opened"])
        return _told(tx, ticket.ticket_id)


def change(database: Database, clock: Clock, ticket_id: int, wanted: Change, *, by: By) -> Told:
    """Let a ticket go on to another state, queue, severity or assignee, and say why.

    Raises:
        NotFoundError: There is no such ticket.
        ConflictError: That state cannot follow; or nobody has the login of the assignee.
    """
    with database.begin() as tx:
        before = now = tickets.one(tx, ticket_id, hold=True)
        if wanted.severity is not None:
            now = replace(now, severity=wanted.severity)
        if wanted.queue:
            now = replace(now, queue=wanted.queue)
        if wanted.assignee is not None:
            now = replace(now, assignee=_assignee(tx, wanted.assignee))
        if wanted.state is not None and wanted.state is not before.state:
            now = _moved(now, wanted.state, clock=clock, at=by.at)
            if wanted.state is TicketState.IN_PROGRESS and now.assignee is None:
                # Whoever begins to work on what nobody has, has it.
                now = replace(now, assignee=by.login)
        text, acts = _text(wanted.text), _acts(before, now)
        if not acts and text is None:
            return _told(tx, ticket_id)
        tickets.write(tx, now)
        for place, (act, was, became) in enumerate(acts):
            # What was said is said of the first of the changes; alone it is a comment.
            said = text if place == 0 else None
            tickets.happened(tx, ticket_id, act, who=by.login, at=by.at, was=was, became=became, text=said)
        if not acts:
            tickets.happened(tx, ticket_id, TicketAct.COMMENT, who=by.login, at=by.at, text=text)
        _note(tx, now, by, [act.value for act, _, _ in acts] or ["comment"])
        return _told(tx, ticket_id)


def comment(database: Database, ticket_id: int, text: str, *, by: By, once: Once | None = None) -> Told:
    """Write something into a ticket, also into one that has ended.

    Raises:
        NotFoundError: There is no such ticket.
        SettingsError: Nothing was written.
    """
    said = _text(text)
    if said is None:
        raise SettingsError("a comment needs words")
    with database.begin() as tx:
        if made(once, tx) is not None:
            return _told(tx, ticket_id)
        held = tickets.one(tx, ticket_id, hold=True)
        tickets.happened(tx, ticket_id, TicketAct.COMMENT, who=by.login, at=by.at, text=said)
        noted(once, tx, ticket_id)
        _note(tx, held, by, ["comment"])
        return _told(tx, ticket_id)


def sweep(database: Database, *, at: datetime) -> int:
    """Mark the tickets that were not resolved in time, and say how many those are."""
    count = 0
    while True:
        with database.begin() as tx:
            late = tickets.breaching(tx, at=at, limit=SWEPT)
            tickets.breached(tx, late, at=at, who=KEHU)
            asked.sweep(tx, at=at)
        count += len(late)
        if len(late) < SWEPT:
            return count


@contextmanager
def swept_now_and_then(
    database: Database, *, clock: Callable[[], datetime], every_s: float = EVERY_S
) -> Iterator[None]:
    """Mark late tickets every half minute while the block runs."""
    with meanwhile.repeated(lambda: sweep(database, at=clock()), name="late tickets", every_s=every_s):
        yield


def _moved(held: Ticket, state: TicketState, *, clock: Clock, at: datetime) -> Ticket:
    """The ticket in another state, and its clock with it."""
    if state not in MOVES[held.state]:
        may = ", ".join(MOVES[held.state]) or "nothing: it has ended"
        raise ConflictError(f"ticket {held.ticket_id} is {held.state}; what may follow is {may}")
    moved = replace(held, state=state)
    if state in PAUSED:
        # What is late stays late: standing still would take it from the head of the line.
        if moved.due_at is None or moved.due_at <= at:
            return moved
        return replace(moved, due_at=None, left_s=clock.left(held.sla, at, moved.due_at).total_seconds())
    if state is TicketState.IN_PROGRESS:
        if held.state is TicketState.RESOLVED:
            # The customer says that it is not done: the law's time went on meanwhile.
            return replace(moved, due_at=clock.due(held.sla, held.opened_at), resolved_at=None)
        if moved.left_s is None:
            return moved
        due = clock.resumed(held.sla, at, timedelta(seconds=moved.left_s))
        return replace(moved, due_at=due, left_s=None)
    over = replace(moved, due_at=None, left_s=None)
    return replace(over, resolved_at=at) if state is TicketState.RESOLVED else replace(over, ended_at=at)


def _acts(before: Ticket, now: Ticket) -> list[tuple[TicketAct, str | None, str | None]]:
    """What is otherwise: state first, because that is what people look for."""
    told = {
        TicketAct.STATE: "state",
        TicketAct.ASSIGNEE: "assignee",
        TicketAct.QUEUE: "queue",
        TicketAct.SEVERITY: "severity",
    }
    return [
        (act, getattr(before, name), getattr(now, name))
        for act, name in told.items()
        if getattr(before, name) != getattr(now, name)
    ]


def _told(tx: Transaction, ticket_id: int) -> Told:
    found = tickets.one(tx, ticket_id)
    if found.customer_id is not None:
        found = replace(found, customer_id=customers.get(tx, found.customer_id).customer_id)
    return Told(ticket=found, events=tickets.events(tx, ticket_id))


def _customer(tx: Transaction, wanted: Wanted) -> int | None:
    """The customer of a ticket: as said, or who called."""
    number = wanted.customer_id
    if wanted.call_id is not None:
        number = number or calls.one(tx, wanted.call_id).customer_id
    if wanted.record is not None:
        records.versions(tx, wanted.record)  # It raises where there is none.
    return None if number is None else customers.get(tx, number).customer_id


def _assignee(tx: Transaction, login: str | None) -> str | None:
    """The login of somebody who may work on tickets.

    Raises:
        ConflictError: Nobody has it.
    """
    if not login or not login.strip():
        return None
    wanted = login.strip().casefold()
    if users.are_there(tx) and users.by_login(tx, wanted) is None:
        raise ConflictError(f"there is no user {wanted} who could have this ticket")
    return wanted


def _text(text: str | None) -> str | None:
    return masks.in_text(text.strip()) or None if text else None


def _note(tx: Transaction, about: Ticket, by: By, acts: list[str]) -> None:
    what, detail = f"ticket {about.ticket_id}", {"acts": acts, "state": about.state.value}
    trail.tell(tx, Entry(at=by.at, who=by.login, act=Act.TICKET, what=what, whence=by.whence, detail=detail))
