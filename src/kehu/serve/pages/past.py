"""The past of a customer: what it was on a day, and what changed until then, when, why and by whom."""

from dataclasses import dataclass
from datetime import date

from fastapi import Request
from starlette.responses import Response

from kehu.flows.insight import past
from kehu.model.people import Permission
from kehu.serve.given import AsOf, Number, Parts
from kehu.serve.looks import looked
from kehu.serve.threads import Router
from kehu.serve.who import needs

router = Router(dependencies=[needs(Permission.FIND), looked()])


@dataclass(frozen=True, kw_only=True)
class PastPage:
    """What the page of the past shows."""

    past: past.Past
    day: date | None
    """The day asked about."""


@router.get("/customers/{customer_id}/past")
def one(request: Request, parts: Parts, customer_id: Number, as_of: AsOf = None) -> Response:
    """A customer on a day; a retired number tells its own past."""
    at = parts.face.moment(as_of)
    page = PastPage(past=past.past(parts.database, customer_id, as_of=at), day=at.date() if at else None)
    return parts.face.page(request, "past.html", page)
