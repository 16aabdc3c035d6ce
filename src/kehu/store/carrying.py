"""Carrying over: what SQLite's log holds goes into its file while other work goes on.

SQLite writes to a log, which is all that makes a transaction last. Now and then whoever commits carries the log over
into the file: behind a load of a million rows that takes seconds, and one arrival in twenty-five takes half as long
again as the others. A thread of its own can do it as well.
"""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

PAGES = 10_000
"""After so many pages of the log whoever commits carries it over after all: while others go on writing, a thread never
comes to its end."""

SMALL = 4 << 20
"""A log that never held so many bytes is left as it is."""

WAITS_S = 0.5
"""So long the thread waits for more to be committed."""

log = logging.getLogger(__name__)


@dataclass
class Carrier:
    """Carries the log of a store over, a moment after somebody committed."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_coming: bool = False
    """A thread waits, and carries over what is committed until then."""
    _hurry: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def beside(self, tx: sa.Connection) -> Iterator[None]:
        """Carry over behind the block, in which it is committed, what it left in the log."""
        try:
            yield
        finally:
            if tx.dialect.name == "sqlite":
                path = Path(str(tx.engine.url.database))
                if tx.get_execution_options()["once"].pop("carried_later", False) and not tx.invalidated:
                    tx.connection.execute(f"PRAGMA wal_autocheckpoint = {PAGES}")
                    # The program ends when it is done, not before.
                    threading.Thread(target=_carry, args=(path,), name="carrying over").start()
                else:
                    self._soon(path)

    def _soon(self, path: Path) -> None:
        """Let a thread carry over what was committed to the database at this path."""
        if _size(path.with_name(f"{path.name}-wal")) < SMALL:
            return
        with self._lock:
            is_coming, self._is_coming = self._is_coming, True
        if is_coming:
            return
        # The program need not wait for it when it ends: the log holds it all.
        threading.Thread(target=self._come, args=(path,), name="carrying over soon", daemon=True).start()

    def _come(self, path: Path) -> None:
        self._hurry.wait(WAITS_S)
        self._is_coming = False
        _carry(path)

    def close(self) -> None:
        """Wait for nothing more."""
        self._hurry.set()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def later(tx: sa.Connection) -> None:
    """Let a transaction of SQLite leave its log to a thread, which begins once it is committed."""
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("PRAGMA wal_autocheckpoint = 0")
        tx.get_execution_options()["once"]["carried_later"] = True


def _carry(path: Path) -> None:
    """Carry over what no transaction that is open needs in the log; nothing, where somebody else does."""
    try:
        # Where the file is gone meanwhile, none is made.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as own:
            own.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    except sqlite3.Error as why:
        # The log holds it all; the next who commits carries it over.
        log.warning("the log of %s is not carried over into it yet: %s", path, why)
