"""Stretches: customers one after another, the newest first, so that a page of those who are meant is found early.

Who stands behind many a part of a figure is told by the records of each customer. To ask that of a million customers
takes seconds; a page of fifty is mostly full after the first few thousand.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sqlalchemy as sa

from kehu.store.behind import BY_THEIR_RECORDS, Part
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.records import member
from kehu.store.filters import Filter

FIRST = 20_000
"""The first stretch is of customers with so many records; each is twice as long as the one before."""

PATIENCE = 100_000
"""A page that is full waits for the records of no more customers than that, to be told how many there are."""

END = 2**62
"""No customer has such a number."""


@dataclass(frozen=True, kw_only=True)
class Walked:
    """Who was found."""

    numbers: list[int]
    """Their numbers, the newest first."""
    is_whole: bool
    """Nobody else is wanted."""


def walk(tx: Transaction, wanted: Filter, part: Part, *, before: int = END, page: int, most: int) -> Walked:
    """The customers wanted who stand behind a part.

    Args:
        tx: The transaction.
        wanted: What else is wanted of them.
        part: The part.
        before: Only customers of lesser numbers.
        page: So many are looked for however long it takes.
        most: And so many where it takes no longer.
    """
    found: list[int] = []
    seen = 0
    is_stretched = part.figure in BY_THEIR_RECORDS
    for begin, end, records in _stretches(tx, before) if is_stretched else [(0, before, 0)]:
        theirs = replace(part, stretch=(begin, end)) if is_stretched else part
        query = sa.select(customer.c.customer_id).where(*replace(wanted, part=theirs).conditions())
        if begin > 0:
            query = query.where(customer.c.customer_id >= begin)
        if end < END:
            query = query.where(customer.c.customer_id < end)
        found += tx.scalars(query.order_by(customer.c.customer_id.desc()).limit(most - len(found)))
        seen += records
        if len(found) >= most or (begin > 0 and len(found) >= page and seen >= PATIENCE):
            return Walked(numbers=found, is_whole=False)
    return Walked(numbers=found, is_whole=True)


def _stretches(tx: Transaction, before: int) -> Iterator[tuple[int, int, int]]:
    """From which number on each goes, before which it ends, and how many records its customers have, or about so."""
    many, end = FIRST, before
    while end > 0:
        theirs = sa.select(member.c.customer_id).where(member.c.customer_id < end)
        begin = tx.scalar(theirs.order_by(member.c.customer_id.desc()).offset(many).limit(1)) or 0
        yield begin, end, many
        many, end = 2 * many, begin
