"""Decisions: merge customers, split one, pin a value, take each back, and what was believed at a time."""

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from kehu.flows.decide import decide
from kehu.flows.decide.decision import Answer
from kehu.flows.insight import lives
from kehu.model.people import Permission
from kehu.serve import problems
from kehu.serve.given import GREATEST, After, Author, Desk, Limit, Moment, Number, Parts, Sees
from kehu.serve.looks import looked
from kehu.serve.once import Once
from kehu.serve.threads import Router
from kehu.serve.who import needs
from kehu.store import decisions, views

Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2_000,
        description="Why; it is kept with the decision",
        examples=["she called and said so"],
    ),
]
Positive = Annotated[int, Field(ge=1, le=GREATEST)]

router = Router(tags=["decisions"])


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


class Merge(_Said):
    """Which customers are one."""

    ids: list[Positive] = Field(
        min_length=2, max_length=100, description="The customers; retired numbers are followed", examples=[[17, 23]]
    )


class Split(_Said):
    """Which records are somebody else."""

    record_ids: list[Positive] = Field(
        min_length=1, max_length=2_000, description="The numbers of the records (`record`) that leave the customer"
    )


class Pin(_Said):
    """Which value holds."""

    attribute: Literal[decide.PINNABLE] = Field(  # type: ignore[valid-type]  # the names that there are
        description="Which attribute", examples=["email"]
    )
    value: str = Field(
        min_length=1, max_length=500, description="The value, as dirty as it comes", examples=["zhang.wei@example.org"]
    )


class Undo(_Said):
    """Why the decision is taken back."""


@router.post(
    "/customers/merge",
    summary="Merge customers",
    responses=problems.documented(404, 409, 422, 503),
    dependencies=[needs(Permission.DECIDE)],
)
def merge(parts: Parts, desk: Desk, author: Author, once: Once, wanted: Merge) -> Answer:
    """Let customers be one. The number of the one with most records stays; the others lead to it for ever."""
    return decide.merge(parts.database, desk, wanted.ids, reason=wanted.reason, by=author, once=once)


@router.post(
    "/customers/{customer_id}/split",
    summary="Split a customer",
    responses=problems.documented(404, 409, 422, 503),
    dependencies=[needs(Permission.DECIDE)],
)
def split(parts: Parts, desk: Desk, author: Author, once: Once, customer_id: Number, wanted: Split) -> Answer:
    """Let some records be another customer; the smaller part gets a new number."""
    return decide.split(
        parts.database, desk, customer_id, wanted.record_ids, reason=wanted.reason, by=author, once=once
    )


@router.post(
    "/customers/{customer_id}/pin",
    summary="Pin a value",
    responses=problems.documented(404, 409, 422, 503),
    dependencies=[needs(Permission.EDIT)],
)
def pin(parts: Parts, desk: Desk, author: Author, once: Once, customer_id: Number, wanted: Pin) -> Answer:
    """Let a customer have this value, whatever its records say; undoing the decision unpins it."""
    return decide.pin(
        parts.database, desk, customer_id, wanted.attribute, wanted.value, reason=wanted.reason, by=author, once=once
    )


@router.get(
    "/customers/{customer_id}/history",
    summary="A customer through time",
    responses=problems.documented(404, 422),
    dependencies=[needs(Permission.FIND), looked()],
)
def history(
    parts: Parts,
    sight: Sees,
    customer_id: Number,
    as_of: Annotated[
        Moment | None, Query(description="Only what was believed at this time, with its zone: 2026-11-22T08:00Z")
    ] = None,
) -> lives.Life:
    """Every state of this very number, the oldest first, its records, and the decisions about it.

    A retired number keeps its own history: its last state says which customer it was merged into.
    """
    return sight.of(lives.life(parts.database, customer_id, as_of=as_of))


@router.get(
    "/decisions",
    summary="List decisions",
    responses=problems.documented(422),
    dependencies=[needs(Permission.DECIDE)],
)
def listed(parts: Parts, sight: Sees, after: After = None, limit: Limit = 50) -> views.Page[decisions.Decision]:
    """A page of the decisions, undone ones too, the newest first."""
    with parts.database.read() as tx:
        found = decisions.page(tx, before=after, limit=limit + 1)
    more: dict[str, Any] = {"following": found[limit - 1].decision_id if len(found) > limit else None}
    return sight.of(views.Page(rows=found[:limit], **more))


@router.post(
    "/decisions/{decision_id}/undo",
    summary="Take a decision back",
    responses=problems.documented(404, 409, 422, 503),
    dependencies=[needs(Permission.DECIDE)],
)
def undo(parts: Parts, desk: Desk, author: Author, once: Once, decision_id: Number, wanted: Undo) -> Answer:
    """Restore what was; refused where a later decision builds on this one."""
    return decide.undo(parts.database, desk, decision_id, reason=wanted.reason, by=author, once=once)
