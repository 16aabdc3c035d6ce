"""What one person may ask for: consent per purpose, restriction, disclosure, erasure."""

from datetime import datetime
from functools import partial
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response

from kehu.flows import meanwhile
from kehu.flows.arrive import arrive
from kehu.flows.privacy import consents, disclose, erase, foresee, restrict, standing
from kehu.flows.privacy.asked import Asked
from kehu.model.people import Permission
from kehu.model.privacy import Purpose, Said
from kehu.serve import problems
from kehu.serve.given import Desk, Given, Moment, Number, Parts, Sees
from kehu.serve.once import Once
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs
from kehu.store.privacy.consents import Statement
from kehu.store.privacy.erasing import Receipt
from kehu.store.privacy.restrictions import Restricted

router = Router(prefix="/customers/{customer_id}", tags=["privacy"])

Officer = Annotated[Who, needs(Permission.PRIVACY)]
Finder = Annotated[Who, needs(Permission.FIND)]

Reason = Field(
    min_length=4, max_length=2_000, description="Why; it is kept, sealed", examples=["asked by letter of 2 November"]
)


class Consent(BaseModel):
    """What a customer said of a purpose."""

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose = Field(description="What it is about")
    said: Said = Field(description="Yes or no; the latest word holds, and refusing blocks nothing else")
    notice: str = Field(min_length=1, max_length=64, description="Version of the notice that they were shown")
    channel: str = Field(min_length=1, max_length=64, description="The way they said it", examples=["hall", "10086"])
    at: Moment | None = Field(default=None, description="When they said it; else now")


class Switch(BaseModel):
    """Whether what is held on a customer may be used."""

    model_config = ConfigDict(extra="forbid")

    restricted: bool = Field(strict=True, description="True: stored and not used; false: used again")
    reason: str = Reason


class State(BaseModel):
    """Whether what is held on a customer may be used."""

    restricted: Restricted | None = Field(description="Why it may not be used; null where it may")


class Checked(BaseModel):
    """How it was checked who asks for what is held on them."""

    model_config = ConfigDict(extra="forbid")

    checked: str = Field(
        min_length=4, max_length=2_000, description="How they were known; it is kept, sealed",
        examples=["resident card, hall 3"],
    )  # fmt: skip


class Erase(BaseModel):
    """Why somebody is erased."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Reason


@router.get("/privacy", summary="How a customer stands with their rights", responses=problems.documented(404, 422))
def stands(parts: Parts, who: Finder, sight: Sees, customer_id: Number) -> standing.Standing:
    """What holds of each purpose, whether they are restricted or a child, and, for officers, what was done for them."""
    return sight.of(of_customer(parts, who, customer_id))


@router.get("/consents", summary="What a customer consented to", responses=problems.documented(404, 422))
def listed(parts: Parts, who: Finder, customer_id: Number) -> consents.Consents:  # noqa: ARG001  (the rule)
    """What holds of each purpose that was ever spoken of, and all that was said, the latest first."""
    return consents.of_customer(parts.database, customer_id)


@router.post("/consents", summary="Note a consent", status_code=201, responses=problems.documented(404, 409, 422, 503))
def noted(parts: Parts, who: Officer, once: Once, customer_id: Number, wanted: Consent) -> Statement:
    """Add what a customer said: rows are only added. For a child under 14 a guardian's consent comes first (409)."""
    return note(parts, who, customer_id, wanted, once=once)


@router.put("/restriction", summary="Restrict a customer", responses=problems.documented(404, 409, 422, 503))
def switch(parts: Parts, who: Officer, customer_id: Number, wanted: Switch) -> State:
    """Let what is held be stored and not used, or free it again."""
    living = restricted(parts, who, customer_id, wanted)
    return State(restricted=restrict.of_customer(parts.database, living))


