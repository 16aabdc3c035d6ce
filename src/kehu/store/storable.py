"""What a database keeps as it is: texts that are not too long for their columns, and hold no NUL character."""

import functools
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.errors import UnstorableError
from kehu.store import columns, wire


def require(rows: pa.Table, table: sa.Table, *, is_sealed: bool = False) -> None:
    """Refuse what a database would cut, or stop at, or store although it may not.

    Args:
        rows: What is to be stored.
        table: Where.
        is_sealed: What is to stand sealed is sealed already.

    Raises:
        UnstorableError: Naming the column, never the value.
    """
    limits = _limits(table, is_sealed)
    for field, values in zip(rows.schema, rows.itercolumns(), strict=True):
        name = field.name
        if not pa.types.is_string(field.type) or are_plain(values, limit := limits[name]):
            continue
        if may_hold_nul(values) and pc.any(has_nul(values)).as_py():
            raise UnstorableError(f"{table.name}.{name}: a text holds a NUL character; the row belongs in quarantine")
        if limit is not None and are_longer(values, limit):
            raise UnstorableError(f"{table.name}.{name}: a text is longer than {limit} characters; quarantine the row")


def are_plain_rows(told: Mapping[str, list[Any]], table: sa.Table) -> bool:
    """Whether nothing in the columns of few rows is what `require` refuses; else that says what it is."""
    limits = _limits(table, is_sealed=False)
    for name, values in told.items():
        limit = limits[name]
        for value in values:
            if isinstance(value, str) and ("\0" in value or (limit is not None and len(value) > limit)):
                return False
    return True


@functools.cache
def _limits(table: sa.Table, is_sealed: bool) -> dict[str, int | None]:  # noqa: FBT001 - a key of the cache
    """How many characters each column of a table takes, in clear unless what comes `is_sealed`."""
    in_clear = {column.name: isinstance(column.type, columns.Sealed) and not is_sealed for column in table.c}
    return {
        column.name: getattr(column.type, "characters" if in_clear[column.name] else "length", None)
        for column in table.c
    }


def are_plain(values: pa.ChunkedArray, limit: int | None) -> bool:
    """Whether few texts are all storable: for them Python is there before the kernels have begun."""
    if len(values) > wire.HANDFUL:
        return False
    for text in values.to_pylist():
        if text is not None and ("\0" in text or (limit is not None and len(text) > limit)):
            return False
    return True


def are_longer(values: pa.ChunkedArray, limit: int) -> bool:
    """Whether any text has more characters; none has more of them than bytes, and bytes are counted already."""
    if (pc.max(pc.binary_length(values)).as_py() or 0) <= limit:
        return False
    return bool((pc.max(pc.utf8_length(values)).as_py() or 0) > limit)


def has_nul(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whether each text holds a NUL character."""
    return pc.match_substring(values, "\0")


def may_hold_nul(values: pa.ChunkedArray) -> bool:
    """Whether a NUL stands anywhere among the bytes of texts: a look at each of them takes 20 times as long."""
    return any(b"\0" in wire.written(chunk) for chunk in values.chunks)
