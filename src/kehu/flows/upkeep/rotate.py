"""Rotate: the store goes over to another key while others go on working.

Four steps, of which each may be killed and done again:

1. another key is put beside the old ones, where the keys are kept;
2. in one transaction the store names it and all keyed hashes are made anew: from then on whoever writes seals with it;
3. what was sealed before is sealed anew, a few rows a transaction; the files below `raw/` are closed anew, one by one;
4. old keys that nothing needs any more are forgotten, where that is wanted.

In between both keys are known, each value is opened by its own, and all is found by the one that the store names.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from kehu.collect import raw
from kehu.errors import StoreError
from kehu.flows.progress import SILENT, Progress
from kehu.flows.upkeep import audit as auditing
from kehu.flows.upkeep.alone import RUN, alone
from kehu.flows.upkeep.audit import Seal
from kehu.flows.upkeep.backup import Asked, held
from kehu.resolve import keys as blocking
from kehu.store import fingerprints, sealed, turning
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Entry
from kehu.store.database import Database, Transaction
from kehu.store.privacy import ledger
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault

RAW, LEDGER = "raw files", "ledger of the erased"
"""What needs keys outside the database."""

WAIT_S, PATIENCE = 0.2, 300
"""So long a row is waited for on which somebody else is at work, and so often in a row."""


@dataclass(frozen=True, kw_only=True)
class Cupboard:
    """Where the keys are kept, and what else is outside the database."""

    another: Callable[[], Keyring]
    """Puts another key beside those that are there, for good, and answers with all."""
    forget: Callable[[set[int]], None]
    """Takes keys out."""
    raw_in: Path
    """The folder below which batches are kept as they came."""
    ledger_at: Path
    """The ledger of the erased."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Which key does what."""

    key: int
    """The key in force: it seals, and by it is found."""
    newest: int
    """The key that was made last."""
    is_under_way: bool
    """Whether a rotation was begun and is not finished."""
    needs: Mapping[int, Mapping[str, int]]
    """For each key that the store knows, what needs it, and how often."""


@dataclass(frozen=True, kw_only=True)
class Rotated:
    """What was done."""

    key: int
    """The key in force now."""
    hashes: Mapping[str, int]
    """The keyed hashes that were made anew, by column."""
    sealed: Mapping[str, int]
    """The values that were sealed anew, by column."""
    raw_files: int
    """The files that were closed anew."""
    dropped: tuple[int, ...]
    """The keys that were forgotten."""
    kept: Mapping[int, Mapping[str, int]]
    """The old keys that stay, and what needs each."""


def standing(database: Database, cupboard: Cupboard) -> Standing:
    """Which key does what; nothing is changed."""
    vault = held(database)
    with database.read() as tx:
        return _standing(tx, vault, cupboard)


def _standing(tx: Transaction, vault: Vault, cupboard: Cupboard) -> Standing:
    told = turning.seals(tx)
    told[RAW] = raw.closed_by(cupboard.raw_in, wrap=sealed.wrap(tx))
    told[LEDGER] = ledger.made_by(cupboard.ledger_at)
    return Standing(
        key=fingerprints.number(tx),
        newest=vault.keys.newest,
        is_under_way=turning.under_way(tx) is not None,
        needs={number: turning.needing(told, number) for number in sorted(fingerprints.numbers(tx))},
    )


def rotate(
    database: Database,
    cupboard: Cupboard,
    *,
    asked: Asked,
    seal: Seal,
    clock: Callable[[], datetime],
    makes: bool = True,
    drops: bool = False,
    progress: Progress = SILENT,
) -> Rotated:
    """Bring the store under its newest key: another one, unless a rotation was begun and not finished.

    Args:
        database: The store, with its keys.
        cupboard: Where the keys are kept.
        asked: Who asks for it, when and why.
        seal: What the audit trail is sealed with.
        clock: The time, aware.
        makes: Another key may be made; else only what was begun is finished.
        drops: Old keys that nothing needs any more are forgotten afterwards.
        progress: Whoever wants to watch.

    Raises:
        ConflictError: A run, or another rotation, is at work.
        SettingsError: The keys cannot be written where they are kept.
    """
    with alone(database, RUN, clock=clock) as guard:
        watched = guard.watched(progress)
        database = _with_newest(database, cupboard, makes=makes)
        hashes = _turned(database, asked, watched)
        values = _sealed(database, watched)
        files = _closed(database, cupboard, watched)
        seal = replace(seal, keys=held(database).keys)
        with database.begin() as tx:
            if turning.under_way(tx) is not None:
                turning.end(tx)
                counts = {"sealed": sum(values.values()), "raw_files": files}
                _note(tx, asked, database, at=clock(), did="turned", key=fingerprints.number(tx), **counts)
        # The head is signed with the key in force: an old one must not be needed for it.
        auditing.sealed(database, seal, at=clock())
        dropped = _dropped(database, cupboard, asked, clock, watched) if drops else ()
        auditing.sealed(database, seal, at=clock())
        now = standing(database, cupboard)
    return Rotated(
        key=now.key, hashes=hashes, sealed=values, raw_files=files, dropped=dropped,
        kept={number: needs for number, needs in now.needs.items() if number != now.key},
    )  # fmt: skip


