"""Interactions: a call arrives, and who may be calling is told."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kehu.flows.service import calls
from kehu.flows.service.calls import Told
from kehu.model.people import Permission
from kehu.serve import problems
from kehu.serve.api.tickets import Name, Positive
from kehu.serve.given import Number, Parts, Sees
from kehu.serve.once import Once
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs

router = Router(prefix="/interactions", tags=["interactions"])

Agent = Annotated[Who, needs(Permission.SERVE, Permission.FIND)]


class Arriving(BaseModel):
    """A call that arrives now."""

    model_config = ConfigDict(extra="forbid")

    number: str | None = Field(
        default=None,
        max_length=64,
        description="The number that calls; none where it is withheld",
        examples=["13912345678"],
    )
    channel: Name = Field(default="hotline", description="Where it arrives")


class Caller(BaseModel):
    """Who it was that called."""

    model_config = ConfigDict(extra="forbid")

    customer_id: Positive = Field(description="The customer; a retired number is followed", examples=[17])


@router.post("", summary="A call arrives", status_code=201, responses=problems.documented(409, 422))
def arrived(parts: Parts, sight: Sees, who: Agent, once: Once, call: Arriving) -> Told:
    """Store a call and say who may be calling, the likeliest first; `/calls/{call_id}` is its page."""
    told = calls.arrived(
        parts.database, call.number, channel=call.channel, home=parts.home, by=who.by(parts.clock()), once=once
    )
    return sight.of(told)


@router.get("/{call_id}", summary="One call", responses=problems.documented(404, 422))
def one(parts: Parts, sight: Sees, who: Agent, call_id: Number) -> Told:  # noqa: ARG001  (the rule)
    """A call, and who may be calling."""
    return sight.of(calls.one(parts.database, call_id))


@router.post("/{call_id}/caller", summary="Say who called", responses=problems.documented(404, 422))
def known(parts: Parts, sight: Sees, who: Agent, call_id: Number, caller: Caller) -> Told:
    """Remember which customer it was."""
    return sight.of(calls.known(parts.database, call_id, caller.customer_id, by=who.by(parts.clock())))
