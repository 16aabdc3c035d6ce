"""Many rows at once, inside the caller's transaction: Arrow tables in and out, whole columns at a time.

What a sealed column holds is sealed on its way in and opened on its way out.

What a database would take wrongly (NUL characters, too long texts) is refused before it sees it.
"""

import functools
import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from operator import itemgetter
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.model import arrow
from kehu.store import asking, carrying, columns, copied, drivers, packets, planner, sealed, storable, wire
from kehu.store.database import Transaction

Query: TypeAlias = sealed.Query
"""A SELECT of any columns."""

FEW_ROWS = 100
"""So few rows are read one by one."""

PAGE = 20_000
"""Rows that are read at once."""

FEW = 500
"""Values that still go into the statement itself; more go through a temporary table."""

FED = 32
"""So many new rows are still handed to a server one by one; more are fed to it together."""

SINGLY = 64
"""So many rows MariaDB and MySQL are still told one by one to change or to drop; PostgreSQL takes `FEW` so."""

FIRST = 100
"""So many rows the driver of MariaDB and MySQL hands over; where more come they are taken from its connection."""

MANY = 20_000
"""Rows after which it pays to build the indexes of an empty table anew, and to tell the planner."""


def insert(tx: Transaction, table: sa.Table, rows: pa.Table, *, unless_there: bool = False) -> int:
    """Insert every row; columns are found by name. Returns how many were given.

    Args:
        tx: The transaction.
        table: Where.
        rows: What.
        unless_there: Leave a row out whose primary key is there already; else that is refused.

    Raises:
        UnstorableError: A text is too long or holds a NUL character, named by its column.
        ConflictError: A row with that key is there.
    """
    if rows.num_rows == 0:
        return 0
    if rows.num_rows <= wire.HANDFUL < MANY:
        drivers.handful(tx, _inserting(tx, table, rows, unless_there=unless_there), _handful(tx, table, rows))
        return int(rows.num_rows)
    storable.require(rows, table)
    rows = sealed.closed(tx, table, rows)
    if rows.num_rows >= MANY and tx.dialect.name not in columns.MYSQL_FAMILY and _is_empty(tx, table):
        # Rows that come twice are found by the constraint that they break, while they are inserted.
        with _indexes_afterwards(tx, table), nullcontext() if unless_there else _constraints_afterwards(tx, table):
            _feed(tx, table, rows, unless_there=unless_there)
    else:
        _feed(tx, table, rows, unless_there=unless_there)
    if rows.num_rows >= MANY:
        planner.tell(tx, table, more=rows.num_rows)
        carrying.later(tx)
    return int(rows.num_rows)


def fill(tx: Transaction, table: sa.Table, pieces: Iterable[pa.Table]) -> None:
    """Insert all rows of an empty table, a piece at a time; its indexes are built once, what is sealed comes sealed."""
    indexes = nullcontext() if tx.dialect.name in columns.MYSQL_FAMILY else _indexes_afterwards(tx, table)
    with indexes, _constraints_afterwards(tx, table):
        for piece in pieces:
            storable.require(piece, table, is_sealed=True)
            if piece.num_rows:
                _feed(tx, table, piece, unless_there=False)
    planner.tell(tx, table)


def _handful(tx: Transaction, table: sa.Table, rows: pa.Table) -> list[tuple[Any, ...]]:
    """Few rows as the driver takes them: looked at, and sealed."""
    told = dict(zip(rows.schema.names, arrow.lists(rows), strict=True))
    if not storable.are_plain_rows(told, table):
        storable.require(rows, table)
    sealed.close(tx, table, told)
    iso = tx.dialect.name == "sqlite"
    whole = zip(told.values(), rows.schema.types, strict=True)
    return list(zip(*(wire.handful(values, kind, iso=iso) for values, kind in whole), strict=True))


def _inserting(tx: Transaction, table: sa.Table, rows: pa.Table, *, unless_there: bool) -> str:
    """The statement that inserts one row, in the words of its database."""
    if tx.dialect.name == "postgresql":
        return drivers.inserting(tx, table, rows, "") + (" ON CONFLICT DO NOTHING" if unless_there else "")
    ignoring = " OR IGNORE" if tx.dialect.name == "sqlite" else " IGNORE"
    return drivers.inserting(tx, table, rows, ignoring if unless_there else "")


