"""The records of customers, customer by customer: what golden values, quality and contact media are made from."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.resolve.coded import Coded, coded

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Members:
    """Records in the order of their customers, and of their keys within one; a row stands for a record."""

    def __init__(self, records: pa.Table) -> None:
        keys = [("customer_id", "ascending"), ("channel", "ascending"), ("record_id", "ascending")]
        self._rows = records.take(pc.sort_indices(records, sort_keys=keys)).combine_chunks()
        self._coded: dict[str, Coded] = {}
        customer = self._rows.column("customer_id").to_numpy()
        self.starts = np.flatnonzero(np.diff(customer, prepend=customer[0] - 1 if len(customer) else 0))
        """The first row of each customer."""
        self.sizes = np.diff(self.starts, append=len(customer))
        """How many rows each customer has."""
        self.of = np.repeat(np.arange(len(self.starts)), self.sizes)
        """For each row the place of its customer."""
        self.customer_ids = self._rows.column("customer_id").take(pa.array(self.starts)).combine_chunks()
        """The number of each customer."""

    def __len__(self) -> int:
        return int(self._rows.num_rows)

    @property
    def numbers(self) -> Numbers:
        """The number of each row's record."""
        return np.asarray(self._rows.column("record").to_numpy())

    def has(self, column: str) -> bool:
        """Whether the records have the column."""
        return column in self._rows.schema.names

    def column(self, name: str) -> pa.ChunkedArray:
        """A column of the records."""
        return self._rows.column(name)

    def coded(self, name: str) -> Coded:
        """A column as codes of its texts; made once."""
        if name not in self._coded:
            column = self._rows.column(name)
            self._coded[name] = coded(column if pa.types.is_string(column.type) else column.cast(pa.string()))
        return self._coded[name]

    def take(self, column: str, rows: Numbers) -> pa.Array:
        """The values of the chosen rows; null where none was chosen (-1)."""
        values = self._rows.column(column)
        wanted = pa.array(rows, mask=rows < 0)
        return values.chunk(0).take(wanted) if values.num_chunks == 1 else values.take(wanted).combine_chunks()

    def mask(self, condition: Any) -> Mask:
        """A condition on rows, false where it is not known."""
        return np.asarray(pc.fill_null(condition, False).to_numpy(), dtype=np.bool_)

    def greatest(self, numbers: Numbers) -> Numbers:
        """The greatest number of each customer's rows."""
        return np.asarray(np.maximum.reduceat(numbers, self.starts)) if len(self.starts) else numbers[:0]

    def least(self, numbers: Numbers) -> Numbers:
        """The least number of each customer's rows."""
        return np.asarray(np.minimum.reduceat(numbers, self.starts)) if len(self.starts) else numbers[:0]

    def differ(self, *columns: Coded) -> Mask:
        """For each customer whether its rows hold different values, in one coding, null or not."""
        greatest, least = np.full(len(self.starts), -1), np.full(len(self.starts), np.iinfo(np.int64).max)
        for column in columns:
            codes = column.codes.astype(np.int64)
            greatest = np.maximum(greatest, self.greatest(codes))
            least = np.minimum(least, self.least(np.where(codes < 0, np.iinfo(np.int64).max, codes)))
        return np.asarray((greatest >= 0) & (least < greatest))
