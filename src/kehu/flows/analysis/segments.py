"""Segments (客群): counted, saved, looked into and taken out."""

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import pyarrow as pa

from kehu.analyse import figures, sheets
from kehu.errors import ConflictError, NotFoundError
from kehu.flows.analysis import export as exporting
from kehu.flows.insight.sight import Sight
from kehu.flows.once import Once, made, noted
from kehu.flows.progress import SILENT, Progress
from kehu.flows.users.people import By
from kehu.model import segments as model
from kehu.model.masks import MASKS
from kehu.model.privacy import Purpose as Consent
from kehu.model.segments import Segment
from kehu.store import conditions, exports, fingerprints, segments, views
from kehu.store.audit import trail
from kehu.store.conditions import Today
from kehu.store.database import Database, Transaction
from kehu.store.sealing.keyring import Use
from kehu.store.segments import Saved

IN_CLEAR = ("customer_id", "kind", "name", "id_type", "id_number", "phone", "phone_2", "birth_date", "gender", "email",
            "address", "province", "city", "district", "category", "star_level",
            "records", "quality", "updated_at")  # fmt: skip
"""What an export of customers holds for those who may see persons."""

OF_NOBODY = ("kind", "gender", "province", "city", "category", "star_level", "records", "quality")
"""What an export holds for those who may not: nothing that names anybody, beside a token."""

TOKEN_BYTES = 16


