"""Customers: their golden values, their members, and every state they had before.

The present state stands in `customer`; a change moves the old one to `customer_history`. Writing what is there
already changes nothing, so a run over nothing new leaves the store as it was, to the byte.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import ne

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.errors import NotFoundError
from kehu.model import arrow
from kehu.model import customers as model
from kehu.model.records import require
from kehu.store import asking, bulk, media, moments, plans, records, sealed, search, sequence, wire
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer, customer_history
from kehu.store.dictionary.records import fresh, member, member_history, record
from kehu.store.terms import TERMS

INSTANT = moments.INSTANT

MEMBERS = pa.schema(
    [pa.field("record", pa.int64(), nullable=False), pa.field("customer_id", pa.int64(), nullable=False)]
)
"""One row a current record: the customer it belongs to."""

KEYED = pa.schema(
    [pa.field("record_id", pa.string()), pa.field("record", pa.int64()), pa.field("customer_id", pa.int64())]
)
"""One row a key of a channel: its record in force, and the customer of that (null: none yet)."""

STATES = pa.schema(
    [
        *model.CUSTOMERS,
        pa.field("merged_into", pa.int64()),
        pa.field("valid_from", INSTANT, nullable=False),
        pa.field("why", pa.string(), nullable=False),
    ]
)
"""One row a customer, retired ones too."""

HISTORY = pa.schema(
    [
        *STATES,
        pa.field("valid_to", INSTANT),  # Null: it holds now.
        pa.field("changed", pa.string()),  # JSON: the attributes that the next state changed.
    ]
)
"""One row a state of a customer."""

_MEMBER_STATES = pa.schema([*MEMBERS, pa.field("since", INSTANT)])


@dataclass(frozen=True, kw_only=True)
class Written:
    """What `write` changed."""

    created: int
    """Customers that are new."""
    changed: int
    """Customers with another state than before."""
    unchanged: int
    """Customers that were as they should be."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A customer that was asked for by a number."""

    customer_id: int
    """The living customer's number."""
    redirected: bool
    """Whether another number was asked for, that was merged into this one."""
    row: dict[str, object]
    """Its state: the columns of `STATES`."""


def new_ids(tx: Transaction, count: int) -> pa.Array:
    """Numbers for new customers, never given before and never again."""
    first = sequence.take(tx, "customer", count) if count else 0
    return pa.array(np.arange(first, first + count))


def memberships(tx: Transaction, numbers: pa.Array | None = None) -> pa.Table:
    """Which customer each of these records belongs to (None: all records): `MEMBERS`, ordered by record."""
    if numbers is not None and len(numbers) <= bulk.FEW:
        return bulk.read_few(tx, _OF_FEW_RECORDS, MEMBERS, few=numbers.to_pylist())
    query = sa.select(member.c.record, member.c.customer_id).order_by(member.c.record)
    if numbers is None:
        return bulk.read(tx, query, MEMBERS)
    with bulk.among(tx, member.c.record, numbers) as one_of_them:
        return bulk.read(tx, query.where(one_of_them), MEMBERS)


_OF_FEW_RECORDS = (
    sa.select(member.c.record, member.c.customer_id).where(bulk.few(member.c.record)).order_by(member.c.record)
)


def next_id(tx: Transaction) -> int:
    """The number that the next new customer gets; whoever else would change customers waits for this transaction."""
    return sequence.held(tx, "customer")


def alone(tx: Transaction) -> None:
    """Let nobody else change customers, or bring records of theirs, until this transaction ends.

    Whoever wants both asks for them in this order, and for a load in between: so nobody waits for one who waits.
    """
    next_id(tx)
    sequence.held(tx, "record")


def of_keys(tx: Transaction, channel: str, keys: pa.Array) -> pa.Table:
    """The record in force and the customer of each of a channel's keys that is stored: `KEYED`."""
    if len(keys) <= bulk.FEW:
        return bulk.read_few(tx, _OF_FEW_KEYS, KEYED, channel=channel, few=keys.to_pylist())
    query = sa.select(record.c.record_id, record.c.record, member.c.customer_id)
    query = query.join_from(record, member, member.c.record == record.c.record, isouter=True)
    with bulk.among(tx, record.c.record_id, keys) as one_of_them:
        return bulk.read(
            tx, query.where(record.c.channel == bulk.blindly(channel), one_of_them, record.c.current), KEYED
        )


