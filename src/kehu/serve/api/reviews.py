"""Reviews: the questions for stewards, and their answers."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from kehu.flows.decide import review
from kehu.flows.decide.decision import Answer
from kehu.model.people import Permission
from kehu.serve import problems
from kehu.serve.given import Author, Desk, Limit, Parts, Sees
from kehu.serve.once import Once
from kehu.serve.threads import Router
from kehu.serve.who import needs

router = Router(prefix="/reviews", tags=["reviews"], dependencies=[needs(Permission.DECIDE)])

ReviewId = Annotated[str, Path(pattern=r"^\d{1,18}-\d{1,18}$", description="The `review_id` of a question")]
Place = Annotated[
    str | None,
    Query(max_length=60, description="The `following` of the page before; none for the first page"),
]


class Said(BaseModel):
    """What a steward says."""

    model_config = ConfigDict(extra="forbid")

    verdict: review.Verdict = Field(description="same, apart or unsure")
    reason: str = Field(
        min_length=1,
        max_length=2_000,
        description="Why; it is kept with the decision",
        examples=["known from the hall"],
    )


@router.get("", summary="List questions", responses=problems.documented(404, 422, 503))
def listed(parts: Parts, desk: Desk, sight: Sees, after: Place = None, limit: Limit = 50) -> review.Queue:
    """Customers in doubt, the most valuable question first: what an answer would change, times its chance."""
    return sight.of(review.queue(parts.database, desk.model, after=after, limit=limit))


@router.post("/{review_id}", summary="Answer a question", responses=problems.documented(404, 409, 422, 503))
def answer(parts: Parts, desk: Desk, author: Author, once: Once, review_id: ReviewId, said: Said) -> Answer:
    """Merge the two customers, keep them apart, or say that nobody can tell; the answer is a decision."""
    return review.answer(parts.database, desk, review_id, said.verdict, reason=said.reason, by=author, once=once)
