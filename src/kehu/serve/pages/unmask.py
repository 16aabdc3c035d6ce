"""Unmask, on the page of a customer: a piece that is kept nowhere, so that loading the page again masks anew."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import Response

from kehu.flows.insight import unmask
from kehu.serve import face
from kehu.serve.api.unmask import Asks
from kehu.serve.given import Number, Parts
from kehu.serve.threads import Router

router = Router()


@dataclass(frozen=True, kw_only=True)
class UnmaskedPage:
    """What the piece shows."""

    unmasked: unmask.Unmasked


@router.post("/customers/{customer_id}/unmask")
def show(
    request: Request,
    parts: Parts,
    who: Asks,
    customer_id: Number,
    reason: Annotated[str, Form(min_length=unmask.SHORTEST_REASON, max_length=2_000)],
    fields: Annotated[list[unmask.Field], Form(min_length=1, max_length=len(unmask.Field))],
) -> Response:
    """The values, once it is noted who sees them and why."""
    told = unmask.unmasked(
        parts.database, customer_id, fields, reason=reason, by=who.by(parts.clock()), vault=parts.vault,
        per_hour=request.app.state.pace.paces.unmaskings_per_hour,
    )  # fmt: skip
    template = "unmask.html" if face.is_piece(request) else "unmask_page.html"
    answer = parts.face.page(request, template, UnmaskedPage(unmasked=told))
    answer.headers["cache-control"] = "no-store"
    return answer
