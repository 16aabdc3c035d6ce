"""Tickets (工单): the line, one ticket, and the form that opens one, or one for each of several customers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import Form, Query, Request
from starlette.responses import RedirectResponse, Response

from kehu.flows.service import calls, line, tickets
from kehu.flows.service.line import Listed, Waiting
from kehu.flows.service.sla import Class
from kehu.flows.service.tickets import Change, Told, Wanted
from kehu.model.people import Permission
from kehu.model.tickets import OPEN, TicketKind, TicketSeverity, TicketState
from kehu.serve.given import GREATEST, After, Number, Parts
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs
from kehu.store import views
from kehu.store.service.tickets import Filter

router = Router(prefix="/tickets")

Agent = Annotated[Who, needs(Permission.SERVE)]
Positive = Annotated[int, Query(ge=1, le=GREATEST)]
Text = Annotated[str, Form(max_length=10_000)]
Name = Annotated[str, Form(max_length=64)]
Typed = Annotated[str, Form(pattern=r"^[0-9]{0,18}$")]
"""A customer's number; a field that is left empty is sent as well."""

MOST = 200
"""So many customers are given a ticket at once."""

ENDED = tuple(state for state in TicketState if state not in OPEN)


class View(StrEnum):
    """Which tickets are looked at."""

    MINE = "mine"
    """The open ones that I have."""
    NOBODYS = "nobodys"
    """The open ones that nobody has."""
    LATE = "late"
    """The open ones that ought to be resolved by now."""
    ALL = "all"
    """The open ones."""
    ENDED = "ended"
    """Those that are resolved, closed, cancelled or rejected."""


@dataclass(frozen=True, kw_only=True)
class TicketsPage:
    """What the line shows."""

    listed: Listed
    waiting: Waiting
    view: View
    queue: str | None
    queues: tuple[str, ...]
    kind: TicketKind | None
    classes: Mapping[str, Class]
    now: datetime
    after: int | None
    views: tuple[View, ...] = tuple(View)
    kinds: tuple[TicketKind, ...] = tuple(TicketKind)


@dataclass(frozen=True, kw_only=True)
class TicketPage:
    """What the page of a ticket shows."""

    told: Told
    customer: views.Customer | None
    queues: tuple[str, ...]
    classes: Mapping[str, Class]
    now: datetime
    severities: tuple[TicketSeverity, ...] = tuple(TicketSeverity)


@dataclass(frozen=True, kw_only=True)
class NewTicketPage:
    """What the form shows."""

    customers: tuple[views.Customer, ...]
    """For each of them a ticket is opened."""
    call_id: int | None
    record: int | None
    queues: tuple[str, ...]
    classes: Mapping[str, Class]
    severities: tuple[TicketSeverity, ...] = tuple(TicketSeverity)


@router.get("")
def listed(
    request: Request,
    parts: Parts,
    who: Agent,
    view: Annotated[View, Query()] = View.MINE,
    queue: Annotated[str | None, Query(max_length=64)] = None,
    kind: Annotated[TicketKind | None, Query()] = None,
    after: After = None,
) -> Response:
    """A page of the line."""
    now = parts.clock()
    wanted = Filter(
        states=ENDED if view is View.ENDED else OPEN,
        assignee={View.MINE: who.login, View.NOBODYS: ""}.get(view),
        late_at=now if view is View.LATE else None,
        queue=queue or None,
        kind=kind,
    )
    page = TicketsPage(
        listed=line.listed(parts.database, wanted, after=after),
        waiting=line.waiting(parts.database, login=who.login, at=now),
        view=view,
        queue=queue or None,
        queues=parts.service.queues,
        kind=kind,
        classes=parts.service.classes,
        now=now,
        after=after,
    )
    return parts.face.page(request, "tickets.html", page)


@router.get("/new")
def form(
    request: Request,
    parts: Parts,
    who: Agent,  # noqa: ARG001  (the rule)
    customer: Annotated[list[Positive] | None, Query(max_length=MOST)] = None,
    call: Annotated[int | None, Query(ge=1, le=GREATEST)] = None,
    record: Annotated[int | None, Query(ge=1, le=GREATEST)] = None,
) -> Response:
    """The form that opens a ticket, for those customers, or for who called."""
    numbers = list(customer or [])
    if call is not None and not numbers and (caller := calls.one(parts.database, call).caller) is not None:
        numbers = [caller]
    with parts.database.read() as tx:
        found = tuple({one.customer_id: one for one in (views.customer_of(tx, each) for each in numbers)}.values())
    page = NewTicketPage(
        customers=found,
        call_id=call,
        record=record,
        queues=parts.service.queues,
        classes=parts.service.classes,
    )
    return parts.face.page(request, "ticket_new.html", page)


@router.post("")
def opened(
    parts: Parts,
    who: Agent,
    title: Annotated[str, Form(max_length=200)],
    sla: Name,
    severity: Annotated[TicketSeverity, Form()] = TicketSeverity.MINOR,
    text: Text = "",
    queue: Name = "",
    mine: Annotated[bool, Form()] = False,  # noqa: FBT002
    customer: Annotated[list[Typed] | None, Form(max_length=MOST)] = None,
    call: Annotated[int | None, Form(ge=1, le=GREATEST)] = None,
    record: Annotated[int | None, Form(ge=1, le=GREATEST)] = None,
) -> Response:
    """Open a ticket, or one for each of several customers."""
    numbers = [int(typed) for typed in customer or [] if typed]
    told = [
        tickets.open_one(
            parts.database,
            parts.service,
            Wanted(
                title=title,
                sla=sla,
                severity=severity,
                text=text,
                queue=queue or None,
                assignee=who.login if mine else None,
                customer_id=number,
                call_id=call,
                record=record,
            ),
            by=who.by(parts.clock()),
        )
        for number in numbers or (None,)
    ]
    if len(told) > 1:
        return RedirectResponse(f"/tickets?view={View.MINE if mine else View.NOBODYS}", status_code=303)
    return RedirectResponse(f"/tickets/{told[0].ticket.ticket_id}", status_code=303)


@router.get("/{ticket_id}")
def one(request: Request, parts: Parts, who: Agent, ticket_id: Number) -> Response:  # noqa: ARG001  (the rule)
    """A ticket, what happened to it, and what may be done."""
    told = tickets.one(parts.database, ticket_id)
    number = told.ticket.customer_id
    with parts.database.read() as tx:
        customer = None if number is None else views.customer_of(tx, number)
    page = TicketPage(
        told=told,
        customer=customer,
        queues=tuple(dict.fromkeys([*parts.service.queues, told.ticket.queue])),
        classes=parts.service.classes,
        now=parts.clock(),
    )
    return parts.face.page(request, "ticket.html", page)


@router.post("/{ticket_id}")
def changed(
    parts: Parts,
    who: Agent,
    ticket_id: Number,
    state: Annotated[TicketState | None, Form()] = None,
    severity: Annotated[TicketSeverity | None, Form()] = None,
    queue: Name = "",
    assignee: Annotated[str | None, Form(max_length=100)] = None,
    text: Text = "",
) -> Response:
    """Let it go on, or say something about it."""
    wanted = Change(state=state, severity=severity, queue=queue or None, assignee=assignee, text=text)
    tickets.change(parts.database, parts.service, ticket_id, wanted, by=who.by(parts.clock()))
    return RedirectResponse(f"/tickets/{ticket_id}", status_code=303)
