"""Erasing in the tables: what goes, what is emptied but for what law makes us keep, and how the counts stay right."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from kehu.store import bulk, plans, sequence
from kehu.store.database import Database, Transaction
from kehu.store.dictionary.customers import customer, customer_history
from kehu.store.dictionary.decisions import decision, decision_member
from kehu.store.dictionary.households import account, interaction, subscription
from kehu.store.dictionary.loads import load, pushed, quarantine
from kehu.store.dictionary.privacy import erasure
from kehu.store.dictionary.records import link, match_key, member_history, record

REAL_NAME = ("kind", "name", "name_weak", "id_type", "id_number", "id_valid", "address", "updated_at")
"""What of a record law makes us keep: who held a number, by which certificate. The rest is emptied."""

REAL_NUMBER = ("msisdn", "role", "number_state", "opened_at", "proxy_name", "proxy_id_type", "proxy_id_number")
"""The same, of a subscription."""


def uncount(tx: Transaction, records: pa.Array) -> None:
    """Let the loads that brought these records count them as erased."""
    with bulk.among(tx, record.c.record, records) as one_of_them:
        later = sa.func.sum(sa.case((record.c.version > 1, 1), else_=0))
        query = sa.select(record.c.load_id, sa.func.count(), later).where(one_of_them).group_by(record.c.load_id)
        for number, many, changed in tx.execute(query).all():
            _recount(tx, number, accepted=-many, changed=-int(changed), erased=many)


def _recount(tx: Transaction, number: int, **more: int) -> None:
    added = {name: load.c[name] + count for name, count in more.items()}
    tx.execute(load.update().where(load.c.load_id == number).values(added))


def drop_quarantined(tx: Transaction, numbers: Collection[int]) -> int:
    """Take rows out of the quarantine, and let their loads count them as erased."""
    rows = pa.array(sorted(numbers), pa.int64())
    with bulk.among(tx, quarantine.c.quarantine_id, rows) as one_of_them:
        query = sa.select(quarantine.c.load_id, sa.func.count()).where(one_of_them).group_by(quarantine.c.load_id)
        for number, many in tx.execute(query).all():
            _recount(tx, number, quarantined=-many, erased=many)
        return tx.execute(quarantine.delete().where(one_of_them)).rowcount


def empty(tx: Transaction, records: pa.Array) -> None:
    """Leave of these records in force what law makes us keep; their earlier versions must be gone already."""
    if not len(records):
        return
    blank = {
        column.name: None
        for column in record.c
        if column.nullable and column.name not in (*REAL_NAME, "source_position")
    }
    with bulk.among(tx, record.c.record, records) as one_of_them:
        query = sa.select(record.c.load_id).where(one_of_them, record.c.version > 1)
        for number in tx.scalars(query).all():
            _recount(tx, number, changed=-1)
        tx.execute(record.update().where(one_of_them).values(version=1, **blank))
    bare = {column.name: None for column in subscription.c if column.nullable and column.name not in REAL_NUMBER}
    with bulk.among(tx, subscription.c.record, records) as one_of_them:
        tx.execute(subscription.update().where(one_of_them).values(bare))
    plans.forget(tx, records)
    for table in (account, interaction, pushed, match_key, member_history):
        with bulk.among(tx, table.c.record, records) as one_of_them:
            tx.execute(table.delete().where(one_of_them))
    with bulk.among(tx, link.c.record_l, records, name="left") as left:
        tx.execute(link.delete().where(left))
    with bulk.among(tx, link.c.record_r, records, name="right") as right:
        tx.execute(link.delete().where(right))


def once_of(tx: Transaction, records: pa.Array) -> pa.Array:
    """The customers that these records belonged to at some time: their past may hold values of them."""
    with bulk.among(tx, member_history.c.record, records) as one_of_them:
        query = sa.select(member_history.c.customer_id).where(one_of_them).distinct()
        return pa.array(sorted(tx.scalars(query)), pa.int64())


def forget_past(tx: Transaction, customers: pa.Array, records: pa.Array) -> int:
    """Take out of the past of other customers each state that holds a value of one of these records."""
    gone, numbers = 0, frozenset(records.to_pylist())
    with bulk.among(tx, customer_history.c.customer_id, customers) as one_of_them:
        key = customer_history.c.customer_id, customer_history.c.valid_from
        states = tx.execute(sa.select(*key, customer_history.c.sources).where(one_of_them)).all()
    for number, since, sources in states:
        if numbers.intersection(json.loads(sources).values()):
            gone += tx.execute(customer_history.delete().where(key[0] == number, key[1] == since)).rowcount
    with bulk.among(tx, customer.c.customer_id, customers) as one_of_them:
        retired = sa.select(customer.c.customer_id, customer.c.sources).where(
            one_of_them, customer.c.merged_into.is_not(None)
        )
        hold = [row[0] for row in tx.execute(retired).all() if numbers.intersection(json.loads(row[1]).values())]
    redact(tx, pa.array(hold, pa.int64()))
    return gone + len(hold)


def redact(tx: Transaction, customers: pa.Array) -> None:
    """Leave of merged customers nothing but where they lead to."""
    keep = {"customer_id", "merged_into", "valid_from", "why"}
    blank: dict[str, Any] = {column.name: None for column in customer.c if column.nullable and column.name not in keep}
    with bulk.among(tx, customer.c.customer_id, customers) as one_of_them:
        merged = one_of_them, customer.c.merged_into.is_not(None)
        tx.execute(customer.update().where(*merged).values(sources="{}", **blank))


def forget_decisions(tx: Transaction, numbers: Collection[int]) -> int:
    """Take out those of the decisions that are about nobody any more; the reasons of the others say nothing now."""
    left = set(tx.scalars(sa.select(decision_member.c.decision_id).distinct().where(_in(decision_member, numbers))))
    gone = [number for number in numbers if number not in left]
    for number in gone:
        tx.execute(decision.delete().where(decision.c.decision_id == number))
    for number in left:
        undone = sa.case((decision.c.undone_why.is_not(None), ERASED))
        values = {"why": ERASED, "undone_why": undone}
        tx.execute(decision.update().where(decision.c.decision_id == number).values(values))
    return len(gone)


ERASED = "(erased)"
"""Stands in place of a reason that may have named somebody."""


def decisions_of(tx: Transaction, origins: pa.Array) -> list[int]:
    """The decisions about these records."""
    with bulk.among(tx, decision_member.c.origin, origins) as one_of_them:
        return sorted(set(tx.scalars(sa.select(decision_member.c.decision_id).where(one_of_them))))


def _in(table: sa.Table, numbers: Collection[int]) -> sa.ColumnElement[bool]:
    return table.c.decision_id.in_(list(numbers))


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What proves that somebody was erased, without saying who it was."""

    erasure_id: int
    at: datetime
    erased_by: str
    state: str
    """running: copies outside the tables are left; done."""
    finished_at: datetime | None
    told: Mapping[str, Any]
    """How many rows of which table are gone, how many are kept by law, how many marks prevent their return."""


