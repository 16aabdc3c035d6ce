"""The review queue (复核): which customers a steward should look at, the most valuable question first.

A question is about two customers, and shown by the heaviest pair of records that is in doubt between them. It is worth
what an answer may be expected to change: the records that would move, times the chance that they should. It leaves the
queue when it is answered, and is back when that answer is taken back. `store.questions` keeps what is asked.
"""

import re
from dataclasses import dataclass

import sqlalchemy as sa

from kehu.errors import NotFoundError
from kehu.store.database import Transaction
from kehu.store.dictionary.questions import question
from kehu.store.dictionary.records import link, record
from kehu.store.privacy import restrictions


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


def page(tx: Transaction, *, after: str | None = None, limit: int = 50) -> Queue:
    """Open questions, the most valuable first; of equal ones the newest.

    Args:
        tx: The transaction.
        after: The `following` of the page before.
        limit: How many at most.

    Raises:
        NotFoundError: `after` is no place in the queue.
    """
    first, second = record.alias("first"), record.alias("second")
    columns = [link.c[name] for name in ("weight", "levels", "state", "reason")]
    query = (
        sa.select(question, *columns, first.c.origin.label("origin_l"), second.c.origin.label("origin_r"))
        .join(link, sa.and_(link.c.record_l == question.c.record_l, link.c.record_r == question.c.record_r))
        .join(first, first.c.record == question.c.record_l)
        .join(second, second.c.record == question.c.record_r)
        .where(_may_be_asked())
    )
    if after is not None:
        value, left, right = _place(after)
        further = sa.or_(
            question.c.value < value,
            question.c.record_l < left,
            sa.and_(question.c.record_l == left, question.c.record_r < right),
        )
        query = query.where(question.c.value <= value, further)
    order = (question.c.value.desc(), question.c.record_l.desc(), question.c.record_r.desc())
    rows = tuple(_review(row) for row in tx.execute(query.order_by(*order).limit(limit + 1)).mappings())
    last = rows[limit - 1] if len(rows) > limit else None
    return Queue(
        rows=rows[:limit], following=f"{last.value}.{last.record_l}.{last.record_r}" if last is not None else None
    )


def count(tx: Transaction) -> int:
    """How many questions are open."""
    return tx.scalar(sa.select(sa.func.count()).select_from(question).where(_may_be_asked())) or 0


def _may_be_asked() -> sa.ColumnElement[bool]:
    """No question is about somebody whose data may not be used; it waits until they are freed."""
    return sa.and_(restrictions.is_free(question.c.customer_l), restrictions.is_free(question.c.customer_r))


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


def _review(row: sa.RowMapping) -> Review:
    return Review(
        review_id=f"{min(row['origin_l'], row['origin_r'])}-{max(row['origin_l'], row['origin_r'])}",
        **{name: row[name] for name in Review.__dataclass_fields__ if name != "review_id"},
    )
