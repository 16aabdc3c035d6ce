"""The plan of a member is the one that its record states, however it came to its customer."""

from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from kehu.model import households as model
from kehu.store import bulk, customers, database, households, plans, verify
from kehu.store.database import Database, Transaction
from kehu.store.dictionary.whole import tables

MEMBER = tables["member"].c
PLANS = ("5G-129", None, "宽带300M")


def state(tx: Transaction, records: pa.Array, told: list[str | None]) -> None:
    """Let records state a number each, with these plans."""
    rows = [{"msisdn": "139", "role": "holder", "plan": plan} for plan in told]
    households.add(tx, pa.Table.from_pylist(rows, schema=model.STATED), records=records, channel="hall")


def belong(tx: Transaction, records: pa.Array, customer_id: int, at: datetime) -> None:
    owners = pa.array([customer_id] * len(records), pa.int64())
    customers.assign(tx, pa.table({"record": records, "customer_id": owners}), at=at)


def kept(tx: Transaction) -> list[tuple[int, str | None]]:
    """Whose each member is, and its plan, in the order of records."""
    return [(row[0], row[1]) for row in tx.execute(sa.select(MEMBER.customer_id, MEMBER.plan).order_by(MEMBER.record))]


@pytest.mark.parametrize(
    ("rows", "many"),
    [
        pytest.param(1, bulk.MANY, id="one"),
        pytest.param(40, bulk.MANY, id="some"),
        pytest.param(bulk.FEW + 3, bulk.MANY, id="more than a statement holds"),
        pytest.param(60, 50, id="a first load"),
    ],
)
def test_records_that_move_keep_their_plans(
    store: Database, arrive: Any, later: Any, monkeypatch: pytest.MonkeyPatch, rows: int, many: int
) -> None:
    monkeypatch.setattr(bulk, "MANY", many)
    records = arrive([{"record_id": str(number)} for number in range(rows)]).records
    told = [PLANS[number % len(PLANS)] for number in range(rows)]
    with store.begin() as tx:
        state(tx, records, told)
        belong(tx, records, 7, later(0))
        assert kept(tx) == [(7, plan) for plan in told]
        belong(tx, records, 8, later(1))
        assert kept(tx) == [(8, plan) for plan in told]


@pytest.mark.parametrize("plan", ["5G-59", None])
def test_a_new_version_has_the_plan_that_it_states(store: Database, arrive: Any, later: Any, plan: str | None) -> None:
    first = arrive([{"record_id": "a"}, {"record_id": "b"}]).records
    with store.begin() as tx:
        state(tx, first, ["5G-129", "5G-99"])
        belong(tx, first, 7, later(0))
    second = arrive([{"record_id": "c"}, {"record_id": "a", "name": "张伟"}]).records
    with store.begin() as tx:
        state(tx, second, ["5G-19", plan])
        assert kept(tx) == [(7, "5G-99"), (7, plan)]
        belong(tx, second, 7, later(1))
        assert kept(tx) == [(7, "5G-99"), (7, "5G-19"), (7, plan)]


def test_a_plan_that_is_forgotten_is_nowhere(store: Database, arrive: Any, later: Any) -> None:
    records = arrive([{"record_id": "a"}, {"record_id": "b"}]).records
    with store.begin() as tx:
        state(tx, records, ["5G-129", "5G-99"])
        belong(tx, records, 7, later(0))
        plans.forget(tx, records.slice(0, 1))
        assert kept(tx) == [(7, None), (7, "5G-99")]


def test_a_plan_that_is_not_the_records_is_found(store: Database, arrive: Any, later: Any) -> None:
    records = arrive([{"record_id": str(number)} for number in range(3)]).records
    with store.begin() as tx:
        state(tx, records, list(PLANS))
        belong(tx, records, 7, later(0))
        told = {finding.broken for finding in verify.findings(tx)}
        for record, false in zip(records.to_pylist(), ("5G-99", "5G-99", None), strict=True):
            tx.execute(tables["member"].update().where(MEMBER.record == record).values(plan=false))
        [found] = [finding for finding in verify.findings(tx) if finding.broken not in told]
    assert "another plan" in found.broken
    assert found.examples == tuple(records.to_pylist())


@pytest.mark.parametrize("kind", ["sqlite", "mariadb", "postgresql"])
def test_a_store_of_an_older_kehu_is_told_the_plans(opened: Any, now: datetime, kind: str) -> None:
    store = opened(kind)
    database.migrate(store, to="0024")
    with store.begin() as tx:
        for number, plan in enumerate(PLANS, start=1):
            whose = {"record": number, "customer_id": 7, "since": now}
            before = sa.table("member", *(sa.column(name, MEMBER[name].type) for name in whose))
            tx.execute(before.insert().values(whose))
            what = {"record": number, "channel": "hall", "msisdn": "139", "role": "holder", "plan": plan}
            tx.execute(tables["subscription"].insert().values(what))
    database.migrate(store)
    with store.read() as tx:
        assert kept(tx) == [(7, plan) for plan in PLANS]
