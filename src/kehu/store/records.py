"""Records: every version of every row that a channel gave, cleaned.

A channel's key may come again. The same content is a duplicate and is not stored. Other content is a new version:
it is in force at once, unless the source says that it is older than the one in force (it came late). The version in
force keeps the place of the one before among the customers, until `fresh` records are identified.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.errors import NotFoundError
from kehu.model import arrow
from kehu.model import records as model
from kehu.store import arrivals, asking, bulk, finding, moments, sequence, storable
from kehu.store.database import Transaction
from kehu.store.dictionary.ground import LENGTHS
from kehu.store.dictionary.records import fresh, link, member, member_history, record

HASH = pa.binary(16)

KNOWN = pa.schema(
    [pa.field("record_id", pa.string()), pa.field("version", pa.int32()), pa.field("hash", HASH)]
)  # fmt: skip
"""One row a key of a channel that is stored: the version in force."""

RECORDS = pa.schema(
    [
        pa.field("record", pa.int64(), nullable=False),
        *model.CLEAN,
        pa.field("version", pa.int32(), nullable=False),
        pa.field("current", pa.bool_(), nullable=False),
        pa.field("origin", pa.int64(), nullable=False),
        pa.field("load_id", pa.int64(), nullable=False),
        pa.field("received_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("source_position", pa.string()),
        pa.field("customer_id", pa.int64()),
    ]
)
"""One row a stored record: what was cleaned, where it came from, and the customer it belongs to (null: none yet)."""


@dataclass(frozen=True, kw_only=True)
class Added:
    """What became of the rows given to `add`."""

    records: pa.Array
    """The number of each row's new record, in the rows' order; null where it was a duplicate."""
    accepted: int
    """Rows stored, `changed` and `late` ones too."""
    duplicate: int
    """Rows with a content we hold."""
    changed: int
    """Rows that are another version of a record."""
    late: int
    """Changed rows that are older than the version in force, and so never were in force."""
    stored: pa.Table
    """The rows stored: the columns of the table `record`."""


def known(tx: Transaction, channel: str, keys: pa.Array) -> pa.Table:
    """The version in force of those of the channel's keys that are stored: `KNOWN`."""
    with bulk.among(tx, record.c.record_id, _flat(keys)) as one_of_them:
        query = sa.select(record.c.record_id, record.c.version, record.c.hash)
        return bulk.read(
            tx, query.where(record.c.channel == bulk.blindly(channel), one_of_them, record.c.current), KNOWN
        )


UNSTORABLE = pa.schema([("row", pa.int64()), ("column", pa.string()), ("reason", pa.string())])
"""One row a value that no database would keep as it is."""


def unstorable(clean: pa.Table) -> pa.Table:
    """The values that no database would keep as they are: `UNSTORABLE`; the reason is length or nul.

    Intake sends these rows to quarantine; `add` refuses them.
    """
    found = []
    for field, values in zip(clean.schema, clean.itercolumns(), strict=True):
        name = field.name
        if not pa.types.is_string(field.type) or storable.are_plain(values, LENGTHS[name]):
            continue
        faults = {"nul": storable.has_nul(values)} if storable.may_hold_nul(values) else {}
        if storable.are_longer(values, LENGTHS[name]):
            faults["length"] = pc.greater(pc.utf8_length(values), LENGTHS[name])
        for reason, bad in sorted(faults.items()):
            rows = pc.indices_nonzero(pc.fill_null(bad, fill_value=False)).cast(pa.int64())
            found.append(
                pa.table({"row": rows, "column": pa.repeat(name, len(rows)), "reason": pa.repeat(reason, len(rows))})
            )
    return pa.concat_tables(found).sort_by("row") if found else arrow.empty(UNSTORABLE)


