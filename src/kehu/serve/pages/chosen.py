"""What is done with the customers that somebody ticked on a list: taken out as a file, or merged."""

from typing import Annotated

from fastapi import Form
from starlette.responses import RedirectResponse, Response

from kehu.flows.decide import decide
from kehu.model.people import Permission
from kehu.serve.api import chosen as api
from kehu.serve.api.chosen import Chosen, Ids, Taker
from kehu.serve.given import Desk, Parts
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs

router = Router(prefix="/chosen")

Steward = Annotated[Who, needs(Permission.FIND, Permission.DECIDE)]


@router.post("/export")
def export(
    parts: Parts,
    who: Taker,
    customer: Annotated[Ids, Form()],
    purpose: Annotated[str, Form(min_length=3, max_length=500)],
    recipient: Annotated[str, Form(min_length=1, max_length=200)],
    form: Annotated[str, Form(pattern="^(csv|xlsx)$")] = "csv",
    consent: Annotated[str, Form(pattern="^(service|marketing|profiling|sharing|abroad)$")] = "marketing",
) -> Response:
    """The chosen as a file."""
    told = {"ids": customer, "purpose": purpose, "recipient": recipient, "form": form, "consent": consent}
    return api.taken_out(parts, who, Chosen.model_validate(told))


@router.post("/merge")
def merge(
    parts: Parts,
    desk: Desk,
    who: Steward,
    customer: Annotated[Ids, Form(min_length=2)],
    reason: Annotated[str, Form(min_length=1, max_length=2_000)],
) -> Response:
    """Let the chosen be one customer, and show what was decided; it can be taken back there."""
    done = decide.merge(parts.database, desk, customer, reason=reason, by=who.login)
    return RedirectResponse(f"/customers/{done.customers[0]}/decisions", status_code=303)
