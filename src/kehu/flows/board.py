"""The board of the channels: what each brought last, when it is read next, and what a run is doing right now."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from kehu.errors import ConflictError, KehuError
from kehu.flows.intake.preview import Preview
from kehu.flows.upkeep.alone import RUN, is_gone
from kehu.model.codes import LoadState
from kehu.store import dues, holdings, leases, loads
from kehu.store.database import Database, Transaction
from kehu.store.holdings import Channel
from kehu.store.loads import Load

SHOWN_LOADS = 100
"""Among so many loads are those looked for that a run in progress began."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A channel as the settings describe it."""

    name: str
    kind: str
    """How it is read: rest, database, files, push, or the word of one of your own."""
    is_mapped: bool
    """Whether its settings say which of its columns is which of ours."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The channels of the settings, read anew each time: whoever edits a mapping wants to see what it does."""

    described: Callable[[], tuple[Source, ...]]
    look: Callable[[str], Preview]
    """What the settings make of the first rows of a channel."""
    busy: threading.Lock = field(default_factory=threading.Lock)
    """Held while somebody looks: what a channel is read from is not ours, and not to be pressed."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a channel stands."""

    name: str
    source: Source | None
    """How it is read; None where the settings do not name it: its records were sent, or it was taken out."""
    brought: Channel | None
    """What it brought so far; None where it was never read."""
    next_at: datetime | None
    """When it is read next; None where nobody reads it at intervals."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """A run in progress."""

    since: datetime
    host: str
    process: int
    loads: tuple[Load, ...]
    """What it read so far: its loads, the newest first; the counts of the open one grow with each batch."""
    waiting: int
    """Records that wait to be identified."""

    @property
    def reads(self) -> bool:
        """Whether it reads a channel right now; else it looks for the customers, or begins."""
        return any(one.state == LoadState.RUNNING for one in self.loads)


@dataclass(frozen=True, kw_only=True)
class Board:
    """The channels, and the run in progress."""

    channels: tuple[Standing, ...]
    running: Running | None
    """None while nobody is at work."""
    complaint: str | None
    """What is wrong with the settings, so that they describe no channel."""


def board(database: Database, sources: Sources | None, *, at: datetime) -> Board:
    """How every channel stands that is described, or ever brought something."""
    described, complaint = _described(sources)
    with database.read() as tx:
        held = {one.name: one for one in holdings.channels(tx)}
        due = dues.of(tx)
        going_on = _running(tx, at)
    known = {one.name: one for one in described}
    # Those of the settings stand in their order, and before those that are known by their records alone.
    channels = tuple(
        Standing(name=name, source=known.get(name), brought=held.get(name), next_at=due.get(name))
        for name in dict.fromkeys([*known, *held])
    )
    return Board(channels=channels, running=going_on, complaint=complaint)


def running(database: Database, *, at: datetime) -> Running | None:
    """What a run is doing right now; None while nobody is at work."""
    with database.read() as tx:
        return _running(tx, at)


def look(sources: Sources, channel: str) -> Preview:
    """What the settings make of the first rows of a channel; nothing is stored.

    Raises:
        SettingsError: The settings describe no such channel, or no mapping of it, or are wrong.
        SourceError: The channel cannot be read.
        ConflictError: Somebody else looks at one just now.
    """
    if not sources.busy.acquire(blocking=False):
        raise ConflictError("somebody else is looking at a channel just now; try again in a moment")
    try:
        return sources.look(channel)
    finally:
        sources.busy.release()


def _described(sources: Sources | None) -> tuple[tuple[Source, ...], str | None]:
    if sources is None:
        return (), None
    try:
        return sources.described(), None
    except KehuError as why:
        return (), str(why)


def _running(tx: Transaction, at: datetime) -> Running | None:
    held = leases.held(tx, RUN)
    if held is None or held.expires_at <= at or is_gone(held):
        return None
    recent = loads.recent(tx, limit=SHOWN_LOADS)
    fetched = tuple(one for one in recent if one.started_at >= held.taken_at and one.pushed_by is None)
    return Running(
        since=held.taken_at, host=held.host, process=held.process, loads=fetched, waiting=holdings.waiting(tx)
    )
