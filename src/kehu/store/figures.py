"""Figures: how many there are of what, counted by the database."""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from kehu.errors import NotFoundError
from kehu.store import bulk
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.loads import load
from kehu.store.dictionary.records import member, record

COUNTED = pa.schema([pa.field("value", pa.string()), pa.field("count", pa.int64(), nullable=False)])
"""One row a value (null: not known), the most frequent first."""

CUSTOMER_COLUMNS = ("kind", "category", "province", "city", "gender", "id_type")
"""The columns that customers are counted by."""

RECORD_COLUMNS = ("channel", "kind", "category", "id_type")
"""The columns that records are counted by."""


def customers_by(tx: Transaction, column: str) -> pa.Table:
    """Living customers by one of `CUSTOMER_COLUMNS`: `COUNTED`."""
    return by(tx, customer.c[_allowed(column, CUSTOMER_COLUMNS)], customer.c.merged_into.is_(None))


def records_by(tx: Transaction, column: str) -> pa.Table:
    """Current records by one of `RECORD_COLUMNS`: `COUNTED`."""
    return by(tx, record.c[_allowed(column, RECORD_COLUMNS)], record.c.current)


def customers_by_channel(tx: Transaction, *where: sa.ColumnElement[bool]) -> pa.Table:
    """Living customers by the channels that know them: `COUNTED`; one that two channels know counts in both.

    Args:
        tx: A transaction.
        where: Which customers; none counts all that have members: the living.
    """
    many = sa.func.count(sa.distinct(member.c.customer_id))
    query = sa.select(record.c.channel, many).join_from(member, record, record.c.record == member.c.record)
    if where:
        query = query.join(customer, customer.c.customer_id == member.c.customer_id).where(*where)
    return bulk.read(tx, query.group_by(record.c.channel).order_by(many.desc(), record.c.channel), COUNTED)


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What became of the rows of a load."""

    load_id: int
    channel: str
    accepted: int
    changed: int
    """Accepted rows that are a new version of a record."""
    duplicate: int
    """Rows we held already."""
    quarantined: int


def loads(tx: Transaction, channel: str | None, *, since: date, until: date, limit: int) -> tuple[Brought, ...]:
    """The newest loads that began from one day to another (UTC), of one channel or of all."""
    columns = [load.c[field.name] for field in fields(Brought)]
    wanted = [load.c.started_at >= _midnight(since), load.c.started_at < _midnight(until + timedelta(days=1))]
    if channel is not None:
        wanted.append(load.c.channel == channel)
    # A run that found nothing new says nothing here.
    wanted.append(load.c.read > 0)
    query = sa.select(*columns).where(*wanted).order_by(load.c.load_id.desc()).limit(limit)
    return tuple(Brought(**row) for row in tx.execute(query).mappings())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def records_per_customer(tx: Transaction) -> pa.Table:
    """How many customers have one record, two, three…: `records`, `customers` (int64), ordered."""
    query = sa.select(customer.c.records, sa.func.count()).where(customer.c.merged_into.is_(None))
    schema = pa.schema([("records", pa.int64()), ("customers", pa.int64())])
    return bulk.read(tx, query.group_by(customer.c.records).order_by(customer.c.records), schema)


def by(tx: Transaction, column: sa.ColumnElement[Any], *where: sa.ColumnElement[bool]) -> pa.Table:
    """How many rows have each value of a column, or of what is made of one: `COUNTED`."""
    many = sa.func.count()
    # Nulls last by hand: the databases differ.
    order = (many.desc(), sa.case((column.is_(None), 1), else_=0), column)
    return bulk.read(tx, sa.select(column, many).where(*where).group_by(column).order_by(*order), COUNTED)


def _allowed(column: str, columns: tuple[str, ...]) -> str:
    if column not in columns:
        raise NotFoundError(f"there are no figures by {column!r} (there are: {', '.join(columns)})")
    return column