def add(
    tx: Transaction,
    clean: pa.Table,
    *,
    hashes: pa.Array,
    positions: pa.Array,
    load: int,
    at: datetime,
    received_at: pa.Array | None = None,
    wait: bool = True,
) -> Added:
    """Store what is new among these rows, in their order.

    Args:
        tx: The transaction.
        clean: `CLEAN`.
        hashes: The fingerprint of each row (binary 16).
        positions: Where each row stands in its source (string).
        load: The load that brings them.
        at: Now.
        received_at: When each row first came, for rows that waited in quarantine: one that came before the version in
            force does not take its place, unless the source calls it newer.
        wait: They wait for their customers; else they get them in this transaction.

    Raises:
        TableShapeError: `clean` is not `CLEAN`.
        StoreError: A value cannot be stored; see `unstorable`.
    """
    model.require(clean, model.CLEAN, what="records to add")
    hashes, positions = finding.digests(tx, hashes), _flat(positions)
    came = None if received_at is None else pa.table([received_at, positions], schema=arrivals.CAME)
    places = arrivals.place(
        clean.column("channel"),
        clean.column("record_id"),
        clean.column("updated_at"),
        hashes,
        _stored(tx, clean),
        came=came,
    )
    if received_at is None:
        received_at = pa.repeat(pa.scalar(at, pa.timestamp("us", tz="UTC")), clean.num_rows)
    kept = np.flatnonzero(places.version > 0)
    first = sequence.take(tx, "record", len(kept)) if len(kept) else 0
    numbers = np.zeros(clean.num_rows, np.int64)
    numbers[kept] = np.arange(first, first + len(kept))
    # An origin is a stored number, or minus one minus the row of this batch that came first.
    origins = places.origin.copy()
    origins[origins < 0] = numbers[-1 - origins[origins < 0]]
    told = {
        "record": pa.array(numbers),
        "version": pa.array(places.version, pa.int32()),
        "current": pa.array(places.current),
        "origin": pa.array(origins),
        "hash": hashes,
        "load_id": pa.repeat(pa.scalar(load, pa.int64()), clean.num_rows),
        "received_at": received_at,
        "source_position": positions,
    }
    # A column behind the other would make a table each.
    columns = [*clean.select(model.CLEAN.names).itercolumns(), *told.values()]
    rows = pa.Table.from_arrays(columns, names=[*model.CLEAN.names, *told])
    stored = rows.take(kept) if len(kept) < rows.num_rows else rows
    bulk.insert(tx, record, stored)
    in_force = np.flatnonzero(places.current)
    if wait:
        bulk.insert(tx, fresh, pa.table({"record": numbers[in_force]}))
    replaces = in_force[places.replaces[in_force] > 0]
    _succeed(tx, old=places.replaces[replaces], new=numbers[replaces], at=at)
    return Added(
        records=pa.array(numbers, mask=places.version == 0),
        accepted=len(kept),
        duplicate=clean.num_rows - len(kept),
        changed=int(np.count_nonzero(places.version > 1)),
        late=int(np.count_nonzero((places.version > 1) & ~places.current)),
        stored=stored,
    )


def first_versions(added: Added) -> pa.Table:
    """What `read` would find of the records that are new, and have no customer yet: `RECORDS`."""
    new = added.stored
    if added.changed or added.late:
        new = new.filter(pc.and_(pc.equal(new.column("version"), 1), new.column("current")))
    nobody = pa.chunked_array([pa.nulls(new.num_rows, pa.int64())])
    return pa.table([nobody if name == "customer_id" else new.column(name) for name in RECORDS.names], schema=RECORDS)


def _stored(tx: Transaction, clean: pa.Table) -> pa.Table:
    """Every stored version of the keys of these rows: `arrivals.STORED`."""
    found = [arrow.empty(arrivals.STORED)]
    for channel, keys in _keys_by_channel(clean):
        if len(keys) <= bulk.FEW:
            found.append(bulk.read_few(tx, _STORED_OF_FEW, arrivals.STORED, channel=channel, few=keys.to_pylist()))
            continue
        if tx.scalar(sa.select(record.c.record).where(record.c.channel == channel).limit(1)) is None:
            continue
        query = sa.select(*(record.c[name] for name in arrivals.STORED.names))
        with bulk.among(tx, record.c.record_id, _flat(keys)) as one_of_them:
            found.append(
                bulk.read(tx, query.where(record.c.channel == bulk.blindly(channel), one_of_them), arrivals.STORED)
            )
    return pa.concat_tables(found)