_OF_FEW_KEYS = (
    sa.select(record.c.record_id, record.c.record, member.c.customer_id)
    .join_from(record, member, member.c.record == record.c.record, isouter=True)
    .where(record.c.channel == sa.bindparam("channel"), bulk.few(record.c.record_id), record.c.current)
)


def members(tx: Transaction, customer_ids: pa.Array) -> pa.Table:
    """The records of these customers: `MEMBERS`, ordered by record."""
    query = sa.select(member.c.record, member.c.customer_id).order_by(member.c.record)
    with bulk.among(tx, member.c.customer_id, customer_ids) as one_of_them:
        return bulk.read(tx, query.where(one_of_them), MEMBERS)


def assign(
    tx: Transaction, assigned: pa.Table, *, at: datetime, new: pa.Array | None = None, waited: pa.Array | None = None
) -> int:
    """Let records belong to customers (`MEMBERS`) and wait no longer; returns how many moved or are new.

    Args:
        tx: The transaction.
        assigned: The records with their customers.
        at: Since when; for one that moved later than that already, by another clock: right after.
        new: Those of them that were nobody's until now; None where that is not known.
        waited: Those of them that were noted as waiting, and are not from now on; None for all.
    """
    require(assigned, MEMBERS, what="members to assign")
    numbers = assigned.column("record").combine_chunks()
    if len(numbers) <= bulk.FEW:
        owned = numbers if new is None else arrow.without(numbers, new)
        had = bulk.read_few(tx, _STATES_OF_FEW, _MEMBER_STATES, few=owned.to_pylist())
    elif tx.scalar(sa.select(member.c.record).limit(1)) is None:
        had = arrow.empty(_MEMBER_STATES)
    else:
        query = sa.select(member.c.record, member.c.customer_id, member.c.since)
        with bulk.among(tx, member.c.record, numbers) as one_of_them:
            had = bulk.read(tx, query.where(one_of_them), _MEMBER_STATES)
    moved = arrow.where(assigned.select(MEMBERS.names), _moving(assigned, had))
    leaving = had
    if had.num_rows:
        leaving = had.filter(pc.is_in(had.column("record"), value_set=moved.column("record").combine_chunks()))
    since = _repeat(at, moved.num_rows)
    if leaving.num_rows:
        left = moments.after(leaving.column("since"), at)
        bulk.insert(tx, member_history, leaving.append_column("until", left))
        bulk.delete(tx, member, leaving.select(["record"]))
        place = pc.index_in(moved.column("record"), leaving.column("record").combine_chunks())
        since = pc.coalesce(left.take(place), since)
    plans.insert_members(tx, moved.append_column("since", since))
    if waited is not None:
        numbers = waited
    if len(numbers) <= bulk.FEW or tx.scalar(sa.select(fresh.c.record).limit(1)) is not None:
        records.touch_identified(tx, numbers)
    return int(moved.num_rows)


_STATES_OF_FEW = sa.select(member.c.record, member.c.customer_id, member.c.since).where(bulk.few(member.c.record))


def questions_of_few(owned: pa.Array, customer_ids: pa.Array) -> Iterator[asking.Put]:
    """What `assign` asks about few records that have a customer, and `write` then about customers that are there."""
    if len(owned) and len(customer_ids):  # One question is asked in its turn.
        yield bulk.put(_STATES_OF_FEW, few=owned.to_pylist())
        yield bulk.put(_FEW_STATES, few=customer_ids.to_pylist())


def write(tx: Transaction, customers: pa.Table, *, at: datetime, why: str, new: pa.Array | None = None) -> Written:
    """Let these customers (`CUSTOMERS`) have this state; each that had another keeps that one in its history.

    Args:
        tx: The transaction.
        customers: Each customer once; one that was retired lives again.
        at: Since when.
        why: What brings the change: `load 17`, `decision 4`.
        new: Those of them that got their numbers just now; None where that is not known.
    """
    require(customers, model.CUSTOMERS, what="customers to write")
    rows = customers.num_rows
    now = (pa.nulls(rows, pa.int64()), _repeat(at, rows), pa.repeat(why, rows))
    columns = [*customers.select(model.CUSTOMERS.names).itercolumns(), *now]
    return _write(tx, pa.Table.from_arrays(columns, schema=STATES), new)


