"""What is written on the page of a customer: a note, and a value set by hand."""

from typing import Annotated

from fastapi import Form
from starlette.responses import RedirectResponse, Response

from kehu.flows.decide import decide
from kehu.flows.service import notes
from kehu.model.people import Permission
from kehu.serve.given import Desk, Number, Parts
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs

router = Router(prefix="/customers")

Editor = Annotated[Who, needs(Permission.EDIT, Permission.FIND)]


@router.post("/{customer_id}/notes")
def note(
    parts: Parts, who: Editor, customer_id: Number, text: Annotated[str, Form(min_length=1, max_length=10_000)]
) -> Response:
    """Write a note, and come back to it."""
    written = notes.write(parts.database, customer_id, text, by=who.by(parts.clock()))
    return RedirectResponse(f"/customers/{written.customer_id}#attention", status_code=303)


@router.post("/{customer_id}/pin")
def pin(
    parts: Parts,
    desk: Desk,
    who: Editor,
    customer_id: Number,
    attribute: Annotated[str, Form(max_length=32)],
    value: Annotated[str, Form(min_length=1, max_length=500)],
    reason: Annotated[str, Form(min_length=1, max_length=2_000)],
) -> Response:
    """Let a value hold whatever the records say, and come back to it."""
    done = decide.pin(parts.database, desk, customer_id, attribute, value, reason=reason, by=who.login)
    return RedirectResponse(f"/customers/{done.customers[0]}#golden", status_code=303)
