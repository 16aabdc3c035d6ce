"""Breaches: whose values stood in what leaked, and which (PIPL 57).

What leaked is a channel, a load, a stretch of time, or a list that was taken out. Restricted customers are told as
everybody is: they have a right to know.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import pyarrow as pa
import sqlalchemy as sa

from kehu.store import bulk
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.households import account, interaction, subscription
from kehu.store.dictionary.loads import quarantine
from kehu.store.dictionary.records import member, record

STATED = ("name", "id_number", "phone", "phone_2", "birth_date", "gender", "email", "address", "category")
"""What a record may have told of somebody."""

BESIDE = {"subscriptions": subscription, "accounts": account, "contacts": interaction}
"""What may hang on a record."""

REACHED_BY = ("name", "phone", "email", "address")
"""By what the affected are told of it."""

AFFECTED = pa.schema(
    [
        pa.field("customer_id", pa.int64(), nullable=False),
        *(pa.field(name, pa.string()) for name in REACHED_BY),
        pa.field("records", pa.int64()),
        pa.field("fields", pa.string(), nullable=False),
    ]
)
"""Who is affected, how they are reached, by how many records, and by which of their values, parted by blanks."""


Condition: TypeAlias = sa.ColumnElement[bool]
"""A condition on `customer`."""


@dataclass(frozen=True, kw_only=True)
class Leaked:
    """What leaked; what is None does not matter."""

    channel: str | None = None
    """What came by this channel."""
    load_id: int | None = None
    """What this load brought."""
    since: datetime | None = None
    """What came not before this."""
    until: datetime | None = None
    """What came before this."""

    def of(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """The condition on records, or on rows in quarantine."""
        conditions = [
            *([table.c.channel == self.channel] if self.channel is not None else []),
            *([table.c.load_id == self.load_id] if self.load_id is not None else []),
            *([table.c.received_at >= self.since] if self.since is not None else []),
            *([table.c.received_at < self.until] if self.until is not None else []),
        ]
        return sa.and_(sa.true(), *conditions)


def by_records(tx: Transaction, leaked: Leaked) -> Iterator[pa.RecordBatch]:
    """The customers whose records leaked, in any version, a piece at a time: `AFFECTED`."""
    now = record.alias("now")
    stated = [_any(record.c[name].is_not(None)).label(f"has_{name}") for name in STATED]
    beside = [
        _any(record.c.record.in_(sa.select(table.c.record))).label(f"has_{name}") for name, table in BESIDE.items()
    ]
    found = (
        sa.select(member.c.customer_id, sa.func.count().label("records"), *stated, *beside)
        .join(now, now.c.record == member.c.record)
        .join(record, record.c.origin == now.c.origin)
        .where(leaked.of(record))
        .group_by(member.c.customer_id)
        .subquery()
    )
    fields = (*STATED, *BESIDE)
    schema = pa.schema(
        [*(AFFECTED.field(name) for name in ("customer_id", *REACHED_BY, "records")),
         *(pa.field(f"has_{name}", pa.int64()) for name in fields)]
    )  # fmt: skip
    query = _reached(found.c.customer_id, *(column for column in found.c if column.name != "customer_id"), found=found)
    for piece in bulk.batches(tx, query, schema):
        has = zip(*(piece.column(f"has_{name}").to_pylist() for name in fields), strict=True)
        told = [" ".join(name for name, there in zip(fields, row, strict=True) if there) for row in has]
        yield pa.record_batch([*piece.columns[: len(AFFECTED) - 1], pa.array(told)], schema=AFFECTED)


def by_condition(tx: Transaction, meant: Condition, fields: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The customers that a condition on `customer` means, of whom these values leaked: `AFFECTED`."""
    found = sa.select(customer.c.customer_id, customer.c.records).where(meant).subquery()
    schema = pa.schema([AFFECTED.field(name) for name in AFFECTED.names if name != "fields"])
    for piece in bulk.batches(tx, _reached(found.c.customer_id, found.c.records, found=found), schema):
        told = pa.array([" ".join(fields)] * piece.num_rows, pa.string())
        yield pa.record_batch([*piece.columns, told], schema=AFFECTED)


def everybody() -> Condition:
    """All living customers."""
    return customer.c.merged_into.is_(None)


def named(numbers: Sequence[int]) -> Condition:
    """The customers with these numbers, as far as they live."""
    return sa.and_(everybody(), customer.c.customer_id.in_(numbers))


def in_quarantine(tx: Transaction, leaked: Leaked) -> int:
    """How many rows in quarantine leaked: they are somebody's, whose number nobody knows."""
    return tx.scalar(sa.select(sa.func.count()).select_from(quarantine).where(leaked.of(quarantine))) or 0


def _any(holds: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.max(sa.case((holds, 1), else_=0))


def _reached(
    number: sa.ColumnElement[int], *more: sa.ColumnElement[int], found: sa.Subquery
) -> sa.Select[tuple[object, ...]]:
    """The found with how they are reached, in the order of their numbers."""
    reach = [customer.c[name] for name in REACHED_BY]
    query = sa.select(number, *reach, *more).select_from(found.join(customer, customer.c.customer_id == number))
    return query.order_by(number)
