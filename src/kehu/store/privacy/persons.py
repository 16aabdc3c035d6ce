"""Where a person stands in the store: for each table the columns that say whose a row is.

Disclosure and erasure both walk this one list, so neither can leave out what the other knows. A table that is on
neither list fails a test: whoever adds one says here whose its rows are.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from kehu.store import bulk
from kehu.store.backup import kept
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.records import member, record
from kehu.store.dictionary.whole import metadata


class By(StrEnum):
    """What says whose a row is."""

    RECORD = "record"
    """The number of a record, in any version."""
    ORIGIN = "origin"
    """What all versions of a record share."""
    CUSTOMER = "customer"
    """The number of a customer, living or merged away."""
    PARENT = "parent"
    """The row of another table that it belongs to, by the first column of its key."""


WHOSE: Mapping[str, Mapping[str, By]] = {
    "record": {"record": By.RECORD},
    "pushed": {"record": By.RECORD},
    "fresh": {"record": By.RECORD},
    "member": {"record": By.RECORD},
    "member_history": {"record": By.RECORD},
    "match_key": {"record": By.RECORD},
    "link": {"record_l": By.RECORD, "record_r": By.RECORD},
    "subscription": {"record": By.RECORD},
    "account": {"record": By.RECORD},
    "interaction": {"record": By.RECORD},
    "decision_pair": {"origin_l": By.ORIGIN, "origin_r": By.ORIGIN},
    "decision_member": {"origin": By.ORIGIN},
    "decision_pin": {"origin": By.ORIGIN},
    "consent": {"origin": By.ORIGIN},
    "restriction": {"origin": By.ORIGIN},
    "customer": {"customer_id": By.CUSTOMER},
    "customer_history": {"customer_id": By.CUSTOMER},
    "contact_medium": {"customer_id": By.CUSTOMER},
    "search_term": {"customer_id": By.CUSTOMER},
    "phone_call": {"customer_id": By.CUSTOMER},
    "ticket": {"customer_id": By.CUSTOMER},
    "ticket_event": {"ticket": By.PARENT},
    "note": {"customer_id": By.CUSTOMER},
    "question": {"customer_l": By.CUSTOMER, "customer_r": By.CUSTOMER},
}
"""Table -> its columns that say whose a row is; of a parent, the table."""

OTHERWISE: Mapping[str, str] = {
    "quarantine": "found by key and by what stands in the row",
    "decision": "goes with the last of its members",
    "audit": "who looked at whom: kept, because it proves how data was used; told when a person is disclosed",
}
"""Tables that hold something of persons, and are treated one by one."""

SERVICE = frozenset({"phone_call", "ticket", "ticket_event", "note"})
"""Tables of customer service: of who is erased they go, also where law makes us keep the customer's real name."""

NOBODY = frozenset(
    {
        "sequence", "setting", "load", "quality", "completeness", "lease", "audit_chain", "person", "session",
        "one_time_link", "api_key", "refusal", "sign_on", "segment", "segment_version", "segment_count", "asked",
        "erasure", "tombstone", "tally",
    }
)  # fmt: skip
"""Tables that hold nothing of customers."""


@dataclass(frozen=True, kw_only=True)
class Whose:
    """By what somebody is found in every table."""

    records: pa.Array
    """The numbers of all versions of their records."""
    origins: pa.Array
    customers: pa.Array
    """The living number, and those that were merged into it."""


def of_customer(tx: Transaction, customer_id: int) -> Whose:
    """A living customer, with all that was merged into it."""
    theirs = sa.select(record.c.origin).join(member, member.c.record == record.c.record)
    origins = _numbers(tx, theirs.where(member.c.customer_id == customer_id).distinct())
    return of_origins(tx, origins, customers=merged_into(tx, customer_id))


def of_origins(tx: Transaction, origins: pa.Array, *, customers: pa.Array | None = None) -> Whose:
    """Records, and the numbers of customers that go with them."""
    with bulk.among(tx, record.c.origin, origins) as one_of_them:
        records = _numbers(tx, sa.select(record.c.record).where(one_of_them))
    return Whose(
        records=records, origins=origins, customers=pa.array([], pa.int64()) if customers is None else customers
    )


def merged_into(tx: Transaction, customer_id: int) -> pa.Array:
    """A number, and all that lead to it."""
    found, new = {customer_id}, [customer_id]
    while new:
        query = sa.select(customer.c.customer_id).where(customer.c.merged_into.in_(new))
        new = [number for number in tx.scalars(query) if number not in found]
        found.update(new)
    return pa.array(sorted(found), pa.int64())


def rows(tx: Transaction, whose: Whose) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """All that stands in the tables about somebody: each table that holds something, with its rows."""
    for table in metadata.sorted_tables:
        if table.name not in WHOSE:
            continue
        told: list[dict[str, Any]] = []
        for condition in _conditions(table, whose):
            query = sa.select(*table.c).where(condition).order_by(*table.primary_key)
            told += [row for row in bulk.read(tx, query, kept.schema_of(table)).to_pylist() if row not in told]
        if told:
            yield table.name, told


def count(tx: Transaction, whose: Whose, tables: Collection[str] = WHOSE) -> dict[str, int]:
    """How many rows of each of these tables are somebody's."""
    told = {}
    for table in metadata.sorted_tables:
        if table.name in tables:
            conditions = tuple(_conditions(table, whose))
            if conditions:
                query = sa.select(sa.func.count()).select_from(table).where(sa.or_(*conditions))
                told[table.name] = tx.scalar(query) or 0
    return {name: many for name, many in told.items() if many}


def delete(tx: Transaction, whose: Whose, tables: Collection[str] = WHOSE) -> dict[str, int]:
    """Take all rows of these tables out that are somebody's, and say how many of each."""
    gone = {}
    for table in reversed(metadata.sorted_tables):
        if table.name in tables:
            gone[table.name] = sum(
                tx.execute(table.delete().where(condition)).rowcount for condition in _conditions(table, whose)
            )
    return {name: count for name, count in gone.items() if count}


PIECE = 500
"""So many numbers are asked for at once."""


def _conditions(table: sa.Table, whose: Whose) -> Iterator[sa.ColumnElement[bool]]:
    """By which the rows of a table are somebody's; several, where the numbers are many."""
    numbers = {By.RECORD: whose.records, By.ORIGIN: whose.origins, By.CUSTOMER: whose.customers}
    for name, by in WHOSE[table.name].items():
        if by is By.PARENT:
            parent = metadata.tables[name]
            key = next(iter(parent.primary_key))
            for condition in _conditions(parent, whose):
                yield table.c[key.name].in_(sa.select(key).where(condition))
            continue
        for start in range(0, len(numbers[by]), PIECE):
            yield table.c[name].in_(numbers[by].slice(start, PIECE).to_pylist())


def _numbers(tx: Transaction, query: bulk.Query) -> pa.Array:
    return pa.array(sorted(tx.scalars(query)), pa.int64())
