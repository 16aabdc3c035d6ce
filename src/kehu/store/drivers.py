"""How drivers take many rows, in the transaction of whoever calls: statements in their words, the fastest way of each.

SQLite is fed by `executemany` of its own driver, PostgreSQL by `COPY`, MariaDB and MySQL by `LOAD DATA LOCAL`. What is
handed over was looked at by `bulk`, and is sealed.
"""

import functools
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import pyarrow as pa
import sqlalchemy as sa

from kehu.errors import ConflictError, StoreError
from kehu.store import wire
from kehu.store.database import Transaction
from kehu.store.wire import Answer

PIECE = 5_000
"""Rows that are turned into the driver's values at once: few enough to stay in the processor's cache."""

VALUES = 250
"""At most so many values SQLite takes by one statement: 125 rows of two numbers, six records."""

LOCAL_INFILE_FORBIDDEN = {1148, 3948, 4166}
"""What MariaDB and MySQL answer where `local_infile` is off."""

log = logging.getLogger(__name__)


def quoted(tx: Transaction, name: str) -> str:
    """A name as it may stand in a statement."""
    return tx.dialect.identifier_preparer.quote(name)


def mark(tx: Transaction) -> str:
    """Where a value stands in a statement."""
    return "?" if tx.dialect.name == "sqlite" else "%s"


def equal(tx: Transaction, names: Sequence[str]) -> str:
    """The condition that these columns are the values that follow."""
    return " AND ".join(f"{quoted(tx, name)} = {mark(tx)}" for name in names)


def inserting(tx: Transaction, table: sa.Table, rows: pa.Table, how: str, *, each: int = 1) -> str:
    """The statement that inserts a row of these columns, or `each` so many, as `how` says: `OR IGNORE`."""
    return _inserting(tx.dialect, table.name, tuple(rows.column_names), how, each)


@functools.lru_cache(maxsize=256)
def _inserting(dialect: sa.Dialect, table: str, columns: tuple[str, ...], how: str, each: int) -> str:
    quoted = dialect.identifier_preparer.quote
    mark = "?" if dialect.name == "sqlite" else "%s"
    names, marks = ", ".join(quoted(name) for name in columns), ", ".join([mark] * len(columns))
    return f"INSERT{how} INTO {quoted(table)} ({names}) VALUES {', '.join([f'({marks})'] * each)}"


def updating(tx: Transaction, table: sa.Table, changed: Sequence[str], by: Sequence[str]) -> str:
    """The statement that sets some columns of the rows that others tell, in this order."""
    return _updating(tx.dialect, table.name, tuple(changed), tuple(by))


@functools.lru_cache(maxsize=256)
def _updating(dialect: sa.Dialect, table: str, changed: tuple[str, ...], by: tuple[str, ...]) -> str:
    quoted = dialect.identifier_preparer.quote
    mark = "?" if dialect.name == "sqlite" else "%s"
    sets, are = ([f"{quoted(name)} = {mark}" for name in names] for names in (changed, by))
    return f"UPDATE {quoted(table)} SET {', '.join(sets)} WHERE {' AND '.join(are)}"  # noqa: S608


def _pieces(rows: pa.Table) -> Iterator[pa.Table]:
    return (rows.slice(start, PIECE) for start in range(0, rows.num_rows, PIECE))


class Direct(Protocol):
    """Who hands statements to a server without the cursors of its driver."""

    def rows(self, tx: sa.Connection, text: str, values: Any) -> Answer:
        """The answer to a question."""
        ...

    def done(self, tx: sa.Connection, text: str, values: Any) -> int:
        """How many rows a change found."""
        ...

    def later(self, tx: sa.Connection, text: str, several: Sequence[Sequence[object]]) -> None:
        """Run a statement for each of some rows of values, before anything else is done or the transaction ends."""
        ...

    def send(self, tx: sa.Connection) -> None:
        """Let what was left for later be done now."""
        ...

    def several(self, tx: sa.Connection, questions: Sequence[tuple[str, Sequence[object]]]) -> list[Answer | None]:
        """The answers to several questions that travel together; None for what is to be asked alone.

        What was left for later travels before them; without a question it goes on waiting.
        """
        ...


def direct(tx: Transaction) -> Direct | None:
    """Who hands statements to the server of this store; None where there is none, or a driver that we do not know."""
    if tx.dialect.driver == "psycopg":
        from kehu.store import libpq  # noqa: PLC0415  (a store of SQLite needs no psycopg)

        return libpq
    if tx.dialect.driver == "pymysql":
        from kehu.store import mariadb  # noqa: PLC0415  (nor this)

        return mariadb
    return None


@contextmanager
def cursor_of(tx: Transaction) -> Iterator[Any]:
    """The driver's own cursor, in this transaction: whatever asks it without SQLAlchemy takes it from here."""
    if (server := direct(tx)) is not None:
        server.send(tx)
    cursor = tx.connection.cursor()
    try:
        yield cursor
    finally:
        cursor.close()


def handful(tx: Transaction, statement: str, rows: list[tuple[Any, ...]]) -> None:
    """As `many`, for few rows that are the driver's already; one row is not told to come with others."""
    if (server := direct(tx)) is not None:
        server.later(tx, _numbered(statement) if tx.dialect.name == "postgresql" else statement, rows)
        return
    with cursor_of(tx) as cursor:
        if len(rows) == 1:
            cursor.execute(statement, rows[0])
        else:
            cursor.executemany(statement, rows)


