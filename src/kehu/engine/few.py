"""Few records at a time, joined in memory: nothing is started, so one record in a web request pays for nothing else."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import pyarrow as pa

from kehu.engine.engine import Pairing, Stage
from kehu.model import links


class Few:
    """An engine for what fits in a corner of memory: the records of a request."""

    @property
    def threads(self) -> int:
        """One: few records are not worth a second."""
        return 1

    def map(self, stage: Stage, table: pa.Table) -> pa.Table:
        """What a stage makes of a table; see `engine.Engine.map`."""
        return stage(table)

    def started(self, stage: Stage, *, rows: int) -> AbstractContextManager[Stage]:
        """The stage as it is; see `engine.Engine.started`."""
        del rows
        return nullcontext(stage)

    def pairs(self, keys: pa.Table, *, limits: Sequence[int]) -> Pairing:
        """Every pair of records that share a key, once; see `engine.Engine.pairs`.

        >>> keys = pa.table([[64, 64, 96, 96, 96], [1, 2, 1, 2, 3]], schema=links.KEYS)
        >>> found = Few().pairs(keys, limits=[2])
        >>> found.pairs.to_pylist(), found.hot.to_pylist()
        ([{'record_l': 1, 'record_r': 2}], [{'key': 96, 'records': 3}])
        """
        key, record = (keys.column(name).to_numpy() for name in links.KEYS.names)
        order = np.lexsort((record, key))
        key, record = key[order], record[order]
        starts = np.flatnonzero(np.append(True, key[1:] != key[:-1])[: len(key)])
        sizes = np.diff(starts, append=len(key))
        most = np.asarray(limits)[(key[starts] & np.uint64(links.KIND)).astype(np.int64)]
        hot = np.flatnonzero((sizes > 1) & (sizes > most))
        hot = hot[np.lexsort((key[starts][hot], -sizes[hot]))]
        # Each row is joined with those behind it that have its key: so many steps behind it are left.
        ends = np.repeat(np.where(sizes > most, 0, starts + sizes), sizes)
        behind = np.maximum(ends - np.arange(len(key)) - 1, 0)
        first = np.repeat(np.arange(len(key)), behind)
        step = np.arange(len(first)) - np.repeat(np.cumsum(behind) - behind, behind) + 1
        pairs = np.unique(np.stack([record[first], record[first + step]]), axis=1)
        pairs = pairs[:, pairs[0] < pairs[1]]
        return Pairing(
            pa.table(list(pairs), schema=links.PAIRS),
            pa.table([key[starts][hot], sizes[hot]], names=["key", "records"]),
        )
