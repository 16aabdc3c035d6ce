"""The review queue: two customers in doubt side by side, the most valuable question first, answered by one key."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Form, Query, Request
from starlette.responses import RedirectResponse, Response

from kehu.flows.decide import decide, review
from kehu.model import masks
from kehu.model.customers import GOLDEN_COLUMNS
from kehu.model.people import Permission
from kehu.serve.api.reviews import Place, ReviewId
from kehu.serve.face import query
from kehu.serve.given import Author, Desk, Number, Parts, Sees
from kehu.serve.threads import Router
from kehu.serve.who import needs
from kehu.store import reviews

router = Router(dependencies=[needs(Permission.DECIDE)])

Reason = Annotated[str, Form(min_length=1, max_length=2_000)]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One attribute of both records."""

    attribute: str
    left: object = field(metadata=masks.told_by("attribute"))
    right: object = field(metadata=masks.told_by("attribute"))
    same: bool | None
    """Whether both state the same; None where one states nothing."""


@dataclass(frozen=True, kw_only=True)
class ReviewsPage:
    """What the page shows: one question."""

    asked: review.Asked | None
    """None where the queue is empty."""
    lines: tuple[Line, ...]
    heaviest: float
    """The greatest evidence, which the bars are drawn to."""
    total: int
    after: str | None
    following: str | None
    decided: int | None
    """The decision that was just made."""


@router.get("/reviews")
def asked(
    request: Request,
    parts: Parts,
    desk: Desk,
    sight: Sees,
    after: Place = None,
    decided: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """The next question."""
    found = review.queue(parts.database, desk.model, after=after, limit=1)
    with parts.database.read() as tx:
        total = reviews.count(tx)
    one = found.rows[0] if found.rows else None
    page = ReviewsPage(
        asked=one,
        lines=_lines(one) if one else (),
        heaviest=max((abs(told.weight) for told in sight.of(one).evidence), default=1.0) if one else 1.0,
        total=total,
        after=after,
        following=found.following,
        decided=decided,
    )
    return parts.face.page(request, "reviews.html", page)


@router.post("/reviews/undo/{decision_id}")
def undo(parts: Parts, desk: Desk, author: Author, decision_id: Number, reason: Reason) -> Response:
    """Take the last answer back: its question is asked again."""
    decide.undo(parts.database, desk, decision_id, reason=reason, by=author)
    return RedirectResponse("/reviews", status_code=303)


@router.post("/reviews/{review_id}")
def answer(
    parts: Parts,
    desk: Desk,
    author: Author,
    review_id: ReviewId,
    verdict: Annotated[review.Verdict, Form()],
    reason: Reason,
    after: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Answer, and go on to the next question."""
    done = review.answer(parts.database, desk, review_id, verdict, reason=reason, by=author)
    return RedirectResponse(query("/reviews", after=after, decided=done.decision_id), status_code=303)


def _lines(one: review.Asked) -> tuple[Line, ...]:
    """What either record states, attribute by attribute."""
    pairs = [(name, getattr(one.left, name), getattr(one.right, name)) for name in GOLDEN_COLUMNS]
    return tuple(
        Line(
            attribute=name,
            left=left,
            right=right,
            same=None if left is None or right is None else left == right,
        )
        for name, left, right in pairs
        if left is not None or right is not None
    )
