"""Parquet: typed columns as text, nested ones under dotted names."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kehu.collect import flatten
from kehu.collect.formats import packed
from kehu.collect.formats.piece import PIECE_ROWS, Document, Piece
from kehu.errors import UnreadableError


def pieces(document: Document, *, skip: int = 0) -> Iterator[Piece]:
    """The rows of a Parquet file.

    Raises:
        UnreadableError: It is damaged.
    """
    done = 0
    try:
        with packed.as_file(document) as path, pq.ParquetFile(path) as parquet:
            for batch in parquet.iter_batches(batch_size=PIECE_ROWS):
                first, done = done + 1, done + batch.num_rows
                if done > skip:
                    numbers = pa.array(np.arange(first, done + 1)).cast(pa.string())
                    positions = pc.binary_join_element_wise(pa.scalar(document.name), numbers, ":")
                    rows = flatten.positioned(_columns(pa.Table.from_batches([batch])), positions)
                    yield Piece(rows=rows, bad=(), done=done)
    except pa.ArrowException as why:
        raise UnreadableError(
            f"{document.name}: is a damaged Parquet file ({str(why).splitlines()[0]})",
            zh=f"{document.name}：Parquet 文件已损坏",
        ) from None


def _columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    columns: dict[str, pa.ChunkedArray] = {}
    while any(pa.types.is_struct(column.type) for column in table.columns):
        table = table.flatten()
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_nested(column.type):
            columns.update(_nested(name, column))
        else:
            columns[name] = as_text(column)
    return columns


def _nested(name: str, column: pa.ChunkedArray) -> dict[str, pa.Array]:
    records = [{name: value} for value in column.to_pylist(maps_as_pydicts="lossy")]
    rows, _ = flatten.table(records, [""] * len(records))
    return {found: rows.column(found) for found in rows.column_names[:-1]}


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of one value a row as text.

    >>> from decimal import Decimal
    >>> as_text(pa.chunked_array([pa.array([Decimal("1.10"), None])])).to_pylist()
    ['1.10', None]
    """
    if pa.types.is_dictionary(column.type):
        return as_text(column.cast(column.type.value_type))
    if any(is_bytes(column.type) for is_bytes in _BYTES):
        values = [None if value is None else flatten.bytes_text(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(values, pa.string())])
    written = column.cast(pa.string())
    if pa.types.is_floating(column.type):
        return _digits(column.cast(pa.float64()), written)
    if pa.types.is_timestamp(column.type):  # Every value has as many decimals as its unit, also where they are zero.
        return pc.replace_substring_regex(written, r"\.0+(Z?)$", r"\1")
    return written


_BYTES = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_fixed_size_binary,
    pa.types.is_binary_view,
)


def _digits(numbers: pa.ChunkedArray, written: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers by their digits: pandas makes floating ones of a column of phones in which one is missing.

    It marks the missing one as not a number.
    """
    is_whole = pc.and_(pc.equal(pc.floor(numbers), numbers), pc.less(pc.abs(numbers), pa.scalar(2.0**53)))
    digits = pc.if_else(is_whole, numbers, 0.0).cast(pa.int64()).cast(pa.string())
    return pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.string()), pc.if_else(is_whole, digits, written))
