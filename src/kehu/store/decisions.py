"""Decisions of stewards: what belongs together, what does not, and which values hold.

A decision is about records, not about customers: customers come and go, records stay. It holds for every version of a
record. Of two standing decisions about one pair the later one counts, so taking the later one back brings the earlier
one into force again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.errors import ConflictError, NotFoundError
from kehu.model import arrow, masks
from kehu.model.links import PAIRS
from kehu.model.records import require
from kehu.store import asking, bulk, sealed, sequence
from kehu.store.customers import MEMBERS
from kehu.store.database import Transaction
from kehu.store.dictionary.decisions import decision, decision_member, decision_pair, decision_pin
from kehu.store.dictionary.records import member, record


class Kind(StrEnum):
    """What was decided."""

    TOGETHER = "together"
    """The records are one customer."""
    APART = "apart"
    """The records are two customers; those of each side may be said to be one."""
    UNSURE = "unsure"
    """Nobody can tell; the pair is not asked about again."""
    PIN = "pin"
    """A value of a customer holds, whatever its records say."""


DECIDED = pa.schema(
    [
        pa.field("decision_id", pa.int64(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("record_l", pa.int64(), nullable=False),
        pa.field("record_r", pa.int64(), nullable=False),
    ]
)
"""One row a pair of current records that a standing decision is about, `record_l` < `record_r`."""

PINNED = pa.schema(
    [
        pa.field("decision_id", pa.int64(), nullable=False),
        pa.field("record", pa.int64(), nullable=False),
        pa.field("attribute", pa.string(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
    ]
)
"""One row a standing pin: the current record that carries it, the attribute, and its value as text (dates ISO)."""

_ORIGINS = pa.schema([("record", pa.int64()), ("origin", pa.int64())])


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A decision, as people read it."""

    decision_id: int
    kind: Kind
    decided_by: str
    why: str
    decided_at: datetime
    undone_by: str | None
    """Who took it back; None while it stands."""
    undone_at: datetime | None
    undone_why: str | None
    attribute: str | None
    """What was pinned; None for other kinds."""
    value: str | None = field(metadata=masks.told_by("attribute"))
    customers: tuple[int, ...]
    """The customers that its records belonged to before it."""
    records: int
    """How many records it is about."""


def add(
    tx: Transaction,
    kind: Kind,
    pairs: pa.Table,
    *,
    by: str,
    why: str,
    at: datetime,
    before: pa.Table | None = None,
) -> int:
    """The number of a new decision.

    Args:
        tx: The transaction.
        kind: What is decided.
        pairs: `record_l`, `record_r`, and `kind` where not all pairs are of the decision's kind.
        by: Who decides.
        why: The reason.
        at: Now.
        before: The records it is about, each with its customer of today (`MEMBERS`).

    Raises:
        NotFoundError: A record is not there.
    """
    number = _number(tx)
    tx.execute(decision.insert().values(decision_id=number, kind=kind, decided_by=by, why=why, decided_at=at))
    sides = _origins(tx, [pairs.column(side) for side in PAIRS.names])
    kinds = pairs.column("kind") if "kind" in pairs.column_names else pa.repeat(str(kind), pairs.num_rows)
    rows = pa.table(
        {
            "decision_id": pa.repeat(pa.scalar(number, pa.int64()), pairs.num_rows),
            "origin_l": pc.min_element_wise(*sides),
            "origin_r": pc.max_element_wise(*sides),
            "kind": kinds,
        }
    )
    bulk.insert(tx, decision_pair, rows.group_by(rows.column_names).aggregate([]))
    if before is not None:
        concern(tx, number, before)
    return number


def pin(
    tx: Transaction, attribute: str, value: str, *, by: str, why: str, at: datetime, record: int, before: pa.Table
) -> int:
    """The number of a new decision that the customer of a record has this value.

    Raises:
        NotFoundError: The record is not there.
    """
    (origin,) = _origins(tx, [pa.chunked_array([[record]], pa.int64())])
    number = _number(tx)
    tx.execute(decision.insert().values(decision_id=number, kind=Kind.PIN, decided_by=by, why=why, decided_at=at))
    said = {"decision_id": [number], "origin": origin, "attribute": [attribute], "value": [value]}
    bulk.insert(tx, decision_pin, pa.table(said))
    concern(tx, number, before)
    return number


