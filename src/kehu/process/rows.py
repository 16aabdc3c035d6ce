"""Rows before and after cleaning side by side, by the names of our columns."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from kehu.process import columns, distinct, text


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The same rows three times: as they came, as clean records, and what they say beside their customer."""

    flat: pa.Table
    """Our column names, dirty as they came."""
    clean: pa.Table
    """`records.CLEAN`."""
    stated: pa.Table | None = None
    """Columns of `households.STATED`; None where the rows have none of them."""

    def value(self, name: str) -> pa.Array:
        """The cleaned column, or the flat one, filled or null, where cleaning has dissolved it into others."""
        for table in (self.clean, self.stated):
            if table is not None and name in table.schema.names:
                return _without_blanks(distinct.one_chunk(table.column(name)))
        kind = columns.TYPES[name]
        if name in self.flat.schema.names and pa.types.is_string(kind):
            return text.column(distinct.one_chunk(self.flat.column(name)))
        return distinct.nulls(self.flat.num_rows, kind)

    def text(self, name: str) -> pa.Array:
        """The same as text."""
        return self.value(name).cast(pa.string())

    def filled(self, name: str) -> pa.Array:
        """Where a value stands."""
        return pc.is_valid(self.value(name))

    def wrote(self, name: str) -> pa.Array:
        """Where the source wrote something, whatever it means."""
        if name not in self.flat.schema.names:
            return pa.repeat(pa.scalar(False), self.flat.num_rows)
        came = distinct.one_chunk(self.flat.column(name))
        return pc.invert(pc.fill_null(distinct.blank(came), True))


def _without_blanks(values: pa.Array) -> pa.Array:
    if not pa.types.is_string(values.type):
        return values
    blank = distinct.blank(values)
    return pc.if_else(blank, None, values) if pc.any(blank).as_py() else values
