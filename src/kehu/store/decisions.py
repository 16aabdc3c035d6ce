"""Decisions of stewards: which records belong together and which do not. They hold for every version of a record."""

from datetime import datetime
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.errors import ConflictError, NotFoundError
from kehu.store import bulk, sequence
from kehu.store.database import Transaction
from kehu.store.tables import decision, decision_pair, record


class Kind(StrEnum):
    """What was decided."""

    TOGETHER = "together"
    """The records are one customer."""
    APART = "apart"
    """The records are two customers."""


DECIDED = pa.schema(
    [
        pa.field("decision_id", pa.int64(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("record_l", pa.int64(), nullable=False),
        pa.field("record_r", pa.int64(), nullable=False),
    ]
)
"""One row a pair of current records that a standing decision is about, `record_l` < `record_r`."""


def add(tx: Transaction, kind: Kind, pairs: pa.Table, *, by: str, why: str, at: datetime) -> int:
    """The number of a new decision about these pairs of records (`record_l`, `record_r`).

    Raises:
        NotFoundError: A record is not there.
    """
    numbers = pa.concat_arrays([pairs.column(side).combine_chunks() for side in ("record_l", "record_r")]).unique()
    schema = pa.schema([("record", pa.int64()), ("origin", pa.int64())])
    with bulk.among(tx, record.c.record, numbers) as one_of_them:
        known = bulk.read(tx, sa.select(record.c.record, record.c.origin).where(one_of_them), schema)
    if known.num_rows < len(numbers):
        raise NotFoundError(f"{len(numbers) - known.num_rows} of the records to decide on are not there")
    sides = [
        known.column("origin").take(pc.index_in(pairs.column(side), known.column("record").combine_chunks()))
        for side in ("record_l", "record_r")
    ]
    number = sequence.take(tx, "decision")
    tx.execute(decision.insert().values(decision_id=number, kind=kind, decided_by=by, why=why, decided_at=at))
    rows = pa.table(
        {
            "decision_id": pa.repeat(pa.scalar(number, pa.int64()), pairs.num_rows),
            "origin_l": pc.min_element_wise(*sides),
            "origin_r": pc.max_element_wise(*sides),
        }
    )
    bulk.insert(tx, decision_pair, rows.group_by(rows.column_names).aggregate([]))
    return number


def undo(tx: Transaction, number: int, *, by: str, at: datetime) -> None:
    """Take a decision back; it stays on record.

    Raises:
        NotFoundError: There is none of that number.
        ConflictError: It was taken back before.
    """
    standing = decision.c.undone_at.is_(None)
    undone = decision.update().where(decision.c.decision_id == number, standing).values(undone_by=by, undone_at=at)
    if tx.execute(undone).rowcount == 1:
        return
    if tx.scalar(sa.select(decision.c.decision_id).where(decision.c.decision_id == number)) is None:
        raise NotFoundError(f"there is no decision {number}")
    raise ConflictError(f"decision {number} was undone before")


def standing(tx: Transaction, numbers: pa.Array | None = None) -> pa.Table:
    """The standing decisions between current records (None: all), or that touch these: `DECIDED`."""
    left, right = record.alias(), record.alias()
    query = (
        sa.select(decision.c.decision_id, decision.c.kind, left.c.record, right.c.record)
        .join_from(decision, decision_pair, decision_pair.c.decision_id == decision.c.decision_id)
        .join(left, sa.and_(left.c.origin == decision_pair.c.origin_l, left.c.current))
        .join(right, sa.and_(right.c.origin == decision_pair.c.origin_r, right.c.current))
        .where(decision.c.undone_at.is_(None))
    )
    found = bulk.read(tx, query, DECIDED)
    if numbers is not None:
        touched = [pc.is_in(found.column(side), value_set=numbers) for side in ("record_l", "record_r")]
        found = found.filter(pc.or_(*touched))
    sides = [found.column(side) for side in ("record_l", "record_r")]
    # A newer version has a greater number than another record's older one: put the pair in order again.
    ordered = found.set_column(2, "record_l", pc.min_element_wise(*sides))
    ordered = ordered.set_column(3, "record_r", pc.max_element_wise(*sides))
    return ordered.cast(DECIDED).sort_by([(name, "ascending") for name in ("decision_id", "record_l", "record_r")])