def merge_into(tx: Transaction, merged: pa.Table, *, at: datetime, why: str) -> None:
    """Retire customers: `customer_id` from now on leads to `survivor` (both int64)."""
    had = states(tx, merged.column("customer_id").combine_chunks())
    place = pc.index_in(had.column("customer_id"), merged.column("customer_id").combine_chunks())
    retired = (
        had.set_column(had.schema.get_field_index("merged_into"), "merged_into", merged.column("survivor").take(place))
        .set_column(had.schema.get_field_index("valid_from"), "valid_from", _repeat(at, had.num_rows))
        .set_column(had.schema.get_field_index("why"), "why", pa.repeat(why, had.num_rows))
    )
    _write(tx, retired)
    search.replace(tx, had.column("customer_id").combine_chunks(), arrow.empty(TERMS))
    media.replace(tx, had.column("customer_id").combine_chunks(), arrow.empty(model.MEDIA))


def _moving(assigned: pa.Table, had: pa.Table) -> np.ndarray:
    """Which of the assigned records another customer had, or none."""
    if assigned.num_rows <= arrow.ONE_BY_ONE:
        owner = dict(zip(*arrow.lists(had.select(MEMBERS.names)), strict=True))
        rows = zip(*arrow.lists(assigned.select(MEMBERS.names)), strict=True)
        return np.array([owner.get(record) != customer_id for record, customer_id in rows], dtype=bool)
    before = had.column("customer_id").take(pc.index_in(assigned.column("record"), had.column("record")))
    return np.asarray(pc.fill_null(pc.not_equal(before, assigned.column("customer_id")), fill_value=True))


def _write(tx: Transaction, state: pa.Table, new_ones: pa.Array | None = None) -> Written:
    numbers = state.column("customer_id").combine_chunks()
    if new_ones is not None and len(new_ones) == len(numbers):
        bulk.insert(tx, customer, _in_order(state))
        return Written(created=len(numbers), changed=0, unchanged=0)
    had = states(tx, numbers if new_ones is None else arrow.without(numbers, new_ones))
    place = pc.index_in(numbers, had.column("customer_id"))
    known = np.asarray(pc.is_valid(place))
    bulk.insert(tx, customer, _in_order(arrow.where(state, ~known)))
    place = place.drop_null()
    old = had if place.equals(pa.array(range(had.num_rows), place.type)) else had.take(place)
    new = arrow.where(state, known)
    if new.num_rows:
        # All begin at one moment; where the clock was set back it is earlier than what stands there.
        began = moments.not_before(old.column("valid_from"), new.column("valid_from")[0].as_py())
        new = new.set_column(new.schema.get_field_index("valid_from"), "valid_from", began)
    differs = _differing(old, new)
    changed = np.logical_or.reduce(list(differs.values()))
    # Two states that began in the same microsecond leave the later one only: the other never was seen.
    seen = changed & np.asarray(pc.less(old.column("valid_from"), new.column("valid_from")))
    past = old.append_column("valid_to", new.column("valid_from"))
    bulk.insert(tx, customer_history, arrow.where(past.append_column("changed", _names(differs, old.num_rows)), seen))
    bulk.update(tx, customer, arrow.where(new, changed), by=["customer_id"])
    return Written(
        created=state.num_rows - old.num_rows,
        changed=int(np.count_nonzero(changed)),
        unchanged=int(np.count_nonzero(~changed)),
    )


def _in_order(state: pa.Table) -> pa.Table:
    return state if state.num_rows < 2 else state.sort_by("customer_id")


def _differing(old: pa.Table, new: pa.Table) -> dict[str, np.ndarray]:
    """For each column that tells of a state where two `STATES` of the same customers differ."""
    compared = [name for name in STATES.names if name not in {"customer_id", "valid_from", "why"}]
    if old.num_rows > wire.HANDFUL:
        return {name: _differs(old.column(name), new.column(name)) for name in compared}
    before, after = (dict(zip(STATES.names, arrow.lists(one), strict=True)) for one in (old, new))
    return {name: np.array(list(map(ne, before[name], after[name])), dtype=bool) for name in compared}


def _differs(old: pa.ChunkedArray, new: pa.ChunkedArray) -> np.ndarray:
    """Where two columns differ; two nulls do not."""
    unequal = pc.fill_null(pc.not_equal(old, new), fill_value=False)
    return np.asarray(pc.or_(unequal, pc.xor(pc.is_null(old), pc.is_null(new))))


def _names(differs: dict[str, np.ndarray], rows: int) -> pa.Array:
    """For each row the names of the columns that differ, as a JSON list; made once for each pattern."""
    bits = np.zeros(rows, np.int64)
    for place, where in enumerate(differs.values()):
        bits |= where.astype(np.int64) << place
    if rows <= wire.HANDFUL:
        return pa.array([_listed(differs, pattern) for pattern in bits.tolist()], pa.string())
    patterns, which = np.unique(bits, return_inverse=True)
    texts = [_listed(differs, pattern) for pattern in patterns.tolist()]
    return pa.array(texts, pa.string()).take(pa.array(which))


