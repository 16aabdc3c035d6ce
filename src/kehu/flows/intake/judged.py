"""A batch after it was judged: what is stored of it, and what lies in quarantine."""

from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa

from kehu.model.records import Batch

Rows = TypeVar("Rows", pa.Table, pa.Array, pa.ChunkedArray)
"""Something of each row."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A batch, cleaned, and its good rows parted from the bad."""

    batch: Batch
    clean: pa.Table
    """The rows without fault: `CLEAN`."""
    hashes: pa.Array
    """The fingerprint of every row of the batch."""
    good: pa.Array
    """The place in the batch of each row of `clean`."""
    faulty: pa.Table
    """The rows with a fault, and those that could not be read: `store.quarantine.BROKEN`."""
    warned: int
    """Breaches of rules of severity warn, among the good rows."""
    broke: pa.Table
    """Which row broke which rule, `quality.BROKE`; of a good row the warnings, of a bad one the faults.

    Behind the rows of the batch stand those that could not be read.
    """
    standing: pa.Table
    """How full and how valid the rows of `clean` are: `quality.standing`."""
    erased: int = 0
    """Rows that were left out, because their person was erased."""
    stated: pa.Table | None = None
    """What the rows of `clean` say of subscriptions, accounts and interactions; None where nothing of it is mapped."""

    @property
    def read(self) -> int:
        """Rows of the batch, those that could not be read too."""
        return int(self.batch.rows.num_rows) + len(self.batch.bad)


def only(told: Rows, good: pa.Array) -> Rows:
    """Of what is told of each row of a batch what is told of the good ones; most often all are."""
    return told if len(good) == len(told) else told.take(good)