def begin(tx: Transaction, *, at: datetime, by: str, told: Mapping[str, Any], number: int | None = None) -> int:
    """A new receipt; the copies outside the tables are still to go."""
    given = sequence.take(tx, "erasure") if number is None else number
    tx.execute(
        erasure.insert().values(
            erasure_id=given, at=at, erased_by=by, state="running", receipt=json.dumps(dict(told), sort_keys=True)
        )
    )
    return given


def tell(tx: Transaction, number: int, told: Mapping[str, Any], *, done_at: datetime | None = None) -> None:
    """Add to what a receipt tells; with `done_at` the last copy is gone."""
    now = dict(receipt(tx, number).told) | dict(told)
    values: dict[str, Any] = {"receipt": json.dumps(now, sort_keys=True)}
    if done_at is not None:
        values |= {"state": "done", "finished_at": done_at}
    tx.execute(erasure.update().where(erasure.c.erasure_id == number).values(values))


def receipt(tx: Transaction, number: int) -> Receipt:
    """One receipt, which is there."""
    return next(one for one in _receipts(tx, erasure.c.erasure_id == number))


def receipts(tx: Transaction, *, limit: int = 50) -> list[Receipt]:
    """The latest receipts first."""
    return _receipts(tx, sa.true(), limit=limit)


def running(tx: Transaction) -> list[Receipt]:
    """Those whose copies outside the tables are left."""
    return _receipts(tx, erasure.c.state == "running")


def known(tx: Transaction) -> set[int]:
    """The numbers of all receipts."""
    return set(tx.scalars(sa.select(erasure.c.erasure_id)))


def _receipts(tx: Transaction, where: sa.ColumnElement[bool], *, limit: int | None = None) -> list[Receipt]:
    query = sa.select(erasure).where(where).order_by(erasure.c.erasure_id.desc()).limit(limit)
    return [
        Receipt(told=json.loads(row["receipt"]), **{name: row[name] for name in row if name != "receipt"})
        for row in tx.execute(query).mappings()
    ]


def compact(database: Database) -> None:
    """Let the database's files hold nothing of what was deleted, as far as it lets us.

    SQLite leaves deleted rows in its file and its log until both are written anew. PostgreSQL frees their place, to be
    written over; MariaDB does so by itself. Their own logs and copies are the operator's.
    """
    kind = database.engine.dialect.name
    if kind == "sqlite":
        _outside(database, ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"])
    elif kind == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM")


def _outside(database: Database, statements: list[str]) -> None:
    """Run statements that no transaction may hold."""
    connection = database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()
        cursor.close()
    finally:
        connection.close()
