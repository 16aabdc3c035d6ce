"""What law makes us keep of a person who is erased: who held a number, for some years after the service ended.

Source: MIIT Order 25 (电话用户真实身份信息登记规定, 2013): name, certificate and address of who holds a number are kept
while the service lasts and two years beyond.
"""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from kehu.model.codes import NumberState, Role
from kehu.store import bulk, customers, households, records
from kehu.store.database import Transaction
from kehu.store.dictionary.households import subscription
from kehu.store.dictionary.records import member, record
from kehu.store.privacy import restrictions

ENDED = frozenset({NumberState.CLOSED, NumberState.FROZEN, NumberState.PORTED_OUT})
"""The states of a number whose service is over."""


@dataclass(frozen=True, kw_only=True)
class Keep:
    """How long what is kept."""

    years: int = 2
    """So many years after a service ended its holder's real name is kept."""


def kept(tx: Transaction, customer_id: int, keep: Keep, *, at: datetime) -> dict[int, datetime | None]:
    """The records that say who held a number, and until when they are kept; None while the service lasts."""
    held = [one for one in households.subscriptions_of(tx, customer_id) if one.role is Role.HOLDER]
    told: dict[int, datetime | None] = {}
    for one in held:
        is_over = one.number_state in ENDED or not one.held
        until = after_years(one.stated_at, keep.years) if is_over else None
        if until is None or until > at:
            told[one.record] = until
    if told and not _names_somebody(tx, list(told)):
        proof = _certified(tx, customer_id)
        # Who held the number stands in another record: that one is kept as long.
        told |= {proof: None if None in told.values() else max(one for one in told.values() if one)} if proof else {}
    return told


def alone(tx: Transaction) -> pa.Array:
    """The records that are kept by law alone: nobody is compared with them, as they have no keys any more."""
    origins = restrictions.bound_by_law(tx)
    if not origins:
        return pa.array([], pa.int64())
    with bulk.among(tx, record.c.origin, pa.array(origins, pa.int64())) as one_of_them:
        query = sa.select(record.c.record).where(one_of_them, record.c.current).order_by(record.c.record)
        return pa.array(tx.scalars(query).all(), pa.int64())


def over(tx: Transaction, keep: Keep, *, at: datetime, limit: int) -> list[int]:
    """The customers whose every number ended longer ago than law makes us keep it, and of whom nothing came since.

    Whom an officer restricted is left: what is in dispute must not vanish.
    """
    before = after_years(at, -keep.years)
    stated = sa.func.coalesce(record.c.updated_at, record.c.received_at)
    runs = sa.func.coalesce(subscription.c.number_state, "").not_in([state.value for state in ENDED])
    query = (
        sa.select(member.c.customer_id)
        .join(record, record.c.record == member.c.record)
        .outerjoin(subscription, subscription.c.record == record.c.record)
        .where(restrictions.is_free(member.c.customer_id))
        .group_by(member.c.customer_id)
        .having(
            sa.func.count(subscription.c.record) > 0,
            sa.func.max(sa.case((sa.and_(subscription.c.record.is_not(None), runs), 1), else_=0)) == 0,
            sa.func.max(stated) <= before,
        )
        .order_by(member.c.customer_id)
    )
    return list(tx.scalars(query.limit(limit)))


def after_years(day: datetime, years: int) -> datetime:
    """The same day so many years later; of a leap day the last of February.

    >>> from datetime import UTC
    >>> after_years(datetime(2024, 2, 29, tzinfo=UTC), 2).date()
    datetime.date(2026, 2, 28)
    """
    year = day.year + years
    return day.replace(year=year, day=min(day.day, calendar.monthrange(year, day.month)[1]))


def _names_somebody(tx: Transaction, numbers: Sequence[int]) -> bool:
    rows = records.read(tx, pa.array(sorted(numbers), pa.int64()), columns=("id_number",))
    return bool(rows.column("id_number").null_count < rows.num_rows)


def _certified(tx: Transaction, customer_id: int) -> int | None:
    """The newest record of a customer that states a certificate."""
    rows = customers.records_of(tx, customer_id).select(["record", "id_number"]).to_pylist()
    return max((row["record"] for row in rows if row["id_number"]), default=None)


def every(tx: Transaction, columns: Sequence[str]) -> Iterator[pa.Table]:
    """All versions of all records, a piece at a time."""
    schema = pa.schema([records.RECORDS.field(name) for name in columns])
    query = sa.select(*(record.c[name] for name in columns)).order_by(record.c.record)
    # The whole of it is read first: what follows asks the same transaction other things.
    for piece in list(bulk.batches(tx, query, schema)):
        yield pa.Table.from_batches([piece])