@router.post(
    "/disclosure",
    summary="Hand a customer all that is held on them",
    response_class=JSONResponse,
    responses=problems.documented(404, 422, 503)
    | {200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
def disclosed(parts: Parts, who: Officer, customer_id: Number, wanted: Checked) -> Response:
    """Table by table, with what each is held for, how long, and what its columns mean; noted before it is read."""
    return disclosure(parts, who, customer_id, wanted)


@router.get("/erasure", summary="Foresee an erasure", responses=problems.documented(404, 422, 503))
def foreseen(parts: Parts, who: Officer, customer_id: Number) -> foresee.Foreseen:  # noqa: ARG001  (the rule)
    """How many rows of which table would go, and what law keeps, restricted to storage; nothing is changed."""
    return foresee.erasing(parts.database, customer_id, room=parts.erasing, at=parts.clock())


@router.post(
    "/erasure", summary="Erase a customer", status_code=202, responses=problems.documented(404, 409, 422, 503),
    response_model=Receipt,
)  # fmt: skip
def erased(parts: Parts, desk: Desk, who: Officer, once: Once, customer_id: Number, wanted: Erase) -> Response:
    """Take them out of every table, now; copies outside the tables follow, and the receipt is `done` then."""
    receipt, rest = begin_erasing(parts, desk, who, customer_id, wanted, once=once)
    content = Told(receipt=receipt).model_dump(mode="json")["receipt"]
    return JSONResponse(content, status_code=202, background=rest)


class Told(BaseModel):
    """A receipt, to be written out."""

    receipt: Receipt


def of_customer(parts: Given, who: Who, customer_id: int) -> standing.Standing:
    """How a customer stands, as far as they may see it who ask."""
    with_requests = who.may(Permission.PRIVACY)
    return standing.of_customer(parts.database, customer_id, at=parts.clock(), with_requests=with_requests)


def note(parts: Given, who: Who, customer_id: int, wanted: Consent, *, once: Once = None) -> Statement:
    """Add what a customer said."""
    return consents.note(
        parts.database,
        customer_id,
        purpose=wanted.purpose,
        said=wanted.said,
        notice=wanted.notice,
        channel=wanted.channel,
        asked=asked(who, parts.clock(), ""),
        at=wanted.at,
        once=once,
    )


def restricted(parts: Given, who: Who, customer_id: int, wanted: Switch) -> int:
    """Restrict a customer, or free them; the living number."""
    act = restrict.restrict if wanted.restricted else restrict.free
    return act(parts.database, customer_id, asked=asked(who, parts.clock(), wanted.reason))


def disclosure(parts: Given, who: Who, customer_id: int, wanted: Checked) -> Response:
    """All that is held on a customer, to be saved as a file."""
    told = disclose.disclose(parts.database, customer_id, asked=asked(who, parts.clock(), wanted.checked))
    headers = {
        "content-disposition": f'attachment; filename="customer-{told["customer_id"]}.json"',
        "cache-control": "no-store",
    }
    return Response(disclose.text(told), media_type="application/json", headers=headers)


def begin_erasing(
    parts: Given, desk: arrive.Desk, who: Who, customer_id: int, wanted: Erase, *, once: Once = None
) -> tuple[Receipt, BackgroundTask]:
    """Erase a customer from the tables; the task, which runs once that is answered, reaches the copies elsewhere.

    Where the process ends before it has, `kehu retain` makes good for it.
    """
    room, why = parts.erasing, asked(who, parts.clock(), wanted.reason)
    receipt = erase.begin(parts.database, desk, customer_id, asked=why, room=room, once=once)
    finish = partial(erase.finish, parts.database, desk, receipt.erasure_id, room=room)
    return receipt, BackgroundTask(meanwhile.attempt, finish, name=f"erasure {receipt.erasure_id}")


def asked(who: Who, at: datetime, why: str) -> Asked:
    """Who acts for a person, when and why."""
    return Asked(who=who.login, at=at, why=why, whence=who.whence)
