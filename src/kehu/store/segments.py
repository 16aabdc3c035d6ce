"""Segments in the store: how many customers and who is meant, and the segments that were saved."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from kehu.errors import ConflictError, NotFoundError
from kehu.model import segments as model
from kehu.model.privacy import Purpose
from kehu.model.segments import Segment
from kehu.store import sequence
from kehu.store.conditions import Today, holds, where
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.segments import NAME_LENGTH, segment, segment_count, segment_version
from kehu.store.privacy import children, consents


def count(tx: Transaction, wanted: Segment, today: Today) -> int:
    """How many customers are meant."""
    return count_where(tx, where(tx, wanted, today))


def count_where(tx: Transaction, meant: sa.ColumnElement[bool]) -> int:
    """How many customers a condition on `customer` means."""
    _prepare(tx)
    return tx.scalar(sa.select(sa.func.count()).select_from(customer).where(meant)) or 0


def on_list(tx: Transaction, wanted: Segment, today: Today, use: Purpose | None) -> sa.ColumnElement[bool]:
    """The condition on `customer`: meant, and free to be on a list for this use; None: the contract itself needs it."""
    meant = sa.and_(where(tx, wanted, today), children.may_be_named(today.day))
    return meant if use is None else sa.and_(meant, consents.allows(customer.c.customer_id, use))


def living(tx: Transaction) -> int:
    """How many customers there are."""
    return tx.scalar(sa.select(sa.func.count()).select_from(customer).where(customer.c.merged_into.is_(None))) or 0


def overlap(tx: Transaction, one: Segment, other: Segment, today: Today) -> int:
    """How many customers both segments mean."""
    _prepare(tx)
    both = sa.and_(where(tx, one, today), where(tx, other, today))
    return tx.scalar(sa.select(sa.func.count()).select_from(customer).where(both)) or 0


def members(
    tx: Transaction, wanted: Segment, today: Today, *, after: int | None = None, limit: int | None = None
) -> list[int]:
    """The numbers of the customers that are meant, the newest first; `after` is the last number of the page before."""
    _prepare(tx)
    query = sa.select(customer.c.customer_id).where(where(tx, wanted, today)).order_by(customer.c.customer_id.desc())
    if after is not None:
        query = query.where(customer.c.customer_id < after)
    return list(tx.scalars(query.limit(limit)))


MAPPED = 2**31 - 2**16
"""So many bytes of its file SQLite reads in place; it is built to map no more."""


def _prepare(tx: Transaction) -> None:
    """Let the database answer a question about everybody, which it was never asked before, as fast as it can."""
    if tx.dialect.name == "postgresql":
        tx.execute(_FOR_POSTGRESQL)
    elif tx.dialect.name == "sqlite":
        # Who is meant stands in a hundred thousand pages here and there: to copy each of them is most of the work. It
        # stays so on this connection.
        tx.exec_driver_sql(f"PRAGMA mmap_size = {MAPPED}")


_FOR_POSTGRESQL = sa.select(sa.func.set_config("jit", "off", True))
"""To compile a plan takes longer than to run it. It holds until the transaction ends."""


def factors(tx: Transaction, wanted: Segment, today: Today, customer_id: int) -> list[tuple[Any, bool]]:
    """Every condition about one customer in the order of the tree, and whether it holds for them."""
    conditions = list(model.walk(wanted.condition))
    asked = [sa.case((holds(one, today), 1), else_=0) for one in conditions]
    row = tx.execute(sa.select(*asked).where(customer.c.customer_id == customer_id)).first()
    if row is None:
        raise NotFoundError(f"there is no customer {customer_id}")
    return [(one, bool(told)) for one, told in zip(conditions, row, strict=True)]


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A segment that somebody saved."""

    segment_id: int
    """Its number."""
    name: str
    """What it is called."""
    version: int
    """The version in force."""
    segment: Segment
    """What it means."""
    with_each_run: bool
    """It is counted with each run."""
    made_at: datetime
    """When this version was saved."""
    made_by: str
    """By whom."""


def save(
    tx: Transaction,
    wanted: Segment,
    *,
    name: str,
    by: str,
    at: datetime,
    segment_id: int | None = None,
    with_each_run: bool = False,
) -> int:
    """Save a segment, or another version of one; its number.

    Raises:
        ConflictError: The name is empty, too long, or another segment's.
        NotFoundError: There is no segment with this number.
    """
    name = name.strip()
    if not name or len(name) > NAME_LENGTH:
        raise ConflictError("a segment has a name of 1 to 200 characters")
    taken = tx.scalar(sa.select(segment.c.segment_id).where(segment.c.name == name))
    if taken is not None and taken != segment_id:
        raise ConflictError("there is a segment with this name already")
    every = "run" if with_each_run else None
    if segment_id is None:
        segment_id, version = sequence.take(tx, "segment"), 1
        tx.execute(segment.insert().values(segment_id=segment_id, name=name, version=version, every=every))
    else:
        held = tx.scalar(sa.select(segment.c.version).where(segment.c.segment_id == segment_id).with_for_update())
        if held is None:
            raise NotFoundError(f"there is no segment {segment_id}")
        version = held + 1
        values = {"name": name, "version": version, "every": every, "deleted_at": None}
        tx.execute(segment.update().where(segment.c.segment_id == segment_id).values(values))
    condition = json.dumps(model.written(wanted), ensure_ascii=False)
    tx.execute(
        segment_version.insert().values(
            segment_id=segment_id, version=version, condition=condition, made_at=at, made_by=by
        )
    )
    return segment_id


