"""Columns of Arrow as the databases' drivers take and give them, whole columns at a time.

Two ways lead in: rows of Python values for `executemany`, and lines of text for `COPY` and `LOAD DATA`, which read
the same escapes. One leads out: rows of Python values, of the types that the driver likes.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import arrow

Answer: TypeAlias = tuple[list[tuple[Any, ...]], list[int]]
"""The rows as a driver gives them, and what it calls the type of each column."""

_HEX = np.frombuffer("".join(f"{value:02x}" for value in range(256)).encode(), np.uint8).reshape(256, 2)


def rows(table: pa.Table, *, iso: bool, each: int = 1) -> list[tuple[Any, ...]]:
    """The rows as tuples; with `iso` times and dates are texts, as SQLite keeps them.

    With `each`, so many rows make one tuple; of the table a whole number of tuples is to be made.
    """
    if table.num_rows <= HANDFUL:
        told = zip(arrow.lists(table), table.schema.types, strict=True)
        columns = [handful(values, kind, iso=iso) for values, kind in told]
    else:
        columns = [_values(column, iso=iso) for column in table.itercolumns()]
    if each > 1:
        columns = [column[row::each] for row in range(each) for column in columns]
    return list(zip(*columns, strict=True))


def _values(values: pa.ChunkedArray, *, iso: bool) -> list[Any]:
    kind = values.type
    if pa.types.is_timestamp(kind):
        values = naive(values)
    elif pa.types.is_uint64(kind):
        values = signed(values)
    if iso and (pa.types.is_temporal(kind) or pa.types.is_boolean(kind)):
        values = values.cast(pa.string() if pa.types.is_temporal(kind) else pa.int8())
    if pa.types.is_fixed_size_binary(kind):  # Twenty times as fast as `to_pylist`.
        return list(values.to_numpy(zero_copy_only=False).tolist())
    return list(values.to_pylist())


HANDFUL = 16
"""So few values are looked at one by one."""


def handful(told: list[Any], kind: pa.DataType, *, iso: bool) -> list[Any]:
    """As `rows` has them, the values of one column of few rows, told as Python has them."""
    if kind.id not in _ODD:
        return told
    if kind.id == _INSTANT.id:
        if kind != _INSTANT:
            return _values(pa.chunked_array([told], kind), iso=iso)
        if iso:
            return [one and one.replace(tzinfo=None).isoformat(" ", "microseconds") for one in told]
        return [one and one.replace(tzinfo=None) for one in told]
    if kind.id == _KEY.id:
        return [one if one is None or one < _SIGN else one - 2 * _SIGN for one in told]
    return [one and one.isoformat() for one in told] if iso else told


_INSTANT, _DAY, _KEY, _FLAG = pa.timestamp("us", tz="UTC"), pa.date32(), pa.uint64(), pa.bool_()
_ODD = {_INSTANT.id, _DAY.id, _KEY.id}
"""The types that drivers do not take, or not all of them take, as Python has them."""
_SIGN = 1 << 63


def table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    """Few rows as a driver gives them, in the types we want: made row by row, not each column anew."""
    shape = _shape(schema)
    if shape.readers:
        rows = [
            tuple(told if read is None else read(told) for told, read in zip(row, shape.readers, strict=True))
            for row in rows
        ]
    return pa.Table.from_struct_array(pa.array(rows, shape.row))


class _Shape(NamedTuple):
    """What is made once of a schema."""

    schema: pa.Schema
    row: pa.DataType
    """A row as one value."""
    readers: tuple[Callable[[Any], Any] | None, ...]
    """How a value that comes otherwise than Python has it is read; none where no column has such a type."""


_SHAPES: dict[int, _Shape] = {}
"""By the identity of schemas, which are made once: to tell whether two are equal takes longer than all the rest."""


def _shape(schema: pa.Schema) -> _Shape:
    known = _SHAPES.get(id(schema))
    if known is None:
        if len(_SHAPES) >= MOST_SHAPES:
            _SHAPES.clear()
        readers = tuple(_READERS.get(kind.id) for kind in schema.types)
        known = _SHAPES[id(schema)] = _Shape(schema, pa.struct(list(schema)), readers if any(readers) else ())
    return known


MOST_SHAPES = 500
"""So many are kept."""

_READERS: dict[int, Callable[[Any], Any]] = {
    _INSTANT.id: lambda told: datetime.fromisoformat(told) if isinstance(told, str) else told,
    _DAY.id: lambda told: date.fromisoformat(told) if isinstance(told, str) else told,
    _KEY.id: lambda told: told if told is None else told % (2 * _SIGN),
    _FLAG.id: lambda told: told if told is None else bool(told),
}


def lines(table: pa.Table, *, hex_mark: str) -> memoryview:
    r"""The rows as lines: tabs between values, `\N` for null, backslash escapes; binary as hex behind `hex_mark`."""
    parts = [_text(column, hex_mark) for column in table.columns]
    line = _joined(*parts, between="\t") if len(parts) > 1 else parts[0]
    ended = _joined(line, "", between="\n")
    chunks = ended.chunks if isinstance(ended, pa.ChunkedArray) else [ended]
    return memoryview(b"".join(written(chunk) for chunk in chunks))


def _joined(*parts: pa.ChunkedArray | str, between: str) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(*parts, between, null_handling="replace", null_replacement="\\N")


def written(texts: pa.Array) -> bytes:
    """The bytes of all texts, one behind the other: what an array of texts holds anyway."""
    _, offsets, letters = texts.buffers()
    if letters is None or not len(texts):
        return b""
    places = np.frombuffer(offsets, np.int32, len(texts) + 1, texts.offset * 4)
    return bytes(memoryview(letters)[int(places[0]) : int(places[-1])])


_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


def _text(values: pa.ChunkedArray, hex_mark: str) -> pa.ChunkedArray:
    kind = values.type
    if pa.types.is_string(kind):
        letters = b"".join(written(chunk) for chunk in values.chunks)
        for plain, escaped in _ESCAPES:
            if plain.encode() in letters:
                values = pc.replace_substring(values, plain, escaped)
    elif pa.types.is_timestamp(kind):
        values = naive(values).cast(pa.string())
    elif pa.types.is_boolean(kind):
        values = values.cast(pa.int8()).cast(pa.string())
    elif pa.types.is_uint64(kind):
        values = signed(values).cast(pa.string())
    elif pa.types.is_fixed_size_binary(kind):
        values = pc.binary_join_element_wise(hex_mark, _hex(values), "")
    else:
        values = values.cast(pa.string())
    return values


def _hex(values: pa.ChunkedArray) -> pa.Array:
    """Binary values of one length as hex, and null for null."""
    if not len(values):
        return pa.array([], pa.string())
    whole, width = values.combine_chunks(), values.type.byte_width
    told = np.frombuffer(whole.buffers()[1], np.uint8)[whole.offset * width :][: len(whole) * width]
    ends = np.arange(len(whole) + 1, dtype=np.int32) * (2 * width)
    letters = pa.Array.from_buffers(pa.string(), len(whole), [None, pa.py_buffer(ends), pa.py_buffer(_HEX[told])])
    return letters if not whole.null_count else pc.if_else(whole.is_null(), pa.scalar(None, pa.string()), letters)


def column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """A column as a driver gives it, in the type we want."""
    if pa.types.is_string(kind):  # Most are.
        return pa.array(values, kind)
    if pa.types.is_timestamp(kind):
        first = next((value for value in values if value is not None), None)
        if isinstance(first, str) and len(values) <= HANDFUL:
            return pa.array([told and datetime.fromisoformat(told) for told in values], kind)
        if isinstance(first, str):
            return pa.array(values, pa.string()).cast(pa.timestamp("us")).cast(kind)
        if first is not None and first.tzinfo is None:
            return pa.array(values, pa.timestamp("us")).cast(kind)
        return pa.array(values, kind)
    if pa.types.is_date(kind):
        text = any(isinstance(value, str) for value in values)
        return pa.array(values, pa.string()).cast(kind) if text else pa.array(values, kind)
    if pa.types.is_boolean(kind):
        return pa.array(values).cast(kind)
    if pa.types.is_uint64(kind):
        return unsigned(pa.array(values, pa.int64()))
    return pa.array(values, kind)


def naive(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times in UTC without their zone, to the microsecond."""
    return values.cast(pa.timestamp("us", tz=values.type.tz)).cast(pa.timestamp("us"))


def signed(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Unsigned 64-bit keys as the signed numbers that databases hold: the same bits."""
    return pa.chunked_array([pa.array(np.asarray(values).astype(np.uint64).view(np.int64))])


def unsigned(values: pa.Array) -> pa.Array:
    """The keys again, from the signed numbers that databases hold."""
    return pa.array(np.asarray(values).astype(np.int64).view(np.uint64))