def _feed(tx: Transaction, table: sa.Table, rows: pa.Table, *, unless_there: bool) -> None:
    """Hand the rows over, each database in its own way."""
    if tx.dialect.name == "sqlite":
        with _undisturbed():
            drivers.feed(tx, table, rows, " OR IGNORE" if unless_there else "")
    elif rows.num_rows <= (_singly(tx) if unless_there else FED):
        drivers.many(tx, _inserting(tx, table, rows, unless_there=unless_there), rows)
    elif tx.dialect.name in columns.MYSQL_FAMILY:
        drivers.load_data(tx, table, rows, unless_there=unless_there)
    elif unless_there:
        with held(tx, f"new_{table.name}", rows, {name: table.c[name] for name in rows.column_names}) as new:
            names = ", ".join(drivers.quoted(tx, name) for name in rows.column_names)
            statement = f"INSERT INTO {drivers.quoted(tx, table.name)} ({names}) SELECT {names} FROM {new.name}"  # noqa: S608
            tx.exec_driver_sql(f"{statement} ON CONFLICT DO NOTHING")
    else:
        drivers.copy(tx, table, rows)


@contextmanager
def _indexes_afterwards(tx: Transaction, table: sa.Table) -> Iterator[None]:
    """Build the indexes once the rows are there, in one sort each; MariaDB and MySQL would commit here."""
    for index in table.indexes:
        # In tables of an older kehu, which a backup is restored into, it may not be there yet.
        index.drop(tx, checkfirst=True)
    yield
    for index in table.indexes:
        index.create(tx)


@contextmanager
def _constraints_afterwards(tx: Transaction, table: sa.Table) -> Iterator[None]:
    """Let PostgreSQL see once the rows are there that no key comes twice, but for keys that other tables point to.

    A table that was emptied may be read by others meanwhile, who would have to wait: there they stay.
    """
    found: list[tuple[str, str]] = []
    if tx.dialect.name == "postgresql":
        name = drivers.quoted(tx, table.name)
        found = [(told.conname, told.meaning) for told in tx.execute(_KEYS, {"name": name})]
    for constraint, _ in found:
        tx.exec_driver_sql(f"ALTER TABLE {name} DROP CONSTRAINT {drivers.quoted(tx, constraint)}")
    yield
    for constraint, meaning in found:
        tx.exec_driver_sql(f"ALTER TABLE {name} ADD CONSTRAINT {drivers.quoted(tx, constraint)} {meaning}")


_KEYS = sa.text(
    "SELECT conname, pg_get_constraintdef(oid) AS meaning FROM pg_constraint AS own "
    "WHERE conrelid = CAST(:name AS regclass) AND contype IN ('p', 'u') "
    "AND pg_relation_size(conrelid) = 0 "
    "AND NOT EXISTS (SELECT 1 FROM pg_constraint AS other WHERE other.confrelid = own.conrelid) ORDER BY conname"
)


def _is_empty(tx: Transaction, table: sa.Table) -> bool:
    return tx.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is None


def update(tx: Transaction, table: sa.Table, rows: pa.Table, *, by: Sequence[str]) -> int:
    """Set the other columns of the rows whose `by` columns are equal. Returns how many rows were given."""
    if rows.num_rows == 0:
        return 0
    names = rows.schema.names
    changed = [name for name in names if name not in by]
    if rows.num_rows <= wire.HANDFUL:
        ordered = rows if names == [*changed, *by] else rows.select([*changed, *by])
        drivers.handful(tx, drivers.updating(tx, table, changed, by), _handful(tx, table, ordered))
        return int(rows.num_rows)
    storable.require(rows, table)
    rows = _in_order(sealed.closed(tx, table, rows), by)
    if rows.num_rows > _singly(tx) and tx.dialect.name != "sqlite":
        with held(tx, f"set_{table.name}", rows, {name: table.c[name] for name in rows.column_names}) as new:
            drivers.update_joined(tx, table, new, by=by)
    else:
        drivers.many(tx, drivers.updating(tx, table, changed, by), rows.select([*changed, *by]))
    return int(rows.num_rows)


def _singly(tx: Transaction) -> int:
    """So many rows are changed one by one: to join with a table of them takes longer to begin."""
    return SINGLY if tx.dialect.name in columns.MYSQL_FAMILY else FEW


