"""Clean every distinct value once: a million rows hold far fewer names, dates and towns."""

import functools
import threading
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


def texts(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """A column of whatever type as one array of texts."""
    whole = one_chunk(column)
    return whole if whole.type == _TEXT else whole.cast(_TEXT)


_TEXT = pa.string()


def blank(column: pa.Array) -> pa.Array:
    """Where a text is empty but for blanks; null where it is null.

    >>> blank(pa.array(["a", " \u3000", None])).to_pylist()
    [False, True, None]
    """
    if len(column) <= FEW:
        return pa.array([None if text is None else not text.strip() for text in values(column)], pa.bool_())
    return pc.equal(pc.utf8_trim_whitespace(column), "")


def mapped(column: pa.Array, function: Callable[[str], Any], *, to: pa.DataType | None = None) -> pa.Array:
    """One array with what the function makes of every value; it sees each distinct value once and no nulls.

    >>> mapped(pa.array(["a", "b", "a", None]), str.upper).to_pylist()
    ['A', 'B', 'A', None]
    """
    if column.null_count == len(column):
        return nulls(len(column), to)
    if len(column) <= FEW:
        return pa.array(
            [None if value is None else function(value) for value in values(column)], type=to or pa.string()
        )
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
    if column.null_count == len(column):
        return {field.name: nulls(len(column), field.type) for field in to}
    is_short = len(column) <= FEW
    encoded = column if is_short else column.dictionary_encode()
    width = len(to)
    # One long list of cells: a hundred thousand tuples kept alive would wake the garbage collector again and again.
    cells: list[Any] = []
    for value in values(encoded if is_short else encoded.dictionary):
        cells.extend((None,) * width if value is None else function(value))
    if is_short:
        return {field.name: pa.array(cells[place::width], type=field.type) for place, field in enumerate(to)}
    return {
        field.name: pa.array(cells[place::width], type=field.type).take(encoded.indices)
        for place, field in enumerate(to)
    }


class Known:
    """What a function answers for texts, kept for the next table: words that stand in thousands of rows.

    Args:
        function: Answers with one tuple for a value, as for `spread`.
        to: The types and names of what it answers.
        most: So many values are kept; with more, all are forgotten.

    >>> sizes = Known(lambda text: (text[0], len(text)), pa.schema({"head": pa.string(), "size": pa.int64()}))
    >>> [sizes.spread(pa.array(texts))["size"].to_pylist() for texts in (["ab", None], ["c", "ab", "c"])]
    [[2, None], [1, 2, 1]]
    """

    def __init__(self, function: Callable[[str], tuple[Any, ...]], to: pa.Schema, *, most: int = 200_000) -> None:
        self._function = function
        self._to = to
        self._most = most
        self._one_at_a_time = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._places = _Places()
        self._answers: pa.Table | None = None

    def spread(self, texts: pa.Array) -> dict[str, pa.Array]:
        """Several arrays, named by the schema: what the function answers for each text, and null for null."""
        with self._one_at_a_time:
            if len(self._places) > self._most:
                self._forget()
            places = list(map(self._places.__getitem__, values(texts)))
            answers, where = self._learned(), pa.array(places, pa.int32())
        return {name: one_chunk(answers.column(name)).take(where) for name in self._to.names}

    def _learned(self) -> pa.Table:
        """What the function answers for all texts so far, in the order of their numbers."""
        if self._answers is not None and not self._places.fresh:
            return self._answers
        cells: list[Any] = []
        for text in self._places.fresh:
            cells.extend(self._function(text))
        self._places.fresh.clear()
        width = len(self._to)
        new = pa.table([pa.array(cells[at::width], one.type) for at, one in enumerate(self._to)], schema=self._to)
        answers = new if self._answers is None else pa.concat_tables([self._answers, new]).combine_chunks()
        self._answers = answers
        return answers


class _Places(dict[str | None, int | None]):
    """The number of each text; one that is new gets the next."""

    def __init__(self) -> None:
        super().__init__({None: None})
        self.fresh: list[str] = []

    def __missing__(self, text: str | None) -> int:
        assert text is not None
        self.fresh.append(text)
        place = self[text] = len(self) - 1
        return place


def nulls(length: int, to: pa.DataType | None = None) -> pa.Array:
    """An array of nulls, where a table lacks a column."""
    return _few_nulls(length, to or _TEXT) if length <= FEW else pa.nulls(length, to or _TEXT)


@functools.cache
def _few_nulls(length: int, to: pa.DataType) -> pa.Array:
    """They are made once: a row that arrives alone lacks thirty columns."""
    return pa.nulls(length, to)


def joined(columns: Sequence[pa.Array], separator: str) -> pa.Array:
    """The values of each row joined, nulls left out; null where a row has none.

    >>> joined([pa.array(["a", None, None]), pa.array(["b", "b", None])], ", ").to_pylist()
    ['a, b', 'b', None]
    """
    # binary_join_element_wise(null_handling="skip") would do, but pyarrow 26 loses the rows that are null everywhere.
    begun = [pc.fill_null(pc.binary_join_element_wise(separator, column, ""), "") for column in columns]
    whole = pc.binary_join_element_wise(*begun, "")
    return pc.if_else(pc.equal(whole, ""), None, pc.binary_replace_slice(whole, 0, len(separator.encode()), ""))
