"""Many rows at once, inside the caller's transaction: Arrow tables in and out, whole columns at a time.

SQLite is fed by `executemany` of its own driver, PostgreSQL by `COPY`, MariaDB and MySQL by `LOAD DATA LOCAL`.
What a database would take wrongly (NUL characters, too long texts) is refused before it sees it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.errors import StoreError
from kehu.store.database import Transaction

Query: TypeAlias = sa.Select[*tuple[Any, ...]]
"""A SELECT of any columns."""

PIECE = 50_000
"""Rows that are turned into the driver's values at once: bounds the memory."""

FEW = 500
"""Values that still go into the statement itself; more go through a temporary table."""


def insert(tx: Transaction, table: sa.Table, rows: pa.Table) -> int:
    """Insert every row; columns are found by name, those not given take their default. Returns how many.

    Raises:
        StoreError: A text is too long or holds a NUL character, named by its column.
    """
    require_storable(rows, table)
    if rows.num_rows == 0:
        return 0
    names = ", ".join(_quoted(tx, name) for name in rows.column_names)
    marks = ", ".join("?" * rows.num_columns)
    statement = f"INSERT INTO {_quoted(tx, table.name)} ({names}) VALUES ({marks})"  # noqa: S608  (our own names)
    _many(tx, statement, rows)
    return int(rows.num_rows)


def update(tx: Transaction, table: sa.Table, rows: pa.Table, *, by: Sequence[str]) -> int:
    """Set the other columns of the rows whose `by` columns are equal. Returns how many rows were given."""
    require_storable(rows, table)
    if rows.num_rows == 0:
        return 0
    changed = [name for name in rows.column_names if name not in by]
    sets = ", ".join(f"{_quoted(tx, name)} = ?" for name in changed)
    where = " AND ".join(f"{_quoted(tx, name)} = ?" for name in by)
    _many(tx, f"UPDATE {_quoted(tx, table.name)} SET {sets} WHERE {where}", rows.select([*changed, *by]))  # noqa: S608
    return int(rows.num_rows)


def delete(tx: Transaction, table: sa.Table, rows: pa.Table) -> None:
    """Delete the rows of the table that equal a given row in the given columns."""
    if rows.num_rows == 0:
        return
    where = " AND ".join(f"{_quoted(tx, name)} = ?" for name in rows.column_names)
    _many(tx, f"DELETE FROM {_quoted(tx, table.name)} WHERE {where}", rows)  # noqa: S608


def read(tx: Transaction, statement: Query, schema: pa.Schema) -> pa.Table:
    """The rows of a query, in the types of the schema; its columns are the query's, in order."""
    return pa.Table.from_batches(list(batches(tx, statement, schema)), schema=schema)


def batches(tx: Transaction, statement: Query, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of a query, a piece at a time; the transaction can do nothing else until the last is read."""
    cursor = tx.execute(statement).cursor
    assert cursor is not None
    while rows := cursor.fetchmany(PIECE):
        columns = zip(*rows, strict=True)
        yield pa.record_batch(
            [_arrow(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
        )
    cursor.close()


@contextmanager
def held(tx: Transaction, name: str, rows: pa.Table) -> Iterator[sa.Table]:
    """A temporary table of these rows (integers and texts), to join with. Names in use at one time must differ."""
    kinds = [sa.BigInteger() if pa.types.is_integer(field.type) else sa.Text() for field in rows.schema]
    table = sa.Table(
        f"held_{name}",
        sa.MetaData(),
        *(sa.Column(column, kind) for column, kind in zip(rows.column_names, kinds, strict=True)),
        prefixes=["TEMPORARY"],
    )
    tx.execute(sa.schema.CreateTable(table))
    insert(tx, table, rows)
    yield table
    # Where the block raises, the transaction ends and the table with it.
    tx.execute(sa.schema.DropTable(table))


@contextmanager
def among(tx: Transaction, column: sa.Column[Any], values: pa.Array) -> Iterator[sa.ColumnElement[bool]]:
    """The condition that a column is one of the values, however many they are."""
    if len(values) <= FEW:
        yield column.in_(values.to_pylist())
        return
    with held(tx, f"{column.table.name}_{column.name}", pa.table({"value": values})) as table:
        yield column.in_(sa.select(table.c.value))


def require_storable(rows: pa.Table, table: sa.Table) -> None:
    """Refuse what a database would cut, or stop at, or store although it may not.

    Raises:
        StoreError: Naming the column, never the value.
    """
    for name in rows.column_names:
        values = rows.column(name)
        if not pa.types.is_string(values.type):
            continue
        if pc.any(has_nul(values)).as_py():
            raise StoreError(f"{table.name}.{name}: a text holds a NUL character; the row belongs in quarantine")
        limit = getattr(table.c[name].type, "length", None)
        if limit is not None and (pc.max(pc.utf8_length(values)).as_py() or 0) > limit:
            raise StoreError(f"{table.name}.{name}: a text is longer than {limit} characters; quarantine the row")


def has_nul(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whether each text holds a NUL character."""
    return pc.match_substring(values, "\0")


def _quoted(tx: Transaction, name: str) -> str:
    return tx.dialect.identifier_preparer.quote(name)


def _many(tx: Transaction, statement: str, rows: pa.Table) -> None:
    """Run one statement for each row, by the driver itself."""
    cursor = tx.connection.cursor()
    try:
        for start in range(0, rows.num_rows, PIECE):
            piece = rows.slice(start, PIECE)
            cursor.executemany(statement, list(zip(*(_driver(column) for column in piece.columns), strict=True)))
    finally:
        cursor.close()


def _driver(values: pa.ChunkedArray) -> list[Any]:
    """A column as SQLite's driver takes it: times and dates as ISO text, which is what SQLAlchemy writes too."""
    kind = values.type
    if pa.types.is_timestamp(kind):
        values = values.cast(pa.timestamp("us", tz=kind.tz)).cast(pa.timestamp("us")).cast(pa.string())
    elif pa.types.is_date(kind):
        values = values.cast(pa.string())
    elif pa.types.is_boolean(kind):
        values = values.cast(pa.int8())
    elif pa.types.is_uint64(kind):
        values = signed(values)
    return list(values.to_pylist())


def _arrow(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """A column as SQLite's driver gives it, in the type we want."""
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.string()).cast(pa.timestamp("us")).cast(kind)
    if pa.types.is_date(kind):
        return pa.array(values, pa.string()).cast(kind)
    if pa.types.is_boolean(kind):
        return pa.array(values, pa.int8()).cast(kind)
    if pa.types.is_uint64(kind):
        return unsigned(pa.array(values, pa.int64()))
    return pa.array(values, kind)


def signed(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Unsigned 64-bit keys as the signed numbers that databases hold: the same bits."""
    return pa.chunked_array([pa.array(np.asarray(values).astype(np.uint64).view(np.int64))])


def unsigned(values: pa.Array) -> pa.Array:
    """The keys again, from the signed numbers that databases hold."""
    return pa.array(np.asarray(values).astype(np.int64).view(np.uint64))
