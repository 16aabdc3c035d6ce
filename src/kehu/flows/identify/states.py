"""The states of customers: golden values made from their records, written with all that follows from them.

How values survive is set in `kehu.toml`. The store knows by which settings its values were made, so a run after a
change makes every customer anew, without matching a single record again.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kehu.flows import meanwhile
from kehu.flows.progress import SILENT, Progress
from kehu.model import arrow
from kehu.model.customers import PINS
from kehu.resolve import few, golden
from kehu.resolve import media as reaching
from kehu.resolve.members import Members
from kehu.resolve.survivorship import DEFAULT, Survivorship
from kehu.store import customers, decisions, facts, finding, media, records, search, terms
from kehu.store.customers import Written
from kehu.store.database import Transaction

Mask = npt.NDArray[np.bool_]

PIECE = 100_000
"""About so many records are made into states at once."""

WHY = "settings"
"""What the history tells where the settings changed a customer."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What follows from the records of some customers: it depends on nothing else."""

    customers: pa.Table
    """`model.customers.CUSTOMERS`: their golden values."""
    media: pa.Table
    """`model.customers.MEDIA`: how they can be reached."""
    terms: pa.Table
    """`store.terms.TERMS`: what they are found by, as the store holds it."""


@dataclass(frozen=True, kw_only=True)
class Making:
    """States that are being made; what is asked for is waited for, once."""

    values: Callable[[], tuple[pa.Table, pa.Table]]
    """The golden values of the customers, and how they can be reached."""
    terms: Callable[[], pa.Table]
    """What they are found by; some of what they were found by before may be left out."""
    found_by: Callable[[], pa.Table] | None = None
    """What they were found by until now, without what is left out; None where that is not known."""


def made(tx: Transaction, rows: pa.Table, *, trust: Mapping[str, int], survivorship: Survivorship = DEFAULT) -> Made:
    """Make the states of customers out of their records, as `making` does, and wait for them."""
    with making(tx, rows, trust=trust, survivorship=survivorship) as state:
        values, media = state.values()
        return Made(customers=values, media=media, terms=state.terms())


@contextmanager
def making(
    tx: Transaction,
    rows: pa.Table,
    *,
    trust: Mapping[str, int],
    survivorship: Survivorship = DEFAULT,
    before: npt.NDArray[np.int64] | None = None,
) -> Iterator[Making]:
    """Make the states of customers out of their records, and of what is decided about these; of many, beside the block.

    Args:
        tx: The transaction; it is read before the block, and only read.
        rows: `store.records.RECORDS`, all records of each customer, with the `customer_id` that they are to have.
        trust: For each channel how far its values are believed.
        survivorship: Which values survive.
        before: The customer that each of the records made what it is until now, without any other; -1 for nobody. None
            where records of theirs are gone, or say something else now.
    """
    pins = arrow.typed(decisions.pinned(tx, rows.column("record").combine_chunks()), PINS)
    finder = finding.finder(tx)

    def values() -> tuple[pa.Table, pa.Table]:
        orders = survivorship.orders()
        if rows.num_rows <= few.MOST:
            return few.made(rows, trust=trust, survivorship=orders, pins=pins)
        members = Members(rows)
        found = golden.of(members, trust=trust, survivorship=orders, pins=pins)
        return found, reaching.of(members, found)

    def found_by(of: pa.Table, there: Mask | None = None) -> pa.Table:
        return terms.kept(terms.of(of, there=there), finder) if of.num_rows else arrow.empty(terms.TERMS)

    # What many were found by a database tells sooner than it is made.
    told = _Telling(rows, None) if before is None or rows.num_rows > few.MOST else _telling(rows, before)
    with meanwhile.beside(records=rows.num_rows) as thread:
        yield Making(
            values=thread.begin(values),
            terms=thread.begin(lambda: found_by(told.now, told.there)),
            found_by=None if told.before is None else lambda: found_by(told.before),
        )


class _Telling(NamedTuple):
    """The records that tell what their customers are found by."""

    now: pa.Table
    before: pa.Table | None
    """Those that told it until now; None where that is not known."""
    there: Mask | None = None
    """Which of them told it before, where the others only came."""


def _telling(rows: pa.Table, before: npt.NDArray[np.int64]) -> _Telling:
    """Who tells, and told, what customers are found by.

    Args:
        rows: All records of some customers.
        before: Whose each of them was; -1 for nobody's.
    """
    came = before < 0
    if (came | (before == rows.column("customer_id").to_numpy())).all():
        return _Telling(rows, rows.slice(0, 0), ~came)
    told = rows.select(terms.NEEDS)
    place = told.schema.get_field_index("customer_id")
    return _Telling(rows, arrow.where(told.set_column(place, "customer_id", pa.array(before)), ~came))


def write(tx: Transaction, state: Making, *, at: datetime, why: str, new: pa.Array | None = None) -> Written:
    """Let customers have the state that follows from their records.

    Args:
        tx: The transaction.
        state: Their states.
        at: Since when.
        why: What brings the change.
        new: Those of the customers that got their numbers just now: nothing of them is stored yet.
    """
    values, reached = state.values()
    written = customers.write(tx, values, at=at, why=why, new=new)
    numbers = values.column("customer_id").combine_chunks()
    known = numbers if new is None else arrow.without(numbers, new)
    media.replace(tx, known, reached)
    search.replace(tx, known, state.terms(), had=None if state.found_by is None else state.found_by())
    return written


def renew(
    tx: Transaction,
    *,
    trust: Mapping[str, int],
    survivorship: Survivorship = DEFAULT,
    at: datetime,
    progress: Progress = SILENT,
) -> int:
    """Make every customer anew, if its values were made by other settings; returns how many changed."""
    fingerprint = survivorship.fingerprint(trust)
    if facts.get(tx, facts.SURVIVORSHIP) == fingerprint:
        return 0
    facts.put(tx, facts.SURVIVORSHIP, fingerprint)
    owned = customers.memberships(tx).sort_by("customer_id")
    changed = 0
    if owned.num_rows:
        progress.step("renew")
    for numbers in pieces(owned):
        rows = records.read(tx, numbers)
        with making(tx, rows, trust=trust, survivorship=survivorship) as state:
            changed += write(tx, state, at=at, why=WHY).changed
    return changed


def pieces(owned: pa.Table) -> Iterator[pa.Array]:
    """The records of one piece of the customers after another; no customer is cut. The table is in their order."""
    customer = owned.column("customer_id").to_numpy()
    numbers = owned.column("record").combine_chunks()
    start = 0
    while start < len(customer):
        last = customer[min(start + PIECE, len(customer)) - 1]
        stop = int(np.searchsorted(customer, last, side="right"))
        yield numbers.slice(start, stop - start)
        start = stop
