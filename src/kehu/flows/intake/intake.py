"""Intake: what a channel holds becomes records, or lies in quarantine with its reasons.

Each batch is one transaction with the channel's cursor in it. So a run that dies resumes after the last batch that
was stored; a row may come twice, which changes nothing, but none is left out.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect import raw
from kehu.collect.channel import Channel, Weighed
from kehu.errors import KehuError
from kehu.flows.intake import crew, faulty
from kehu.flows.intake.held import Held
from kehu.flows.intake.helper import Cleaned
from kehu.flows.intake.judged import Judged, only
from kehu.flows.intake.threshold import Gate, Limit
from kehu.flows.intake.withhold import withheld
from kehu.flows.progress import SILENT, Progress
from kehu.model import arrow
from kehu.model.codes import Severity
from kehu.model.records import CLEAN, POSITION, Batch
from kehu.process import checks, mapping, quality
from kehu.process.repeats import Seen
from kehu.process.rows import Rows
from kehu.store import households as statements
from kehu.store import loads, quarantine, records, sealed
from kehu.store import quality as qualities
from kehu.store.database import Database, Transaction


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A channel, and what is made of its rows."""

    channel: Channel
    mapping: mapping.Mapping
    rules: tuple[checks.Rule, ...] = ()
    sparse: bool = False
    """The source leaves out what is empty, as JSON does; a mapped column may then be missing in a batch."""
    limit: Limit = field(default_factory=Limit)
    """How many of its rows may be bad before a load is stopped."""
    zone: str = "UTC"
    """The time zone (IANA) of times that state no offset."""


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What one run of a channel brought."""

    channel: str
    counts: loads.Counts
    """What became of its rows; read = accepted + duplicate + quarantined + erased."""
    load_id: int | None
    """The load in the store; None where there was nothing new to record."""
    failure: str | None
    """Why it stopped before its end; what its stored batches brought stays."""


def intake(
    database: Database,
    feed: Feed,
    *,
    raw_in: Path,
    home: str,
    clock: Callable[[], datetime],
    threads: int = 1,
    held: Held | None = None,
    progress: Progress = SILENT,
) -> Brought:
    """Store what is new in a channel.

    A channel that fails on the way keeps what its stored batches brought; the load is marked failed with the reason,
    and the answer tells it. So does a load that is mostly bad. A run that finds nothing new writes nothing at all.

    Args:
        database: The store.
        feed: The channel, with its mapping and rules.
        raw_in: The folder below which batches are kept as they came.
        home: The country whose numbers and addresses are at home.
        clock: The time, aware.
        threads: How many processes clean a load of many rows while more of it is read.
        held: Where new records are held for whoever identifies them in the same run.
        progress: Whoever wants to watch.

    Raises:
        StoreError: The store itself refuses.
    """
    run = _Run.of(database, feed.channel.name, raw_in, clock, held)
    progress.task(feed.channel.name)
    progress.step("collect")
    gate: Gate[Judged] = Gate(channel=run.channel, limit=feed.limit)
    with run.recorded():
        try:
            with closing(
                judged_batches(feed, after=run.cursor, home=home, threads=threads, progress=progress)
            ) as batches:
                for judged in batches:
                    progress.step("store")
                    for passed in gate.passed(judged):
                        run.store(passed)
                    progress.advance(judged.read)
        finally:  # Too few rows to say that they are too bad.
            for passed in gate.rest():
                run.store(passed)
    return Brought(channel=run.channel, counts=run.counts, load_id=run.load_id, failure=run.failure)


def judged_batches(
    feed: Feed, *, after: str | None, home: str, threads: int = 1, progress: Progress = SILENT
) -> Generator[Judged]:
    """Read what is new in a channel since a cursor, and judge it, batch by batch."""
    seen = Seen(feed.rules)
    channel = feed.channel
    batches = crew.cleaned_ahead(
        channel.batches(after=after),
        partial(_flat, feed=feed),
        home=home,
        zone=feed.zone,
        threads=threads,
        # Who works alone need not know.
        waiting=channel.waiting(after=after) if threads > 1 and isinstance(channel, Weighed) else 0,
    )
    with closing(batches):
        for batch, cleaned in batches:
            progress.step("process")
            yield judge(batch, feed, home=home, seen=seen, cleaned=cleaned)
            progress.step("collect")


def _flat(batch: Batch, feed: Feed) -> pa.Table:
    return mapping.apply(batch.rows, feed.mapping, channel=feed.channel.name, sparse=feed.sparse)


def judge_all(batches: Sequence[Batch], feeds: Sequence[Feed], *, home: str) -> list[Judged]:
    """Judge a batch of each of several channels; batches of one time zone are cleaned as one."""
    cleaned: dict[int, Cleaned] = {}
    for zone in dict.fromkeys(feed.zone for feed in feeds):
        places = [place for place, feed in enumerate(feeds) if feed.zone == zone and batches[place].rows.num_rows]
        flat = [_flat(batches[place], feeds[place]) for place in places]
        cleaned |= zip(places, crew.cleaned_as_one(flat, home=home, zone=zone), strict=True)
    return [
        judge(batch, feed, home=home, cleaned=cleaned.get(place))
        for place, (batch, feed) in enumerate(zip(batches, feeds, strict=True))
    ]


def judge(batch: Batch, feed: Feed, *, home: str, seen: Seen | None = None, cleaned: Cleaned | None = None) -> Judged:
    """Clean the rows of a batch, unless they are, and part the good from the bad.

    With `seen`, a rule that looks at more than one row remembers the batches of the load before.
    """
    if batch.rows.num_rows == 0:
        nothing = pa.array([], pa.int64())
        none = arrow.empty(checks.BREACHES)
        return Judged(
            batch=batch,
            clean=arrow.empty(CLEAN),
            hashes=pa.array([], pa.binary(16)),
            good=nothing,
            faulty=faulty.rows(batch, nothing, pa.array([], pa.string()), none),
            warned=0,
            broke=faulty.unread(batch),
            standing=pa.table({}),
        )
    made = cleaned or crew.cleaned(_flat(batch, feed), home=home, zone=feed.zone)
    flat, hashes = made.flat, made.hashes
    unstorable = [faulty.unstorable(table) for table in (made.clean, made.stated) if table is not None]
    rows = Rows(flat=flat, clean=made.clean, stated=made.stated)
    repeated = (seen or Seen(feed.rules)).breaches(rows, fingerprints=hashes)
    breaches = pa.concat_tables([checks.broken(rows, feed.rules), repeated, *unstorable])
    rejects = pc.equal(breaches["severity"], Severity.REJECT.value)
    faults, warnings = breaches.filter(rejects), breaches.filter(pc.invert(rejects))
    is_bad = np.zeros(flat.num_rows, bool)
    is_bad[faults["row"].to_numpy()] = True
    good, bad = pa.array(np.flatnonzero(~is_bad)), pa.array(np.flatnonzero(is_bad))
    warnings = warnings.filter(pa.array(~is_bad[warnings["row"].to_numpy()]))
    return Judged(
        batch=batch,
        clean=only(made.clean, good),
        hashes=hashes,
        good=good,
        faulty=faulty.rows(batch, bad, flat["record_id"].take(bad), faults),
        warned=warnings.num_rows,
        broke=pa.concat_tables([quality.broke(pa.concat_tables([faults, warnings])), faulty.unread(batch)]),
        standing=only(quality.standing(flat, made.clean), good),
        stated=None if made.stated is None else only(made.stated, good),
    )


def stored(
    tx: Transaction,
    judged: Judged,
    *,
    channel: str,
    load: int,
    at: datetime,
    received_at: pa.Array | None = None,
    wait: bool = True,
) -> tuple[loads.Counts, records.Added]:
    """Store the good rows of a batch as records and the bad ones in quarantine, and say what became of them.

    With `received_at` the good rows first came then: one does not take the place of a record that came after it. They
    `wait` for their customers, or get them in this transaction.
    """
    added = records.add(
        tx,
        judged.clean,
        hashes=only(judged.hashes, judged.good),
        positions=only(judged.batch.rows[POSITION], judged.good),
        load=load,
        at=at,
        received_at=received_at,
        wait=wait,
    )
    if judged.stated is not None:
        statements.add(tx, judged.stated, records=added.records, channel=channel)
    new_bad = quarantine.add(tx, judged.faulty, channel=channel, load=load, at=at)
    quarantined = len(new_bad)
    by_rule, by_attribute = _quality(judged, added, new_bad)
    qualities.add(tx, load, rules=by_rule, attributes=by_attribute)
    counts = loads.Counts(
        read=judged.read + judged.erased,
        erased=judged.erased,
        accepted=added.accepted,
        # A bad row that lies in quarantine already is a duplicate, too.
        duplicate=added.duplicate + judged.faulty.num_rows - quarantined,
        quarantined=quarantined,
        warned=judged.warned,
        changed=added.changed,
    )
    return counts, added


def _quality(judged: Judged, added: records.Added, new_bad: list[int]) -> tuple[pa.Table, pa.Table]:
    """By rule and by attribute the quality of what is new in a batch: a row that comes again says nothing new."""
    if not added.records.null_count and len(new_bad) == judged.faulty.num_rows and not judged.erased:
        return quality.by_rule(judged.broke), quality.by_attribute(judged.standing)
    is_new = pc.is_valid(added.records)
    news = np.zeros(judged.read, bool)
    news[judged.good.filter(is_new).to_numpy()] = True
    news[np.setdiff1d(np.arange(judged.read), judged.good.to_numpy())[new_bad]] = True
    broke = judged.broke.filter(pa.array(news[judged.broke["row"].to_numpy()]))
    return quality.by_rule(broke), quality.by_attribute(judged.standing.filter(is_new))


@dataclass(kw_only=True)
class _Run:
    """One run of a channel: the load in the store begins with the first batch that brings something."""

    database: Database
    channel: str
    raw_in: Path
    clock: Callable[[], datetime]
    held: Held | None
    cursor: str | None
    """The channel's cursor, after the last batch."""
    batches: int = 0
    """How many batches the load stored."""
    load_id: int | None = None
    counts: loads.Counts = field(default_factory=loads.Counts)
    """All rows so far."""
    unrecorded: loads.Counts = field(default_factory=loads.Counts)
    """Rows, all of them duplicates, that no load counts yet."""
    failure: str | None = None

    @classmethod
    def of(
        cls, database: Database, channel: str, raw_in: Path, clock: Callable[[], datetime], held: Held | None
    ) -> "_Run":
        with database.read() as tx:
            cursor = loads.cursor_of(tx, channel)
            has_open = loads.has_open(tx, channel)
        if has_open:
            with database.begin() as tx:
                loads.interrupt(tx, channel, at=clock())
        return cls(database=database, channel=channel, raw_in=raw_in, clock=clock, held=held, cursor=cursor)

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Whatever ends the block, the load tells how."""
        try:
            yield
        except KehuError as why:
            self._fail(str(why))
        except BaseException as why:  # Ctrl-C, or a fault of ours: told to the load, and passed on.
            self._fail(f"stopped: {type(why).__name__}")
            raise
        else:
            if self.load_id is not None:
                with self.database.begin() as tx:
                    loads.finish(tx, self.load_id, at=self.clock())

    def store(self, judged: Judged) -> None:
        """Store a batch, its counts and the channel's cursor, all in one transaction; nothing, where nothing is new."""
        with self.database.begin() as tx, raw.kept_with_batches() as kept:
            judged = withheld(tx, judged, channel=self.channel, vault=self.database.vault).judged
            batch = judged.batch
            number = self.load_id or loads.start(tx, self.channel, at=self.clock())
            counts, added = stored(tx, judged, channel=self.channel, load=number, at=self.clock())
            is_news = counts.accepted or counts.quarantined or batch.cursor not in (None, self.cursor)
            if is_news:
                loads.advance(tx, number, counts=sum_of(self.unrecorded, counts), cursor=batch.cursor)
                kept.append(self.raw_in / self.channel / f"{number:06d}" / f"{self.batches + 1:06d}.parquet")
                raw.keep(batch, kept[-1], hashes=judged.hashes, wrap=sealed.wrap(tx))
            else:
                tx.rollback()
        self.counts = sum_of(self.counts, counts)
        if self.held is not None and is_news:
            self.held.hold(added)
        if is_news:
            self.load_id, self.batches, self.unrecorded = number, self.batches + 1, loads.Counts()
            self.cursor = batch.cursor or self.cursor
        else:
            self.unrecorded = sum_of(self.unrecorded, counts)

    def _fail(self, reason: str) -> None:
        self.failure = reason
        with self.database.begin() as tx:
            if self.load_id is None:
                self.load_id = loads.start(tx, self.channel, at=self.clock())
                loads.advance(tx, self.load_id, counts=self.unrecorded)
            loads.fail(tx, self.load_id, at=self.clock(), reason=reason)


def sum_of(one: loads.Counts, other: loads.Counts) -> loads.Counts:
    """Two counts as one."""
    return loads.Counts(**{name: count + getattr(other, name) for name, count in vars(one).items()})
