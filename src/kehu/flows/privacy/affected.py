"""Affected: who is to be told of a breach, and of which of their values; noted before anybody is named.

A list that was taken out is told by the number of its entry in the audit trail. What a segment means is asked again as
it was saved then; who was in the list and would not be today is not told, so the answer names the day it was taken.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from kehu.analyse import sheets
from kehu.errors import NotFoundError, SettingsError
from kehu.flows.privacy import asked as asking
from kehu.flows.privacy import paper
from kehu.flows.privacy.asked import Asked
from kehu.store import conditions, segments
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Noted
from kehu.store.conditions import Today
from kehu.store.database import Database, Transaction
from kehu.store.privacy import breaches
from kehu.store.privacy.breaches import AFFECTED, Condition, Leaked


@dataclass(frozen=True, kw_only=True)
class Breach:
    """What leaked: records, or a list that was taken out."""

    records: Leaked | None = None
    export: int | None = None
    """The number of the entry in the audit trail that tells of the list."""

    def __post_init__(self) -> None:
        """Refuse what says nothing, or two things.

        Raises:
            SettingsError: It does.
        """
        if (self.export is None) == (self.records is None or self.records == Leaked()):
            raise SettingsError("say what leaked: a channel, a load, a stretch of time, or else an export")

    def __str__(self) -> str:
        """What stands in the audit trail."""
        if self.export is not None:
            return f"export {self.export}"
        assert self.records is not None
        told = {"channel": self.records.channel, "load": self.records.load_id, "since": self.records.since,
                "until": self.records.until}  # fmt: skip
        return "what came by " + " ".join(f"{name} {value}" for name, value in told.items() if value is not None)


@dataclass(frozen=True, kw_only=True)
class Told:
    """How many are affected."""

    breach: str
    customers: int
    quarantined: int
    """Rows in quarantine that leaked, too: they are somebody's, whose number nobody knows."""
    fields: tuple[str, ...]
    """What leaked of one customer or another."""


def write(database: Database, breach: Breach, path: Path, *, asked: Asked, on: Today) -> Told:
    """Write who is affected to a file, whose name tells its form: `.json`, or a sheet; in clear, for they must be told.

    Raises:
        SettingsError: There is no reason, or the name of the file tells no form that we write.
        NotFoundError: There is no such export.
        SourceError: The file cannot be written.
    """
    if path.suffix.lower() == ".json":
        rows, told = found(database, breach, asked=asked, on=on)
        paper.write(path, json.dumps({"affected": rows, **vars(told)}, ensure_ascii=False, indent=1))
        return told
    form = sheets.form_of(path)
    _note(database, breach, asked)
    with database.read() as tx, sheets.opened(path, form, AFFECTED) as sheet:
        tally = _Tally()
        for piece in _pieces(tx, database, breach, on):
            sheet.write(tally.of(piece))
    return _told(database, breach, tally)


def found(
    database: Database, breach: Breach, *, asked: Asked, on: Today, limit: int | None = None
) -> tuple[list[dict[str, Any]], Told]:
    """Who is affected, the first `limit` of them, and how many there are. As `write` else."""
    _note(database, breach, asked)
    tally, rows = _Tally(), list[dict[str, Any]]()
    with database.read() as tx:
        for piece in _pieces(tx, database, breach, on):
            tally.of(piece)
            if limit is None or len(rows) < limit:
                rows += piece.to_pylist()
    return rows[:limit], _told(database, breach, tally)


class _Tally:
    """Counts what goes by."""

    def __init__(self) -> None:
        self.customers, self.fields = 0, set[str]()

    def of(self, piece: pa.RecordBatch) -> pa.RecordBatch:
        self.customers += piece.num_rows
        for text in piece.column("fields").unique().to_pylist():
            self.fields.update(text.split())
        return piece


def _told(database: Database, breach: Breach, tally: _Tally) -> Told:
    with database.read() as tx:
        bad = breaches.in_quarantine(tx, breach.records) if breach.records is not None else 0
    return Told(breach=str(breach), customers=tally.customers, quarantined=bad, fields=tuple(sorted(tally.fields)))


def _note(database: Database, breach: Breach, asked: Asked) -> None:
    asking.require_reason(asked, of="telling who is affected by a breach")
    entry = trail.Entry(
        at=asked.at, who=asked.who, act=Act.AFFECTED, what=str(breach), whence=asked.whence, why=asked.why
    )
    with database.begin() as tx:
        trail.note(tx, entry, vault=asking.keys(database))


def _pieces(tx: Transaction, database: Database, breach: Breach, on: Today) -> Iterator[pa.RecordBatch]:
    if breach.records is not None:
        yield from breaches.by_records(tx, breach.records)
        return
    entry = trail.one(tx, breach.export or 0, vault=asking.keys(database))
    if entry is None or entry.act is not Act.EXPORT:
        raise NotFoundError(
            f"entry {breach.export} of the audit trail is no export: `kehu export` and lists make those"
        )
    detail: Any = entry.detail
    yield from breaches.by_condition(tx, _meant(tx, entry, on), tuple(detail.get("fields", ())))


def _meant(tx: Transaction, entry: Noted, on: Today) -> Condition:
    """The customers that a list held, as far as the trail and the store tell."""
    detail = dict[str, Any](entry.detail)
    if numbers := detail.get("customers"):
        return breaches.named(numbers)
    kind, _, number = entry.what.partition(" ")
    if kind == "segment":
        return conditions.where(tx, segments.saved(tx, int(number), version=detail["version"]).segment, on)
    return breaches.everybody()
