"""Mend: rows in quarantine are judged again, with mended values or a mended mapping.

A row that is good now becomes a record of a new load, at once with its customer; one that is still bad stays, with
the reasons it has now. A row is replayed once: doing it again changes nothing. It counts as come when it first came:
what its source sent in the meantime stays in force.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect import push, raw
from kehu.errors import SettingsError
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.identify import identify
from kehu.flows.intake import intake
from kehu.flows.intake.intake import Feed
from kehu.flows.intake.judged import Judged, only
from kehu.flows.users.people import By
from kehu.model import masks
from kehu.store import customers, loads, quarantine, sealed
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Entry
from kehu.store.database import Database, Transaction
from kehu.store.quarantine import BadRow, State

INSTANT = pa.timestamp("us", tz="UTC")

PIECE = 5_000
"""So many rows are replayed in one transaction."""


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What became of rows that were replayed; rows = accepted + duplicate + bad."""

    rows: int = 0
    """Open rows that were judged again."""
    accepted: int = 0
    """Rows that are records now."""
    duplicate: int = 0
    """Rows that are good now, and whose content we hold already."""
    bad: int = 0
    """Rows that still break a rule; they stay open with the reasons they have now."""


@dataclass(frozen=True, kw_only=True)
class One:
    """One row after it was replayed."""

    row: BadRow
    replayed: Replayed
    """All zero where it was not open any more."""
    customer_id: int | None
    """The customer of its record."""


def replay(
    database: Database,
    desk: Desk,
    *,
    channel: str | None = None,
    rule: str | None = None,
    numbers: Sequence[int] = (),
    mended: Mapping[str, str] | None = None,
    by: By | None = None,
) -> Replayed:
    """Judge open rows again, as the settings are now.

    Args:
        database: The store.
        desk: What arriving records need beside the store.
        channel: Only rows of this channel.
        rule: Only rows that broke this rule.
        numbers: Only these rows.
        mended: Values to put in place of what came, by the channel's own columns.
        by: Who asks; it is noted in the audit trail, in the transaction that replays.

    Raises:
        NotFoundError: One of the numbers was never given.
        SettingsError: A mended column is none of the channel's, or a channel is not in the settings.
    """
    done, after = Replayed(), 0
    with database.read() as tx:
        for number in numbers:
            quarantine.get(tx, number)
    while True:
        with database.begin() as tx, raw.kept_with_batches() as kept:
            customers.next_id(tx)  # As who sends records does: before a load, and before the records.
            rows = quarantine.to_replay(tx, channel=channel, rule=rule, numbers=numbers, after=after, limit=PIECE)
            for name in dict.fromkeys(row.channel for row in rows):
                # What was pushed has our columns, what was pulled has its channel's.
                for pushed in (False, True):
                    piece = [row for row in rows if row.channel == name and _is_pushed(row) is pushed]
                    if piece:
                        one = _replay(tx, desk, _feed(desk, name, pushed=pushed), piece, mended or {}, kept)
                        done = Replayed(**{key: count + asdict(one)[key] for key, count in asdict(done).items()})
            if rows and by is not None:
                trail.tell(tx, _entry(by, rows, Act.MEND, columns=sorted(mended or {})))
        if len(rows) < PIECE:
            return done
        after = rows[-1].quarantine_id


def dismiss(database: Database, numbers: Sequence[int], *, reason: str, by: By) -> int:
    """Close open rows that nobody will mend: their source sent better ones since, or they are no rows at all.

    They stay as they are and are replayed no more; the same row sent again lies closed as well.

    Args:
        database: The store.
        numbers: Which rows; those that are not open are left alone.
        reason: Why; it is kept in the audit trail, sealed.
        by: Who asks.

    Returns:
        How many were open.

    Raises:
        NotFoundError: One of the numbers was never given.
    """
    with database.begin() as tx:
        for number in numbers:
            quarantine.get(tx, number)
        rows = quarantine.to_replay(tx, numbers=numbers, limit=len(numbers)) if numbers else []
        for row in rows:
            quarantine.mark(tx, row.quarantine_id, State.DISMISSED)
        if rows:
            trail.tell(tx, _entry(by, rows, Act.DISMISS, why=masks.in_text(reason)))
    return len(rows)


def found(database: Database, number: int) -> One:
    """One row as it is now, with the customer of the record that it became.

    Raises:
        NotFoundError: There is no such row.
    """
    with database.read() as tx:
        row = quarantine.get(tx, number)
        customer = None
        if row.state in (State.MENDED, State.REPLAYED) and row.replayed_as is not None:
            held = customers.of_keys(tx, row.channel, pa.array([row.replayed_as]))
            customer = held["customer_id"][0].as_py() if held.num_rows else None
    return One(row=row, replayed=Replayed(), customer_id=customer)


def reads(desk: Desk, row: BadRow) -> dict[str, frozenset[str]]:
    """The channel's own columns that are read of a row, and for each which of ours it fills.

    Raises:
        SettingsError: Its channel is not in the settings.
    """
    told: dict[str, frozenset[str]] = {}
    for ours, source in _feed(desk, row.channel, pushed=_is_pushed(row)).mapping.sources():
        for name in source.reads:
            told[name] = told.get(name, frozenset()) | {ours}
    return told


