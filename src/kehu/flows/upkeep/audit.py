"""The audit trail, chained and sealed: seconds after something was noted, and before `kehu` ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kehu.flows import meanwhile
from kehu.store import fingerprints
from kehu.store.audit import chain, head
from kehu.store.audit.chain import End
from kehu.store.database import Database
from kehu.store.sealing.keyring import Keyring

EVERY_S = 5.0
"""So often the trail is sealed while the application runs."""


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
            number = fingerprints.number(tx)
        count += end.place - before
        _write(end, seal, at=at, number=number)
    return count


def begun_anew(database: Database, seal: Seal, *, at: datetime) -> None:
    """As `sealed`, for a trail that came out of a backup: it may end before the head that is written outside.

    That head is kept beside the new one, under its place: the trail of the restored store names it.
    """
    known = head.read(seal.head_at, keys=seal.keys)
    if known is not None:
        seal.head_at.replace(seal.head_at.with_name(f"{seal.head_at.name}.{known.place}"))
    if not sealed(database, seal, at=at):
        with database.read() as tx:
            _write(chain.end(tx), seal, at=at, number=fingerprints.number(tx))


@contextmanager
def sealed_now_and_then(
    database: Database, seal: Seal, *, clock: Callable[[], datetime], every_s: float = EVERY_S
) -> Iterator[None]:
    """Seal the trail every few seconds while the block runs, and once more when it ends."""

    def work() -> None:
        sealed(database, seal, at=clock())

    try:
        with meanwhile.repeated(work, name="audit seal", every_s=every_s):
            yield
    finally:
        meanwhile.attempt(work, name="audit seal")


def _write(end: End, seal: Seal, *, at: datetime, number: int) -> None:
    known = head.read(seal.head_at, keys=seal.keys)
    # Another process may have gone further in between.
    if known is None or known.place < end.place:
        head.write(seal.head_at, end, at=at, keys=seal.keys, number=number)
