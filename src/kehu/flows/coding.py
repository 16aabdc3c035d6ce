"""Coding: stored records in rows, as scoring and grouping read them, and what stewards decided between those rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model.links import PAIRS
from kehu.model.records import CLEAN
from kehu.resolve import joining, keys
from kehu.resolve.coded import Records
from kehu.store import decisions, records
from kehu.store import keys as stored
from kehu.store.database import Transaction

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Coded:
    """Records in rows."""

    table: pa.Table
    """`store.records.RECORDS`, in the order of their keys."""
    numbers: Numbers
    """The number of each row."""
    records: Records
    """Their coded columns; values that too many share say nothing."""


def coded(tx: Transaction, numbers: pa.Array | None, limits: Sequence[int]) -> Coded:
    """These records, or all current ones, in rows.

    Args:
        tx: The transaction.
        numbers: Which records; None for all.
        limits: For each kind of key how many records may share one before it says nothing.
    """
    table = _in_order(records.read(tx, numbers))
    made = Records(table.select(CLEAN.names))
    keys.silence(made, stored.hot(tx, pa.array(keys.of_handed_round(made)), limits=limits).to_numpy())
    return Coded(table, table.column("record").to_numpy(), made)


def rows(numbers: Numbers, pairs: pa.Table) -> tuple[Numbers, Numbers]:
    """The rows at which the records of pairs (`model.links.PAIRS`) stand."""
    left, right = (places(numbers, pairs.column(side).to_numpy()) for side in PAIRS.names)
    return left, right


def places(numbers: Numbers, wanted: Numbers) -> Numbers:
    """Where each of the wanted stands among the numbers; all do.

    >>> places(np.array([7, 3, 5]), np.array([5, 7])).tolist()
    [2, 0]
    """
    order = np.argsort(numbers)
    return np.asarray(order[np.searchsorted(numbers, wanted, sorter=order)], dtype=np.int64)


def decided(tx: Transaction, touched: pa.Array, numbers: Numbers) -> joining.Decided:
    """The standing decisions between touched records, by the rows that `numbers` names."""
    standing = decisions.standing(tx, touched)
    inside = pc.and_(*(pc.is_in(standing.column(side), value_set=touched) for side in PAIRS.names))
    standing = standing.filter(inside)
    together = pc.equal(standing.column("kind"), decisions.Kind.TOGETHER.value)
    return joining.Decided(*rows(numbers, standing), np.asarray(together.to_numpy(), dtype=np.bool_))


def _in_order(table: pa.Table) -> pa.Table:
    """Records in the order of their keys, so that the order they came in changes nothing."""
    return table.take(pc.sort_indices(table, sort_keys=[("channel", "ascending"), ("record_id", "ascending")]))
