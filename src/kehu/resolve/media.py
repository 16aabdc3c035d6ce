"""Contact media (联系方式): every phone, e-mail and address of a customer, the best first, with its interval."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import arrow
from kehu.model import customers as columns
from kehu.model.codes import MediumKind
from kehu.resolve.coded import coded
from kehu.resolve.members import Members, Numbers

MOST = 20
"""So many of a kind are kept of one customer, the best: a firm's switchboard has thousands."""

STATED: Mapping[MediumKind, tuple[str, ...]] = {
    MediumKind.PHONE: ("phone", "phone_2"),
    MediumKind.EMAIL: ("email",),
    MediumKind.ADDRESS: ("address",),
}
"""The columns of a record that state each kind; what the first states ranks before what the second does."""

DOOR = ("city", "road", "road_number", "building", "unit", "room")
"""Addresses that agree in all of these are one, however they are written."""


def of(members: Members, golden: pa.Table) -> pa.Table:
    """Every contact medium of these customers.

    The golden value comes first, then what is stated as a first number before what is stated as a second, what was
    stated last before what was stated earlier, and what more records state.

    Args:
        members: All records of each customer.
        golden: `model.customers.CUSTOMERS` of the same customers.

    Returns:
        `model.customers.MEDIA`, ordered by customer, kind and rank.
    """
    seen = _seen(members)
    made = [_of_kind(members, seen, golden, kind) for kind in MediumKind]
    return pa.concat_tables(made).sort_by([(name, "ascending") for name in ("customer_id", "kind", "rank")])


def _seen(members: Members) -> pa.ChunkedArray:
    """When each record was changed at its source, or else received."""
    changed = members.column("updated_at")
    return pc.coalesce(changed, members.column("received_at")) if members.has("received_at") else changed


def _of_kind(members: Members, seen: pa.ChunkedArray, golden: pa.Table, kind: MediumKind) -> pa.Table:
    names = STATED[kind]
    texts = pa.chunked_array([chunk for name in names for chunk in members.column(name).chunks], pa.string())
    values = coded(_doors(members) if kind is MediumKind.ADDRESS else texts)
    rows = np.flatnonzero(values.codes >= 0)
    if not len(rows):
        return arrow.empty(columns.MEDIA)
    of = np.tile(members.of, len(names))[rows]
    when = np.tile(seen.cast(pa.int64()).fill_null(0).to_numpy(), len(names))[rows]
    first = rows < len(members)
    number = np.tile(members.numbers, len(names))[rows]
    text = texts.take(pa.array(rows)).combine_chunks()
    best = golden.column(names[0]).take(pa.array(of))
    is_golden = np.asarray(pc.fill_null(pc.equal(text, best), False).to_numpy(), dtype=np.bool_)
    key = of * np.int64(values.size + 1) + values.codes[rows]
    # The best statement of each value leads its run: it gives the spelling, the rank, and its record if it is newest.
    order = np.lexsort((number, -when, ~first, ~is_golden, key))
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    lead = order[starts]
    last = np.maximum.reduceat(when[order], starts)
    count = np.diff(starts, append=len(order))
    newest = _newest(number[order], when[order], starts, last)
    rank_order = np.lexsort((newest, -count, -last, ~first[lead], ~is_golden[lead], of[lead]))
    customer = of[lead][rank_order]
    rank = np.arange(len(customer)) - np.searchsorted(customer, customer) + 1
    kept = rank <= MOST
    chosen = rank_order[kept]
    instant = pa.timestamp("us", tz="UTC")
    oldest = np.minimum.reduceat(np.where(when[order] == 0, np.iinfo(np.int64).max, when[order]), starts)
    undated = last[chosen] == 0
    return pa.table(
        {
            "customer_id": members.customer_ids.take(pa.array(customer[kept])),
            "kind": pa.repeat(kind.value, len(chosen)),
            "rank": rank[kept],
            "value": text.take(pa.array(lead[chosen])),
            "first_seen": pa.array(oldest[chosen], mask=undated).cast(instant),
            "last_seen": pa.array(last[chosen], mask=undated).cast(instant),
            "records": count[chosen],
            "record": newest[chosen],
        },
        schema=columns.MEDIA,
    )


def _newest(number: Numbers, when: Numbers, starts: Numbers, last: Numbers) -> Numbers:
    """For each run of rows the record that states it last; of several the one with the greatest number."""
    runs = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(when)))
    return np.asarray(np.maximum.reduceat(np.where(when == last[runs], number, -1), starts))


def _doors(members: Members) -> pa.ChunkedArray:
    """What tells addresses apart: the parts where a road is known, else the text."""
    parts = [pc.fill_null(members.column(name), "") for name in DOOR]
    door = pc.binary_join_element_wise(*parts, "\0")
    address = members.column("address")
    known = pc.and_(pc.is_valid(members.column("road")), pc.is_valid(address))
    return pc.if_else(known, door, address)
