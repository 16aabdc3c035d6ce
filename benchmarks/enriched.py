"""A store of a made-up town, enriched until it stands for an operator's: twice the records, and what they tell.

Towns of `prepared` have people alone. Here every record is there twice, with its customer, so that a million records
become a million customers; records of halls and applications get a number, all get a contact, some customers a ticket
and a word on marketing. Only what figures, segments and exports read is made: no keys, links and search terms.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from rich.console import Console

from kehu.store import bulk, planner, plans, sequence
from kehu.store.database import Database, Transaction
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.households import interaction, subscription
from kehu.store.dictionary.privacy import consent
from kehu.store.dictionary.records import member, record
from kehu.store.dictionary.service import ticket

SEED = 2026
NOW = datetime(2026, 11, 22, tzinfo=UTC)
FAR = 5_000_000
"""So many numbers are given away for the copies; a store has fewer."""
PIECE = 200_000
MONTHS = 36
"""Contacts and numbers are so many months old at the most."""
TICKETS, STATEMENTS = 200_000, 300_000
PLANS = (
    "畅享套餐59元",
    "畅享套餐99元",
    "畅享套餐129元",
    "校园卡29元",
    "家庭融合199元",
    "宽带300M",
    "宽带1000M",
    "企业专线",
)
STATES = ("active", "parked", "suspended_for_arrears", "closed")
REASONS = (
    "资费咨询",
    "业务办理",
    "投诉",
    "故障报修",
    "停复机",
    "携号转网",
    "宽带装移机",
    "发票",
    "套餐变更",
    "实名登记",
)
KINDS = {"calls": "call", "hall": "visit", "online": "application"}
CLASSES = {"complaint": 360.0, "fault": 48.0, "restoration": 48.0, "request": 24.0, "question": 8.0}


def enrich(opened: Database, console: Console) -> None:
    """Make the store an operator's, unless it is one."""
    if not _is_enriched(opened):
        console.print("[dim]enriching the store …[/]")
        _enrich(opened)
    # One that was there may just have been migrated.
    planner.settle(opened)


def _is_enriched(opened: Database) -> bool:
    with opened.read() as tx:
        return tx.scalar(sa.select(interaction.c.record).limit(1)) is not None


def _enrich(opened: Database) -> None:
    with opened.begin() as tx:
        far = {name: sequence.take(tx, name, FAR) for name in ("record", "customer")}
        behind = {"record": far["record"], "origin": far["record"], "customer_id": far["customer"]}
        for table in (record, customer, member):
            _double(tx, table, {name: by for name, by in behind.items() if name in table.c})
        draw = np.random.default_rng(SEED)
        _contacts(tx, draw)
        _tickets(tx, draw)
        _statements(tx, draw)


def _double(tx: Transaction, table: sa.Table, behind: dict[str, int]) -> None:
    """Every row once more, with numbers so far behind its own."""
    rows = bulk.read(tx, sa.select(table), pa.schema([pa.field(column.name, _type(column)) for column in table.c]))
    for name, by in behind.items():
        rows = rows.set_column(rows.column_names.index(name), name, pc.add(rows[name], by))
    if "record_id" in rows.column_names:
        copied = pc.binary_join_element_wise("2", rows["record_id"], "-")
        rows = rows.set_column(rows.column_names.index("record_id"), "record_id", copied)
    for start in range(0, rows.num_rows, PIECE):
        bulk.insert(tx, table, rows.slice(start, PIECE))


def _type(column: sa.Column[object]) -> pa.DataType:
    kinds = {
        "Instant": pa.timestamp("us", tz="UTC"), "Date": pa.date32(), "Boolean": pa.bool_(), "Real": pa.float64(),
        "BigInteger": pa.int64(), "Integer": pa.int64(), "Digest": pa.binary(16),
    }  # fmt: skip
    return kinds.get(type(column.type).__name__, pa.string())


