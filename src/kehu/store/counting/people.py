"""People: the customers that are counted, as columns of codes, with their records and the channels that know them."""

import functools
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.store import bulk
from kehu.store.conditions import years_before
from kehu.store.counting import rolling
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.records import member, record
from kehu.store.privacy import restrictions
from kehu.store.tallies import ANY, NONE

AGES = (18, 25, 35, 45, 55, 65)
"""Where a band of ages begins; before the first are minors."""
SCORES = ("0-19", "20-39", "40-59", "60-79", "80-100")
MOST = 10
"""Customers with so many records or more are counted together; the same for numbers."""

CODES = ("category", "star_level", "kind", "gender", "province", "age", "score", "records")
"""The columns of codes that each customer has."""

PLACED = ("category", "province")
"""What is known of customers themselves."""
SIDES = ("channel", *PLACED)

_COLUMNS = pa.schema(
    [
        ("customer_id", pa.int64()), ("category", pa.string()), ("star_level", pa.string()), ("province", pa.string()),
        ("kind", pa.string()), ("gender", pa.string()), ("birth_date", pa.date32()), ("quality", pa.float64()),
        ("records", pa.int64()),
        ("id_type", pa.string()), ("valid_from", rolling.INSTANT),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class People:
    """Who is counted."""

    rows: pa.Table
    """One row a living customer whose data may be used, by `customer_id`: `CODES`, `certified` and `valid_from`."""
    records: np.ndarray
    """The numbers of their records, ordered."""
    place: np.ndarray
    """The row of each record's customer."""
    channel: pa.Array
    """The channel of each record."""
    stated_at: np.ndarray
    """When each record was changed at its source, or else received: microseconds since 1970 (UTC)."""

    @functools.cached_property
    def known(self) -> pa.Table:
        """Once each, a customer's row (`place`) and a channel that knows them, with how many records it told."""
        pairs = pa.table({"place": self.place, "channel": self.channel}).group_by(["place", "channel"])
        return pairs.aggregate([([], "count_all")]).rename_columns({"count_all": "records"})

    def by(self, code: pa.ChunkedArray, *, month: pa.ChunkedArray | None = None) -> pa.Table:
        """Customers by a code of each: all of them, and those that each channel knows; rolled up."""
        place = self.known["place"]
        theirs = None if month is None else month.take(place)
        known = self.things(place.to_numpy(), code.take(place), channel=self.known["channel"], month=theirs)
        whole = self.things(None, code, month=month)
        return rolling.up(whole, known, without=PLACED)

    def things(
        self,
        place: np.ndarray | None,
        code: pa.ChunkedArray | pa.Array,
        *,
        channel: pa.ChunkedArray | pa.Array | None = None,
        month: pa.ChunkedArray | pa.Array | None = None,
    ) -> pa.Table:
        """What is counted, a row each, with the category and province of the customer that it is about.

        Args:
            place: The customer's row; -1 for nobody; None: each customer once.
            code: What is counted.
            channel: By which channel; else any.
            month: When; else it is a state of today.
        """
        columns = {
            side: self.rows[side] if place is None else _taken(self.rows[side], place)
            for side in ("category", "province")
        }
        columns["channel"] = rolling.constant(ANY, len(code)) if channel is None else channel
        columns["month"] = rolling.constant(ANY, len(code)) if month is None else month
        return pa.table({**columns, "code": code})


def _taken(values: pa.ChunkedArray, place: np.ndarray) -> pa.ChunkedArray:
    return pc.fill_null(values.take(pa.array(place, mask=place < 0)), NONE)


def read(tx: Transaction, *, today: date) -> People:
    """Who is counted today."""
    free = (customer.c.merged_into.is_(None), restrictions.is_free(customer.c.customer_id))
    query = sa.select(*(customer.c[name] for name in _COLUMNS.names)).where(*free).order_by(customer.c.customer_id)
    # Coded piece by piece: the values themselves would be several times as large.
    pieces = [_coded(piece, today) for piece in bulk.batches(tx, query, _COLUMNS)]
    rows = pa.Table.from_batches(pieces or [_coded(pa.RecordBatch.from_pylist([], schema=_COLUMNS), today)])
    stated_at = sa.func.coalesce(record.c.updated_at, record.c.received_at)
    whose = sa.select(member.c.record, member.c.customer_id, record.c.channel, stated_at)
    types = {"record": pa.int64(), "customer_id": pa.int64(), "channel": pa.string(), "stated_at": rolling.INSTANT}
    belongs = bulk.read(tx, whose.join(record, record.c.record == member.c.record), pa.schema(list(types.items())))
    place = rolling.found(rows["customer_id"].to_numpy(), belongs["customer_id"].to_numpy())
    records = belongs["record"].to_numpy()
    order = np.argsort(records, kind="stable")
    order = order[place[order] >= 0]
    channel = belongs["channel"].take(pa.array(order))
    said = belongs["stated_at"].cast(pa.int64()).to_numpy()[order]
    return People(rows=rows, records=records[order], place=place[order], channel=channel, stated_at=said)


def _coded(piece: pa.RecordBatch, today: date) -> pa.RecordBatch:
    told = {name: pc.fill_null(piece[name], NONE) for name in ("category", "star_level", "province", "kind", "gender")}
    score = np.minimum(piece["quality"].to_numpy(zero_copy_only=False) // 20, len(SCORES) - 1).astype(np.int64)
    told |= {
        "customer_id": piece["customer_id"],
        "age": ages(piece["birth_date"], today),
        "score": pa.array(SCORES).take(pa.array(score)),
        "records": up_to(piece["records"].to_numpy(zero_copy_only=False)),
        "certified": pc.is_valid(piece["id_type"]),
        "valid_from": piece["valid_from"],
    }
    return pa.RecordBatch.from_pydict(told)


def ages(born: pa.Array, today: date) -> pa.Array:
    """The band of ages of each birth date.

    >>> ages(pa.array([date(2008, 11, 22), date(2008, 11, 23), date(1926, 1, 1), None]), date(2026, 11, 22)).to_pylist()
    ['18-24', '0-17', '65+', '-']
    """
    starts = (0, *AGES)
    names = [f"{start}-{end - 1}" for start, end in zip(starts, AGES, strict=False)] + [f"{AGES[-1]}+"]
    # Whoever was born on the last day of a band, or before it, is in that band or in an older one.
    last = np.array([years_before(today, age) for age in reversed(AGES)], "datetime64[D]")
    days = pc.fill_null(born, today).to_numpy(zero_copy_only=False).astype("datetime64[D]")
    band = pa.array(names[::-1]).take(pa.array(np.searchsorted(last, days, side="left")))
    return pc.if_else(pc.is_valid(born), band, NONE)


def up_to(many: np.ndarray) -> pa.Array:
    """Numbers as codes.

    >>> up_to(np.array([0, 3, 12])).to_pylist()
    ['0', '3', '10+']
    """
    names = [*(str(number) for number in range(MOST)), f"{MOST}+"]
    return pa.array(names).take(pa.array(np.clip(many, 0, MOST).astype(np.int64)))
