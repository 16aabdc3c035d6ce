"""Quarantine: rows that broke a rule, with every reason and the row as it came, to be mended and replayed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.errors import NotFoundError
from kehu.model.records import POSITION
from kehu.store import bulk, finding, sealed, sequence
from kehu.store.database import Transaction
from kehu.store.dictionary.ground import LENGTHS
from kehu.store.dictionary.loads import quarantine

BROKEN = pa.schema(
    [
        pa.field("record_id", pa.string()),
        pa.field(POSITION, pa.string()),
        pa.field("raw", pa.string(), nullable=False),
        pa.field("reasons", pa.string(), nullable=False),  # JSON: a list of {rule, column, zh, en}.
    ]
)
"""One row a bad row."""


class State(StrEnum):
    """What became of a bad row."""

    OPEN = "open"
    """It waits to be mended."""
    MENDED = "mended"
    """It is a record now, with values that somebody put in place of what came."""
    REPLAYED = "replayed"
    """It is a record now as it came: the mapping or the rules were mended, or the record was there already."""
    DISMISSED = "dismissed"
    """A steward said that it is worth nothing."""


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A row in quarantine."""

    quarantine_id: int
    """Its number."""
    load_id: int
    """The load that brought it."""
    channel: str
    """The channel it came by."""
    record_id: str | None
    """The channel's own key of the row, where it could be read."""
    source_position: str | None
    """Where it stands in its source."""
    raw: str
    """The row as it came."""
    reasons: Sequence[Mapping[str, str]]
    """Each rule it broke, with its column and its text in zh and en."""
    state: State
    """What became of it."""
    replayed_as: str | None
    """The key of the record that it became."""
    received_at: datetime
    """When it was stored."""


def add(tx: Transaction, broken: pa.Table, *, channel: str, load: int, at: datetime) -> list[int]:
    """Put bad rows (`BROKEN`) into quarantine; returns which of them were not there yet, by their places.

    The same bad row stands there once, however often it is delivered; what has neither key nor text, as a whole file
    that cannot be read, is told from others by its place. NUL characters, which no two databases treat alike, become ␀,
    and texts beside the raw row are cut to what their columns hold.
    """
    if broken.num_rows == 0:
        return []
    told = zip(*(broken.column(name).to_pylist() for name in ("record_id", "raw", POSITION)), strict=True)
    contents = [
        hashlib.blake2b(f"{key or ''}\0{raw or (key is None and position) or ''}".encode(), digest_size=16).digest()
        for key, raw, position in told
    ]
    hashes = finding.digests(tx, pa.array(contents, pa.binary(16))).to_pylist()
    with bulk.among(tx, quarantine.c.hash, pa.array(hashes, pa.binary(16))) as one_of_them:
        seen = set(
            tx.scalars(sa.select(quarantine.c.hash).where(quarantine.c.channel == bulk.blindly(channel), one_of_them))
        )
    new = []
    for row, content in enumerate(hashes):
        if content not in seen:
            seen.add(content)
            new.append(row)
    if not new:
        return new
    first = sequence.take(tx, "quarantine", len(new))
    kept = broken.take(new)
    texts = {name: pc.replace_substring(kept.column(name), "\0", "␀") for name in BROKEN.names}
    for name in ("record_id", POSITION):
        texts[name] = pc.utf8_slice_codeunits(texts[name], 0, LENGTHS[name])
    many = len(new)
    rows = pa.table(
        {
            "quarantine_id": pa.array(range(first, first + many), pa.int64()),
            "load_id": pa.repeat(pa.scalar(load, pa.int64()), many),
            "channel": pa.repeat(channel, many),
            **texts,
            "state": pa.repeat(State.OPEN.value, many),
            "hash": pa.array([hashes[row] for row in new], pa.binary(16)),
            "received_at": pa.repeat(pa.scalar(at, pa.timestamp("us", tz="UTC")), many),
        }
    )
    bulk.insert(tx, quarantine, rows)
    return new


def page(
    tx: Transaction,
    *,
    channel: str | None = None,
    rule: str | None = None,
    state: State | None = State.OPEN,
    limit: int = 50,
    after: int = 0,
) -> list[BadRow]:
    """Bad rows in the order they came; `after` is the number of the last one of the page before."""
    query = sa.select(quarantine).where(quarantine.c.quarantine_id > after, *_wanted(channel, rule, state))
    return [_bad_row(row) for row in sealed.rows(tx, query.order_by(quarantine.c.quarantine_id).limit(limit))]


def to_replay(
    tx: Transaction,
    *,
    channel: str | None = None,
    rule: str | None = None,
    numbers: Sequence[int] = (),
    after: int = 0,
    limit: int,
) -> list[BadRow]:
    """As `page`, of open rows that nobody else may replay until this transaction ends; of `numbers` alone, if any."""
    query = sa.select(quarantine).where(quarantine.c.quarantine_id > after, *_wanted(channel, rule, State.OPEN))
    query = query.order_by(quarantine.c.quarantine_id).limit(limit).with_for_update()
    if not numbers:
        return [_bad_row(row) for row in sealed.rows(tx, query)]
    with bulk.among(tx, quarantine.c.quarantine_id, pa.array(numbers, pa.int64())) as one_of_them:
        return [_bad_row(row) for row in sealed.rows(tx, query.where(one_of_them))]


def _wanted(channel: str | None, rule: str | None, state: State | None) -> list[sa.ColumnElement[bool]]:
    """The conditions of a list; every None leaves one out."""
    wanted: list[sa.ColumnElement[bool]] = []
    if channel is not None:
        wanted.append(quarantine.c.channel == channel)
    if rule is not None:  # As json.dumps writes it.
        wanted.append(quarantine.c.reasons.contains(f'"rule": {json.dumps(rule)}', autoescape=True))
    if state is not None:
        wanted.append(quarantine.c.state == state)
    return wanted


def get(tx: Transaction, number: int) -> BadRow:
    """One bad row.

    Raises:
        NotFoundError: There is none of that number.
    """
    for row in sealed.rows(tx, sa.select(quarantine).where(quarantine.c.quarantine_id == number)):
        return _bad_row(row)
    raise NotFoundError(f"there is no row {number} in quarantine")


def mark(tx: Transaction, number: int, state: State) -> None:
    """Say what became of a bad row."""
    changed = tx.execute(quarantine.update().where(quarantine.c.quarantine_id == number).values(state=state))
    if changed.rowcount != 1:
        raise NotFoundError(f"there is no row {number} in quarantine")


def settle(tx: Transaction, number: int, key: str, *, state: State) -> None:
    """Say that a bad row, mended or as it came, is the record of this key now."""
    values = {"state": state, "replayed_as": key}
    tx.execute(quarantine.update().where(quarantine.c.quarantine_id == number).values(values))


def explain(tx: Transaction, number: int, reasons: str) -> None:
    """Put other reasons (JSON, as in `BROKEN`) in place of those that a bad row had."""
    tx.execute(quarantine.update().where(quarantine.c.quarantine_id == number).values(reasons=reasons))


def count(
    tx: Transaction, *, channel: str | None = None, rule: str | None = None, state: State | None = State.OPEN
) -> int:
    """How many bad rows there are."""
    query = sa.select(sa.func.count()).select_from(quarantine).where(*_wanted(channel, rule, state))
    return tx.scalar(query) or 0


def _bad_row(row: Mapping[str, Any]) -> BadRow:
    told = {name: value for name, value in row.items() if name not in {"hash", "reasons", "state"}}
    return BadRow(reasons=json.loads(row["reasons"]), state=State(row["state"]), **told)