def _origins(tx: Transaction, sides: Sequence[pa.ChunkedArray]) -> list[pa.ChunkedArray]:
    """The first versions of the records of each column."""
    numbers = pa.concat_arrays([chunk for side in sides for chunk in side.chunks] or [pa.array([], pa.int64())])
    numbers = numbers.unique()
    with bulk.among(tx, record.c.record, numbers) as one_of_them:
        known = bulk.read(tx, sa.select(record.c.record, record.c.origin).where(one_of_them), _ORIGINS)
    if known.num_rows < len(numbers):
        raise NotFoundError(f"{len(numbers) - known.num_rows} of the records to decide on are not there")
    return [known.column("origin").take(pc.index_in(side, known.column("record").combine_chunks())) for side in sides]


def concern(tx: Transaction, number: int, before: pa.Table) -> None:
    """Let a decision be about more records: those that moved with it, with the customer each had before (`MEMBERS`)."""
    require(before, MEMBERS, what="records that a decision is about")
    (origins,) = _origins(tx, [before.column("record")])
    rows = {
        "decision_id": pa.repeat(pa.scalar(number, pa.int64()), before.num_rows),
        "origin": origins,
        "customer_id": before.column("customer_id"),
    }
    bulk.insert(tx, decision_member, pa.table(rows))


def undo(tx: Transaction, number: int, *, by: str, at: datetime, why: str | None = None) -> None:
    """Take a decision back; it stays on record.

    Raises:
        NotFoundError: There is none of that number.
        ConflictError: It was taken back before.
    """
    still = decision.c.undone_at.is_(None)
    undone = decision.update().where(decision.c.decision_id == number, still)
    if tx.execute(undone.values(undone_by=by, undone_at=at, undone_why=why)).rowcount == 1:
        return
    if tx.scalar(sa.select(decision.c.decision_id).where(decision.c.decision_id == number)) is None:
        raise NotFoundError(f"there is no decision {number}")
    raise ConflictError(f"decision {number} was undone before")


def standing(tx: Transaction, numbers: pa.Array | None = None) -> pa.Table:
    """What holds of pairs of current records, of all or of those that touch these: `DECIDED`, each pair once.

    Of a pair that several standing decisions are about the last one holds; pairs that nobody could tell are left out.
    """
    found = said(tx, numbers)
    if found.num_rows == 0:
        return found
    found = found.filter(pc.not_equal(found.column("kind"), Kind.UNSURE.value))
    by_pair = found.sort_by([(name, "ascending") for name in (*PAIRS.names, "decision_id")])
    left, right = (by_pair.column(side).to_numpy() for side in PAIRS.names)
    last = (np.diff(left, append=-1) != 0) | (np.diff(right, append=-1) != 0)
    return _ordered(by_pair.filter(pa.array(last)))


_ANY = sa.select(
    sa.select(decision_pair.c.decision_id).limit(1).scalar_subquery().label("pair"),
    sa.select(decision_pin.c.decision_id).limit(1).scalar_subquery().label("pin"),
)


def _are_any(tx: Transaction) -> tuple[bool, bool]:
    """Whether anything was ever decided of pairs, and of values; asked once in a transaction, until it decides."""
    once: dict[str, Any] = tx.get_execution_options().get("once", {})
    if "decided" not in once:
        pair, pin = asking.rows(tx, _ANY, {})[0]
        once["decided"] = pair is not None, pin is not None
    found: tuple[bool, bool] = once["decided"]
    return found


QUESTION = asking.Put(_ANY, {})
"""What whoever looks for decisions asks first."""


def _number(tx: Transaction) -> int:
    """The number of a decision that is being made."""
    tx.get_execution_options().get("once", {}).pop("decided", None)
    return sequence.take(tx, "decision")


def said(tx: Transaction, numbers: pa.Array | None = None) -> pa.Table:
    """All that standing decisions say of pairs of current records, of all or of those that touch these: `DECIDED`."""
    if not _are_any(tx)[0]:
        return arrow.empty(DECIDED)
    left, right = record.alias("left_record"), record.alias("right_record")
    query = (
        sa.select(decision.c.decision_id, decision_pair.c.kind, left.c.record, right.c.record)
        .join_from(decision, decision_pair, decision_pair.c.decision_id == decision.c.decision_id)
        .join(left, sa.and_(left.c.origin == decision_pair.c.origin_l, left.c.current))
        .join(right, sa.and_(right.c.origin == decision_pair.c.origin_r, right.c.current))
        .where(decision.c.undone_at.is_(None))
    )
    if numbers is None:
        found = [bulk.read(tx, query, DECIDED)]
    else:
        found = []
        for side in (left, right):
            with bulk.among(tx, side.c.record, numbers) as one_of_them:
                found.append(bulk.read(tx, query.where(one_of_them), DECIDED))
    every = pa.concat_tables(found)
    sides = [every.column(side) for side in PAIRS.names]
    # A newer version has a greater number than another record's older one: put the pair in order again.
    ordered = every.set_column(2, "record_l", pc.min_element_wise(*sides))
    ordered = ordered.set_column(3, "record_r", pc.max_element_wise(*sides))
    once = _ordered(ordered)
    columns = [once.column(name).to_numpy() for name in ("decision_id", *PAIRS.names)]
    first = np.logical_or.reduce([np.diff(column, prepend=-1) != 0 for column in columns])
    return once.filter(pa.array(first))


