"""Coding: stored records in rows, as scoring and grouping read them, and what stewards decided between those rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import arrow
from kehu.model.links import PAIRS
from kehu.model.records import CLEAN
from kehu.resolve import joining, keys
from kehu.resolve.coded import Records
from kehu.resolve.keys import Hashes
from kehu.store import decisions, records
from kehu.store import keys as stored
from kehu.store.database import Transaction

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Read:
    """Records that were read already, and what was asked about them."""

    table: pa.Table
    """`store.records.RECORDS`."""
    keys: Hashes
    """Keys of which it is known whether they are hot: among them all that these records have."""
    hot: Hashes
    """Those that are."""


@dataclass(frozen=True)
class Coded:
    """Records in rows."""

    table: pa.Table
    """`store.records.RECORDS`, in the order of their keys."""
    numbers: Numbers
    """The number of each row."""
    records: Records
    """Their coded columns; values that too many share say nothing."""


def coded(tx: Transaction, numbers: pa.Array | None, limits: Sequence[int], read: Read | None = None) -> Coded:
    """These records, or all current ones, in rows.

    Args:
        tx: The transaction.
        numbers: Which records; None for all.
        limits: For each kind of key how many records may share one before it says nothing.
        read: Some of them, where they are at hand.
    """
    table = in_order(records.read(tx, numbers) if read is None or numbers is None else _with_others(tx, numbers, read))
    made = Records(table.select(CLEAN.names))
    silence(tx, made, limits, read)
    return Coded(table, table.column("record").to_numpy(), made)


def silence(tx: Transaction, made: Records, limits: Sequence[int], read: Read | None = None) -> None:
    """Let values that are hot in the store say nothing in these records, which are changed in place.

    Args:
        tx: The transaction.
        made: The records, not compared yet.
        limits: For each kind of key how many records may share one before it says nothing.
        read: What is known of some keys already.
    """
    handed_round = keys.of_handed_round(made)
    if read is None:
        hot = stored.hot(tx, pa.array(handed_round), limits=limits).to_numpy()
    else:
        others = handed_round[~are_among(handed_round, read.keys)]
        hot = np.append(read.hot, stored.hot(tx, pa.array(others), limits=limits).to_numpy())
    keys.silence(made, hot)


def _with_others(tx: Transaction, numbers: pa.Array, read: Read) -> pa.Table:
    """These records, of which some were read."""
    others = arrow.without(numbers, read.table.column("record").combine_chunks())
    if not len(others):
        return read.table
    return pa.concat_tables([read.table, records.by_key(tx, others)])


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


def are_among(some: npt.NDArray[Any], others: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which of some numbers are among others; as `np.isin`, which is long in beginning.

    >>> are_among(np.array([7, 3, 5]), np.array([5, 7])).tolist()
    [True, False, True]
    """
    if some.size * others.size > FEW * FEW:
        return np.isin(some, others)
    return np.asarray((some[:, None] == others).any(axis=1))


def decided(tx: Transaction, touched: pa.Array, numbers: Numbers) -> joining.Decided:
    """The standing decisions between touched records, by the rows that `numbers` names."""
    standing = decisions.standing(tx, touched)
    if not standing.num_rows:
        return joining.NOTHING
    inside = pc.and_(*(pc.is_in(standing.column(side), value_set=touched) for side in PAIRS.names))
    standing = standing.filter(inside)
    together = pc.equal(standing.column("kind"), decisions.Kind.TOGETHER.value)
    return joining.Decided(*rows(numbers, standing), np.asarray(together.to_numpy(), dtype=np.bool_))


FEW = 64
"""So few records are put in order one by one."""


def in_order(table: pa.Table) -> pa.Table:
    """Records in the order of their keys, so that the order they came in changes nothing."""
    channel, key = table.column("channel"), table.column("record_id")
    if table.num_rows < 2:
        return table
    if table.num_rows <= FEW:
        told = list(zip(channel.to_pylist(), key.to_pylist(), strict=True))
        # Texts go by their bytes, in Python by code points: that is one order.
        order = sorted(range(len(told)), key=told.__getitem__)
        return arrow.picked(table, np.array(order))
    if pc.all(_rises(channel, key)).as_py():
        return table  # A copy of a million records is half a gigabyte.
    return table.take(pc.sort_indices(table, sort_keys=[("channel", "ascending"), ("record_id", "ascending")]))


def _rises(channel: pa.ChunkedArray, key: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whether each row stands behind the row before it, or at the same place."""
    same = pc.equal(channel[:-1], channel[1:])
    return pc.or_(pc.less(channel[:-1], channel[1:]), pc.and_(same, pc.less_equal(key[:-1], key[1:])))
