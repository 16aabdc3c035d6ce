"""Alone: one run at a time, by a lease in the store.

A thread renews the lease while the block works. A run that was killed holds it no longer: on this machine its process
is looked for, and on another one the lease runs out.
"""

import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from kehu.errors import ConflictError, StoreError
from kehu.flows.progress import Progress
from kehu.store import leases
from kehu.store.database import Database
from kehu.store.leases import Lease

RUN = "run"
"""The name of what only one may do at a time: take in what is new, and whatever must not meet that."""
LASTS = timedelta(minutes=5)
"""After so long without a sign of life a lease on another machine may be taken."""
BEAT_S = 20.0
"""So often it is renewed. A long transaction of its own run may keep a beat waiting, on SQLite."""


@dataclass(kw_only=True)
class Guard:
    """Knows whether the lease is still ours."""

    is_lost: threading.Event = field(default_factory=threading.Event)

    def watched(self, progress: Progress) -> Progress:
        """The same progress, which refuses the next step once the lease is lost."""
        return _Watched(progress, self)

    def require(self) -> None:
        """Refuse to go on where somebody else is at work.

        Raises:
            ConflictError: The lease is lost.
        """
        if self.is_lost.is_set():
            raise ConflictError("this run was out of reach of the store for too long, and another has taken its place")


class _Watched:
    def __init__(self, progress: Progress, guard: Guard) -> None:
        self._progress, self._guard = progress, guard

    def task(self, name: str, total: int | None = None) -> None:
        self._guard.require()
        self._progress.task(name, total)

    def step(self, name: str) -> None:
        self._guard.require()
        self._progress.step(name)

    def advance(self, rows: int) -> None:
        self._progress.advance(rows)


@contextmanager
def alone(
    database: Database, name: str, *, clock: Callable[[], datetime], lasts: timedelta = LASTS, beat_s: float = BEAT_S
) -> Iterator[Guard]:
    """Hold a lease while the block works.

    Args:
        database: The store.
        name: What only one may do at a time: `RUN`.
        clock: The time, aware.
        lasts: How long the lease outlives its last sign of life.
        beat_s: How often a sign of life is given.

    Raises:
        ConflictError: Somebody else is at work; it says who.
    """
    now = clock()
    mine = Lease(
        name=name,
        token=uuid.uuid4().hex,
        host=_machine(),
        process=os.getpid(),
        taken_at=now,
        expires_at=now + lasts,
    )
    with database.begin() as tx:
        leases.take(tx, mine, is_gone=is_gone)
    guard, done = Guard(), threading.Event()

    def beat() -> None:
        while not done.wait(beat_s):
            try:
                with database.begin() as tx:
                    is_ours = leases.renew(tx, mine, until=clock() + lasts)
            except StoreError:  # Busy, or away for a moment: the next beat tries again.
                continue
            if not is_ours:
                guard.is_lost.set()
                return

    heart = threading.Thread(target=beat, name=f"lease {name}", daemon=True)
    heart.start()
    try:
        yield guard
    finally:
        done.set()
        heart.join()
        with database.begin() as tx:
            leases.give_back(tx, mine)


def _machine() -> str:
    """Where a process number means what it does here: the host, and in a container its own numbering."""
    numbering = Path("/proc/self/ns/pid")
    inside = f" ({numbering.readlink()})" if numbering.is_symlink() else ""
    return f"{socket.gethostname()}{inside}"[:200]


def is_gone(held: Lease) -> bool:
    """Whether the holder was a process of this machine that lives no more."""
    if held.host != _machine():
        return False
    try:
        os.kill(held.process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
