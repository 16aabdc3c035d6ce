from typing import Any

import pyarrow as pa
import pytest

from kehu.errors import NotFoundError
from kehu.store import customers, figures
from kehu.store.database import Database


@pytest.fixture
def town(store: Database, arrive: Any, golden: Any, now: Any) -> Database:
    """Three records of two living customers, and a retired one."""
    arrive([{"record_id": "1"}, {"record_id": "2", "channel": "calls"}, {"record_id": "3"}])
    rows = [
        {"customer_id": 1, "category": "student", "records": 2},
        {"customer_id": 2, "category": None},
        {"customer_id": 3, "category": "other"},
    ]
    with store.begin() as tx:
        customers.write(tx, golden(rows), at=now, why="load 1")
        merged = pa.table({"customer_id": [3], "survivor": [1]})
        customers.merge_into(tx, merged, at=now, why="load 1")
        customers.assign(tx, pa.table({"record": [1, 2, 3], "customer_id": [1, 1, 2]}), at=now)
    return store


def test_living_customers_and_current_records_are_counted(town: Database) -> None:
    with town.read() as tx:
        assert figures.customers_by(tx, "category").to_pylist() == [
            {"value": "student", "count": 1},
            {"value": None, "count": 1},
        ]
        assert figures.customers_by_channel(tx).to_pylist() == [
            {"value": "hall", "count": 2},
            {"value": "calls", "count": 1},
        ]
        assert figures.records_by(tx, "channel").to_pylist() == [
            {"value": "hall", "count": 2},
            {"value": "calls", "count": 1},
        ]
        assert figures.records_per_customer(tx).to_pylist() == [
            {"records": 1, "customers": 1},
            {"records": 2, "customers": 1},
        ]


def test_nobody_counts_by_name_or_phone(town: Database) -> None:
    for count, column in ((figures.customers_by, "phone"), (figures.records_by, "hash")):
        with town.read() as tx, pytest.raises(NotFoundError, match=f"no figures by '{column}'"):
            count(tx, column)
