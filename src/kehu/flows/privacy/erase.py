"""Erase: a person's data goes from every copy, what law makes us keep is locked away, and nobody brings it back.

Three steps, of which each may be killed and done again:

1. In one transaction their rows go from every table, and marks (keyed hashes of their keys and certificates) take their
   place, by which intake knows them when they come again.
2. The marks go into the ledger, a file outside the database: a backup knows nothing of who was erased after it.
3. The raw files are written without their rows, and the database's own files are written anew.

The receipt counts rows and tables; it says `done` when the third step is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect import raw
from kehu.flows.arrive.arrive import Desk
from kehu.flows.identify import identify, pairing
from kehu.flows.once import Once, made, noted
from kehu.flows.privacy import asked as asking
from kehu.flows.privacy import reach as reaching
from kehu.flows.privacy.asked import Asked
from kehu.model.privacy import Bound
from kehu.store import customers, fingerprints, records, sealed, sequence
from kehu.store.audit import trail
from kehu.store.audit.trail import Act
from kehu.store.database import Database, Transaction
from kehu.store.privacy import erasing, lawful, ledger, persons, restrictions, tombstones
from kehu.store.privacy.erasing import Receipt
from kehu.store.privacy.lawful import Keep
from kehu.store.privacy.tombstones import Kind, Tombstone
from kehu.store.sealing.vault import Vault, Wrap


@dataclass(frozen=True, kw_only=True)
class Room:
    """What erasing needs beside the store and the desk."""

    ledger_at: Path
    """The file of the ledger, outside the database."""
    keep: Keep = field(default_factory=Keep)
    """What law makes us keep."""


def erase(database: Database, desk: Desk, customer_id: int, *, asked: Asked, room: Room) -> Receipt:
    """Erase a customer from every copy, and say what went.

    Args:
        database: The store.
        desk: What makes the customers anew that are left.
        customer_id: The customer; a retired number stands for the living one.
        asked: Who erases, when and why.
        room: Where the ledger is, and what is kept.

    Raises:
        NotFoundError: The number was never given, or is erased already.
        SettingsError: There is no reason.
        StoreError: Others are to be weighed anew, and another model was adopted since this process read its own.
    """
    begun = begin(database, desk, customer_id, asked=asked, room=room)
    return finish(database, desk, begun.erasure_id, room=room)


def begin(
    database: Database, desk: Desk, customer_id: int, *, asked: Asked, room: Room, once: Once | None = None
) -> Receipt:
    """Erase a customer from the tables; `finish` reaches the copies outside them. As `erase` else."""
    asking.require_reason(asked, of="erasing a person")
    vault = asking.keys(database)
    with database.begin() as tx:
        customers.next_id(tx)
        if (before := made(once, tx)) is not None:
            return erasing.receipt(tx, before)
        living = customers.get(tx, customer_id).customer_id
        whose = persons.of_customer(tx, living)
        number = erasing.begin(tx, at=asked.at, by=asked.who, told={})
        told = _erase(
            tx, desk, whose.origins, number, at=asked.at, by=asked.who, room=room, vault=vault, served=whose.customers
        )
        trail.note(tx, asked.entry(Act.ERASE, living, erasure=number, rows=told["rows"]), vault=vault)
        erasing.tell(tx, number, told)
        noted(once, tx, number)
        return erasing.receipt(tx, number)


def again(database: Database, desk: Desk, *, at: datetime, room: Room) -> int:
    """Erase again whoever the ledger or the store knows as erased: for after a restore; returns how many records went.

    Their rows are found by their marks. Nothing is done twice: where nobody came back, nothing changes.

    Raises:
        StoreError: The ledger cannot be read.
    """
    vault = asking.keys(database)
    marks = ledger.read(room.ledger_at)
    with database.begin() as tx:
        customers.next_id(tx)
        for number in sorted({mark.erasure_id for mark in marks} - erasing.known(tx)):
            erasing.begin(tx, at=at, by="kehu", told={"from": "ledger"}, number=number)
        # A store out of a backup would give these numbers again.
        sequence.skip(tx, {"erasure": max((mark.erasure_id for mark in marks), default=0) + 1})
        tombstones.add(tx, marks)
        origins = _back(tx, vault)
        bad = _back_in_quarantine(tx, vault)
        if len(origins) or bad:
            number = erasing.begin(tx, at=at, by="kehu", told={})
            told = _erase(tx, desk, origins, number, at=at, by="kehu", room=room, vault=vault, bad=bad)
            erasing.tell(tx, number, told)
            detail: trail.Detail = {"erasure": number, "rows": told["rows"]}
            entry = trail.Entry(at=at, who="kehu", act=Act.ERASE, what="the erased", detail=detail)
            trail.note(tx, entry, vault=vault)
        unfinished = [one.erasure_id for one in erasing.running(tx)]
    finish_all(database, desk, unfinished, room=room)
    return len(origins)


def over(database: Database, desk: Desk, *, asked: Asked, room: Room) -> Receipt | None:
    """Erase the records that law made us keep until now; None where there are none."""
    vault = asking.keys(database)
    with database.begin() as tx:
        customers.next_id(tx)
        origins = restrictions.due(tx, asked.at)
        if not len(origins):
            return None
        number = erasing.begin(tx, at=asked.at, by=asked.who, told={})
        told = _erase(tx, desk, origins, number, at=asked.at, by=asked.who, room=room, vault=vault, is_over=True)
        detail: trail.Detail = {"erasure": number, "rows": told["rows"]}
        what = "what law made us keep"
        entry = trail.Entry(at=asked.at, who=asked.who, act=Act.ERASE, what=what, why=asked.why, detail=detail)
        trail.note(tx, entry, vault=vault)
        erasing.tell(tx, number, told)
    return finish(database, desk, number, room=room)


def finish(database: Database, desk: Desk, number: int, *, room: Room) -> Receipt:
    """The steps outside the tables, for one receipt: the ledger, the raw files, the database's own files."""
    [receipt] = finish_all(database, desk, [number], room=room)
    return receipt


