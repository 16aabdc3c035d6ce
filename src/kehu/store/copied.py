"""Rows as PostgreSQL copies them out: lines of CSV, which Arrow reads into whole columns beside Python.

A cursor hands each value over as an object of Python, several times the work of the rest. In the lines a null stands as
nothing, and an empty text as two quotes.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.csv as pcsv
import sqlalchemy as sa

from kehu.store import drivers
from kehu.store.database import Transaction

BLOCK_BYTES = 8 * 2**20
"""Lines are read so many bytes at a time."""

_HANDED_ON = (str, int, float, date)
"""Values that the driver takes as they are, and writes into the statement: COPY has no parameters."""


def batches(tx: Transaction, statement: sa.Select[*tuple[Any, ...]], kinds: list[pa.DataType]) -> Iterator[pa.Table]:
    """The rows of a query, some MB at a time, in columns of these types.

    Args:
        tx: The transaction; it can do nothing else until the last row is read.
        statement: What is asked; parameters are texts, numbers, times and days.
        kinds: The type of each column.
    """
    made = statement.compile(dialect=tx.dialect)
    state = made.construct_expanded_state()
    assert all(value is None or isinstance(value, _HANDED_ON) for value in state.parameters.values())
    # Times as our column type would have them: psycopg writes the zone of an aware one.
    assert all(value.tzinfo for value in state.parameters.values() if isinstance(value, datetime))
    names = [f"c{place}" for place in range(len(kinds))]
    reading = pcsv.ReadOptions(column_names=names, block_size=BLOCK_BYTES)
    parsing = pcsv.ParseOptions(newlines_in_values=True)
    converting = pcsv.ConvertOptions(
        column_types=dict(zip(names, map(_read_as, kinds), strict=True)),
        null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
        true_values=["t"], false_values=["f"],
    )  # fmt: skip
    with drivers.cursor_of(tx) as cursor:
        cursor.execute("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'")
        with cursor.copy(f"COPY ({state.statement}) TO STDOUT (FORMAT csv)", state.parameters) as lines:
            for block in _blocks(lines):
                read = pcsv.read_csv(pa.BufferReader(block), reading, parsing, converting)
                yield pa.table([_typed(column, kind) for column, kind in zip(read.columns, kinds, strict=True)], names)


def _blocks(lines: Iterator[memoryview]) -> Iterator[bytes]:
    """The lines, several MB together; libpq hands on one whole line at a time."""
    held: list[memoryview] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= BLOCK_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _read_as(kind: pa.DataType) -> pa.DataType:
    """The type that the reader knows."""
    return pa.timestamp("us", tz="UTC") if pa.types.is_timestamp(kind) else kind


def _typed(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return column if column.type == kind else column.cast(kind)