def _with_newest(database: Database, cupboard: Cupboard, *, makes: bool) -> Database:
    """The store with the key that it is to have: a new one, unless it is on its way to one already."""
    vault = held(database)
    with database.read() as tx:
        is_there = fingerprints.number(tx) == vault.keys.newest and turning.under_way(tx) is None
    if is_there and makes:
        database = replace(database, vault=Vault(cupboard.another()))
    return database


def _turned(database: Database, asked: Asked, progress: Progress) -> dict[str, int]:
    """Let the store find and seal by its newest key."""
    vault = held(database)
    with database.begin() as tx:
        progress.task("hashes", turning.hashes(tx))
        if fingerprints.in_force(tx) == vault.keys.newest:
            return {}
        fingerprints.note(tx, vault)
        turning.begin(tx, vault.keys.newest)
        counts = turning.counted(turning.turn(tx, vault.keys.newest, _blocking_keys), progress.advance)
        _note(tx, asked, database, at=asked.at, did="named", key=vault.keys.newest)
    return counts


def _blocking_keys(rows: pa.Table) -> pa.Table:
    """The blocking keys of certificates, of records by number."""
    return blocking.of_certificates(rows.column("id_number"), rows.column("record").to_numpy())


def _sealed(database: Database, progress: Progress) -> dict[str, int]:
    """Seal what was sealed with other keys, column by column."""
    with database.read() as tx:
        number = fingerprints.number(tx)
        told = turning.seals(tx)
    wanted = {one.name: sum(told[one.name].values()) - told[one.name].get(number, 0) for one in turning.COLUMNS}
    progress.task("values", sum(wanted.values()))
    counts = dict.fromkeys(wanted, 0)
    for one in turning.COLUMNS:
        progress.step(one.name)
        # Nobody seals with another key any more, so what is left is what others are at work on.
        waited = 0
        while True:
            done = _sealed_once(database, one, progress)
            counts[one.name] += done
            with database.read() as tx:
                if not turning.is_left(tx, one):
                    break
            waited = 0 if done else waited + 1
            if waited > PATIENCE:
                raise StoreError(f"somebody has been at work on rows of {one.name} for a minute: run this again later")
            time.sleep(WAIT_S)
    return {name: count for name, count in counts.items() if count}


def _sealed_once(database: Database, one: turning.Column, progress: Progress) -> int:
    """Go through a column once; returns how many values were sealed."""
    done, after = 0, None
    while True:
        with database.begin() as tx:
            count, after = turning.seal_some(tx, one, after=after)
        if not count:
            return done
        done += count
        progress.advance(count)


def _closed(database: Database, cupboard: Cupboard, progress: Progress) -> int:
    """Close the files below `raw/` anew that another key closed."""
    paths = raw.every(cupboard.raw_in)
    progress.task(RAW, len(paths))
    done = 0
    with database.read() as tx:
        wrap = sealed.wrap(tx)
    for path in paths:
        done += raw.close_anew(path, wrap=wrap)
        progress.advance(1)
    return done


def _dropped(
    database: Database, cupboard: Cupboard, asked: Asked, clock: Callable[[], datetime], progress: Progress
) -> tuple[int, ...]:
    """Forget the old keys that nothing needs: first the store, then where they are kept."""
    progress.task("old keys")
    vault = held(database)
    with database.begin() as tx:
        now = _standing(tx, vault, cupboard)
        # A key of which the store knows nothing was made by a rotation that was killed, or forgotten by one.
        idle = {number for number in vault.keys.secrets if number != now.key and not now.needs.get(number)}
        if not idle:
            return ()
        turning.forget(tx, idle)
        _note(tx, asked, database, at=clock(), did="forgotten", key=now.key, dropped=sorted(idle))
    cupboard.forget(idle)
    return tuple(sorted(idle))


def _note(tx: Transaction, asked: Asked, database: Database, *, at: datetime, **detail: int | str | list[int]) -> None:
    entry = Entry(at=at, who=asked.who, act=Act.ROTATE, what="store", why=asked.why, detail=detail)
    trail.note(tx, entry, vault=held(database))