def finish_all(database: Database, desk: Desk, numbers: Sequence[int], *, room: Room) -> list[Receipt]:
    """As `finish`, for several at once: the files are gone through one time."""
    if not numbers:
        return []
    with database.read() as tx:
        marks = tombstones.every(tx)
    ledger.add(room.ledger_at, marks)
    files, rows = _purge(database, desk.raw_in, marks)
    erasing.compact(database)
    with database.begin() as tx:
        for number in numbers:
            erasing.tell(tx, number, {"raw_files": files, "raw_rows": rows}, done_at=desk.clock())
        return [erasing.receipt(tx, number) for number in numbers]


def _erase(
    tx: Transaction,
    desk: Desk,
    origins: pa.Array,
    number: int,
    *,
    at: datetime,
    by: str,
    room: Room,
    vault: Vault,
    bad: Sequence[int] = (),
    served: pa.Array = reaching.NUMBERS,
    is_over: bool = False,
) -> dict[str, Any]:
    """Take records, and customers of which nothing is left, out of every table; what became of them, in numbers.

    Of the customers `served` all goes that customer service holds, also where law makes us keep a record of theirs.
    """
    reach = reaching.of_origins(tx, origins, None if is_over else room.keep, at=at)
    whole, owners = reach.whole, reach.owners
    quarantined = {row["quarantine_id"]: row for row in reach.quarantined}
    marks = {
        Kind.KEY: [tombstones.keyed(*key) for key in reach.known.keys],
        Kind.CERTIFICATE: list(reach.known.certificates),
    }
    marks[Kind.CONTENT] = _contents(tx, desk.raw_in, whole.records, list(quarantined.values()))
    once = erasing.once_of(tx, whole.records)
    keys = pairing.keys_of(tx, whole.records)
    about = erasing.decisions_of(tx, origins)
    erasing.uncount(tx, reach.gone.records)
    rows = Counter(persons.delete(tx, reach.gone))
    rows.update(persons.delete(tx, reaching.of_numbers(served), persons.SERVICE))
    rows["quarantine"] = erasing.drop_quarantined(tx, {*quarantined, *bad})
    erasing.empty(tx, reach.kept)
    rows["decision"] = erasing.forget_decisions(tx, about)
    rows["customer_history"] += erasing.forget_past(tx, once, whole.records)
    left = customers.members(tx, pa.array(owners, pa.int64()))
    for origin, record in zip(reach.kept_origins.to_pylist(), reach.kept.to_pylist(), strict=True):
        until = reach.keep[record]
        restrictions.restrict(tx, pa.array([origin], pa.int64()), bound=Bound.LAW, at=at, by=by, until=until)
    identify.without(
        tx,
        desk.engine,
        desk.model,
        gone=keys,
        numbers=left.column("record").combine_chunks(),
        hot_key_limit=desk.hot_key_limit,
        trust=desk.trust,
        survivorship=desk.survivorship,
        at=at,
        why=f"erasure {number}",
    )
    for owner in owners:
        chain = persons.merged_into(tx, owner)
        if owner in left.column("customer_id").to_pylist():
            rest = chain.filter(pc.not_equal(chain, owner))
            erasing.redact(tx, rest)
            erasing.forget_past(tx, pa.array([owner], pa.int64()), whole.records)
            continue
        marks.setdefault(Kind.CUSTOMER, []).extend(map(str, chain.to_pylist()))
        rows.update(persons.delete(tx, reaching.of_numbers(chain)))
    tombstones.add(tx, list(_tombstones(marks, number, at=at, vault=vault, key=fingerprints.number(tx))))
    return {
        "rows": rows.total(),
        "tables": {name: many for name, many in sorted(rows.items()) if many},
        "kept_by_law": len(reach.kept),
        "marks": {kind.value: len(texts) for kind, texts in marks.items()},
    }


