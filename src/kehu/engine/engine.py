"""What an engine does: the relational work of resolving, on one machine or on many."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa


@dataclass(frozen=True)
class Pairing:
    """The pairs that keys make."""

    pairs: pa.Table
    """`model.links.PAIRS`, in any order."""
    hot: pa.Table
    """`key` (uint64), `records` (int64): keys that too many records share; they make no pairs."""


Stage = Callable[[pa.Table], pa.Table]
"""A pure function on a table, named at the top of a module so that another process can call it."""


class Engine(Protocol):
    """Holds big tables, joins them, and maps stages over them."""

    @property
    def threads(self) -> int:
        """How many threads work at once."""
        ...

    def map(self, stage: Stage, table: pa.Table) -> pa.Table:
        """What a stage makes of a table, row by row and in its order, worked out in parallel."""
        ...

    def started(self, stage: Stage, *, rows: int) -> AbstractContextManager[Stage]:
        """A stage to map over one table of about so many rows: what it needs loads while the caller reads the table."""
        ...

    def pairs(self, keys: pa.Table, *, limits: Sequence[int]) -> Pairing:
        """Every pair of records that share a key, once.

        Args:
            keys: `model.links.KEYS`; the last bits of a key tell its kind.
            limits: For each kind how many records may share a key; one that more share makes no pairs.
        """
        ...
