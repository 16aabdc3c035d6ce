"""Looks: who opened whose page, noted in the audit trail.

A commit a look would let every page wait for the disk, and on SQLite for whatever load is being stored. So looks are
kept in memory and written together, twice a second: a power cut takes the last half second of them with it, an ordinary
end none. Where they cannot be written they wait; where too many wait, nobody is shown anything more.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kehu.errors import StoreError
from kehu.flows import meanwhile
from kehu.store.audit import trail
from kehu.store.audit.trail import Entry
from kehu.store.database import Database

EVERY_S = 0.5
"""So often looks are written."""

MOST = 10_000
"""So many may wait to be written."""


@dataclass
class Looks:
    """The looks at the customers of one store; each is written at once, except `together`."""

    database: Database
    _waiting: list[Entry] = field(default_factory=list)
    _row: threading.Lock = field(default_factory=threading.Lock)
    _writing: threading.Lock = field(default_factory=threading.Lock)
    is_together: bool = False
    """They are written now and then, by somebody else."""

    def note(self, entry: Entry) -> None:
        """Note a look, before what is looked at is shown.

        Raises:
            StoreError: It cannot be noted.
        """
        if self.database.vault is None:  # A store without a vault has no trail.
            return
        with self._row:
            if len(self._waiting) >= MOST:
                raise StoreError("the audit trail cannot be written: nobody is shown what could not be noted")
            self._waiting.append(entry)
        if not self.is_together:
            self.write()

    def write(self) -> None:
        """Write what waits.

        Raises:
            StoreError: It cannot be written; it goes on waiting.
        """
        vault = self.database.vault
        if vault is None:
            return
        with self._writing:
            with self._row:
                entries = list(self._waiting)
            if not entries:
                return
            with self.database.begin() as tx:
                trail.note_all(tx, entries, vault=vault)
            with self._row:
                del self._waiting[: len(entries)]

    @contextmanager
    def together(self, *, every_s: float = EVERY_S) -> Iterator[None]:
        """Write looks now and then while the block runs, and once more when it ends."""
        self.is_together = True
        try:
            with meanwhile.repeated(self.write, name="looks", every_s=every_s):
                yield
        finally:
            self.is_together = False
            meanwhile.attempt(self.write, name="looks")
