"""The figures of contacts and tickets: what they are about, whether tickets are done in time, and how customers move.

Movement is what `docs/sql.md` tells in plain SQL, which its test holds against this.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.store import bulk
from kehu.store.counting import people as counted
from kehu.store.counting import rolling
from kehu.store.counting.numbers import NEVER, Numbers
from kehu.store.counting.people import People
from kehu.store.database import Transaction
from kehu.store.dictionary.households import interaction
from kehu.store.dictionary.service import ticket
from kehu.store.privacy import restrictions
from kehu.store.tallies import ANY, NONE, REST

NAMED = 20
"""So many reasons have a row of their own; there may be thousands."""
COHORTS = 12
"""Cohorts are of the last so many months."""
MONTHS_AGO = ((1, "0"), (3, "1-2"), (6, "3-5"), (12, "6-11"), (None, "12+"))
CONTACTS = ((2, "1"), (3, "2"), (5, "3-4"), (10, "5-9"), (None, "10+"))
YEARS = ((12, "0"), (24, "1"), (36, "2"), (60, "3-4"), (120, "5-9"), (None, "10+"))
"""Bands: up to which number, and what it is called; of tenure the number is one of months."""


@dataclass(frozen=True)
class Contacts:
    """Every contact of who is counted, as columns."""

    place: np.ndarray
    """The customer's row."""
    at: np.ndarray
    """Microseconds since 1970 (UTC)."""
    channel: pa.Array
    """Its channel."""
    month: np.ndarray
    """Months since the year nought."""


def figures(tx: Transaction, people: People, numbers: Numbers, *, today: date) -> Iterator[tuple[str, pa.Table]]:
    """Each figure by its name, rolled up; those of movement are of all customers."""
    contacts, reasons = _read(tx, people)
    yield "reason", reasons
    yield "sla", _tickets(tx, people)
    now = month_of(today)
    customers, first, per_customer = np.unique(contacts.place, return_index=True, return_counts=True)
    if not len(customers):
        yield "tenure", _tenure(numbers, now)
        return
    last = np.append(first[1:], len(contacts.place)) - 1
    ago = now - contacts.month[last]
    yield "recency", _whole(_paired(_banded(ago, MONTHS_AGO), _banded(per_customer, CONTACTS)))
    yield "tenure", _tenure(numbers, now)
    yield "retention", _retention(contacts, first, per_customer, now)
    following = np.where(per_customer > 1, first + 1, -1)
    after = pc.fill_null(contacts.channel.take(pa.array(following, mask=following < 0)), NONE)
    yield "journey", _whole(_paired(contacts.channel.take(pa.array(first)), after))


def _read(tx: Transaction, people: People) -> tuple[Contacts, pa.Table]:
    """Contacts, by customer and time, and the counts of what they were about."""
    schema = pa.schema([("record", pa.int64()), ("at", rolling.INSTANT), ("reason", pa.string())])
    query = sa.select(interaction.c.record, interaction.c.started_at, interaction.c.reason)
    where, when, reasons = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [rolling.nothing()]
    for piece in bulk.batches(tx, query.order_by(interaction.c.record), schema):
        at = rolling.found(people.records, piece["record"].to_numpy())
        mine, at = piece.filter(pa.array(at >= 0)), at[at >= 0]
        code, channel = pc.fill_null(mine["reason"], NONE), people.channel.take(pa.array(at))
        reasons.append(
            rolling.up(people.things(people.place[at], code, channel=channel, month=rolling.months(mine["at"])))
        )
        where.append(at)
        when.append(mine["at"].cast(pa.int64()).to_numpy())
    at, moments = np.concatenate(where), np.concatenate(when)
    # Records come in order, so contacts of one moment stay in the order of their records.
    order = np.lexsort((moments, people.place[at]))
    at, moments = at[order], moments[order]
    months = rolling.month_numbers(pa.array(moments, rolling.INSTANT))
    told = Contacts(place=people.place[at], at=moments, channel=people.channel.take(pa.array(at)), month=months)
    return told, rolling.up(_commonest(pa.concat_tables(reasons)), without=counted.SIDES)


def _commonest(counts: pa.Table) -> pa.Table:
    by_code = counts.group_by("code").aggregate([("many", "sum")])
    by_code = by_code.sort_by([("many_sum", "descending"), ("code", "ascending")])
    named = pa.concat_arrays([by_code["code"].slice(0, NAMED).combine_chunks(), pa.array([NONE])])
    return rolling.only(counts, "code", named, REST)


def _tickets(tx: Transaction, people: People) -> pa.Table:
    """Tickets by kind and outcome: done `in_time`, `late`, or `open` yet; by the month in which they were opened."""
    columns = ("customer_id", "kind", "channel", "opened_at", "breached_at", "resolved_at")
    types = (pa.int64(), pa.string(), pa.string(), rolling.INSTANT, rolling.INSTANT, rolling.INSTANT)
    query = sa.select(*(ticket.c[name] for name in columns))
    rows = bulk.read(tx, query, pa.schema(list(zip(columns, types, strict=True))))
    hidden = restrictions.hidden(tx).customers
    if len(hidden):
        rows = rows.filter(pc.invert(pc.is_in(rows["customer_id"], value_set=hidden)))
    place = rolling.found(people.rows["customer_id"].to_numpy(), pc.fill_null(rows["customer_id"], -1).to_numpy())
    in_time = pc.if_else(pc.is_valid(rows["resolved_at"]), "in_time", "open")
    outcome = pc.if_else(pc.is_valid(rows["breached_at"]), "late", in_time)
    code = pc.binary_join_element_wise(rows["kind"], outcome, "|")
    things = people.things(place, code, channel=rows["channel"], month=rolling.months(rows["opened_at"]))
    return rolling.up(things, without=counted.SIDES)


def _tenure(numbers: Numbers, now: int) -> pa.Table:
    """Customers by for how many whole years they have held a number."""
    return _whole(_banded(now - numbers.opened[numbers.opened < NEVER], YEARS))


def _retention(contacts: Contacts, first: np.ndarray, per_customer: np.ndarray, now: int) -> pa.Table:
    """By how many months ago customers first came, and how many months later they came again; all came nought later."""
    began = np.repeat(contacts.month[first], per_customer)
    # Several contacts of one month are one: they stand together, in order.
    once = np.append(True, (np.diff(contacts.place) != 0) | (np.diff(contacts.month) != 0))
    ago, later = now - began[once], contacts.month[once] - began[once]
    recent = (ago >= 0) & (ago <= COHORTS)
    codes = (pa.array(values[recent]).cast(pa.string()) for values in (ago, later))
    return _whole(_paired(*codes))


def month_of(day: date) -> int:
    """Its month, in months since the year nought."""
    return 12 * day.year + day.month - 1


def _banded(values: np.ndarray, bands: tuple[tuple[int | None, str], ...]) -> pa.Array:
    ends = [end for end, _ in bands if end is not None]
    return pa.array([name for _, name in bands]).take(pa.array(np.searchsorted(ends, values, side="right")))


def _paired(one: pa.Array, other: pa.Array) -> pa.Array:
    """Two codes as one."""
    return pc.binary_join_element_wise(one, other, "|")


def _whole(code: pa.Array) -> pa.Table:
    """Counts of all customers by a code."""
    whole = {name: rolling.constant(ANY, len(code)) for name in rolling.KEY if name != "code"}
    return rolling.up(pa.table({**whole, "code": code}))
