"""Restrictions: whose data may be stored and not used, and the one condition by which every reader honours it.

A customer is restricted where any record of theirs is. So a merge restricts the whole, and what is split off a
restricted customer stays restricted: who asked is asked again before it is freed.
"""

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.model.privacy import Bound
from kehu.store import asking, bulk
from kehu.store.database import Transaction
from kehu.store.dictionary.privacy import restriction
from kehu.store.dictionary.records import member, record


@dataclass(frozen=True, kw_only=True)
class Restricted:
    """Why and since when a customer's data may not be used."""

    bound: Bound
    since: datetime
    noted_by: str
    """Who restricted it."""
    until: datetime | None
    """Until when law makes us keep it."""


def restricted() -> sa.Select[tuple[int]]:
    """The customers whose data may not be used: a query of `customer_id`s, empty in most stores."""
    return (
        sa.select(member.c.customer_id)
        .join(record, record.c.record == member.c.record)
        .join(restriction, restriction.c.origin == record.c.origin)
        .where(restriction.c.freed_at.is_(None))
    )


def is_free(customer_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """The condition of every reader: the customer's data may be used."""
    # Not EXISTS, which would be asked for each customer of a million; the list is made once.
    return customer_id.not_in(restricted())


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """What a reader leaves out, as numbers; nothing in most stores."""

    customers: pa.Array
    records: pa.Array

    def of(self, piece: pa.RecordBatch) -> pa.RecordBatch:
        """The rows of a piece that may be used: of customers, of records, or of pairs of records."""
        for name, gone in (
            ("customer_id", self.customers),
            ("record", self.records),
            ("record_l", self.records),
            ("record_r", self.records),
        ):
            if len(gone) and name in piece.schema.names:
                piece = piece.filter(pc.invert(pc.is_in(piece.column(name), value_set=gone)))
        return piece


def hidden(tx: Transaction) -> Hidden:
    """All that readers leave out now, for those that read table by table."""
    whose = sorted(set(tx.scalars(restricted())))
    with bulk.among(tx, member.c.customer_id, pa.array(whose, pa.int64())) as one_of_them:
        records = sorted(tx.scalars(sa.select(member.c.record).where(one_of_them))) if whose else []
    return Hidden(customers=pa.array(whose, pa.int64()), records=pa.array(records, pa.int64()))


_OF_CUSTOMER = (
    sa.select(restriction)
    .join(record, record.c.origin == restriction.c.origin)
    .join(member, member.c.record == record.c.record)
    .where(member.c.customer_id == sa.bindparam("number"), restriction.c.freed_at.is_(None))
    # What law binds comes first, the latest of its kind.
    .order_by(restriction.c.bound.desc(), restriction.c.until.desc(), restriction.c.since)
    .limit(1)
)
ANY = sa.select(restriction.c.origin).where(restriction.c.freed_at.is_(None)).limit(1)
"""One record of those that may not be used, if there is any."""


def of_customer(tx: Transaction, customer_id: int) -> Restricted | None:
    """Why a customer's data may not be used; None where it may."""
    found = asking.told(tx, _OF_CUSTOMER, number=customer_id)
    if not found:
        return None
    [row] = found
    return Restricted(bound=Bound(row.bound), since=row.since, noted_by=row.noted_by, until=row.until)


def are_there(tx: Transaction) -> bool:
    """Whether anybody's data is restricted."""
    return bool(asking.rows(tx, ANY, {}))


def restrict(
    tx: Transaction, origins: pa.Array, *, bound: Bound, at: datetime, by: str, until: datetime | None = None
) -> int:
    """Let records be stored only; returns how many were not restricted so before."""
    with bulk.among(tx, restriction.c.origin, origins) as one_of_them:
        already = sa.select(restriction.c.origin).where(
            one_of_them, restriction.c.freed_at.is_(None), restriction.c.bound == bound.value
        )
        held = set(tx.scalars(already))
    new = [origin for origin in origins.to_pylist() if origin not in held]
    for origin in new:  # A person has a few records.
        values = {"origin": origin, "since": at, "bound": bound.value, "noted_by": by, "until": until}
        # At one time a record has one row: the later word takes its place.
        tx.execute(restriction.delete().where(restriction.c.origin == origin, restriction.c.since == at))
        tx.execute(restriction.insert().values(values))
    return len(new)


def free(tx: Transaction, origins: pa.Array, *, at: datetime, by: str) -> int:
    """Let records be used again, which their person asked to restrict; what law binds stays bound."""
    with bulk.among(tx, restriction.c.origin, origins) as one_of_them:
        freed = tx.execute(
            restriction.update()
            .where(one_of_them, restriction.c.freed_at.is_(None), restriction.c.bound == Bound.ASKED.value)
            .values(freed_at=at, freed_by=by)
        )
    return freed.rowcount


def bound_by_law(tx: Transaction) -> list[int]:
    """The origins of records that are kept by law alone."""
    query = sa.select(restriction.c.origin).where(
        restriction.c.freed_at.is_(None), restriction.c.bound == Bound.LAW.value
    )
    return list(tx.scalars(query))


def due(tx: Transaction, at: datetime) -> pa.Array:
    """The origins of records that law makes us keep no longer."""
    query = sa.select(restriction.c.origin).where(
        restriction.c.freed_at.is_(None), restriction.c.bound == Bound.LAW.value, restriction.c.until <= at
    )
    return pa.array(sorted(set(tx.scalars(query))), pa.int64())