def saved(tx: Transaction, segment_id: int, *, version: int | None = None) -> Saved:
    """A saved segment, in force or in one of its versions.

    Raises:
        NotFoundError: There is none.
    """
    row = tx.execute(_saved(version).where(segment.c.segment_id == segment_id)).first()
    if row is None:
        raise NotFoundError(f"there is no segment {segment_id}")
    return _read(row)


def versions(tx: Transaction, segment_id: int, *, limit: int = 100) -> list[Saved]:
    """The newest versions of a segment, the one in force first; none where there is no such segment."""
    query = _saved(segment_version.c.version).where(segment.c.segment_id == segment_id)
    return [_read(row) for row in tx.execute(query.order_by(segment_version.c.version.desc()).limit(limit))]


def named(tx: Transaction, name: str) -> Saved:
    """The saved segment of this name.

    Raises:
        NotFoundError: There is none.
    """
    row = tx.execute(_saved(None).where(segment.c.name == name.strip(), segment.c.deleted_at.is_(None))).first()
    if row is None:
        raise NotFoundError(f"there is no segment {name}")
    return _read(row)


def listed(tx: Transaction, *, after: int = 0, limit: int = 50) -> list[Saved]:
    """A page of the segments in use, in the order in which they were first saved."""
    query = _saved(None).where(segment.c.segment_id > after, segment.c.deleted_at.is_(None))
    return [_read(row) for row in tx.execute(query.order_by(segment.c.segment_id).limit(limit))]


def put_away(tx: Transaction, segment_id: int, *, at: datetime) -> None:
    """Take a segment out of use; its versions and counts stay."""
    tx.execute(segment.update().where(segment.c.segment_id == segment_id).values(deleted_at=at))


def note_count(tx: Transaction, one: Saved, customers: int, *, at: datetime) -> None:
    """Keep how many customers it meant."""
    row = {"segment_id": one.segment_id, "at": at, "version": one.version, "customers": customers}
    tx.execute(segment_count.insert().values(row))


def counts(tx: Transaction, segment_id: int, *, limit: int = 400) -> list[tuple[datetime, int]]:
    """How many customers it meant over time, the oldest of the last `limit` first."""
    query = sa.select(segment_count.c.at, segment_count.c.customers).where(segment_count.c.segment_id == segment_id)
    rows = tx.execute(query.order_by(segment_count.c.at.desc()).limit(limit)).all()
    return [(row.at, row.customers) for row in reversed(rows)]


def last_counts(tx: Transaction, numbers: Sequence[int]) -> dict[int, tuple[datetime, int]]:
    """How many customers each of these segments meant when it was last counted; those never counted are left out."""
    return {row.segment_id: (row.at, row.customers) for row in tx.execute(_last(numbers))}


def last_counted(tx: Transaction, numbers: Sequence[int]) -> dict[int, tuple[datetime, int]]:
    """When each of these segments was last counted, and which version of it; those never counted are left out."""
    return {row.segment_id: (row.at, row.version) for row in tx.execute(_last(numbers))}


def _last(numbers: Sequence[int]) -> sa.Select[Any]:
    asked = segment_count.c.segment_id.in_(numbers)
    last = (
        sa.select(segment_count.c.segment_id, sa.func.max(segment_count.c.at).label("at"))
        .where(asked)
        .group_by(segment_count.c.segment_id)
        .subquery()
    )
    same = sa.and_(segment_count.c.segment_id == last.c.segment_id, segment_count.c.at == last.c.at)
    return sa.select(segment_count).join(last, same)


def _saved(version: int | sa.Column[int] | None) -> sa.Select[Any]:
    wanted = segment.c.version if version is None else version
    both = sa.and_(segment_version.c.segment_id == segment.c.segment_id, segment_version.c.version == wanted)
    return sa.select(
        segment.c.segment_id, segment.c.name, segment.c.every, segment_version.c.version,
        segment_version.c.condition, segment_version.c.made_at, segment_version.c.made_by,
    ).join(segment_version, both)  # fmt: skip


def _read(row: sa.Row[Any]) -> Saved:
    return Saved(
        segment_id=row.segment_id, name=row.name, version=row.version,
        segment=model.parsed(json.loads(row.condition)), with_each_run=row.every == "run",
        made_at=row.made_at, made_by=row.made_by,
    )  # fmt: skip