@functools.lru_cache(maxsize=256)
def _numbered(statement: str) -> str:
    """A statement of ours with `$1` where its first value stands."""
    first, *others = statement.split("%s")
    return first + "".join(f"${place}{text}" for place, text in enumerate(others, 1))


def many(tx: Transaction, statement: str, rows: pa.Table) -> None:
    """Run one statement for each row, by the driver itself."""
    with cursor_of(tx) as cursor:
        for piece in _pieces(rows):
            cursor.executemany(statement, wire.rows(piece, iso=tx.dialect.name == "sqlite"))


def feed(tx: Transaction, table: sa.Table, rows: pa.Table, how: str) -> None:
    """Feed SQLite: several rows to a statement, which narrow ones take half the time for."""
    each, one = max(1, VALUES // rows.num_columns), inserting(tx, table, rows, how)
    if each == 1 or rows.num_rows < 10 * each:
        many(tx, one, rows)
        return
    with cursor_of(tx) as cursor:
        for piece in _pieces(rows):
            whole = piece.num_rows - piece.num_rows % each
            several = inserting(tx, table, rows, how, each=each)
            cursor.executemany(several, wire.rows(piece.slice(0, whole), iso=True, each=each))
            cursor.executemany(one, wire.rows(piece.slice(whole), iso=True))


def copy(tx: Transaction, table: sa.Table, rows: pa.Table) -> None:
    """Feed PostgreSQL."""
    names = ", ".join(quoted(tx, name) for name in rows.column_names)
    statement = f"COPY {quoted(tx, table.name)} ({names}) FROM STDIN"
    with cursor_of(tx) as cursor, cursor.copy(statement) as feed:
        for piece in _pieces(rows):
            feed.write(wire.lines(piece, hex_mark="\\\\x"))


def load_data(tx: Transaction, table: sa.Table, rows: pa.Table, *, unless_there: bool) -> None:
    """Feed MariaDB and MySQL; they take wrong values with a warning here, so warnings are refused.

    Where the server forbids it, they are told row by row; each connection finds that out once, and says so.
    """
    row_by_row = inserting(tx, table, rows, " IGNORE" if unless_there else "")
    if tx.connection.info.get("forbids LOAD DATA"):
        many(tx, row_by_row, rows)
        return
    takes, sets = [], []
    for field in rows.schema:
        name = quoted(tx, field.name)
        binary = pa.types.is_fixed_size_binary(field.type)
        takes.append(f"@{field.name}" if binary else name)
        if binary:
            sets.append(f"{name} = UNHEX(@{field.name})")
    ending = f" SET {', '.join(sets)}" if sets else ""
    with tempfile.TemporaryFile() as file, cursor_of(tx) as cursor:
        for piece in _pieces(rows):
            file.write(wire.lines(piece, hex_mark=""))
        file.flush()
        # The file has no name any more: a crash leaves nothing of it behind.
        statement = (
            f"LOAD DATA LOCAL INFILE '/dev/fd/{file.fileno()}' IGNORE INTO TABLE {quoted(tx, table.name)} "
            f"CHARACTER SET utf8mb4 ({', '.join(takes)}){ending}"
        )
        try:
            os.lseek(file.fileno(), 0, os.SEEK_SET)
            stored = cursor.execute(statement)
        except tx.dialect.loaded_dbapi.Error as error:
            if not error.args or error.args[0] not in LOCAL_INFILE_FORBIDDEN:
                raise
            log.warning("the store's server forbids LOAD DATA LOCAL (local_infile is off): loading is slower")
            tx.connection.info["forbids LOAD DATA"] = True
            many(tx, row_by_row, rows)
            return
        if unless_there:
            return
        if stored != rows.num_rows:
            raise ConflictError(f"{table.name}: {rows.num_rows - stored} rows claim a key that is taken")
        if cursor.warning_count:
            raise StoreError(f"{table.name}: the server would change {cursor.warning_count} values to store them")


def update_joined(tx: Transaction, table: sa.Table, new: sa.Table, *, by: Sequence[str]) -> None:
    """Set the columns of a server's rows that those of another table have, where `by` columns are equal."""
    if tx.dialect.name == "postgresql":
        same = [table.c[name] == new.c[name] for name in by]
        tx.execute(table.update().where(*same).values({one.name: one for one in new.c if one.name not in by}))
        return
    own, other = quoted(tx, table.name), quoted(tx, new.name)
    names = [quoted(tx, column.name) for column in new.c if column.name not in by]
    sets = ", ".join(f"{own}.{name} = {other}.{name}" for name in names)
    tx.exec_driver_sql(f"UPDATE {_joined(tx, new, table, by)} SET {sets}")  # noqa: S608


def delete_joined(tx: Transaction, table: sa.Table, old: sa.Table) -> None:
    """Delete the rows of a server's table that equal those of another one in its columns."""
    if tx.dialect.name == "postgresql":
        tx.execute(table.delete().where(*(table.c[one.name] == one for one in old.c)))
        return
    tx.exec_driver_sql(f"DELETE {quoted(tx, table.name)} FROM {_joined(tx, old, table, old.c.keys())}")


def _joined(tx: Transaction, first: sa.Table, then: sa.Table, by: Sequence[str]) -> str:
    """The rows of two tables of MariaDB and MySQL that are equal in some columns, looked for in this order.

    The server knows little of a table that was made a moment ago: it may read that anew for every row of the other.
    """
    one, other = quoted(tx, first.name), quoted(tx, then.name)
    same = " AND ".join(f"{one}.{name} = {other}.{name}" for name in (quoted(tx, name) for name in by))
    return f"{one} STRAIGHT_JOIN {other} ON {same}"
