"""Which records share a key, found by sorting in memory.

Two records are packed into one number of 64 bits, so that a pair is sorted, and told from its double, as fast as any
number is. A million records have nine million keys and eleven million pairs, four of them different.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kehu.engine.engine import Pairing
from kehu.model import links

Numbers = npt.NDArray[np.uint64]

PART = 8_000_000
"""About so many keys are sorted at once; it bounds the memory."""

_BITS = np.uint64(32)
_LAST = np.uint64(2**32 - 1)


def pairs(keys: pa.Table, *, limits: Sequence[int], threads: int = 1) -> Pairing:
    """Every pair of records that share a key, once, in the order of their numbers; see `engine.Engine.pairs`.

    >>> keys = pa.table([[64, 64, 96, 96, 96], [1, 2, 1, 2, 3]], schema=links.KEYS)
    >>> found = pairs(keys, limits=[2])
    >>> found.pairs.to_pylist(), found.hot.to_pylist()
    ([{'record_l': 1, 'record_r': 2}], [{'key': 96, 'records': 3}])
    """
    key, record = (keys.column(name).to_numpy() for name in links.KEYS.names)
    known, row = _numbered(record)
    most = np.asarray(limits)
    # Parts of two to some power: the bits above the kind tell which one a key is in.
    parts = 1 << (max(threads, -(-len(key) // PART)) - 1).bit_length()

    def part(number: int) -> tuple[Numbers, Numbers, npt.NDArray[np.int64]]:
        if parts == 1:
            return _paired(key, row, most)
        mine = np.flatnonzero((key >> np.uint64(links.KIND_BITS)) & np.uint64(parts - 1) == number)
        return _paired(key[mine], row[mine], most)

    if parts == 1:  # A few keys are sorted sooner than a thread begins.
        done = [part(0)]
    else:
        with ThreadPoolExecutor(threads) as workers:
            done = list(workers.map(part, range(parts)))
    found = _once(np.concatenate([packed for packed, _, _ in done]))
    sides = [(side.astype(np.int64) if known is None else known[side]) for side in (found >> _BITS, found & _LAST)]
    hot, sizes = (np.concatenate([one[place] for one in done]) for place in (1, 2))
    order = np.lexsort((hot, -sizes))
    return Pairing(pa.table(sides, schema=links.PAIRS), pa.table([hot[order], sizes[order]], names=["key", "records"]))


def _numbered(record: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64] | None, Numbers]:
    """A number of 32 bits for each record, in the order of the records; and those, where it is not their own number."""
    if not len(record) or (record.min() >= 0 and record.max() <= int(_LAST)):
        return None, record.astype(np.uint64)
    known, row = np.unique(record, return_inverse=True)
    return known, row.astype(np.uint64)


def _paired(key: Numbers, row: Numbers, most: npt.NDArray[np.int64]) -> tuple[Numbers, Numbers, npt.NDArray[np.int64]]:
    """The packed pairs of rows that share a key, each once; the keys that too many share, and how many that are."""
    order = np.argsort(key)
    key, row = key[order], row[order]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1])[: len(key)])
    sizes = np.diff(starts, append=len(key))
    limit = most[(key[starts] & np.uint64(links.KIND)).astype(np.int64)]
    hot = np.flatnonzero((sizes > 1) & (sizes > limit))
    shared = np.flatnonzero((sizes > 1) & (sizes <= limit))
    shared = shared[np.argsort(sizes[shared], kind="stable")]
    found = [np.zeros(0, dtype=np.uint64)]
    # Keys that equally many records share are a rectangle, and their pairs are pairs of its columns.
    for alike in np.split(shared, np.flatnonzero(np.diff(sizes[shared])) + 1) if len(shared) else ():
        size = int(sizes[alike[0]])
        rows = row[starts[alike][:, None] + np.arange(size)]
        l, r = rows[:, (pair := np.triu_indices(size, 1))[0]], rows[:, pair[1]]  # noqa: E741 - the words for it
        packed = (np.minimum(l, r) << _BITS) | np.maximum(l, r)
        found.append(packed[l != r])
    return _once(np.concatenate(found)), key[starts][hot], sizes[hot]


def _once(packed: Numbers) -> Numbers:
    """The numbers in their order, each once."""
    packed.sort()
    once: Numbers = packed[np.append(True, packed[1:] != packed[:-1])[: len(packed)]]
    return once
