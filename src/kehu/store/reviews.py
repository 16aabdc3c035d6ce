"""The review queue (复核): which customers a steward should look at, the most valuable question first.

A question is about two customers, and shown by the heaviest pair of records that is in doubt between them. It is worth
what an answer may be expected to change: the records that would move, times the chance that they should. It leaves the
queue when it is answered, and is back when that answer is taken back.
"""

import re
from dataclasses import dataclass

import sqlalchemy as sa

from kehu.errors import NotFoundError
from kehu.store.database import Transaction
from kehu.store.decisions import Kind
from kehu.store.links import State
from kehu.store.tables import customer, decision, decision_pair, link, member, record

CERTAIN = 1_000
"""A chance is told in so many parts, so that the order of the queue is one of whole numbers."""

REFUSED = 300
"""The chance that a refused pair is one customer: its evidence asks for it, and its groups contradict each other."""

CERTIFICATES = 20
"""The same where two valid certificates differ: now and then one was replaced, or misread."""


@dataclass(frozen=True, kw_only=True)
class Review:
    """A question for a steward: are these two customers one?"""

    review_id: str
    """The first versions of the two records: it lasts while new versions come."""
    value: int
    """What an answer may change: records that would move, in thousandths."""
    pairs: int
    """How many pairs of records are in doubt between the two customers."""
    record_l: int
    record_r: int
    customer_l: int
    customer_r: int
    weight: float
    """log2 odds that the two records are one customer."""
    levels: str
    """The level of each comparison."""
    state: str
    """refused or doubtful."""
    reason: str | None
    """Why it was not joined."""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A piece of the queue."""

    rows: tuple[Review, ...]
    following: str | None
    """Where the next page starts; None on the last one."""


def page(tx: Transaction, *, review_from: float, link_from: float, after: str | None = None, limit: int = 50) -> Queue:
    """Open questions, the most valuable first.

    Args:
        tx: The transaction.
        review_from: The weight from which a pair is in doubt.
        link_from: The weight from which it would be joined.
        after: The `following` of the page before.
        limit: How many at most.

    Raises:
        NotFoundError: `after` is no place in the queue.
    """
    queue = _questions(review_from, link_from)
    query = sa.select(queue).where(queue.c.place == 1)
    if after is not None:
        value, left, right = _place(after)
        further = sa.or_(
            queue.c.value < value,
            sa.and_(queue.c.value == value, queue.c.record_l > left),
            sa.and_(queue.c.value == value, queue.c.record_l == left, queue.c.record_r > right),
        )
        query = query.where(further)
    query = query.order_by(queue.c.value.desc(), queue.c.record_l, queue.c.record_r).limit(limit + 1)
    rows = tuple(_review(row) for row in tx.execute(query).mappings())
    last = rows[limit - 1] if len(rows) > limit else None
    return Queue(
        rows=rows[:limit], following=f"{last.value}.{last.record_l}.{last.record_r}" if last is not None else None
    )


def count(tx: Transaction) -> int:
    """How many questions are open."""
    queue = _questions(0.0, 1.0)
    return tx.scalar(sa.select(sa.func.count()).select_from(queue).where(queue.c.place == 1)) or 0


def sides(tx: Transaction, review_id: str) -> tuple[int, int]:
    """The records in force of the two that a question is about.

    Raises:
        NotFoundError: There is no such pair of records.
    """
    if not re.fullmatch(r"\d{1,18}-\d{1,18}", review_id):
        raise NotFoundError("there is no such review")
    origins = [int(part) for part in review_id.split("-")]
    query = sa.select(record.c.origin, record.c.record).where(record.c.origin.in_(origins), record.c.current)
    found = {row.origin: row.record for row in tx.execute(query)}
    if len(found) < 2:
        raise NotFoundError(f"there is no review {review_id}")
    return found[origins[0]], found[origins[1]]


def _place(after: str) -> tuple[int, int, int]:
    found = re.fullmatch(r"(\d{1,18})\.(\d{1,18})\.(\d{1,18})", after)
    if not found:
        raise NotFoundError("there is no such place in the review queue; start again without it")
    value, left, right = map(int, found.groups())
    return value, left, right


def _questions(review_from: float, link_from: float) -> sa.Subquery:
    """Every pair in doubt between two customers that nobody answered; of two customers the heaviest has `place` 1."""
    left, right = member.alias("member_l"), member.alias("member_r")
    one, other = customer.alias("one"), customer.alias("other")
    first, second = record.alias("first"), record.alias("second")
    lesser = _lesser(left.c.customer_id, right.c.customer_id)
    greater = _greater(left.c.customer_id, right.c.customer_id)
    chance = sa.case(
        (link.c.reason == "certificate", CERTIFICATES),
        (link.c.state == State.REFUSED, REFUSED),
        else_=sa.cast(CERTAIN * (link.c.weight - review_from) / (link_from - review_from), sa.Integer),
    )
    told = (
        sa.select(sa.literal(1))
        .select_from(decision_pair)
        .join(decision, decision.c.decision_id == decision_pair.c.decision_id)
        .where(
            decision_pair.c.origin_l == _lesser(first.c.origin, second.c.origin),
            decision_pair.c.origin_r == _greater(first.c.origin, second.c.origin),
            decision_pair.c.kind.in_([Kind.UNSURE, Kind.APART]),
            decision.c.undone_at.is_(None),
        )
    )
    heaviest = [link.c.weight.desc(), link.c.record_l, link.c.record_r]
    return (
        sa.select(
            link,
            left.c.customer_id.label("customer_l"),
            right.c.customer_id.label("customer_r"),
            first.c.origin.label("origin_l"),
            second.c.origin.label("origin_r"),
            (chance * _lesser(one.c.records, other.c.records)).label("value"),
            sa.func.row_number().over(partition_by=[lesser, greater], order_by=heaviest).label("place"),
            sa.func.count().over(partition_by=[lesser, greater]).label("pairs"),
        )
        .join(left, left.c.record == link.c.record_l)
        .join(right, right.c.record == link.c.record_r)
        .join(one, one.c.customer_id == left.c.customer_id)
        .join(other, other.c.customer_id == right.c.customer_id)
        .join(first, first.c.record == link.c.record_l)
        .join(second, second.c.record == link.c.record_r)
        .where(
            link.c.state.in_([State.DOUBTFUL, State.REFUSED]),
            left.c.customer_id != right.c.customer_id,
            ~told.exists(),
        )
        .subquery("question")
    )


def _lesser(a: sa.ColumnElement[int], b: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.case((a < b, a), else_=b)


def _greater(a: sa.ColumnElement[int], b: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.case((a < b, b), else_=a)


def _review(row: sa.RowMapping) -> Review:
    return Review(
        review_id=f"{min(row['origin_l'], row['origin_r'])}-{max(row['origin_l'], row['origin_r'])}",
        **{name: row[name] for name in Review.__dataclass_fields__ if name != "review_id"},
    )