def delete(tx: Transaction, table: sa.Table, rows: pa.Table) -> None:
    """Delete the rows of the table that equal a given row in the given columns."""
    if rows.num_rows == 0:
        return
    rows = _in_order(rows, rows.column_names)
    of_these = f"DELETE FROM {drivers.quoted(tx, table.name)} WHERE"  # noqa: S608
    if rows.num_rows <= FEW and rows.num_columns == 1:
        (name,) = rows.column_names
        values = asking.padded(rows.column(name).to_pylist())
        marks = ", ".join([drivers.mark(tx)] * len(values))
        drivers.handful(tx, f"{of_these} {drivers.quoted(tx, name)} IN ({marks})", [tuple(values)])
    elif rows.num_rows <= _singly(tx) or tx.dialect.name == "sqlite":
        drivers.many(tx, f"{of_these} {drivers.equal(tx, rows.column_names)}", rows)
    else:
        with held(tx, f"old_{table.name}", rows, {name: table.c[name] for name in rows.column_names}) as old:
            drivers.delete_joined(tx, table, old)


def _in_order(rows: pa.Table, by: Sequence[str]) -> pa.Table:
    """Many rows in the order of their keys, so that those are changed together that stand beside each other."""
    return rows.sort_by([(name, "ascending") for name in by]) if rows.num_rows > FEW else rows


def read(tx: Transaction, statement: Query, schema: pa.Schema) -> pa.Table:
    """The rows of a query, in the types of the schema; its columns are the query's, in order."""
    return pa.Table.from_batches(list(batches(tx, statement, schema)), schema=schema)


def batches(
    tx: Transaction, statement: Query, schema: pa.Schema, *, as_it_stands: bool = False, are_many: bool = False
) -> Iterator[pa.RecordBatch]:
    """The rows of a query, a piece at a time; the transaction can do nothing else until the last is read.

    With `as_it_stands` what is sealed is not opened; where they `are_many`, PostgreSQL copies them out.
    """
    how = _plain(statement, as_it_stands=as_it_stands)
    if are_many and tx.dialect.name == "postgresql":
        copies = copied.batches(tx, how.statement, _kinds(schema, how))
        yield from _whole(tx, ([one.combine_chunks() for one in block.columns] for block in copies), schema, how)
        return
    with closing(tx.execute(how.statement, execution_options={"stream_results": True})) as answer:
        # One row SQLAlchemy has read already; it would wrap each of the others, to be taken apart again at once.
        rows: Sequence[Any] = answer.fetchmany(1)
        in_packets = tx.dialect.name in columns.MYSQL_FAMILY
        while rows:
            with _undisturbed():
                more = answer.cursor.fetchmany(FIRST if in_packets else PAGE)
                piece = _batch(tx, [*rows, *more], schema, how)
            yield piece
            if in_packets:
                yield from _whole(tx, packets.batches(answer.cursor, _kinds(schema, how)), schema, how)
                break
            rows = more and answer.cursor.fetchmany(1)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Leave garbage for a page: each row is a tuple in no circle, and looked through for one again and again.

    A fifth of what it takes to read them. Where two threads read, the first to end lets the collector in again.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _kinds(schema: pa.Schema, how: sealed.Plan) -> list[pa.DataType]:
    """Behind the columns that were asked for stand the numbers that sealed values are bound to."""
    return [*schema.types, *[pa.int64()] * (len(how.statement.selected_columns) - how.asked)]


def _whole(
    tx: Transaction, blocks: Iterable[Sequence[pa.Array]], schema: pa.Schema, how: sealed.Plan
) -> Iterator[pa.RecordBatch]:
    """What comes in whole columns, a page at a time and opened."""
    to_open = {at for place in how.places for at in (place.value, place.row)}
    for block in blocks:
        for start in range(0, len(block[0]), PAGE):
            told = [one.slice(start, PAGE) for one in block]
            told = [one.to_pylist() if at in to_open else one for at, one in enumerate(told)]
            found = zip(sealed.opened(tx, told, how), schema.types, strict=True)
            arrays = [pa.array(values, kind) if isinstance(values, list) else values for values, kind in found]
            yield pa.record_batch(arrays, schema=schema)