def replay_one(database: Database, desk: Desk, number: int, *, mended: Mapping[str, str], by: By | None = None) -> One:
    """As `replay`, for one row; says what it is now.

    Raises:
        NotFoundError: There is no such row.
        SettingsError: A mended column is none of the channel's, or its channel is not in the settings.
    """
    done = replay(database, desk, numbers=[number], mended=mended, by=by)
    return replace(found(database, number), replayed=done)


def _entry(
    by: By, rows: Sequence[BadRow], act: Act, *, columns: Sequence[str] | None = None, why: str | None = None
) -> Entry:
    """What was done to which rows, and which of their columns were mended; never a value."""
    what = f"quarantine {rows[0].quarantine_id}" if len(rows) == 1 else "quarantine"
    detail: dict[str, int | list[str]] = {"rows": len(rows)}
    if columns is not None:
        detail["columns"] = list(columns)
    if len(rows) > 1:
        detail |= {"first": rows[0].quarantine_id, "last": rows[-1].quarantine_id}
    return Entry(at=by.at, who=by.login, act=act, what=what, whence=by.whence, why=why, detail=detail)


def _is_pushed(row: BadRow) -> bool:
    return (row.source_position or "").startswith(push.PUSHED)


def _feed(desk: Desk, channel: str, *, pushed: bool) -> Feed:
    found = arrive.OURS if pushed else desk.mappings.get(channel)
    if found is None:
        raise SettingsError(
            f"channel {channel!r} has rows in quarantine but is not in the settings: describe it again in "
            f"[channels.{channel}], or name another with --channel"
        )
    return desk.feed(channel, found)


def _replay(
    tx: Transaction, desk: Desk, feed: Feed, rows: Sequence[BadRow], mended: Mapping[str, str], kept: list[Path]
) -> Replayed:
    channel, at = feed.channel.name, desk.clock()
    reads = [name for _, source in feed.mapping.sources() for name in source.reads]
    came = {row.quarantine_id: push.again(row.raw, columns=reads) for row in rows}
    _require_columns(channel, mended, {name for row in came.values() if row for name in row})
    readable = [row for row in rows if came[row.quarantine_id] is not None]
    if not readable:
        return Replayed(rows=len(rows), bad=len(rows))
    batch = push.given(
        [{**(came[row.quarantine_id] or {}), **mended} for row in readable],
        [row.source_position or "" for row in readable],
    )
    judged = intake.judge(batch, feed, home=desk.home)
    good = set(judged.good.to_pylist())
    still = [row for place, row in enumerate(readable) if place not in good]
    for row, reasons in zip(still, judged.faulty["reasons"].to_pylist(), strict=True):
        quarantine.explain(tx, row.quarantine_id, reasons)
    if not good:
        return Replayed(rows=len(rows), bad=len(rows))
    number = loads.start(tx, channel, at=at)
    received_at = pa.array([readable[place].received_at for place in judged.good.to_pylist()], INSTANT)
    counts, added = intake.stored(tx, _good_only(judged), channel=channel, load=number, at=at, received_at=received_at)
    loads.advance(tx, number, counts=counts)
    loads.finish(tx, number, at=at)
    keys = judged.clean["record_id"].to_pylist()
    for place, key in zip(judged.good.to_pylist(), keys, strict=True):
        quarantine.settle(tx, readable[place].quarantine_id, key, state=State.MENDED if mended else State.REPLAYED)
    identify.within(
        tx,
        desk.engine,
        desk.model,
        waiting=_waiting(tx, channel, judged, added.records),
        trust=desk.trust,
        survivorship=desk.survivorship,
        hot_key_limit=desk.hot_key_limit,
        at=at,
        why=f"load {number}",
    )
    kept.append(desk.raw_in / channel / f"{number:06d}" / "000001.parquet")
    raw.keep(batch, kept[-1], hashes=judged.hashes, wrap=sealed.wrap(tx))
    return Replayed(rows=len(rows), accepted=counts.accepted, duplicate=counts.duplicate, bad=len(rows) - counts.read)


def _require_columns(channel: str, mended: Mapping[str, str], known: set[str]) -> None:
    if mended and not known:
        raise SettingsError(
            f'channel "{channel}": what could not be read as a row has no columns to mend; mend it where it came from '
            "and load that again"
        )
    for name in mended.keys() - known:
        raise SettingsError(f'channel "{channel}" has no column "{name}" to mend (has: {", ".join(sorted(known))})')


def _good_only(judged: Judged) -> Judged:
    """The good rows alone: the bad ones lie in quarantine already."""
    rows = only(judged.batch.rows, judged.good)
    warnings = judged.broke.filter(pc.is_in(judged.broke["row"], value_set=judged.good))
    place = pc.index_in(warnings["row"], value_set=judged.good).cast(pa.int64())
    return replace(
        judged,
        batch=replace(judged.batch, rows=rows),
        hashes=only(judged.hashes, judged.good),
        good=pa.array(range(rows.num_rows), pa.int64()),
        faulty=judged.faulty.slice(0, 0),
        broke=warnings.set_column(0, "row", place),
    )


def _waiting(tx: Transaction, channel: str, judged: Judged, added: pa.Array) -> pa.Array:
    held = customers.of_keys(tx, channel, pc.unique(judged.clean["record_id"]))["record"]
    return held.filter(pc.is_in(held, value_set=pc.drop_null(added))).combine_chunks().sort()
