"""The figures of analysis: read from what was counted last, for every filter; and reports of them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

import pyarrow as pa

from kehu.analyse import crosses, document, figures, picture
from kehu.analyse import report as reports
from kehu.analyse.crosses import Cross
from kehu.analyse.figures import Figure
from kehu.analyse.report import Format
from kehu.errors import NotFoundError, SettingsError, UncountedError
from kehu.flows.analysis import profile
from kehu.flows.analysis.segments import Reader
from kehu.model.languages import Language
from kehu.store import behind, facts, quality, tallies
from kehu.store import figures as counts
from kehu.store.counting import walk
from kehu.store.database import Database, Transaction
from kehu.store.quality import Quality
from kehu.store.tallies import Cut

PARTS: dict[str, tuple[str, ...]] = {
    "customers": ("category", "star_level", "province", "kind", "gender", "age", "channel", "new", "lost", "numbers"),
    "contacts": ("reason", "ticket", "sla"),
    "quality": ("score", "records", "twice", "completeness", "validity", "load"),
    "movement": ("tenure", "recency", "retention", "journey"),
}
"""The figures of each part of the dashboard."""

NAMES = tuple(name for names in PARTS.values() for name in names)

OF_ALL = frozenset({"tenure", "recency", "retention", "journey"})
"""Figures that know no filter."""
OF_LOADS = frozenset({"completeness", "validity", "load"})
"""Figures of what channels brought; of filters they know channel and time."""
NAMED = {"province": 40, "reason": 21}
"""Figures of more codes than a pie can show: every province has its tile, and the twenty commonest reasons a bar."""
MEANING = 2
"""Another where a figure came to mean something else: then all are counted anew, though nothing changed."""
LOADS = 20
"""So many loads are shown, the newest."""


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """Figures, and when they were counted."""

    figures: tuple[Figure | Cross, ...]
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the customers can be filtered by."""

    categories: tuple[str, ...]
    provinces: tuple[str, ...]
    channels: tuple[str, ...]


def refresh(
    database: Database,
    *,
    at: datetime,
    zone: tzinfo,
    older_than: timedelta = timedelta(0),
    is_changed: bool = True,
) -> bool:
    """Count every figure and keep it, unless what is kept is good enough; whether it was counted.

    Args:
        database: The store.
        at: Now.
        zone: Where days begin.
        older_than: What was counted so short a time ago is good enough for now, and counted again by a later call.
        is_changed: The caller knows of a change; else it is looked for.
    """
    with database.read() as tx:
        before, known = tallies.kept_at(tx), facts.get(tx, tallies.OF)
        there = f"{tallies.marker(tx)}, figures {len(NAMES)}, meaning {MEANING}"
        is_known = known == there
        if before is not None and not is_changed and is_known:
            return False
        is_due = before is None or at - before >= older_than
        told = walk.tallies(tx, today=at.astimezone(zone).date()) if is_due else None
    with database.begin() as tx:
        if told is None:
            facts.drop(tx, tallies.OF)
        else:
            tallies.keep(tx, told, at=at, of=there)
    return told is not None


def shown(
    database: Database,
    wanted: Cut,
    *,
    at: datetime,
    zone: tzinfo,
    reader: Reader,
    names: tuple[str, ...] = NAMES,
    may_wait: bool = True,
) -> Dashboard:
    """The figures of those that are wanted, as they were when last counted; counted now where they never were.

    Raises:
        NotFoundError: There is no figure of this name.
        UncountedError: They never were, there is much to count, and whoever asks may not wait.
    """
    if unknown := [name for name in names if name not in NAMES]:
        raise NotFoundError(f"there is no figure {unknown[0]} (has: {', '.join(NAMES)})")
    with database.read() as tx:
        before = tallies.kept_at(tx)
        if before is None and not may_wait and tallies.are_many(tx):
            raise UncountedError("figures have not been counted yet: the next `kehu run` counts them")
        told = _told(tx, wanted, names, None if before else at.astimezone(zone).date())
        brought = quality.of(tx, since=_first(wanted), until=_last(wanted, at), channel=wanted.channel)
        loads = counts.loads(tx, wanted.channel, since=_first(wanted), until=_last(wanted, at), limit=LOADS)
    smallest = 0 if reader.sees_persons else reader.smallest
    brought = profile.protected(brought, smallest)
    made = tuple(
        _of_loads(name, brought, loads, smallest)
        if name in OF_LOADS
        else _figure(name, told, Cut() if name in OF_ALL else wanted, smallest)
        for name in names
    )
    return Dashboard(figures=made, at=before or at)