def _listed(names: Iterable[str], pattern: int) -> str:
    """Those of some names whose bits are set."""
    return json.dumps([name for place, name in enumerate(names) if pattern >> place & 1])


def states(tx: Transaction, customer_ids: pa.Array | None = None, *, retired: bool = True) -> pa.Table:
    """The present states of these customers (None: of all): `STATES`, ordered by number."""
    if retired and customer_ids is not None and len(customer_ids) <= bulk.FEW:
        return bulk.read_few(tx, _FEW_STATES, STATES, few=customer_ids.to_pylist())
    query = sa.select(*(customer.c[name] for name in STATES.names)).order_by(customer.c.customer_id)
    if not retired:
        query = query.where(customer.c.merged_into.is_(None))
    if customer_ids is None:
        return bulk.read(tx, query, STATES)
    with bulk.among(tx, customer.c.customer_id, customer_ids) as one_of_them:
        return bulk.read(tx, query.where(one_of_them).order_by(None), STATES).sort_by("customer_id")


_FEW_STATES = (
    sa.select(*(customer.c[name] for name in STATES.names))
    .where(bulk.few(customer.c.customer_id))
    .order_by(customer.c.customer_id)
)


_OF_NUMBER = sa.select(customer).where(customer.c.customer_id == sa.bindparam("number"))


def question_of(customer_id: int) -> asking.Put:
    """What `get` asks."""
    return sealed.put(_OF_NUMBER, number=customer_id)


def get(tx: Transaction, customer_id: int) -> Found:
    """The living customer of that number, or the one it was merged into.

    Raises:
        NotFoundError: The number was never given.
    """
    number, seen = customer_id, set[int]()
    while number not in seen:
        seen.add(number)
        row = next(iter(sealed.rows(tx, _OF_NUMBER, number=number)), None)
        if row is None:
            break
        if row["merged_into"] is None:
            return Found(customer_id=number, redirected=number != customer_id, row=row)
        number = row["merged_into"]
    raise NotFoundError(f"there is no customer {customer_id}")


def records_of(tx: Transaction, customer_id: int) -> pa.Table:
    """The customer's current records: `records.RECORDS`."""
    theirs = members(tx, pa.array([customer_id], pa.int64()))
    return records.read(tx, theirs.column("record").combine_chunks())


def history(tx: Transaction, customer_id: int, *, as_of: datetime | None = None) -> pa.Table:
    """Every state of the customer, oldest first, or the one that held at a time: `HISTORY`."""
    past = sa.select(*(customer_history.c[name] for name in HISTORY.names)).where(
        customer_history.c.customer_id == customer_id
    )
    now = sa.select(*(customer.c[name] for name in STATES.names)).where(customer.c.customer_id == customer_id)
    if as_of is not None:
        past = past.where(customer_history.c.valid_from <= as_of, customer_history.c.valid_to > as_of)
        now = now.where(customer.c.valid_from <= as_of)
    before = bulk.read(tx, past.order_by(customer_history.c.valid_from), HISTORY)
    present = bulk.read(tx, now, STATES)
    present = present.append_column("valid_to", pa.nulls(present.num_rows, INSTANT))
    present = present.append_column("changed", pa.nulls(present.num_rows, pa.string()))
    return before if before.num_rows and as_of is not None else pa.concat_tables([before, present])


def members_as_of(tx: Transaction, customer_id: int, as_of: datetime) -> pa.Array:
    """The numbers of the records that belonged to the customer at a time."""
    now = sa.select(member.c.record).where(member.c.customer_id == customer_id, member.c.since <= as_of)
    then = sa.select(member_history.c.record).where(
        member_history.c.customer_id == customer_id, member_history.c.since <= as_of, member_history.c.until > as_of
    )
    return pa.array(sorted({*tx.scalars(now), *tx.scalars(then)}), pa.int64())


def are_there(tx: Transaction) -> bool:
    """Whether there is, or ever was, a customer."""
    return tx.scalar(sa.select(customer.c.customer_id).limit(1)) is not None


def count(tx: Transaction) -> int:
    """How many customers live."""
    living = sa.select(sa.func.count()).select_from(customer).where(customer.c.merged_into.is_(None))
    return tx.scalar(living) or 0


def _repeat(at: datetime, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(at, INSTANT), rows)
