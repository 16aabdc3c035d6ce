"""Privacy: consent per purpose, and the switch that restricts a customer."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from kehu.flows.privacy import consents, restrict
from kehu.flows.privacy.asked import Asked
from kehu.model.people import Permission
from kehu.model.privacy import Purpose, Said
from kehu.serve import problems
from kehu.serve.given import Number, Parts
from kehu.serve.who import Who, needs
from kehu.store.privacy.consents import Statement
from kehu.store.privacy.restrictions import Restricted

router = APIRouter(prefix="/customers/{customer_id}", tags=["privacy"])

Officer = Annotated[Who, needs(Permission.PRIVACY)]


class Consent(BaseModel):
    """What a customer said of a purpose."""

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose = Field(description="What it is about")
    said: Said = Field(description="Yes or no; the latest word holds, and refusing blocks nothing else")
    notice: str = Field(min_length=1, max_length=64, description="Version of the notice that they were shown")
    channel: str = Field(min_length=1, max_length=64, description="The way they said it", examples=["hall", "10086"])
    at: AwareDatetime | None = Field(default=None, description="When they said it; else now")


class Switch(BaseModel):
    """Whether what is held on a customer may be used."""

    model_config = ConfigDict(extra="forbid")

    restricted: bool = Field(description="True: stored and not used; false: used again")
    reason: str = Field(min_length=5, max_length=2_000, description="Why; it is kept, sealed")


class State(BaseModel):
    """Whether what is held on a customer may be used."""

    restricted: Restricted | None = Field(description="Why it may not be used; null where it may")


@router.get(
    "/consents", summary="What a customer consented to", responses=problems.documented(404, 422),
    dependencies=[needs(Permission.FIND)],
)  # fmt: skip
def listed(parts: Parts, customer_id: Number) -> consents.Consents:
    """What holds of each purpose that was ever spoken of, and all that was said, the latest first."""
    return consents.of_customer(parts.database, customer_id)


@router.post("/consents", summary="Note a consent", status_code=201, responses=problems.documented(404, 422, 503))
def noted(parts: Parts, who: Officer, customer_id: Number, wanted: Consent) -> Statement:
    """Add what a customer said: rows are only added, and the audit trail tells who noted it."""
    return consents.note(
        parts.database,
        customer_id,
        purpose=wanted.purpose,
        said=wanted.said,
        notice=wanted.notice,
        channel=wanted.channel,
        asked=_asked(who, parts.clock(), ""),
        at=wanted.at,
    )


@router.put("/restriction", summary="Restrict a customer", responses=problems.documented(404, 409, 422, 503))
def switch(parts: Parts, who: Officer, customer_id: Number, wanted: Switch) -> State:
    """Let what is held be stored and not used, or free it again."""
    act = restrict.restrict if wanted.restricted else restrict.free
    living = act(parts.database, customer_id, asked=_asked(who, parts.clock(), wanted.reason))
    return State(restricted=restrict.of_customer(parts.database, living))


def _asked(who: Who, at: datetime, why: str) -> Asked:
    return Asked(who=who.login, at=at, why=why, whence=who.whence)
