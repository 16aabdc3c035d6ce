from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from kehu.store import customers, links, loads, search, verify
from kehu.store.database import Database, Transaction
from kehu.store.dictionary.whole import tables


@pytest.fixture
def town(store: Database, arrive: Any, golden: Any, later: Any) -> Database:
    """Three customers, one of them merged into another, a record that waits, and one with two versions."""
    arrive([{"record_id": str(number)} for number in range(1, 4)])
    rows = [
        {"customer_id": 1, "records": 2, "sources": '{"name": 1, "phone": 2}'},
        {"customer_id": 2, "records": 1, "sources": '{"name": 3}'},
        {"customer_id": 3, "records": 1},
    ]
    members = pa.table({"record": [1, 2, 3], "customer_id": [1, 1, 2]})
    link = {"record_l": 1, "record_r": 2, "weight": 9.0, "levels": "a", "state": "linked", "reason": None}
    with store.begin() as tx:
        customers.new_ids(tx, 3)
        customers.write(tx, golden(rows), at=later(0), why="load 1")
        customers.assign(tx, members, at=later(0))
        customers.merge_into(tx, pa.table({"customer_id": [3], "survivor": [2]}), at=later(1), why="load 1")
        links.replace(tx, members.column("record").combine_chunks(), pa.Table.from_pylist([link], schema=links.STORED))
        search.replace(tx, pa.array([1]), pa.table({"term": ["zw"], "customer_id": [1]}))
        loads.advance(tx, 1, counts=loads.Counts(read=4, accepted=3, duplicate=1))
    arrive([{"record_id": "4"}, {"record_id": "4", "name": "张伟"}])
    with store.begin() as tx:
        loads.advance(tx, 2, counts=loads.Counts(read=2, accepted=2, changed=1))
    return store


def test_a_sound_store_has_nothing_to_tell(town: Database) -> None:
    with town.read() as tx:
        assert list(verify.findings(tx)) == []


def change(table: sa.Table, where: sa.ColumnElement[bool], **values: Any) -> Callable[[Transaction], Any]:
    return lambda tx: tx.execute(table.update().where(where).values(**values))


def drop(table: sa.Table, where: sa.ColumnElement[bool]) -> Callable[[Transaction], Any]:
    return lambda tx: tx.execute(table.delete().where(where))


RECORD, CUSTOMER, MEMBER = tables["record"].c, tables["customer"].c, tables["member"].c
FAULTS = {
    "a record lost its version in force": (
        change(tables["record"], RECORD.record == 1, current=False),
        {("I1", 1), ("I2", 1)},
    ),
    "a version is missing": (drop(tables["record"], RECORD.record == 4), {("I1", 4), ("I7", 2)}),
    "a record is nowhere": (drop(tables["fresh"], tables["fresh"].c.record == 5), {("I2", 5)}),
    "a member is gone": (drop(tables["member"], MEMBER.record == 2), {("I2", 2), ("I4", 1)}),
    "a member is no record": (
        change(tables["member"], MEMBER.record == 2, record=77),
        {("I2", 2), ("I2", 77), ("I4", 1)},
    ),
    "a record belongs to a merged customer": (
        change(tables["member"], MEMBER.record == 3, customer_id=3),
        {("I2", 3), ("I4", 2)},
    ),
    "a link outlived its record": (change(tables["link"], tables["link"].c.record_r == 2, record_r=4), {("I2", 1)}),
    "a cycle of redirects": (
        change(tables["customer"], CUSTOMER.customer_id == 2, merged_into=3),
        {("I2", 3), ("I3", 2), ("I3", 3)},
    ),
    "a redirect to nobody": (change(tables["customer"], CUSTOMER.customer_id == 3, merged_into=99), {("I3", 3)}),
    "a number to be given again": (
        change(tables["sequence"], tables["sequence"].c.name == "customer", next=3),
        {("I3", 3)},
    ),
    "a record number to be given again": (
        change(tables["sequence"], tables["sequence"].c.name == "record", next=5),
        {("I1", 5)},
    ),
    "a golden value of another customer's record": (
        change(tables["customer"], CUSTOMER.customer_id == 2, sources='{"name": 1}'),
        {("I4", 2)},
    ),
    "a golden value without its record": (
        change(tables["customer"], CUSTOMER.customer_id == 2, sources='{"name": 999}'),
        {("I4", 2)},
    ),
    "a term that finds a merged customer": (
        change(tables["search_term"], tables["search_term"].c.term == "zw", customer_id=3),
        {("I4", 3)},
    ),
    "a load that does not add up": (change(tables["load"], tables["load"].c.load_id == 1, duplicate=7), {("I7", 1)}),
    "a load that lost a row": (change(tables["load"], tables["load"].c.load_id == 1, read=5, accepted=4), {("I7", 1)}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(town: Database, fault: str) -> None:
    plant, expected = FAULTS[fault]
    with town.begin() as tx:
        plant(tx)
        found = {(finding.invariant, number) for finding in verify.findings(tx) for number in finding.examples}
    assert found == expected