def part(database: Database, figure: str, code: str, wanted: Cut, *, at: datetime, zone: tzinfo) -> behind.Part:
    """A part of a figure, as of the day on which it was counted."""
    with database.read() as tx:
        counted = tallies.kept_at(tx) or at
    return behind.Part(
        figure=figure, code=code, today=counted.astimezone(zone).date(), since=wanted.since, until=wanted.until,
        channel=wanted.channel if figure in behind.OF_CONTACTS else None,
    )  # fmt: skip


def choices(database: Database, *, at: datetime, zone: tzinfo, reader: Reader, may_wait: bool = True) -> Choices:
    """What there is to choose from, the commonest first; as `shown`."""
    sides = ("category", "province", "channel")
    told = shown(database, Cut(), at=at, zone=zone, reader=reader, names=sides, may_wait=may_wait).figures
    codes = [
        tuple(part.code for part in one.slices if part.code not in (figures.REST, figures.NONE))
        for one in told
        if isinstance(one, Figure)
    ]
    return Choices(categories=codes[0], provinces=tuple(sorted(codes[1])), channels=tuple(sorted(codes[2])))


def _told(tx: Transaction, wanted: Cut, names: tuple[str, ...], count_now: date | None) -> pa.Table:
    """The tallies of these figures, kept or counted on this day."""
    if count_now is not None:
        return walk.tallies(tx, today=count_now)
    kept = {"sla" if name == "ticket" else name for name in names}
    pieces = [tallies.kept(tx, wanted, sorted(kept - OF_ALL)), tallies.kept(tx, Cut(), sorted(kept & OF_ALL))]
    return pa.concat_tables(pieces)


def _figure(name: str, told: pa.Table, cut: Cut, smallest: int) -> Figure | Cross:
    if name == "ticket":
        return figures.figure(name, tallies.of(told, "sla", cut, by="month"), smallest=smallest)
    counted = tallies.of(told, name, cut)
    if name not in crosses.KINDS:
        return figures.figure(name, counted, named=NAMED.get(name, figures.NAMED_CODES), smallest=smallest)
    pairs = [
        (*code.rsplit("|", 1), many)
        for code, many in zip(counted["value"].to_pylist(), counted["count"].to_pylist(), strict=True)
    ]
    if name == "retention":
        return crosses.shares(name, pairs, of="0", smallest=smallest)
    return crosses.cross(name, pairs, smallest=smallest)


def _of_loads(name: str, brought: Quality, loads: tuple[counts.Brought, ...], smallest: int) -> Cross:
    if name == "load":
        cells = [
            (f"{one.load_id} · {one.channel}", outcome, many)
            for one in loads
            for outcome, many in (
                ("new", one.accepted - one.changed), ("changed", one.changed), ("held", one.duplicate),
                ("quarantined", one.quarantined),
            )
        ]  # fmt: skip
        return crosses.cross(name, cells, smallest=smallest)
    return crosses.percents(
        name,
        [
            (one.attribute, one.channel, one.valid if name == "validity" else one.filled, one.rows)
            for one in brought.filled
        ],
    )


def _first(wanted: Cut) -> date:
    return date.fromisoformat(f"{wanted.since}-01") if wanted.since else date(1970, 1, 1)


def _last(wanted: Cut, at: datetime) -> date:
    """The last day (UTC) of the months that are wanted."""
    if wanted.until is None:
        return at.astimezone(UTC).date()
    year, month = (int(part) for part in wanted.until.split("-"))
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def report(
    database: Database,
    form: Format,
    language: Language,
    *,
    at: datetime,
    zone: tzinfo,
    reader: Reader,
    names: tuple[str, ...] | None = None,
) -> bytes:
    """Figures as a file: all as a document or a picture, else the customers by category, unless others are named.

    Raises:
        NotFoundError: There is no figure of this name.
        SettingsError: The form needs what is not installed, or holds one figure only.
    """
    whole = form in (Format.HTML, Format.PNG)
    wanted = names or (NAMES if whole else ("category",))
    if not whole and len(wanted) > 1:
        raise SettingsError(f"--format {form} holds one figure: name one, or take html or png")
    told = shown(database, Cut(), at=at, zone=zone, reader=reader, names=wanted)
    if form is Format.HTML:
        return document.html(told.figures, language, at=told.at.astimezone(zone)).encode()
    if form is Format.PNG:
        return picture.png(told.figures, language)
    return reports.written(told.figures[0], form, language).encode()
