"""Records by the handful, and a store with its clock."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from kehu.model import customers as customer_model
from kehu.model import records as record_model
from kehu.store import contents, database, loads, records

NOW = datetime(2026, 11, 22, 8, 30, 0, 123456, tzinfo=UTC)

Rows = Sequence[dict[str, object]]


def table(schema: pa.Schema, rows: Rows, **defaults: object) -> pa.Table:
    return pa.Table.from_pylist([{**defaults, **row} for row in rows], schema=schema)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def later() -> Callable[[int], datetime]:
    return lambda hours: NOW + timedelta(hours=hours)


@pytest.fixture
def clean() -> Callable[[Rows], pa.Table]:
    """Clean records from what matters about them."""
    return lambda rows: table(
        record_model.CLEAN, rows, channel="hall", kind="individual", name_weak=False, id_valid=False
    )


@pytest.fixture
def golden() -> Callable[[Rows], pa.Table]:
    """Customers from what matters about them."""
    return lambda rows: table(
        customer_model.CUSTOMERS, rows, kind="individual", sources="{}", records=1, quality=0.5, updated_at=NOW
    )


Arrive = Callable[..., records.Added]


@pytest.fixture
def arrive(store: database.Database, clean: Callable[[Rows], pa.Table]) -> Arrive:
    """Store records in a transaction of their own; the content of a row is told by all of it but `updated_at`."""

    def add(rows: Rows, *, at: datetime = NOW) -> records.Added:
        told = clean(rows)
        digests = [
            hashlib.blake2b(repr({**row, "updated_at": None}).encode(), digest_size=16).digest()
            for row in told.to_pylist()
        ]
        positions = pa.array([f"hall.csv:{place}" for place in range(len(rows))])
        with store.begin() as tx:
            load = loads.start(tx, "hall", at=at)
            return records.add(tx, told, hashes=pa.array(digests, pa.binary(16)), positions=positions, load=load, at=at)

    return add


@pytest.fixture
def dump(store: database.Database) -> Callable[[], list[str]]:
    """All that the store holds."""

    def lines() -> list[str]:
        with store.read() as tx:
            return list(contents.lines(tx))

    return lines
