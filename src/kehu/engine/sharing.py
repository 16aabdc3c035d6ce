"""Which records share a key, found by sorting in memory.

Two records are packed into one number of 64 bits, so that a pair is sorted, and told from its double, as fast as any
number is. A million records have nine million keys and eleven million pairs, four of them different.
"""

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kehu.engine.engine import Pairing
from kehu.model import arrow, links

Numbers = npt.NDArray[np.uint64]
Found = tuple[Numbers, Numbers, npt.NDArray[np.int64]]
"""Packed pairs; the keys that too many records share, and how many records that are."""

PART = 1_000_000
"""About so many keys are sorted at once: few enough for the processor's cache, and it bounds the memory."""

FEW = 64
"""So few keys are looked at one by one: that is done before they are sorted."""

_BITS = np.uint64(32)
_LAST = np.uint64(2**32 - 1)
_KIND = np.uint64(links.KIND)


def pairs(keys: pa.Table, *, limits: Sequence[int], threads: int = 1) -> Pairing:
    """Every pair of records that share a key, once, in the order of their numbers; see `engine.Engine.pairs`.

    >>> keys = pa.table([[64, 64, 96, 96, 96], [1, 2, 1, 2, 3]], schema=links.KEYS)
    >>> found = pairs(keys, limits=[2])
    >>> found.pairs.to_pylist(), found.hot.to_pylist()
    ([{'record_l': 1, 'record_r': 2}], [{'key': 96, 'records': 3}])
    """
    if keys.num_rows <= FEW:
        return _pairs_of_few(keys, limits)
    key, record = (keys.column(name).to_numpy() for name in links.KEYS.names)
    known, row = _numbered(record)
    most = np.asarray(limits)

    def share(parts: Iterable[tuple[Numbers, Numbers]]) -> Found:
        found, hot, sizes = (
            np.concatenate(told) for told in zip(*(_paired(*part, most) for part in parts), strict=True)
        )
        return _once(found), hot, sizes

    if len(key) <= PART:  # A few keys are sorted sooner than a thread begins.
        done = [share([(key, row)])]
    else:
        parts = list(_parts(key, row))
        with ThreadPoolExecutor(threads) as workers:
            done = list(workers.map(share, [parts[first::threads] for first in range(min(threads, len(parts)))]))
    found = done[0][0] if len(done) == 1 else _once(np.concatenate([packed for packed, _, _ in done]))
    sides = [(side.astype(np.int64) if known is None else known[side]) for side in (found >> _BITS, found & _LAST)]
    hot, sizes = (np.concatenate([one[place] for one in done]) for place in (1, 2))
    order = np.lexsort((hot, -sizes))
    return Pairing(pa.table(sides, schema=links.PAIRS), pa.table([hot[order], sizes[order]], names=["key", "records"]))


def _pairs_of_few(keys: pa.Table, limits: Sequence[int]) -> Pairing:
    """The same of few keys, one by one."""
    records: dict[int, list[int]] = {}
    for key, record in zip(*arrow.lists(keys.select(links.KEYS.names)), strict=True):
        records.setdefault(key, []).append(record)
    many = ((-len(some), key) for key, some in records.items() if len(some) > max(limits[key & links.KIND], 1))
    hot = sorted(many)
    for _, key in hot:
        del records[key]
    two = {tuple(sorted(pair)) for some in records.values() for pair in itertools.combinations(set(some), 2)}
    left, right = zip(*sorted(two), strict=True) if two else ((), ())
    shared = {"key": [key for _, key in hot], "records": [-size for size, _ in hot]}
    return Pairing(pa.table([left, right], schema=links.PAIRS), pa.table(shared, schema=_HOT))


_HOT = pa.schema([("key", pa.uint64()), ("records", pa.int64())])


def _numbered(record: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64] | None, Numbers]:
    """A number of 32 bits for each record, in the order of the records; and those, where it is not their own number."""
    if not len(record) or (record.min() >= 0 and record.max() <= int(_LAST)):
        return None, record.astype(np.uint64)
    known, row = np.unique(record, return_inverse=True)
    return known, row.astype(np.uint64)


def _parts(key: Numbers, row: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
    """The keys and their rows in parts, equal keys in one: by kind, and where that is too much by the bits above it."""
    kind = (key & _KIND).astype(np.uint8)
    for number in np.flatnonzero(np.bincount(kind)).tolist():
        mine = np.flatnonzero(kind == number)
        finer = 1 << (-(-len(mine) // PART) - 1).bit_length()
        its_key, its_row = key[mine], row[mine]
        if finer == 1:
            yield its_key, its_row
            continue
        part = (its_key >> np.uint64(links.KIND_BITS)) & np.uint64(finer - 1)
        for number_of_part in range(finer):
            mine = np.flatnonzero(part == number_of_part)
            yield its_key[mine], its_row[mine]


def _paired(key: Numbers, row: Numbers, most: npt.NDArray[np.int64]) -> Found:
    """The packed pairs of rows that share a key; of two keys of both records a pair may come twice."""
    order = _order(key)
    key, row = key[order], row[order]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1])[: len(key)])
    sizes = np.append(starts[1:], len(key)) - starts if len(key) else starts
    starts, sizes = starts[sizes > 1], sizes[sizes > 1]  # Most keys have one record.
    limit = most[(key[starts] & _KIND).astype(np.int64)]
    hot = np.flatnonzero(sizes > limit)
    shared = np.flatnonzero(sizes <= limit)
    shared = shared[np.argsort(sizes[shared], kind="stable")]
    found = [np.zeros(0, dtype=np.uint64)]
    # Keys that equally many records share are a rectangle, and their pairs are pairs of its rows.
    for alike in np.split(shared, np.flatnonzero(np.diff(sizes[shared])) + 1) if len(shared) else ():
        size = int(sizes[alike[0]])
        rows = row[starts[alike] + np.arange(size)[:, None]]
        l, r = (rows[side] for side in _two_of(size))  # noqa: E741 - the words for it
        found.append(((np.minimum(l, r) << _BITS) | np.maximum(l, r)).ravel())
    return np.concatenate(found), key[starts[hot]], sizes[hot]


@functools.lru_cache(maxsize=16)
def _two_of(size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The places of every two of so many; most keys are of two, three or four."""
    return np.triu_indices(size, 1)


def _order(key: Numbers) -> npt.NDArray[np.int64]:
    """An order in which the keys rise.

    Keys are hashes, so their first bits tell nearly all of them apart: the last ones give way to the place of the key,
    and numbers are sorted much faster than places are by their numbers.
    """
    bits = np.uint64(len(key).bit_length())
    packed = (key >> bits << bits) | np.arange(len(key), dtype=np.uint64)
    packed.sort()
    order = (packed & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    in_order = key[order]
    return order if (in_order[1:] >= in_order[:-1]).all() else np.argsort(key)


def _once(packed: Numbers) -> Numbers:
    """The pairs in their order, each once, and none of a row with itself."""
    packed.sort()
    once: Numbers = packed[np.append(True, packed[1:] != packed[:-1])[: len(packed)]]
    once = once[once >> _BITS != once & _LAST]
    return once
