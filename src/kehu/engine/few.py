"""Few records at a time, joined in memory: nothing is started, so one record in a web request pays for nothing else."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import pyarrow as pa

from kehu.engine import sharing
from kehu.engine.engine import Pairing, Stage


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
        """Every pair of records that share a key, once; see `engine.Engine.pairs`."""
        return sharing.pairs(keys, limits=limits)