def _tombstones(
    marks: Mapping[Kind, Sequence[str]], number: int, *, at: datetime, vault: Vault, key: int
) -> list[Tombstone]:
    return [
        Tombstone(kind=kind, digest=digest, key_number=key, erasure_id=number, at=at)
        for kind, texts in marks.items()
        for digest in tombstones.digests(vault, kind, texts, key_number=key)
        if digest is not None
    ]


def _contents(tx: Transaction, raw_in: Path, numbers: pa.Array, quarantined: Sequence[Mapping[str, Any]]) -> list[str]:
    """What tells the content of somebody's rows in the raw files."""
    columns = ("channel", "load_id", "source_position", "record_id")
    rows = [*records.read(tx, numbers, columns=columns).to_pylist(), *quarantined]
    wanted: dict[tuple[str, int], dict[str, list[str | None]]] = {}
    for row in rows:
        if row["source_position"] is not None:
            at = wanted.setdefault((row["channel"], row["load_id"]), {})
            at.setdefault(row["source_position"], []).append(row["record_id"])
    return sorted(
        {
            content
            for (channel, load), positions in wanted.items()
            for path in raw.files(raw_in, channel, load)
            for content in raw.contents(path, positions, wrap=sealed.wrap(tx))
        }
    )


def _purge(database: Database, raw_in: Path, marks: Sequence[Tombstone]) -> tuple[int, int]:
    """Write the raw files without the rows of the erased; returns how many files, and how many rows."""
    vault = asking.keys(database)
    by_key: dict[int, set[bytes]] = {}
    for mark in marks:
        if mark.kind is Kind.CONTENT:
            by_key.setdefault(mark.key_number, set()).add(mark.digest)

    def are_gone(contents: Sequence[str]) -> list[bool]:
        gone = [False] * len(contents)
        for number, held in by_key.items():
            told = tombstones.digests(vault, Kind.CONTENT, contents, key_number=number)
            gone = [was or digest in held for was, digest in zip(gone, told, strict=True)]
        return gone

    def wrap() -> Wrap:
        # Asked for each file: another key may come into force meanwhile.
        with database.read() as tx:
            return sealed.wrap(tx)

    counts = [raw.purge(path, are_gone, wrap=wrap()) for path in raw.every(raw_in)] if by_key else []
    return sum(map(bool, counts)), sum(counts)


def _back(tx: Transaction, vault: Vault) -> pa.Array:
    """The origins of records whose person was erased before: they came back by a backup."""
    if not tombstones.are_there(tx):
        return pa.array([], pa.int64())
    origins: set[int] = set()
    free = set(restrictions.bound_by_law(tx))
    columns = ("channel", "record_id", "origin", "id_number", "id_valid", "updated_at")
    for piece in lawful.every(tx, columns):
        found = tombstones.gone(tx, piece, vault=vault)
        origins |= {row["origin"] for row in piece.filter(found).to_pylist()}
    return pa.array(sorted(origins - free), pa.int64())


def _back_in_quarantine(tx: Transaction, vault: Vault) -> list[int]:
    """The rows in quarantine whose person was erased before."""
    return tombstones.gone_in_quarantine(tx, vault=vault) if tombstones.are_there(tx) else []
