"""What makes a database unsafe to keep customers in, with the mend of each."""

from collections.abc import Iterator

import sqlalchemy as sa

from kehu.store import columns
from kehu.store.dictionary import whole

FALSE_MODES = {
    "EMPTY_STRING_IS_NULL": "empty texts would be stored as nothing",
    "NO_BACKSLASH_ESCAPES": "what is loaded in bulk would be read wrongly",
}
"""What `sql_mode` of MariaDB and MySQL must not hold, and why."""


def complaints(connection: sa.Connection) -> Iterator[str]:
    """Everything that is wrong with the database, each with its mend; nothing where all is well."""
    yield from _half_made(connection)
    if connection.dialect.name == "sqlite":
        yield from _sqlite(connection)
    elif connection.dialect.name in columns.MYSQL_FAMILY:
        yield from _mysql(connection)
    else:
        yield from _postgresql(connection)


def _half_made(connection: sa.Connection) -> Iterator[str]:
    missing = sorted(set(whole.metadata.tables) - set(sa.inspect(connection).get_table_names()))
    if missing:
        yield f"its schema is half made, {', '.join(missing)} missing: restore a backup or begin with an empty database"


def _sqlite(connection: sa.Connection) -> Iterator[str]:
    mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    if mode != "wal":
        yield f"SQLite cannot keep a write-ahead log here ({mode}): put the file on a local disk"
    if connection.exec_driver_sql("PRAGMA synchronous").scalar() != 2:
        yield "SQLite does not wait for the disk: PRAGMA synchronous must be FULL"


def _mysql(connection: sa.Connection) -> Iterator[str]:
    names = ("innodb_flush_log_at_trx_commit", "innodb_doublewrite", "sql_mode", "character_set_connection")
    told = {name: str(connection.exec_driver_sql(f"SELECT @@{name}").scalar()) for name in names}
    if told["innodb_flush_log_at_trx_commit"] != "1":
        yield "innodb_flush_log_at_trx_commit must be 1: a crash would lose what was acknowledged"
    if told["innodb_doublewrite"] not in {"ON", "1", "DETECT_AND_RECOVER"}:
        yield "innodb_doublewrite must be ON: a crash would tear pages"
    modes = set(told["sql_mode"].split(","))
    if not {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"} & modes:
        yield "sql_mode must hold STRICT_TRANS_TABLES: the server would cut values without a word"
    for mode in sorted(FALSE_MODES.keys() & modes):
        yield f"sql_mode must not hold {mode}: {FALSE_MODES[mode]}"
    if told["character_set_connection"] != "utf8mb4":
        yield "the connection must speak utf8mb4: take charset= out of the store's URL"


def _postgresql(connection: sa.Connection) -> Iterator[str]:
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if connection.exec_driver_sql(f"SHOW {name}").scalar() == "off":
            yield f"{name} must be on: a crash would lose what was acknowledged"
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        yield f"its encoding is {encoding}: make the database with ENCODING 'UTF8'"
