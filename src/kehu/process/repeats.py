"""Rows of a load that say again, otherwise, what must be said once: the rule `unique`, over all batches of the load."""

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import arrow
from kehu.process import checks, distinct
from kehu.process.rows import Rows

_Hashes = npt.NDArray[np.uint64]


class Seen:
    """What the rows of a load held so far in columns that must be unique, as 16 bytes a row and rule.

    The first row with a value is kept. The same row again is no breach: a source may send it twice, and it will be
    counted as a duplicate; so only a row with other content repeats the value.
    """

    def __init__(self, rules: Iterable[checks.Rule]) -> None:
        self._firsts = [(rule, _Firsts()) for rule in rules if isinstance(rule, checks.Unique)]

    def breaches(self, rows: Rows, *, fingerprints: pa.Array) -> pa.Table:
        """The rows of the next batch that repeat a value: `checks.BREACHES`.

        Args:
            rows: The batch.
            fingerprints: The hash of each row's content (binary 16).
        """
        found = [arrow.empty(checks.BREACHES)]
        for rule, firsts in self._firsts:
            values = pc.binary_join_element_wise(*(rows.text(name) for name in rule.columns), "\x1f")
            there = pc.is_valid(values)
            again = np.zeros(len(values), bool)
            again[there.to_numpy(zero_copy_only=False)] = firsts.are_again(
                _hashed(values.filter(there)), _begun(fingerprints.filter(there))
            )
            zh, en = checks.listed(rule.columns)
            reasons = (f"{zh}在本次导入中重复", f"{en} stands more than once in this load")
            found.append(checks.table(rule, rule.columns, pa.array(again), reasons))
        return pa.concat_tables(found)


class _Firsts:
    """The hash of each value, sorted, and beside it that of the first row with it."""

    def __init__(self) -> None:
        self._values: _Hashes = np.zeros(0, np.uint64)
        self._contents: _Hashes = np.zeros(0, np.uint64)

    def are_again(self, values: _Hashes, contents: _Hashes) -> npt.NDArray[np.bool_]:
        """Which rows hold a value that another row held before."""
        fresh, first = np.unique(values, return_index=True)
        is_new = ~np.isin(fresh, self._values, assume_unique=True)
        places = np.searchsorted(self._values, fresh[is_new])
        self._values = np.insert(self._values, places, fresh[is_new])
        self._contents = np.insert(self._contents, places, contents[first[is_new]])
        again: npt.NDArray[np.bool_] = self._contents[np.searchsorted(self._values, values)] != contents
        return again


def _hashed(texts: pa.Array) -> _Hashes:
    # 64 bits: of a million loads of ten million rows three take two values for one.
    digests = (hashlib.blake2b(text.encode(), digest_size=8).digest() for text in distinct.values(texts))
    return np.frombuffer(b"".join(digests), np.uint64)


def _begun(fingerprints: pa.Array) -> _Hashes:
    return np.frombuffer(b"".join(distinct.values(fingerprints)), np.uint64)[::2]
