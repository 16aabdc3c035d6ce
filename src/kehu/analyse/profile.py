"""What stands in a column: how full it is, how varied, its commonest values, lengths and patterns (数据画像)."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

PERSONAL = frozenset({"id_number", "phone", "phone_2", "email", "address", "name"})
"""Columns whose values are somebody's: they are told masked."""

TOP = 10
"""So many of the commonest values and patterns are told."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """A value or a pattern, and in how many rows it stands."""

    value: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class Column:
    """What stands in a column."""

    name: str
    rows: int
    filled: int
    """Rows with a value."""
    distinct: int
    """Different values."""
    shortest: int | None
    """Characters of the shortest value."""
    longest: int | None
    """Characters of the longest value."""
    top: tuple[Count, ...]
    """The commonest values; masked where they are somebody's."""
    patterns: tuple[Count, ...]
    """The commonest shapes: a digit is 9, a Latin letter a, a Han character 汉."""


def column(name: str, values: pa.ChunkedArray) -> Column:
    """What stands in one column; works on its distinct values.

    >>> phones = pa.chunked_array([["13912345678", "13912345678", None, "x1"]])
    >>> told = column("phone", phones)
    >>> told.filled, told.distinct, told.shortest, told.longest
    (3, 2, 2, 11)
    >>> told.top[0], told.patterns[0]
    (Count(value='1*********8', rows=2), Count(value='99999999999', rows=2))
    """
    counted = pc.value_counts(values.cast(pa.string()).drop_null().combine_chunks())
    words, rows = counted.field("values"), counted.field("counts")
    lengths = pc.utf8_length(words)
    return Column(
        name=name,
        rows=len(values),
        filled=len(values) - values.null_count,
        distinct=len(words),
        shortest=pc.min(lengths).as_py(),
        longest=pc.max(lengths).as_py(),
        top=_commonest(words, rows, masked=name in PERSONAL),
        patterns=_commonest(patterns(words), rows),
    )


def patterns(words: pa.Array) -> pa.Array:
    """The shape of each text.

    >>> patterns(pa.array(["浙A-12345", "Ann Lee"])).to_pylist()
    ['汉a-99999', 'aaa aaa']
    """
    shaped = pc.replace_substring_regex(words, r"[\x{3400}-\x{9fff}\x{20000}-\x{3ffff}]", "汉")
    shaped = pc.replace_substring_regex(shaped, r"\p{Latin}", "a")
    return pc.replace_substring_regex(shaped, r"\p{Nd}", "9")


def masked(value: str) -> str:
    """A value of which only the first and the last character can be read.

    >>> masked("13912345678"), masked("张伟"), masked("A")
    ('1*********8', '张*', '*')
    """
    return value[:1] + "*" * (len(value) - 2) + value[-1:] if len(value) > 2 else value[: len(value) - 1] + "*"


def _commonest(values: pa.Array, rows: pa.Array, *, masked: bool = False) -> tuple[Count, ...]:
    counted = pa.table({"value": values, "rows": rows}).group_by("value").aggregate([("rows", "sum")])
    order = pc.sort_indices(counted, sort_keys=[("rows_sum", "descending"), ("value", "ascending")])[:TOP]
    read = _masked if masked else str
    return tuple(Count(value=read(one["value"]), rows=one["rows_sum"]) for one in counted.take(order).to_pylist())


_masked = masked
