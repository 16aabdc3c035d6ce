"""What a store is measured against: the bare bulk write of the same rows, and one row at a time by an ORM.

Bare tables have the columns of ours and nothing else: no keys, no indexes; nothing is looked up, checked or sealed.
The ORM writes into a table as the store has it, with its keys and indexes, in a database that is as durable.
Rows come as Arrow tables, as they come to the store, and are handed over as each database takes them fastest.
"""

import os
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import orm

from kehu.store import drivers, wire
from kehu.store.backup import kept
from kehu.store.database import Database

PIECE = 5_000
"""Rows that are handed over at once."""
WORTH = 1_000
"""Tables of fewer rows are left out."""


def write(store: Database, into: Database) -> dict[str, tuple[int, float]]:
    """Write all rows of a store into bare tables, which are dropped again; rows and seconds by the table's name."""
    with store.read() as tx:
        sizes = {table: tx.scalar(sa.select(sa.func.count()).select_from(table)) for table in kept.tables(tx)}
    return {table.name: (size, _write(store, into, table)) for table, size in sizes.items() if size >= WORTH}


def one_by_one(store: Database, into: Database, count: int) -> float:
    """Rows a second that an ORM writes: each record by itself, and a commit behind it."""
    table = kept.metadata.tables["record"]
    own = _keyed_copy(table, "one_by_one")
    record = type("Record", (), {})
    orm.registry().map_imperatively(record, own)
    with store.read() as tx:
        given = [dict(row) for row in tx.execute(sa.select(*_standing(table)).limit(count)).mappings()]
    with into.begin() as tx:
        own.create(tx)
    begun = time.perf_counter()
    with orm.Session(into.engine) as session:
        for row in given:
            session.add(record(**row))
            session.commit()
    seconds = time.perf_counter() - begun
    with into.begin() as tx:
        own.drop(tx)
    return len(given) / seconds


def _write(store: Database, into: Database, table: sa.Table) -> float:
    own = _copy(table, f"bare_{table.name}")
    with into.begin() as tx:
        own.create(tx)
    seconds = 0.0
    with store.read() as tx, into.begin() as target:
        for rows in kept.rows(tx, table):
            begun = time.perf_counter()
            for start in range(0, rows.num_rows, PIECE):
                _feed(target, own, pa.Table.from_batches([rows.slice(start, PIECE)]))
            seconds += time.perf_counter() - begun
        begun = time.perf_counter()
        target.commit()
        seconds += time.perf_counter() - begun
    with into.begin() as tx:
        own.drop(tx)
    return seconds


def _feed(tx: sa.Connection, table: sa.Table, rows: pa.Table) -> None:
    cursor = tx.connection.cursor()
    if tx.dialect.name == "sqlite":
        each = max(1, drivers.VALUES // rows.num_columns)
        whole = rows.num_rows - rows.num_rows % each
        for part, size in ((rows.slice(0, whole), each), (rows.slice(whole), 1)):
            marks = ", ".join([f"({', '.join('?' * rows.num_columns)})"] * size)
            cursor.executemany(f"INSERT INTO {table.name} VALUES {marks}", wire.rows(part, iso=True, each=size))
    elif tx.dialect.name == "postgresql":
        with cursor.copy(f"COPY {table.name} FROM STDIN") as copy:
            copy.write(wire.lines(rows, hex_mark="\\\\x"))
    else:
        hexed = [pa.types.is_fixed_size_binary(field.type) for field in rows.schema]
        takes = ", ".join(f"@v{place}" if is_hex else f"c{place}" for place, is_hex in enumerate(hexed))
        sets = ", ".join(f"c{place} = UNHEX(@v{place})" for place, is_hex in enumerate(hexed) if is_hex)
        with tempfile.TemporaryFile() as file:
            file.write(wire.lines(rows, hex_mark=""))
            file.flush()
            os.lseek(file.fileno(), 0, os.SEEK_SET)
            cursor.execute(
                f"LOAD DATA LOCAL INFILE '/dev/fd/{file.fileno()}' INTO TABLE {table.name} "
                f"CHARACTER SET utf8mb4 ({takes}){' SET ' + sets if sets else ''}"
            )


def _copy(table: sa.Table, name: str) -> sa.Table:
    """A table of the same columns; they are numbered: none of their names is a word of a database."""
    return _made(name, [sa.Column(f"c{place}", _type(column)) for place, column in enumerate(table.c)])


def _keyed_copy(table: sa.Table, name: str) -> sa.Table:
    """A table of the same columns, keys and indexes."""
    own = _made(name, [sa.Column(one.name, _type(one), primary_key=one.primary_key) for one in table.c])
    unique = [one for one in table.constraints if isinstance(one, sa.UniqueConstraint)]
    for constraint in unique:
        own.append_constraint(sa.UniqueConstraint(*constraint.columns.keys()))
    for number, index in enumerate(table.indexes):
        sa.Index(f"ix_{name}_{number}", *(own.c[column.name] for column in index.columns), unique=index.unique)
    return own


def _made(name: str, columns: Sequence[sa.Column[Any]]) -> sa.Table:
    return sa.Table(name, sa.MetaData(), *columns, mysql_charset="utf8mb4", mariadb_charset="utf8mb4")


def _standing(table: sa.Table) -> list[sa.ColumnElement[Any]]:
    """The columns as the database has them."""
    return [sa.type_coerce(column, _type(column)).label(column.name) for column in table.c]


def _type(column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
    """The type of a column; what is sealed is a text like others."""
    return sa.Text() if type(column.type).__name__.startswith("Sealed") else column.type
