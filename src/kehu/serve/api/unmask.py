"""Unmask: personal values of a customer in clear, for a reason that is noted first."""

from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from kehu.flows.insight import unmask
from kehu.model.people import Permission
from kehu.serve import problems
from kehu.serve.given import Number, Parts
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs

router = Router(prefix="/customers", tags=["customers"])

Asks = Annotated[Who, needs(Permission.UNMASK)]
Reason = Annotated[
    str,
    Field(
        min_length=unmask.SHORTEST_REASON,
        max_length=2_000,
        description="Why; it is noted",
        examples=["he forgot his number"],
    ),
]


class Wanted(BaseModel):
    """What to show, and why."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    fields: list[unmask.Field] = Field(
        min_length=1, max_length=len(unmask.Field), description="What to show", examples=[["phone"]]
    )
    reason: Reason


@router.post("/{customer_id}/unmask", summary="See values in clear", responses=problems.documented(404, 422, 429, 503))
def show(request: Request, parts: Parts, who: Asks, customer_id: Number, wanted: Wanted) -> unmask.Unmasked:
    """Values of a customer in clear. Who asked, when and why is noted before anything is read."""
    return unmask.unmasked(
        parts.database, customer_id, wanted.fields, reason=wanted.reason, by=who.by(parts.clock()), vault=parts.vault,
        per_hour=request.app.state.pace.paces.unmaskings_per_hour,
    )  # fmt: skip
