"""Clean every distinct value once: a million rows hold far fewer names, dates and towns."""

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def values(column: pa.Array) -> list[Any]:
    """The values of an array as Python objects, nulls as None."""
    return column.to_pylist()  # type: ignore[no-any-return]  # pyarrow is untyped


FEW = 16
"""So few values are read one by one: a kernel that finds the common ones takes longer to begin."""


def one_chunk(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The same column as one array.

    >>> one_chunk(pa.chunked_array([["a"], ["b"]])).to_pylist()
    ['a', 'b']
    """
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def mapped(column: pa.Array, function: Callable[[str], Any], *, to: pa.DataType | None = None) -> pa.Array:
    """One array with what the function makes of every value; it sees each distinct value once and no nulls.

    >>> mapped(pa.array(["a", "b", "a", None]), str.upper).to_pylist()
    ['A', 'B', 'A', None]
    """
    encoded = column.dictionary_encode()
    cleaned = pa.array([function(value) for value in values(encoded.dictionary)], type=to or pa.string())
    return cleaned.take(encoded.indices)


def spread(column: pa.Array, function: Callable[[str], tuple[Any, ...]], to: pa.Schema) -> dict[str, pa.Array]:
    """Several arrays, named by the schema, from a function that answers with one tuple for a value.

    >>> wanted = pa.schema({"head": pa.string(), "size": pa.int64()})
    >>> parts = spread(pa.array(["ab", None, "c"]), lambda text: (text[0], len(text)), wanted)
    >>> parts["head"].to_pylist(), parts["size"].to_pylist()
    (['a', None, 'c'], [2, None, 1])
    """
    encoded = column.dictionary_encode()
    # One long list of cells: a hundred thousand tuples kept alive would wake the garbage collector again and again.
    cells: list[Any] = []
    for value in values(encoded.dictionary):
        cells.extend(function(value))
    width = len(to)
    return {
        field.name: pa.array(cells[place::width], type=field.type).take(encoded.indices)
        for place, field in enumerate(to)
    }


def nulls(length: int, to: pa.DataType | None = None) -> pa.Array:
    """An array of nulls, where a table lacks a column."""
    return pa.nulls(length, to or pa.string())


def joined(columns: Sequence[pa.Array], separator: str) -> pa.Array:
    """The values of each row joined, nulls left out; null where a row has none.

    >>> joined([pa.array(["a", None, None]), pa.array(["b", "b", None])], ", ").to_pylist()
    ['a, b', 'b', None]
    """
    # binary_join_element_wise(null_handling="skip") would do, but pyarrow 26 loses the rows that are null everywhere.
    begun = [pc.fill_null(pc.binary_join_element_wise(separator, column, ""), "") for column in columns]
    whole = pc.binary_join_element_wise(*begun, "")
    return pc.if_else(pc.equal(whole, ""), None, pc.binary_replace_slice(whole, 0, len(separator.encode()), ""))