def _keys_by_channel(clean: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """The channels of records, and the keys of each, in their order."""
    channels, keys = clean.column("channel"), clean.column("record_id")
    every = channels.unique().to_pylist()
    if len(every) == 1:
        yield every[0], keys
        return
    for channel in every:
        yield channel, keys.filter(pc.equal(channels, channel))


_STORED_OF_FEW = sa.select(*(record.c[name] for name in arrivals.STORED.names)).where(
    record.c.channel == sa.bindparam("channel"), bulk.few(record.c.record_id)
)


def _succeed(tx: Transaction, *, old: np.ndarray, new: np.ndarray, at: datetime) -> None:
    """Let new versions take the place of old ones, also among the members of a customer; the old ones' links go."""
    if not len(old):
        return
    bulk.update(tx, record, pa.table({"record": old, "current": np.zeros(len(old), bool)}), by=["record"])
    bulk.delete(tx, fresh, pa.table({"record": old}))
    for side in ("record_l", "record_r"):
        bulk.delete(tx, link, pa.table({side: old}))
    with bulk.among(tx, member.c.record, pa.array(old)) as one_of_them:
        schema = pa.schema(
            [("record", pa.int64()), ("customer_id", pa.int64()), ("since", pa.timestamp("us", tz="UTC"))]
        )
        left = bulk.read(tx, sa.select(*(member.c[name] for name in schema.names)).where(one_of_them), schema)
    now = moments.after(left.column("since"), at)
    successor = pa.array(new).take(pc.index_in(left.column("record"), pa.array(old)))
    bulk.insert(tx, member_history, left.append_column("until", now))
    bulk.delete(tx, member, left.select(["record"]))
    bulk.insert(tx, member, left.set_column(0, "record", successor).set_column(2, "since", now))


def waiting(tx: Transaction, numbers: pa.Array | None = None) -> pa.Array:
    """The numbers of the current records that wait to be identified, of all or of these."""
    query = sa.select(fresh.c.record).order_by(fresh.c.record)
    if numbers is None:
        return _numbers(tx, query)
    with bulk.among(tx, fresh.c.record, numbers) as one_of_them:
        return _numbers(tx, query.where(one_of_them))


def others_wait(tx: Transaction, numbers: pa.Array) -> bool:
    """Whether anybody waits to be identified but these."""
    some = bulk.read_few(tx, _SOME_WAITING, _NUMBERS, most=len(numbers) + 1)
    return len(arrow.without(_flat(some.column("record")), numbers)) > 0


_SOME_WAITING = sa.select(fresh.c.record).limit(sa.bindparam("most", type_=sa.Integer))


def questions_of_few(few: Mapping[str, Sequence[str]]) -> list[asking.Put]:
    """What `add` asks about few rows of each channel, by their keys, and `others_wait` about nobody in particular.

    Whoever else brings records waits first, so that the answers stay true; but for a version that waits and is replaced
    by one of these, which `others_wait` is then told of.
    """
    asked = {channel: keys for channel, keys in few.items() if 0 < len(keys) <= bulk.FEW}
    stored = [bulk.put(_STORED_OF_FEW, channel=channel, few=keys) for channel, keys in asked.items()]
    return [sequence.question("record"), *stored, bulk.put(_SOME_WAITING, most=1)]


def outdated(tx: Transaction, numbers: pa.Array) -> pa.Array:
    """Those of these versions of records that are in force no longer."""
    with bulk.among(tx, record.c.record, numbers) as one_of_them:
        return _numbers(tx, sa.select(record.c.record).where(one_of_them, ~record.c.current))


def former(tx: Transaction, numbers: pa.Array) -> pa.Array:
    """The numbers of the versions that are no longer in force of these records."""
    if len(numbers) <= bulk.FEW:
        return _flat(bulk.read_few(tx, _FORMER_OF_FEW, _NUMBERS, few=numbers.to_pylist()).column("record"))
    old = record.alias()
    query = sa.select(old.c.record).select_from(record).join(old, old.c.origin == record.c.origin)
    with bulk.among(tx, record.c.record, numbers) as one_of_them:
        return _numbers(tx, query.where(one_of_them, record.c.version > 1, ~old.c.current).order_by(old.c.record))


_NUMBERS = pa.schema([("record", pa.int64())])
_OLD = record.alias()
_FORMER_OF_FEW = (
    sa.select(_OLD.c.record)
    .select_from(record)
    .join(_OLD, _OLD.c.origin == record.c.origin)
    .where(bulk.few(record.c.record), record.c.version > 1, ~_OLD.c.current)
    .order_by(_OLD.c.record)
)


def current(tx: Transaction) -> pa.Array:
    """The numbers of all current records."""
    return _numbers(tx, sa.select(record.c.record).where(record.c.current).order_by(record.c.record))


def _numbers(tx: Transaction, query: bulk.Query) -> pa.Array:
    return _flat(bulk.read(tx, query, _NUMBERS).column("record"))


def touch_identified(tx: Transaction, numbers: pa.Array) -> None:
    """Let these records wait no longer; those of a first load, whose numbers follow each other, go at once."""
    if len(numbers) > bulk.FEW:
        ordered = np.unique(numbers.to_numpy())
        starts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 2) != 1)
        if len(starts) <= bulk.FEW:
            lasts = np.append(starts[1:], len(ordered)) - 1
            for first, last in zip(ordered[starts].tolist(), ordered[lasts].tolist(), strict=True):
                tx.execute(fresh.delete().where(fresh.c.record.between(first, last)))
            return
    bulk.delete(tx, fresh, pa.table({"record": numbers}))


