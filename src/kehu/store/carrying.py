"""Carrying over: what SQLite's log holds of a large transaction goes into its file while other work goes on.

SQLite writes to a log, which is all that makes a transaction last. Now and then whoever commits carries the log over
into the file; behind a load of a million rows that takes seconds, in which a thread of its own can do it as well.
"""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

PAGES = 1000
"""After so many pages of the log whoever commits carries it over, as SQLite does by itself."""

log = logging.getLogger(__name__)


def later(tx: sa.Connection) -> None:
    """Let a transaction of SQLite leave its log to a thread, which begins once it is committed."""
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("PRAGMA wal_autocheckpoint = 0")
        tx.get_execution_options()["once"]["carried_later"] = True


@contextmanager
def beside(tx: sa.Connection) -> Iterator[None]:
    """Carry over behind the block, in which it is committed, what it left in the log."""
    try:
        yield
    finally:
        if tx.get_execution_options()["once"].pop("carried_later", False) and not tx.invalidated:
            tx.connection.execute(f"PRAGMA wal_autocheckpoint = {PAGES}")
            # The program ends when it is done, not before.
            threading.Thread(target=_carry, args=(str(tx.engine.url.database),), name="carrying over").start()


def _carry(path: str) -> None:
    """Carry over what no transaction that is open needs in the log; nothing, where somebody else does."""
    try:
        # Where the file is gone meanwhile, none is made.
        with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=rw", uri=True)) as own:
            own.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    except sqlite3.Error as why:
        # The log holds it all; the next who commits carries it over.
        log.warning("the log of %s is not carried over into it yet: %s", path, why)
