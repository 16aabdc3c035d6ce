"""Arrive: records that are sent to us become records of customers at once, or lie in quarantine with their reasons.

One transaction holds all of it, so what was answered is on the disk. A record that comes again is a duplicate: it
is answered with the customer it has.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect import push, raw
from kehu.engine.engine import Engine
from kehu.flows.arrive import ahead, joined
from kehu.flows.arrive.door import Door
from kehu.flows.arrive.joined import Known, Linked
from kehu.flows.identify import identify
from kehu.flows.intake import intake
from kehu.flows.intake.held import Held
from kehu.flows.intake.intake import Feed
from kehu.flows.intake.judged import Judged, only
from kehu.flows.intake.withhold import Withheld, withheld
from kehu.flows.users.people import By
from kehu.process import checks, mapping
from kehu.resolve.model import Model
from kehu.resolve.survivorship import DEFAULT, Survivorship
from kehu.store import asking, customers, loads, pushed, records, sealed
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Entry
from kehu.store.database import Database, Transaction
from kehu.store.loads import Counts

OURS = mapping.Mapping.model_validate({name: name for name in mapping.Mapping.model_fields})
"""Rows that have our column names already."""


class Status(StrEnum):
    """What became of a record that was sent."""

    ACCEPTED = "accepted"
    """It is stored: new, or another version of a record."""
    DUPLICATE = "duplicate"
    """We hold its content already."""
    QUARANTINED = "quarantined"
    """It broke a rule, and waits to be mended."""
    ERASED = "erased"
    """Its person was erased: nothing of it is kept."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What arriving records need beside the store."""

    engine: Engine
    """Who joins keys into pairs."""
    model: Model
    """What weighs the pairs."""
    home: str
    """The country whose numbers and addresses are at home."""
    trust: Mapping[str, int]
    """For each channel how far its values are believed."""
    survivorship: Survivorship = DEFAULT
    """Which values survive."""
    hot_key_limit: int
    """As for `resolve.keys.limits`."""
    mappings: Mapping[str, mapping.Mapping]
    """For each channel which of its columns is which of ours."""
    rules: Mapping[str, tuple[checks.Rule, ...]]
    """For each channel what its rows must be like."""
    raw_in: Path
    """The folder below which batches are kept as they came."""
    clock: Callable[[], datetime]
    """The time, aware."""
    zone: str = "UTC"
    """The time zone (IANA) of times that state no offset."""
    zones: Mapping[str, str] = field(default_factory=dict)
    """The same, for each channel that has its own."""

    door: "Door[Pushed, ArrivedOne]" = field(default_factory=Door, repr=False, compare=False)
    """Where those meet who send one record each at one time; a desk serves one store."""

    def feed(self, channel: str, rows: mapping.Mapping) -> Feed:
        """What is made of the rows of a channel that arrive with the columns of this mapping."""
        return Feed(
            channel=push.PushChannel(channel),
            mapping=rows,
            rules=self.rules.get(channel, ()),
            sparse=True,
            zone=self.zones.get(channel, self.zone),
        )


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """What became of one record that was sent."""

    channel: str
    record_id: str | None
    status: Status
    customer_id: int | None
    """The customer it belongs to; null in quarantine, and where its person was erased."""
    created: bool
    """Whether that customer is new."""
    reasons: Sequence[Mapping[str, str]]
    """Each rule it broke: `rule`, `column`, `zh`, `en`."""


@dataclass(frozen=True, kw_only=True)
class ArrivedOne(Arrived):
    """What became of the only record that was sent."""

    links: tuple[Linked, ...]
    """The records it was joined with, the heaviest first."""


@dataclass(frozen=True, kw_only=True)
class ArrivedMany:
    """What became of the records of a batch."""

    loads: tuple[int, ...]
    """The load of each channel, in the order in which the channels first appear."""
    counts: Counts
    records: tuple[Arrived, ...]
    """In the order in which they were sent."""


Row = Mapping[str, str | None]
"""A record as it was sent: our column names, `channel` among them."""


Pushed = tuple[Row, By | None]
"""A record that was sent, and who sent it."""


class Sheaf(NamedTuple):
    """What one author sends to one channel: it has a load of its own."""

    channel: str
    author: str | None


def one(database: Database, desk: Desk, row: Row, *, by: By | None = None) -> ArrivedOne:
    """Take in one record, and say whose it is and why.

    Args:
        database: The store.
        desk: What it needs beside the store.
        row: The record, with its channel.
        by: Who sends it: their load says so, and the audit trail.
    """
    return desk.door.through((row, by), partial(_together, database, desk))