def by_key(tx: Transaction, numbers: pa.Array) -> pa.Table:
    """Records by number: `RECORDS`; few of them in the order of their keys, others in that of their numbers."""
    if len(numbers) > arrow.ONE_BY_ONE:
        return read(tx, numbers)
    query = _few(tuple(RECORDS.names))
    return bulk.read_few(tx, query, RECORDS, by=("channel", "record_id"), few=sorted(numbers.to_pylist()))


def read(tx: Transaction, numbers: pa.Array | None = None, *, columns: tuple[str, ...] | None = None) -> pa.Table:
    """Records by number (None: all current ones), ordered by number: `RECORDS`, or those of its columns."""
    schema = RECORDS if columns is None else _schema(columns)
    if numbers is not None and len(numbers) <= SOME:
        # In their order, piece by piece: a table of the numbers, made and dropped, would cost more.
        wanted = sorted(numbers.to_pylist())
        query = _few(tuple(schema.names))
        pieces = [wanted[start : start + bulk.FEW] for start in range(0, len(wanted), bulk.FEW)]
        read = [bulk.read_few(tx, query, schema, few=piece) for piece in pieces]
        return read[0] if len(read) == 1 else pa.concat_tables([schema.empty_table(), *read])
    if numbers is None:
        return pa.Table.from_batches(list(batches(tx, columns=columns)), schema=schema)
    # Brought into order here: a database puts rows as wide as these aside to sort them.
    names = tuple(dict.fromkeys(["record", *schema.names]))
    asked = pa.schema([RECORDS.field(name) for name in names])
    with bulk.among(tx, record.c.record, _flat(numbers)) as one_of_them:
        query = _select(names).order_by(None).where(one_of_them)
        found = pa.Table.from_batches(list(bulk.batches(tx, query, asked, are_many=True)), schema=asked)
    return found.sort_by("record").select(schema.names)


@functools.cache
def _schema(columns: tuple[str, ...]) -> pa.Schema:
    return pa.schema([RECORDS.field(name) for name in columns])


SOME = 5_000
"""Up to so many records are asked for by their numbers."""


@functools.cache
def _few(columns: tuple[str, ...]) -> bulk.Query:
    return _select(columns).where(bulk.few(record.c.record))


def batches(tx: Transaction, *, columns: tuple[str, ...] | None = None) -> Iterator[pa.RecordBatch]:
    """All current records as `read` has them, a piece at a time; the transaction can do nothing else until the last."""
    schema = RECORDS if columns is None else _schema(columns)
    query = _select(tuple(schema.names)).where(record.c.current)
    yield from bulk.batches(tx, query, schema, are_many=True)


@functools.cache
def _select(columns: tuple[str, ...]) -> bulk.Query:
    query = sa.select(*((member if name == "customer_id" else record).c[name] for name in columns))
    query = query.select_from(record).order_by(record.c.record)
    if "customer_id" in columns:
        query = query.join_from(record, member, member.c.record == record.c.record, isouter=True)
    return query


def versions(tx: Transaction, number: int) -> pa.Table:
    """Every version of the record that this number is one version of, oldest first: `RECORDS`.

    Raises:
        NotFoundError: There is no such record.
    """
    same = sa.select(record.c.origin).where(record.c.record == number).scalar_subquery()
    found = bulk.read(tx, _select(tuple(RECORDS.names)).where(record.c.origin == same), RECORDS)
    if found.num_rows == 0:
        raise NotFoundError(f"there is no record {number}")
    return found


def count(tx: Transaction) -> int:
    """How many current records are stored."""
    return tx.scalar(sa.select(sa.func.count()).select_from(record).where(record.c.current)) or 0


def _flat(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
