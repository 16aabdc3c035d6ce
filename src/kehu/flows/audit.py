"""The audit trail, chained and sealed: seconds after something was noted, and before `kehu` ends."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kehu.store.audit import chain, head
from kehu.store.audit.chain import End
from kehu.store.database import Database
from kehu.store.sealing.keyring import Keyring


@dataclass(frozen=True, kw_only=True)
class Seal:
    """What the trail is sealed with."""

    keys: Keyring
    """They sign the head."""
    head_at: Path
    """The file of the head, outside the database."""


def sealed(database: Database, seal: Seal, *, at: datetime) -> int:
    """Chain what was noted since, write the head out, and say how many entries that were.

    Where it is killed between the two, the head says less than the chain, and the next time mends that.

    Raises:
        StoreError: The chain's head was changed, or cannot be written.
    """
    count = 0
    while True:
        with database.begin() as tx:
            before = chain.end(tx).place
            end = chain.extend(tx)
        if end is None:
            break
        count += end.place - before
        _write(end, seal, at=at)
    return count


def _write(end: End, seal: Seal, *, at: datetime) -> None:
    known = head.read(seal.head_at, keys=seal.keys)
    # Another process may have gone further in between.
    if known is None or known.place < end.place:
        head.write(seal.head_at, end, at=at, keys=seal.keys)
