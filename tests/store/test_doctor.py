"""Servers that would lose or change what is stored are refused, and the mend is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from kehu.errors import StoreError
from kehu.store import database, doctor
from kehu.store.database import Database

UNSAFE: dict[str, tuple[list[str], set[str]]] = {
    "mariadb": (
        [
            "--innodb-flush-log-at-trx-commit=2",
            "--skip-innodb-doublewrite",
            "--sql-mode=NO_BACKSLASH_ESCAPES,EMPTY_STRING_IS_NULL",
        ],
        {
            "innodb_flush_log_at_trx_commit must be 1: a crash would lose what was acknowledged",
            "innodb_doublewrite must be ON: a crash would tear pages",
            "sql_mode must hold STRICT_TRANS_TABLES: the server would cut values without a word",
            "sql_mode must not hold EMPTY_STRING_IS_NULL: empty texts would be stored as nothing",
            "sql_mode must not hold NO_BACKSLASH_ESCAPES: what is loaded in bulk would be read wrongly",
        },
    ),
    "postgresql": (
        ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"],
        {
            "fsync must be on: a crash would lose what was acknowledged",
            "full_page_writes must be on: a crash would lose what was acknowledged",
            "synchronous_commit must be on: a crash would lose what was acknowledged",
            "its encoding is SQL_ASCII: make the database with ENCODING 'UTF8'",
        },
    ),
}
"""How a server is started, and all that the doctor says of it."""


def made(server: Any, folder: Path) -> Database:
    """A store on a server of our own."""
    engine = sa.create_engine(server.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    how = " TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'" if engine.dialect.name == "postgresql" else ""
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE kehu{how}"))
    return database.connect(
        sa.make_url(server.url).set(database="kehu").render_as_string(hide_password=False), folder=folder
    )


@pytest.mark.parametrize("kind", UNSAFE)
def test_an_unsafe_server_is_refused_and_every_mend_is_named(
    own_server: Callable[[str], Any], tmp_path: Path, kind: str
) -> None:
    options, says = UNSAFE[kind]
    server = own_server(kind)
    server.start(*options)
    store = made(server, tmp_path)
    database.migrate(store)
    with store.read() as tx:
        assert set(doctor.complaints(tx)) == says
    with pytest.raises(StoreError, match=r"must be 1|must be on"):
        database.check(store)
    store.close()


def test_a_file_that_keeps_no_write_ahead_log_is_refused(tmp_path: Path) -> None:
    store = database.connect("sqlite:///kehu.db", folder=tmp_path)
    database.migrate(store)
    with store.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA journal_mode = DELETE")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store.engine.dialect, "do_begin", lambda _: None)
            assert any("write-ahead log" in told for told in doctor.complaints(connection))
    store.close()