def _contacts(tx: Transaction, draw: np.random.Generator) -> None:
    """A contact by each record, and a number by those of halls and applications."""
    schema = pa.schema([("record", pa.int64()), ("channel", pa.string())])
    came = bulk.read(tx, sa.select(record.c.record, record.c.channel).order_by(record.c.record), schema)
    many = came.num_rows
    at = _moments(draw, many)
    kinds = pa.array(list(KINDS.values())).take(pc.index_in(came["channel"], pa.array(list(KINDS))).combine_chunks())
    told = {
        "record": came["record"], "started_at": at, "kind": kinds,
        "direction": pa.array(["in"] * many), "reason": _drawn(draw, REASONS, many),
        "verified": pa.array(draw.random(many) < 0.7), "satisfaction": pa.array(draw.integers(1, 6, many)),
    }  # fmt: skip
    bulk.insert(tx, interaction, pa.table(told))
    held = came.filter(pc.not_equal(came["channel"], "calls"))
    msisdn = pc.cast(pa.array(draw.integers(13_000_000_000, 19_999_999_999, held.num_rows)), pa.string())
    bulk.insert(tx, subscription, pa.table({
        "record": held["record"], "channel": held["channel"], "msisdn": msisdn,
        "role": pa.array(["holder"] * held.num_rows), "plan": _drawn(draw, PLANS, held.num_rows),
        "number_state": _drawn(draw, STATES, held.num_rows), "opened_at": _moments(draw, held.num_rows),
    }))  # fmt: skip
    plans.follow(tx, held["record"])


def _tickets(tx: Transaction, draw: np.random.Generator) -> None:
    numbers = pa.array(range(1, TICKETS + 1), pa.int64())
    at = _moments(draw, TICKETS)
    kinds = _drawn(draw, tuple(CLASSES), TICKETS)
    hours = draw.exponential(20.0, TICKETS)
    due = pa.array(list(CLASSES.values())).take(pc.index_in(kinds, pa.array(list(CLASSES))))
    late = pc.greater(pa.array(hours), due)
    resolved = pc.add(at, pa.array((hours * 3_600_000_000).astype("int64"), pa.duration("us")))
    bulk.insert(tx, ticket, pa.table({
        "ticket_id": numbers, "title": pa.array(["made up"] * TICKETS), "kind": kinds, "sla": kinds,
        "severity": pa.array(["minor"] * TICKETS), "state": pa.array(["closed"] * TICKETS),
        "queue": pa.array(["service"] * TICKETS), "customer_id": pa.array(_customers(tx, draw, TICKETS)),
        "channel": pa.array(["page"] * TICKETS), "opened_at": at, "opened_by": pa.array(["made up"] * TICKETS),
        "breached_at": pc.if_else(late, resolved, pa.scalar(None, resolved.type)),
        "resolved_at": resolved, "ended_at": resolved, "line_at": at,
    }))  # fmt: skip


def _statements(tx: Transaction, draw: np.random.Generator) -> None:
    origins = np.array(tx.scalars(sa.select(record.c.origin)).all())
    at = _moments(draw, STATEMENTS)
    bulk.insert(tx, consent, pa.table({
        "consent_id": pa.array(range(1, STATEMENTS + 1), pa.int64()),
        "origin": pa.array(draw.choice(origins, STATEMENTS)), "purpose": pa.array(["marketing"] * STATEMENTS),
        "said": _drawn(draw, ("given", "withdrawn"), STATEMENTS), "notice": pa.array(["1"] * STATEMENTS),
        "channel": pa.array(["hall"] * STATEMENTS), "at": at, "noted_at": at,
        "noted_by": pa.array(["made up"] * STATEMENTS),
    }))  # fmt: skip


def _customers(tx: Transaction, draw: np.random.Generator, many: int) -> np.ndarray:
    return draw.choice(np.array(tx.scalars(sa.select(customer.c.customer_id)).all()), many)


def _moments(draw: np.random.Generator, many: int) -> pa.Array:
    seconds = draw.integers(0, int(timedelta(days=30 * MONTHS).total_seconds()), many)
    micros = int(NOW.timestamp() * 1_000_000) - seconds * 1_000_000
    return pa.array(micros, pa.timestamp("us", tz="UTC"))


def _drawn(draw: np.random.Generator, values: tuple[str, ...], many: int) -> pa.Array:
    """Values of which the first are the commonest."""
    shares = 1 / np.arange(1, len(values) + 1)
    return pa.array(values).take(pa.array(draw.choice(len(values), many, p=shares / shares.sum())))