def _ordered(found: pa.Table) -> pa.Table:
    return found.cast(DECIDED).sort_by([(name, "ascending") for name in ("decision_id", *PAIRS.names)])


def pinned(tx: Transaction, numbers: pa.Array | None = None) -> pa.Table:
    """The standing pins that current records carry, all or those of these records: `PINNED`, the oldest first.

    A customer may find several of one attribute among its records: the last one, of the greatest number, holds.
    """
    if not _are_any(tx)[1]:
        return arrow.empty(PINNED)
    query = (
        sa.select(decision.c.decision_id, record.c.record, decision_pin.c.attribute, decision_pin.c.value)
        .join_from(decision, decision_pin, decision_pin.c.decision_id == decision.c.decision_id)
        .join(record, sa.and_(record.c.origin == decision_pin.c.origin, record.c.current))
        .where(decision.c.undone_at.is_(None))
        .order_by(decision.c.decision_id)
    )
    if numbers is None:
        return bulk.read(tx, query, PINNED)
    with bulk.among(tx, record.c.record, numbers) as one_of_them:
        return bulk.read(tx, query.where(one_of_them), PINNED)


def members(tx: Transaction, number: int) -> pa.Table:
    """The current records that a decision is about, each with the customer it had before: `MEMBERS`."""
    query = (
        sa.select(record.c.record, decision_member.c.customer_id)
        .join(record, sa.and_(record.c.origin == decision_member.c.origin, record.c.current))
        .where(decision_member.c.decision_id == number)
        .order_by(record.c.record)
    )
    return bulk.read(tx, query, MEMBERS)


def get(tx: Transaction, number: int) -> Decision:
    """The decision of that number.

    Raises:
        NotFoundError: There is none.
    """
    for found in _read(tx, sa.select(decision.c.decision_id).where(decision.c.decision_id == number)):
        return found
    raise NotFoundError(f"there is no decision {number}")


def page(tx: Transaction, *, before: int | None = None, limit: int = 50) -> tuple[Decision, ...]:
    """The decisions, undone ones too, the newest first; `before` is the last number of the page before."""
    query = sa.select(decision.c.decision_id).order_by(decision.c.decision_id.desc()).limit(limit)
    return _read(tx, query if before is None else query.where(decision.c.decision_id < before))


def of_customer(tx: Transaction, customer_id: int, *, limit: int = 50) -> tuple[Decision, ...]:
    """The decisions about the records that a living customer has now, the newest first."""
    query = (
        sa.select(decision_member.c.decision_id)
        .join(record, sa.and_(record.c.origin == decision_member.c.origin, record.c.current))
        .join(member, member.c.record == record.c.record)
        .where(member.c.customer_id == customer_id)
        .distinct()
        .order_by(decision_member.c.decision_id.desc())
        .limit(limit)
    )
    return _read(tx, query)


def _read(tx: Transaction, numbers: sa.Select[Any]) -> tuple[Decision, ...]:
    """The decisions of these numbers, the newest first."""
    wanted = [int(number) for number in tx.scalars(numbers)]
    about: dict[int, list[int]] = {number: [] for number in wanted}
    many = dict.fromkeys(wanted, 0)
    counted = (
        sa.select(decision_member.c.decision_id, decision_member.c.customer_id, sa.func.count())
        .where(decision_member.c.decision_id.in_(wanted))
        .group_by(decision_member.c.decision_id, decision_member.c.customer_id)
        .order_by(decision_member.c.customer_id)
    )
    for number, customer, records in tx.execute(counted):
        about[number].append(customer)
        many[number] += records
    query = (
        sa.select(decision, decision_pin.c.attribute, decision_pin.c.value)
        .join(decision_pin, decision_pin.c.decision_id == decision.c.decision_id, isouter=True)
        .where(decision.c.decision_id.in_(wanted))
        .order_by(decision.c.decision_id.desc())
    )
    return tuple(
        Decision(
            **{**row, "kind": Kind(row["kind"])},
            customers=tuple(about[row["decision_id"]]),
            records=many[row["decision_id"]],
        )
        for row in sealed.rows(tx, query)
    )
