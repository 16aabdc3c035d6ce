"""What stewards do with one customer: split it, merge it with another, and take back what was decided."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from kehu.flows.decide import decide
from kehu.flows.insight import insight
from kehu.flows.insight.sight import Sight
from kehu.flows.users.pace import Asked
from kehu.model.people import Permission
from kehu.serve.given import GREATEST, Author, Desk, Number, Parts, Sees
from kehu.serve.looks import looked
from kehu.serve.pace import paced
from kehu.serve.threads import Router
from kehu.serve.who import needs
from kehu.store import decisions, views
from kehu.store.decisions import Decision

router = Router(dependencies=[needs(Permission.DECIDE), looked()])

SHOWN = 200
"""So many records of a customer, the newest, can be chosen on the page; more by the interface for machines."""

Reason = Annotated[str, Form(min_length=1, max_length=2_000)]
Whose = Annotated[int, Form(ge=1, le=GREATEST)]


@dataclass(frozen=True, kw_only=True)
class DecisionsPage:
    """What the page shows."""

    customer: views.Customer
    records: tuple[views.Record, ...]
    decisions: tuple[Decision, ...]
    """About its records, the newest first; undone ones too."""
    typed: str
    found: tuple[views.Customer, ...]
    """Whom the search for somebody to merge with found."""


@router.get("/customers/{customer_id}/decisions")
def shown(request: Request, parts: Parts, sight: Sees, customer_id: Number) -> Response:
    """The forms, and what was decided so far; a retired number leads to the living one."""
    return _page(request, parts, sight, customer_id, typed="")


@router.post("/customers/{customer_id}/decisions", dependencies=[paced(Asked.SEARCH)])
def found(
    request: Request, parts: Parts, sight: Sees, customer_id: Number, q: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """The same, with the customers that may be meant by what was typed."""
    return _page(request, parts, sight, customer_id, typed=q.strip())


def _page(request: Request, parts: Parts, sight: Sight, customer_id: int, *, typed: str) -> Response:
    with parts.database.read() as tx:
        customer = views.customer_of(tx, customer_id)
        number = customer.customer_id
        told = decisions.of_customer(tx, number)
        records = views.records_of(tx, number, limit=SHOWN).rows
    if number != customer_id:
        return RedirectResponse(f"/customers/{number}/decisions", status_code=301)
    people = insight.find(parts.database, typed, sight=sight).customers if typed else ()
    page = DecisionsPage(
        customer=customer,
        records=records,
        decisions=told,
        typed=typed,
        found=tuple(one for one in people if one.customer_id != number),
    )
    return parts.face.page(request, "decisions.html", page)


@router.post("/customers/{customer_id}/split")
def split(
    parts: Parts,
    desk: Desk,
    author: Author,
    customer_id: Number,
    reason: Reason,
    record: Annotated[list[Whose] | None, Form(max_length=SHOWN)] = None,
) -> Response:
    """Let the chosen records be another customer."""
    decide.split(parts.database, desk, customer_id, record or [], reason=reason, by=author)
    return _back(customer_id)


@router.post("/customers/{customer_id}/merge")
def merge(parts: Parts, desk: Desk, author: Author, customer_id: Number, reason: Reason, other: Whose) -> Response:
    """Let the customer and another one be one."""
    done = decide.merge(parts.database, desk, [customer_id, other], reason=reason, by=author)
    return _back(done.customers[0])


@router.post("/customers/{customer_id}/undo")
def undo(parts: Parts, desk: Desk, author: Author, customer_id: Number, reason: Reason, decision: Whose) -> Response:
    """Take a decision back."""
    decide.undo(parts.database, desk, decision, reason=reason, by=author)
    return _back(customer_id)


def _back(customer_id: int) -> Response:
    return RedirectResponse(f"/customers/{customer_id}/decisions", status_code=303)
