"""Review: the customers in doubt, side by side with the evidence, and what a steward says of them."""

from dataclasses import dataclass
from enum import StrEnum

from kehu.flows.arrive.arrive import Desk
from kehu.flows.decide import decide
from kehu.flows.decide.decision import Answer
from kehu.flows.once import Once
from kehu.resolve import explain
from kehu.resolve.explain import Evidence
from kehu.resolve.model import Model
from kehu.store import reviews, views
from kehu.store.database import Database
from kehu.store.decisions import Kind


class Verdict(StrEnum):
    """What a steward says of two customers."""

    SAME = "same"
    """They are one: they are merged."""
    APART = "apart"
    """They are two, and stay two."""
    UNSURE = "unsure"
    """Nobody can tell: they stay as they are, and are not asked about again."""


KINDS = {Verdict.SAME: Kind.TOGETHER, Verdict.APART: Kind.APART, Verdict.UNSURE: Kind.UNSURE}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question, with all that helps to answer it."""

    review: reviews.Review
    left: views.Record
    right: views.Record
    customer_l: views.Customer
    customer_r: views.Customer
    evidence: tuple[Evidence, ...]
    """The weights add up to the pair's; empty where the model that scored it is not at hand."""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A piece of the review queue."""

    rows: tuple[Asked, ...]
    following: str | None
    """Where the next page starts; None on the last one."""


def queue(database: Database, model: Model, *, after: str | None = None, limit: int = 50) -> Queue:
    """Open questions, the most valuable first.

    Raises:
        NotFoundError: `after` is no place in the queue.
    """
    with database.read() as tx:
        found = reviews.page(tx, after=after, limit=limit)
        known = views.records(tx, sorted({number for row in found.rows for number in (row.record_l, row.record_r)}))
        owners = {number for row in found.rows for number in (row.customer_l, row.customer_r)}
        people = {one.customer_id: one for one in views.customers_of(tx, sorted(owners))}
    asked = tuple(
        Asked(
            review=row,
            left=known[row.record_l],
            right=known[row.record_r],
            customer_l=people[row.customer_l],
            customer_r=people[row.customer_r],
            evidence=tuple(explain.evidence(row.levels, row.weight, model)),
        )
        for row in found.rows
    )
    return Queue(rows=asked, following=found.following)


def answer(
    database: Database,
    desk: Desk,
    review_id: str,
    verdict: Verdict,
    *,
    reason: str,
    by: str,
    once: Once | None = None,
) -> Answer:
    """Answer a question; the answer is a decision, and can be undone as one.

    Raises:
        NotFoundError: There is no such pair of records.
        ConflictError: They are one customer already.
        SettingsError: There is no reason.
    """
    with database.read() as tx:
        left, right = reviews.sides(tx, review_id)
    return decide.review(database, desk, left, right, verdict=KINDS[verdict], reason=reason, by=by, once=once)
