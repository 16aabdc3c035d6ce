"""The whole way: what is new in the channels is taken in, and every new record gets its customer."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from kehu.engine.engine import Engine
from kehu.flows.identify import identify
from kehu.flows.identify.grouping import Identified
from kehu.flows.intake.held import Held
from kehu.flows.intake.intake import Brought, Feed, intake
from kehu.flows.progress import SILENT, Progress
from kehu.resolve.model import Model
from kehu.resolve.survivorship import DEFAULT, Survivorship
from kehu.store.database import Database
from kehu.store.loads import Counts


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a run did."""

    brought: tuple[Brought, ...] = ()
    """What each channel brought."""
    identified: Identified = field(default_factory=Identified)
    """What became of the customers."""

    @property
    def counts(self) -> Counts:
        """What became of the rows of all channels."""
        sums = [asdict(one.counts) for one in self.brought]
        return Counts(**{name: sum(counts[name] for counts in sums) for name in asdict(Counts())})

    @property
    def failures(self) -> dict[str, str]:
        """The channels that failed, and why; one whose every row was bad failed, too."""
        return {one.channel: reason for one in self.brought if (reason := one.failure or _unusable(one)) is not None}

    @property
    def is_new(self) -> bool:
        """Whether it changed anything."""
        return bool(
            self.counts.accepted or self.counts.quarantined or self.identified.records or self.identified.renewed
        )


def _unusable(one: Brought) -> str | None:
    """One bad row in a load is the row's fault; where no row is good, it is the file's or the mapping's."""
    counts = one.counts
    if not counts.quarantined or counts.accepted or counts.duplicate:
        return None
    return f"none of its {counts.read:,} rows is usable; `kehu quarantine list --channel {one.channel}` tells why"


def collect(
    database: Database,
    feeds: Sequence[Feed],
    *,
    raw_in: Path,
    home: str,
    clock: Callable[[], datetime],
    threads: int = 1,
    held: Held | None = None,
    progress: Progress = SILENT,
) -> Ran:
    """Take in what is new in each channel; one that fails does not keep the others from it."""
    return Ran(
        brought=tuple(
            intake(database, feed, raw_in=raw_in, home=home, clock=clock, threads=threads, held=held, progress=progress)
            for feed in feeds
        )
    )


def whole(
    database: Database,
    feeds: Sequence[Feed],
    engine: Engine,
    model: Model,
    *,
    raw_in: Path,
    home: str,
    trust: Mapping[str, int],
    survivorship: Survivorship = DEFAULT,
    hot_key_limit: int,
    clock: Callable[[], datetime],
    progress: Progress = SILENT,
) -> Ran:
    """Take in what is new, then give every new record its customer."""
    held = Held()
    with _unswept():
        collected = collect(
            database, feeds, raw_in=raw_in, home=home, clock=clock, threads=engine.threads, held=held, progress=progress
        )
        loads = [f"load {one.load_id}" for one in collected.brought if one.load_id is not None]
        identified = identify.identify(
            database,
            engine,
            model,
            trust=trust,
            survivorship=survivorship,
            hot_key_limit=hot_key_limit,
            clock=clock,
            why=", ".join(loads) or "identify",
            held=held,
            progress=progress,
        )
    return Ran(brought=collected.brought, identified=identified)


@contextmanager
def _unswept() -> Iterator[None]:
    """Spare what was there before the search for circles of objects: thousands of rows set it off again and again."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