@dataclass(frozen=True, kw_only=True)
class Reader:
    """What somebody who counts may know."""

    sees_persons: bool
    """Else small groups are not told, and nobody is named."""
    sight: Sight
    """How they see persons."""
    smallest: int
    """Groups of fewer customers are not told to those who may not see persons."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many customers a segment means."""

    customers: int | None
    """None: fewer than may be told, perhaps nobody."""
    of: int
    """All customers."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many customers a segment meant at a time."""

    at: datetime
    customers: int | None
    """None: fewer than may be told."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A saved segment, as people and machines are told of it."""

    segment_id: int
    name: str
    version: int
    condition: Any
    """The tree, as JSON."""
    with_each_run: bool
    made_at: datetime
    made_by: str
    sizes: tuple[Size, ...]
    """How many it meant, over time."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """What a segment meant at a time."""

    version: int
    condition: Any
    """The tree, as JSON."""
    made_at: datetime
    made_by: str


@dataclass(frozen=True, kw_only=True)
class Factor:
    """A condition of a segment, and whether it holds for somebody."""

    condition: Any
    """The tree below it, as JSON."""
    holds: bool


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """Why a list goes out, and to whom."""

    purpose: str
    recipient: str
    consent: Consent | None = None
    """What its customers must have consented to, or may not have refused; None: the contract itself needs it."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """How many customers went out on a list."""

    customers: int
    left_out: int
    """Meant, but left out: they do not want to be on a list for this."""


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """How many customers two segments share; None: fewer than may be told."""

    both: int | None
    one: int | None
    """Only the first means them."""
    other: int | None
    """Only the second does."""


def today(at: datetime, zone: tzinfo) -> Today:
    """The day on which relative dates are reckoned."""
    return Today(day=at.astimezone(zone).date(), zone=zone)


def count(database: Database, wanted: Segment, on: Today, *, reader: Reader) -> Counted:
    """How many customers a segment means."""
    with database.read() as tx:
        return Counted(
            customers=_told(segments.count(tx, wanted, on), reader),
            of=_told(segments.living(tx), reader) or 0,
        )


def overlap(database: Database, one: Segment, other: Segment, on: Today, *, reader: Reader) -> Overlap:
    """How many customers two segments share, and how many each means alone."""
    with database.read() as tx:
        both = segments.overlap(tx, one, other, on)
        alone = [segments.count(tx, each, on) - both for each in (one, other)]
    return Overlap(both=_told(both, reader), one=_told(alone[0], reader), other=_told(alone[1], reader))


def save(
    database: Database,
    wanted: Segment,
    *,
    name: str,
    by: By,
    segment_id: int | None = None,
    with_each_run: bool = False,
    reader: Reader,
    once: Once | None = None,
) -> Shown:
    """Save a segment, or another version of one.

    Raises:
        ConflictError: The name is empty, too long, or another segment's.
        NotFoundError: There is no segment with this number.
    """
    with database.begin() as tx:
        number = made(once, tx)
        if number is None:
            number = segments.save(
                tx, wanted, name=name, by=by.login, at=by.at, segment_id=segment_id, with_each_run=with_each_run
            )
            noted(once, tx, number)
        return _shown(segments.saved(tx, number), segments.counts(tx, number), reader)


def one(database: Database, segment_id: int, *, reader: Reader) -> Shown:
    """A saved segment, and its size over time.

    Raises:
        NotFoundError: There is none.
    """
    with database.read() as tx:
        return _shown(segments.saved(tx, segment_id), segments.counts(tx, segment_id), reader)


def versions(database: Database, segment_id: int) -> tuple[Version, ...]:
    """What a segment means and meant, the version in force first.

    Raises:
        NotFoundError: There is no such segment.
    """
    with database.read() as tx:
        found = segments.versions(tx, segment_id)
    if not found:
        raise NotFoundError(f"there is no segment {segment_id}")
    return tuple(
        Version(version=one.version, condition=model.written(one.segment), made_at=one.made_at, made_by=one.made_by)
        for one in found
    )


def listed(database: Database, *, after: int = 0, limit: int = 50, reader: Reader) -> list[Shown]:
    """A page of the segments in use, each with the size it last had."""
    with database.read() as tx:
        found = segments.listed(tx, after=after, limit=limit)
        sizes = segments.last_counts(tx, [one.segment_id for one in found])
        return [_shown(one, [sizes[one.segment_id]] if one.segment_id in sizes else [], reader) for one in found]


def put_away(database: Database, segment_id: int, *, by: By) -> None:
    """Take a segment out of use."""
    with database.begin() as tx:
        segments.saved(tx, segment_id)
        segments.put_away(tx, segment_id, at=by.at)


def members(
    database: Database, wanted: Segment, on: Today, *, sight: Sight, after: int | None = None, limit: int = 50
) -> views.Page[views.Customer]:
    """A page of the customers that a segment means, the newest first."""
    with database.read() as tx:
        numbers = segments.members(tx, wanted, on, after=after, limit=limit + 1)
        found = {one.customer_id: one for one in views.customers_of(tx, numbers[:limit])}
    rows = tuple(found[number] for number in numbers[:limit] if number in found)
    following = numbers[limit - 1] if len(numbers) > limit else None
    return views.Page(rows=sight.of(rows), following=following)


def batches(tx: Transaction, name: str, on: Today, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    """Columns of the customers that a saved segment means, a piece at a time.

    Raises:
        NotFoundError: There is none of this name.
    """
    yield from exports.customers(tx, conditions.where(tx, segments.named(tx, name).segment, on), columns)


def factors(database: Database, wanted: Segment, on: Today, customer_id: int) -> tuple[Factor, ...]:
    """Why somebody is meant, or is not: every condition, and whether it holds for them.

    Raises:
        NotFoundError: There is no such customer.
    """
    with database.read() as tx:
        told = segments.factors(tx, wanted, on, customer_id)
    return tuple(Factor(condition=model.written(Segment(condition=one)), holds=holds) for one, holds in told)


def recount(database: Database, *, at: datetime, zone: tzinfo, is_changed: bool = True) -> int:
    """Count every segment that is counted with each run; how many those were.

    Where nothing changed, only those are counted that were not since their version was saved, or not on this day: ages,
    and days ago, go on.
    """
    on, counted, after = today(at, zone), 0, 0
    with database.begin() as tx:
        while page := segments.listed(tx, after=after, limit=200):
            last = segments.last_counted(tx, [found.segment_id for found in page])
            for found in page:
                if found.with_each_run and (is_changed or _is_due(found, last.get(found.segment_id), on)):
                    segments.note_count(tx, found, segments.count(tx, found.segment, on), at=at)
                    counted += 1
            after = page[-1].segment_id
    return counted


def _is_due(found: Saved, last: tuple[datetime, int] | None, on: Today) -> bool:
    return last is None or last[1] != found.version or last[0].astimezone(on.zone).date() != on.day


def export(
    database: Database,
    found: Saved | Shown,
    wanted: Segment,
    on: Today,
    path: Path,
    *,
    why: Purpose,
    by: By,
    reader: Reader,
    progress: Progress = SILENT,
) -> Taken:
    """Write the customers of a segment to a file, whose name tells its form; returns how many.

    Whoever does not want to be on a list for its purpose is left out, and so is everybody whose data is restricted, and
    every child whose guardian has not consented.

    Who may not see persons gets a token in place of a number: the same for one customer within one purpose, and another
    in every other, so that lists for two purposes cannot be joined.

    Raises:
        ConflictError: Who may not see persons asks for fewer than they may be told of.
        SettingsError: The name of the file tells no form that we write.
        SourceError: The file cannot be written, or cannot hold so many rows.
    """
    form = sheets.form_of(path)
    columns = IN_CLEAR if reader.sees_persons else ("customer_id", *OF_NOBODY)
    is_masked = reader.sees_persons and not reader.sight.is_clear
    fields = [exports.COLUMNS[exports.What.CUSTOMERS].field(name) for name in columns]
    if not reader.sees_persons:
        fields[0] = pa.field("token", pa.string(), nullable=False)
    schema = pa.schema([exporting.masked_field(field) if is_masked else field for field in fields])
    if not reader.sees_persons:
        _refuse_few(database, wanted, on, why, reader)
    _note(database, found, why, by=by, columns=columns)
    key = None if reader.sees_persons else _token_key(database, why)
    with database.read() as tx:
        many = segments.count(tx, wanted, on)
        meant = segments.on_list(tx, wanted, on, why.consent)
        progress.task(f"export {found.name}", many)
        with sheets.opened(path, form, schema) as sheet:

            def write(piece: pa.RecordBatch) -> None:
                sheet.write(_shaped(piece, schema, is_masked=is_masked, key=key))

            rows = exporting.poured(exports.customers(tx, meant, columns), write, progress)
    return Taken(customers=rows, left_out=many - rows)


def _refuse_few(database: Database, wanted: Segment, on: Today, why: Purpose, reader: Reader) -> None:
    with database.read() as tx:
        many = segments.count_where(tx, segments.on_list(tx, wanted, on, why.consent))
    if _told(many, reader) is None:
        raise ConflictError(f"fewer than {reader.smallest} customers would be on this list: too few to tell of")


def _shaped(piece: pa.RecordBatch, schema: pa.Schema, *, is_masked: bool, key: bytes | None) -> pa.RecordBatch:
    """A piece as its reader may have it; with a key, tokens in place of numbers."""
    if is_masked:
        return exporting.masked(piece, schema)
    if key is None:
        return piece
    numbers = piece.column(0).to_pylist()
    tokens = [hmac.digest(key, b"%d" % number, "sha256")[:TOKEN_BYTES].hex() for number in numbers]
    return pa.record_batch([pa.array(tokens, pa.string()), *piece.columns[1:]], schema=schema)


def _token_key(database: Database, why: Purpose) -> bytes:
    assert database.vault is not None, "tokens are made with the key of the store"
    with database.read() as tx:
        secret = database.vault.keys.derived(Use.FIND, fingerprints.number(tx))
    return hmac.digest(secret, f"export for {why.purpose}".encode(), "sha256")


def _note(database: Database, found: Saved | Shown, why: Purpose, *, by: By, columns: Sequence[str]) -> None:
    if database.vault is None:  # A store without a vault has no trail.
        return
    entry = trail.Entry(
        at=by.at, who=by.login, act=trail.Act.EXPORT, what=f"segment {found.segment_id}", whence=by.whence,
        why=f"{why.purpose}; for {why.recipient}",
        detail={
            "version": found.version, "fields": [name for name in columns if name in MASKS],
            "consent": why.consent.value if why.consent else "service",
        },
    )  # fmt: skip
    with database.begin() as tx:
        trail.note(tx, entry, vault=database.vault)


def _told(customers: int, reader: Reader) -> int | None:
    """A size as somebody may know it: else rounded, and none that is too small.

    Nought is too small, too: of somebody whom conditions single out, it would tell that another does not hold.
    """
    if reader.sees_persons:
        return customers
    return figures.rounded(customers, reader.smallest) or None


def _shown(found: Saved, sizes: Sequence[tuple[datetime, int]], reader: Reader) -> Shown:
    return Shown(
        segment_id=found.segment_id, name=found.name, version=found.version, condition=model.written(found.segment),
        with_each_run=found.with_each_run, made_at=found.made_at, made_by=found.made_by,
        sizes=tuple(Size(at=at, customers=_told(size, reader)) for at, size in sizes),
    )  # fmt: skip
