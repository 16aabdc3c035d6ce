"""Tickets: list, open, look at, change and comment."""

from dataclasses import replace
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from kehu.flows.service import tickets
from kehu.flows.service.tickets import Change, Told, Wanted
from kehu.model.people import Permission
from kehu.model.tickets import OPEN, TicketKind, TicketSeverity, TicketState
from kehu.serve import problems
from kehu.serve.given import GREATEST, After, Limit, Number, Parts
from kehu.serve.once import Once
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs
from kehu.store import customers
from kehu.store.service import tickets as stored

router = Router(prefix="/tickets", tags=["tickets"])

Agent = Annotated[Who, needs(Permission.SERVE)]
Positive = Annotated[int, Field(ge=1, le=GREATEST)]
Words = Annotated[str, Field(max_length=10_000)]
Name = Annotated[str, Field(min_length=1, max_length=64)]


class NewTicket(BaseModel):
    """A ticket to open."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=200, description="What it is, in a line", examples=["No signal"])
    kind: TicketKind | None = Field(default=None, description="What it is about; else its class says so")
    sla: Name | None = Field(default=None, description="Its class; else the first of its kind", examples=["fault_town"])
    severity: TicketSeverity = Field(default=TicketSeverity.MINOR, description="How bad it is")
    text: Words | None = Field(default=None, description="What the customer said", examples=["None since noon"])
    queue: Name | None = Field(default=None, description="The queue it waits in; else that of its class")
    assignee: str | None = Field(default=None, max_length=100, description="The login of who shall work on it")
    customer_id: Positive | None = Field(default=None, description="Whose it is; a retired number is followed")
    call_id: Positive | None = Field(default=None, description="The call it came by; it tells the customer, too")
    record: Positive | None = Field(default=None, description="The record of the interaction it is about")
    channel: Name = Field(default="api", description="How it came")


class TicketChange(BaseModel):
    """What shall be otherwise; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    state: TicketState | None = Field(
        default=None, description="The next state; docs/service.md tells which may follow"
    )
    severity: TicketSeverity | None = Field(default=None, description="How bad it is")
    queue: Name | None = Field(default=None, description="The queue it shall wait in")
    assignee: str | None = Field(
        default=None, max_length=100, description="A login; the empty text puts it back into its queue"
    )
    text: Words | None = Field(default=None, description="What is to be said about it", examples=["A mast was mended"])


class Comment(BaseModel):
    """Something to be said about a ticket."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=10_000, description="The comment", examples=["The mast is being mended"])


@router.get("", summary="List tickets", responses=problems.documented(404, 422))
def listed(
    parts: Parts,
    who: Agent,  # noqa: ARG001  (the rule)
    state: Annotated[list[TicketState] | None, Query(description="In these states; else the open ones")] = None,
    kind: Annotated[TicketKind | None, Query(description="About this")] = None,
    severity: Annotated[TicketSeverity | None, Query(description="So bad")] = None,
    queue: Annotated[str | None, Query(max_length=64, description="In this queue")] = None,
    assignee: Annotated[str | None, Query(max_length=200, description="Of this login; empty for nobody's")] = None,
    customer_id: Annotated[int | None, Query(ge=1, le=GREATEST, description="Of this customer")] = None,
    late: Annotated[bool, Query(description="Only those that ought to be resolved by now")] = False,  # noqa: FBT002
    after: After = None,
    limit: Limit = 50,
) -> stored.Page:
    """A page of tickets: those due first, then those whose clock stands still, then the ended ones."""
    wanted = stored.Filter(
        states=tuple(state) if state else OPEN,
        kind=kind,
        severity=severity,
        queue=queue or None,
        assignee=assignee,
        late_at=parts.clock() if late else None,
    )
    with parts.database.read() as tx:
        if customer_id is not None:
            wanted = replace(wanted, customer_id=customers.get(tx, customer_id).customer_id)
        return stored.page(tx, wanted, after=after, limit=limit)


@router.post("", summary="Open a ticket", status_code=201, responses=problems.documented(404, 409, 422))
def opened(parts: Parts, who: Agent, once: Once, wanted: NewTicket) -> Told:
    """Open a ticket; its class says when it is due."""
    by = who.by(parts.clock())
    return tickets.open_one(parts.database, parts.service, Wanted(**wanted.model_dump()), by=by, once=once)


@router.get("/{ticket_id}", summary="One ticket", responses=problems.documented(404, 422))
def one(parts: Parts, who: Agent, ticket_id: Number) -> Told:  # noqa: ARG001  (the rule)
    """A ticket and what happened to it."""
    return tickets.one(parts.database, ticket_id)


@router.patch("/{ticket_id}", summary="Change a ticket", responses=problems.documented(404, 409, 422))
def changed(parts: Parts, who: Agent, ticket_id: Number, wanted: TicketChange) -> Told:
    """Let a ticket go on; a state that cannot follow is a 409 that names those that can."""
    change = Change(**wanted.model_dump())
    return tickets.change(parts.database, parts.service, ticket_id, change, by=who.by(parts.clock()))


@router.post("/{ticket_id}/comments", summary="Comment a ticket", responses=problems.documented(404, 409, 422))
def commented(parts: Parts, who: Agent, once: Once, ticket_id: Number, said: Comment) -> Told:
    """Write something into a ticket."""
    return tickets.comment(parts.database, ticket_id, said.text, by=who.by(parts.clock()), once=once)