def _together(database: Database, desk: Desk, sent: Sequence[Pushed]) -> list[ArrivedOne]:
    """Take in records that were sent at one time by several, and tell each whose it is and why."""
    judged = _judged(desk, sent)
    senders = {_sheaf(*one): one[1] for one in sent}
    with database.begin() as tx:
        asking.ahead(tx, ahead.questions(judged, at=desk.clock()))
        customers.next_id(tx)  # Before anything else: a run that identifies changes what these records replace.
        at = desk.clock()
        kept = _withheld(tx, judged, database)
        numbers = {}
        for sheaf in kept:
            numbers[sheaf], is_new = loads.of_day(tx, sheaf.channel, at=at, pushed_by=sheaf.author)
            if is_new:
                _note(tx, numbers[sheaf], senders[sheaf])
        _, told, known = _stored(tx, desk, kept, numbers, at=at, keep_raw=True)
        linked = joined.of_each(tx, desk.model, known)
    created = set[int | None]()
    answers = []
    for arrived in _in_order(sent, told):
        first = arrived.created and arrived.customer_id not in created
        created.add(arrived.customer_id)
        mine = linked.get((arrived.channel, arrived.record_id), ())
        answers.append(ArrivedOne(**{**vars(arrived), "created": first}, links=mine))
    return answers


def many(database: Database, desk: Desk, rows: Sequence[Row], *, by: By | None = None) -> ArrivedMany:
    """Take in a batch: all of it, or nothing where the store refuses. The batch is kept as it came.

    Args:
        database: The store.
        desk: What it needs beside the store.
        rows: The records, each with its channel; they may come by several.
        by: Who sends them: their loads say so, and the audit trail.
    """
    sent = [(row, by) for row in rows]
    judged = _judged(desk, sent)
    with database.begin() as tx, raw.kept_with_batches() as kept:
        customers.next_id(tx)
        at = desk.clock()
        left = _withheld(tx, judged, database)
        numbers = {one: loads.start(tx, one.channel, at=at, pushed_by=one.author) for one in left}
        for number in numbers.values():
            _note(tx, number, by)
        counts, told, _ = _stored(tx, desk, left, numbers, at=at)
        for sheaf, one in left.items():
            kept.append(desk.raw_in / sheaf.channel / f"{numbers[sheaf]:06d}" / "000001.parquet")
            raw.keep(one.judged.batch, kept[-1], hashes=one.judged.hashes, wrap=sealed.wrap(tx))
    return ArrivedMany(loads=tuple(numbers.values()), counts=counts, records=tuple(_in_order(sent, told)))


def _note(tx: Transaction, load: int, by: By | None) -> None:
    """Let the audit trail tell who pushed the records of a load."""
    if by is not None:
        trail.tell(tx, Entry(at=by.at, who=by.login, act=Act.ARRIVE, what=f"load {load}", whence=by.whence))


def _in_order(sent: Sequence[Pushed], told: Mapping[Sheaf, Sequence[Arrived]]) -> Iterator[Arrived]:
    """What became of the rows in the order in which they were sent; it is told sheaf by sheaf."""
    left = {sheaf: iter(theirs) for sheaf, theirs in told.items()}
    return (next(left[_sheaf(*one)]) for one in sent)


def _sheaf(row: Row, by: By | None) -> Sheaf:
    return Sheaf(row["channel"] or "", by.login if by else None)


def _judged(desk: Desk, sent: Sequence[Pushed]) -> dict[Sheaf, Judged]:
    """The rows of each sheaf, cleaned and checked."""
    sheaves: dict[Sheaf, list[Row]] = {}
    for row, by in sent:
        sheaves.setdefault(_sheaf(row, by), []).append(row)
    batches = [push.batch(rows) for rows in sheaves.values()]
    feeds = [desk.feed(sheaf.channel, OURS) for sheaf in sheaves]
    return dict(zip(sheaves, intake.judge_all(batches, feeds, home=desk.home), strict=True))


def _withheld(tx: Transaction, judged: Mapping[Sheaf, Judged], database: Database) -> dict[Sheaf, Withheld]:
    """The rows of each sheaf without those of people who were erased."""
    return {sheaf: withheld(tx, batch, channel=sheaf.channel, vault=database.vault) for sheaf, batch in judged.items()}