def read_few(
    tx: Transaction, statement: Query, schema: pa.Schema, *, by: Sequence[str] = (), **asked: object
) -> pa.Table:
    """As `read`, for few rows of a query that is kept and asked again and again.

    Args:
        tx: The transaction.
        statement: A query made once: to put it together costs more than to run it.
        schema: The types of its columns.
        by: Two columns or more that hold no null, by which rows that are looked at one by one are put in order.
        asked: Its parameters, a list for each that `few` made.
    """
    how = _plain(statement)
    rows = asking.rows(tx, how.statement, asked)
    if 0 < len(rows) <= FEW_ROWS:
        if by:
            rows = sorted(rows, key=itemgetter(*map(schema.get_field_index, by)))
        if how.places:
            rows = list(zip(*sealed.opened(tx, list(zip(*rows, strict=True)), how), strict=True))
        return wire.table(rows, schema)
    return pa.Table.from_batches([_batch(tx, rows, schema, how)] if rows else [], schema=schema)


def put(statement: Query, **asked: object) -> asking.Put:
    """What `read_few` asks."""
    return asking.Put(_plain(statement).statement, asked)


def rows(tx: Transaction, statement: str, asked: Mapping[str, object]) -> Sequence[tuple[Any, ...]]:
    """The rows of a statement in the words of one driver, as it gives them."""
    return asking.straight(tx, statement, asked)[0]


def few(column: sa.ColumnElement[Any], name: str = "few") -> sa.ColumnElement[bool]:
    """The condition that a column is one of at most `FEW` values, which are the parameter of this name."""
    return column.in_(sa.bindparam(name, expanding=True))


@functools.lru_cache(maxsize=256)
def _plain(statement: Query, *, as_it_stands: bool = False) -> sealed.Plan:
    """The query without types: SQLAlchemy leaves the values as the driver gives them, to be converted by the column."""
    how = sealed.plan(statement)
    if as_it_stands:
        how = replace(how, statement=statement, places=())
    untyped = how.statement.with_only_columns(
        *(sa.type_coerce(column, sa.types.NullType()) for column in how.statement.selected_columns)
    )
    return replace(how, statement=untyped)


def _batch(tx: Transaction, rows: Sequence[Any], schema: pa.Schema, how: sealed.Plan) -> pa.RecordBatch:
    told = sealed.opened(tx, list(zip(*rows, strict=True)), how)
    arrays = [wire.column(values, field.type) for values, field in zip(told, schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)


@contextmanager
def held(
    tx: Transaction, name: str, rows: pa.Table, like: Mapping[str, sa.Column[Any]], *, key: str | None = None
) -> Iterator[sa.Table]:
    """A temporary table of these rows, to join with; each column has the type of another, `key` differs in each row.

    Names in use at one time must differ.
    """
    table = sa.Table(
        f"held_{name}",
        sa.MetaData(),
        *(
            sa.Column(column, _standing(like[column].type), primary_key=column == key, autoincrement=False)
            for column in rows.column_names
        ),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )
    if tx.dialect.name in columns.MYSQL_FAMILY:
        # Here alone it outlives a transaction that was rolled back.
        tx.exec_driver_sql(f"DROP TEMPORARY TABLE IF EXISTS {table.name}")
    tx.execute(sa.schema.CreateTable(table))
    insert(tx, table, rows)
    if tx.dialect.name == "postgresql" and rows.num_rows < MANY:
        tx.exec_driver_sql(f"ANALYZE {table.name}")
    yield table
    tx.exec_driver_sql(f"DROP {'TEMPORARY ' if tx.dialect.name in columns.MYSQL_FAMILY else ''}TABLE {table.name}")


def _standing(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """The type in which the values of a column stand, sealed ones too."""
    return columns.Word(kind.length) if isinstance(kind, columns.Sealed) else kind


def blindly(value: str) -> sa.ScalarSelect[str]:
    """A value for a condition, of which PostgreSQL does not guess how many rows have it.

    Of a channel that it has not looked at yet it expects none: ten thousand keys would be sought again for each row.
    """
    return sa.select(sa.literal(value)).scalar_subquery()


@contextmanager
def among(
    tx: Transaction, column: sa.Column[Any], values: pa.Array, *, name: str = "among"
) -> Iterator[sa.ColumnElement[bool]]:
    """The condition that a column is one of the values, however many they are; names in use at one time differ."""
    if len(values) <= FEW:
        yield column.in_(values.to_pylist())
        return
    # Looked for in their order, those that stand beside each other are read together.
    ordered = pc.unique(values).drop_null().sort()
    # PostgreSQL needs no key to see that they differ, and the others join by it in place of looking for a better way.
    key = None if tx.dialect.name == "postgresql" else "value"
    with held(tx, name, pa.table({"value": ordered}), {"value": column}, key=key) as table:
        yield column.in_(sa.select(table.c.value))
