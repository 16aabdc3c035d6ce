"""An arriving call: the page of who calls, or those who may be calling."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from kehu.flows.service import calls
from kehu.flows.service.calls import Told
from kehu.model.people import Permission
from kehu.serve.given import GREATEST, Number, Parts
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs

router = Router(prefix="/calls")

Agent = Annotated[Who, needs(Permission.SERVE, Permission.FIND)]


@dataclass(frozen=True, kw_only=True)
class CallPage:
    """What the page shows."""

    told: Told


@router.get("/{call_id}")
def one(request: Request, parts: Parts, who: Agent, call_id: Number) -> Response:  # noqa: ARG001  (the rule)
    """Whose call it is: their page; else those who may be calling, the likeliest first."""
    told = calls.one(parts.database, call_id)
    if told.caller is not None:
        return RedirectResponse(f"/customers/{told.caller}#attention", status_code=303)
    return parts.face.page(request, "call.html", CallPage(told=told))


@router.post("/{call_id}/caller")
def known(parts: Parts, who: Agent, call_id: Number, customer: Annotated[int, Form(ge=1, le=GREATEST)]) -> Response:
    """Remember who it was, and show them."""
    told = calls.known(parts.database, call_id, customer, by=who.by(parts.clock()))
    return RedirectResponse(f"/customers/{told.caller}#attention", status_code=303)