def _stored(
    tx: Transaction,
    desk: Desk,
    kept: Mapping[Sheaf, Withheld],
    numbers: Mapping[Sheaf, int],
    *,
    at: datetime,
    keep_raw: bool = False,
) -> tuple[Counts, dict[Sheaf, list[Arrived]], Known]:
    """Store what arrived and give it its customers; what became of each row, sheaf by sheaf.

    With `keep_raw` the rows are kept in the store as they came: a file for each would outnumber the records.
    """
    total, added, first, held_back = Counts(), {}, {}, Held()
    next_id = customers.next_id(tx)
    for sheaf, batch in ((sheaf, one.judged) for sheaf, one in kept.items()):
        counts, added[sheaf] = intake.stored(tx, batch, channel=sheaf.channel, load=numbers[sheaf], at=at, wait=False)
        first[sheaf] = held_back.hold(added[sheaf])
        if keep_raw:
            pushed.keep(tx, only(batch.batch.rows, batch.good), records=added[sheaf].records)
        loads.advance(tx, numbers[sheaf], counts=counts, done_at=at)
        total = intake.sum_of(total, counts)
    keyed = _in_force(tx, kept, first)
    held = pa.concat_tables(keyed.values())
    owners = dict(zip(held["record"].to_pylist(), held["customer_id"].to_pylist(), strict=True))
    new = {number for one in added.values() for number in one.records.to_pylist()}
    waiting = sorted(number for number, owner in owners.items() if owner is None or number in new)
    settled = identify.within(
        tx,
        desk.engine,
        desk.model,
        waiting=pa.array(waiting, pa.int64()),
        waited=pa.array([number for number in waiting if number not in new], pa.int64()),
        trust=desk.trust,
        survivorship=desk.survivorship,
        hot_key_limit=desk.hot_key_limit,
        at=at,
        held=held_back,
        why=", ".join(f"load {number}" for number in numbers.values())[:200],
    )
    in_force = {
        number: (channel, key)
        for channel, theirs in keyed.items()
        for key, number in zip(theirs["record_id"].to_pylist(), theirs["record"].to_pylist(), strict=True)
    }
    owners |= zip(settled.records["record"].to_pylist(), settled.records["customer_id"].to_pylist(), strict=True)
    customer = {key: owners[number] for number, key in in_force.items()}
    told = {sheaf: _told(sheaf.channel, one, added[sheaf], customer, next_id) for sheaf, one in kept.items()}
    return total, told, Known(in_force, settled)


def _in_force(tx: Transaction, kept: Mapping[Sheaf, Withheld], first: Mapping[Sheaf, pa.Table]) -> dict[str, pa.Table]:
    """For each channel the records in force of the keys that arrived, and whose they were: `store.customers.KEYED`.

    Where all of them are first versions, nobody need be asked.
    """
    arrived: dict[str, list[Sheaf]] = {}
    for sheaf in kept:
        arrived.setdefault(sheaf.channel, []).append(sheaf)
    keyed = {}
    for channel, sheaves in arrived.items():
        rows = [kept[sheaf].judged.clean for sheaf in sheaves]
        new = pa.concat_tables([first[one].select(customers.KEYED.names) for one in sheaves]).cast(customers.KEYED)
        if new.num_rows == sum(one.num_rows for one in rows):
            keyed[channel] = new
            continue
        keys = pa.chunked_array([chunk for one in rows for chunk in one["record_id"].chunks], pa.string())
        keyed[channel] = customers.of_keys(tx, channel, pc.unique(keys))
    return keyed


def _told(
    channel: str, kept: Withheld, added: records.Added, customer: Mapping[tuple[str, str], int], next_id: int
) -> list[Arrived]:
    """What became of each row of a sheaf, in the order of the rows."""
    batch = kept.judged
    keys = batch.clean["record_id"].to_pylist()
    told: dict[int, Arrived] = {}
    for place, key, number in zip(batch.good.to_pylist(), keys, added.records.to_pylist(), strict=True):
        told[place] = Arrived(
            channel=channel,
            record_id=key,
            status=Status.DUPLICATE if number is None else Status.ACCEPTED,
            customer_id=customer[channel, key],
            created=number is not None and customer[channel, key] >= next_id,
            reasons=(),
        )
    bad = (place for place in range(batch.batch.rows.num_rows) if place not in told)
    for place, faulty in zip(bad, batch.faulty.to_pylist(), strict=True):
        told[place] = Arrived(
            channel=channel,
            record_id=faulty["record_id"],
            status=Status.QUARANTINED,
            customer_id=None,
            created=False,
            reasons=json.loads(faulty["reasons"]),
        )
    answers = [told[place] for place in sorted(told)]
    for place in kept.places:
        erased = Arrived(
            channel=channel, record_id=None, status=Status.ERASED, customer_id=None, created=False, reasons=()
        )
        answers.insert(place, erased)
    return answers
