"""Records that a run stored a moment ago, held for whoever identifies them: reading a million back takes a minute."""

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import arrow
from kehu.store import records
from kehu.store.database import Transaction
from kehu.store.records import Added

MOST = 2_000_000
"""So many are held, about a gigabyte; the others are read back."""


@dataclass(frozen=True)
class Held:
    """First versions of records: nobody changes these as long as they wait, but for taking them away."""

    pieces: list[pa.Table] = field(default_factory=list)
    """`store.records.RECORDS`."""

    def hold(self, added: Added) -> pa.Table:
        """Hold what is new of a batch, once that is committed or for the transaction that stores it; returns it."""
        rows = records.first_versions(added)
        if sum(piece.num_rows for piece in self.pieces) < MOST:
            self.pieces.append(rows)
        return rows

    def given_up(self, tx: Transaction, numbers: pa.Array, *, most: int) -> pa.Table | None:
        """The records of these numbers, held no longer: `RECORDS`; None where more than `most` had to be read."""
        if not self.pieces:
            return records.read(tx, numbers) if len(numbers) <= most else None
        rows = pa.concat_tables(self.pieces)
        self.pieces.clear()
        if rows.num_rows <= arrow.ONE_BY_ONE and rows.column("record").to_pylist() == numbers.to_pylist():
            return rows
        wanted = pc.is_in(rows.column("record"), value_set=numbers)
        if not pc.all(wanted, min_count=0).as_py():
            rows = rows.filter(wanted)
        missing = numbers.filter(pc.invert(pc.is_in(numbers, value_set=rows.column("record").combine_chunks())))
        if len(missing) > most:
            return None
        return pa.concat_tables([rows, records.read(tx, missing)]) if len(missing) else rows
