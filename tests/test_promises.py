"""The promises of the README that are kept so far, each with a test that fails when it is broken.

Promise 2: sending a record twice, late or out of order changes nothing. Promise 3: every accepted record is in exactly
one customer, or visibly in quarantine. Promise 6: two different valid certificates are never merged by machine, and no
shared value makes a giant customer. Promise 7: running again changes nothing. What depends on the database is tried on
each; docs/promises.md tells which test proves what where.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kehu.collect.town import town
from kehu.engine.duck import Duck
from kehu.errors import SourceError
from kehu.flows.identify.grouping import Identified
from kehu.flows.identify.identify import identify
from kehu.flows.intake import intake
from kehu.model.customers import GOLDEN_COLUMNS
from kehu.model.records import FLAT_COLUMNS, POSITION, Batch
from kehu.process import identification
from kehu.process.mapping import Mapping
from kehu.resolve import model
from kehu.store import contents, customers, database, quarantine, records
from kehu.store.database import Database
from kehu.store.dictionary.whole import tables
from kehu.store.loads import Counts
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault

VAULT = Vault(Keyring(secrets={1: bytes(32)}))

CLOCK = datetime(2026, 1, 5, 8, tzinfo=UTC)


class Delivery:
    """A channel that hands on flat records in the batches given, and breaks behind them where it should."""

    def __init__(self, name: str, batches: Sequence[pa.Table], *, breaks: bool = False) -> None:
        self.name, self._batches, self._breaks = name, batches, breaks

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        for number, rows in enumerate(self._batches):
            positions = pa.array([f"{number}:{row}" for row in range(rows.num_rows)], pa.string())
            yield Batch(rows=rows.append_column(POSITION, positions), cursor=str(number))
        if self._breaks:
            raise SourceError("the line is dead")

    def sample(self, rows: int) -> Batch:
        raise NotImplementedError


@contextmanager
def opened() -> Iterator[Database]:
    with TemporaryDirectory() as folder:
        store = database.connect("sqlite:///kehu.db", folder=Path(folder), vault=VAULT)
        database.migrate(store)
        yield store
        store.close()


def collected(store: Database, batches: Sequence[pa.Table], *, name: str = "hall", breaks: bool = False) -> Counts:
    mapping = {column: column for column in batches[0].column_names if column in FLAT_COLUMNS and column != "channel"}
    feed = intake.Feed(
        channel=Delivery(name, batches, breaks=breaks), mapping=Mapping.model_validate(mapping), sparse=True
    )
    with TemporaryDirectory() as raw:
        return intake.intake(store, feed, raw_in=Path(raw), home="CN", clock=lambda: CLOCK).counts


def identified(store: Database) -> Identified:
    return identify(
        store, Duck(threads=1), model.shipped(), trust={}, hot_key_limit=100, clock=lambda: CLOCK, why="a test"
    )


def dump(store: Database) -> list[str]:
    with store.read() as tx:
        return list(contents.lines(tx))


def groups(store: Database) -> dict[int, list[str]]:
    """The keys of the records of every customer."""
    found: dict[int, list[str]] = {}
    with store.read() as tx:
        for row in records.read(tx, columns=("record_id", "customer_id")).to_pylist():
            found.setdefault(row["customer_id"], []).append(row["record_id"])
    return found


def believed(store: Database) -> dict[tuple[str, ...], dict[str, Any]]:
    """The golden values of every customer, by the keys of its records: what does not depend on numbers."""
    with store.read() as tx:
        golden = {
            row["customer_id"]: {name: row[name] for name in (*GOLDEN_COLUMNS, "records", "quality", "updated_at")}
            for row in customers.states(tx, retired=False).to_pylist()
        }
    return {tuple(sorted(keys)): golden[customer] for customer, keys in groups(store).items()}


@pytest.fixture(scope="module")
def people() -> pa.Table:
    """The records of a small town; they come by one channel here."""
    return town.make(160, seed=11).records.drop_columns(["channel"])


@pytest.fixture(scope="module")
def once(people: pa.Table) -> dict[tuple[str, ...], dict[str, Any]]:
    """What one clean pass over them believes."""
    with opened() as store:
        assert collected(store, [people]).accepted == people.num_rows
        identified(store)
        return believed(store)


def in_any_order(people: pa.Table, chance: random.Random) -> list[pa.Table]:
    """Each record one to five times, shuffled, in batches of any size."""
    rows = [row for row in range(people.num_rows) for _ in range(chance.randint(1, 5))]
    chance.shuffle(rows)
    sent, batches = list(rows), []
    while sent:
        size = chance.randint(1, len(rows) // 3)
        batches.append(people.take(sent[:size]))
        del sent[:size]
    return batches


def require_that_nothing_changes(
    store: Database, people: pa.Table, once: dict[tuple[str, ...], dict[str, Any]], seed: int
) -> None:
    chance = random.Random(seed)
    for batch in in_any_order(people, chance):
        counts = collected(store, [batch])
        assert counts.read == counts.accepted + counts.duplicate
        if chance.random() < 0.5:
            identified(store)
    identified(store)
    assert believed(store) == once


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_promise_2_records_sent_again_late_and_in_any_order_change_nothing(
    people: pa.Table, once: dict[tuple[str, ...], dict[str, Any]], seed: int
) -> None:
    with opened() as store:
        require_that_nothing_changes(store, people, once, seed)


Made = Callable[[str], Database]
SERVERS = ("mariadb", "postgresql")
OFTEN = pytest.param(range(20), marks=pytest.mark.faults, id="often")


@pytest.mark.parametrize("seeds", [pytest.param(range(1), id="once"), OFTEN])
@pytest.mark.parametrize("kind", SERVERS)
def test_promise_2_holds_on_a_server_too(
    people: pa.Table,
    once: dict[tuple[str, ...], dict[str, Any]],
    request: pytest.FixtureRequest,
    kind: str,
    seeds: range,
) -> None:
    make: Made = request.getfixturevalue("opened")
    for seed in seeds:
        store = make(kind)
        database.migrate(store)
        require_that_nothing_changes(store, people, once, seed)


def test_promise_3_every_record_is_in_one_customer_or_in_quarantine_whatever_breaks(people: pa.Table) -> None:
    half = people.num_rows // 2
    nameless = pa.table({"record_id": ["", "x"], "name": ["张伟", "无"]})
    with opened() as store:
        first = collected(store, [people.slice(0, half), nameless], breaks=True)
        identified(store)
        second = collected(store, [people])
        # Not identified yet: they wait, and say so.
        with store.read() as tx:
            assert len(records.waiting(tx)) == second.accepted == people.num_rows - half
        identified(store)
        assert (first.accepted, first.quarantined) == (half, 2)
        with store.read() as tx:
            of_record = Counter(tx.scalars(sa.select(tables["member"].c.record)))
            assert set(of_record) == set(records.current(tx).to_pylist())
            assert set(of_record.values()) == {1}
            living = set(
                tx.scalars(
                    sa.select(tables["customer"].c.customer_id).where(tables["customer"].c.merged_into.is_(None))
                )
            )
            assert living == set(tx.scalars(sa.select(tables["member"].c.customer_id)))
            assert len(records.waiting(tx)) == 0
            bad = quarantine.page(tx)
        assert len(bad) == 2
        assert all(row.reasons and row.raw for row in bad)


def certificate(number: int) -> str:
    """A valid resident ID; no two are the same."""
    body = f"330106198705{number % 27 + 1:02d}{number // 27:03d}"
    return body + identification.check_digit(body)


def test_promise_6_two_valid_certificates_are_never_one_customer() -> None:
    """Everything else is the same: name, phone, birth date, address."""
    size = 60
    rows = pa.table(
        {
            "record_id": [str(number) for number in range(3 * size)],
            "name": ["陈思远"] * (3 * size),
            "phone": ["13912345678"] * (3 * size),
            "address": ["浙江省杭州市西湖区文三路138号3幢2单元501室"] * (3 * size),
            "id_number": [certificate(number % size) if number < 2 * size else None for number in range(3 * size)],
        }
    )
    with opened() as store:
        collected(store, [rows])
        identified(store)
        with store.read() as tx:
            stored = records.read(tx, columns=("customer_id", "id_number", "id_valid"))
        held = stored.filter(stored["id_valid"])
        assert held.num_rows == 2 * size
        per_customer = (
            pa.table(held.select(["customer_id", "id_number"]))
            .group_by("customer_id")
            .aggregate([("id_number", "count_distinct")])
        )
        assert pc.max(per_customer["id_number_count_distinct"]).as_py() == 1
        assert per_customer.num_rows == size


@pytest.mark.parametrize(
    ("shared", "most"),
    [
        pytest.param({"phone": "13800000000", "id_number": "", "email": "test"}, 2, id="what clerks type for nothing"),
        pytest.param({"phone": "13912345678"}, 2, id="an agent's phone"),
        pytest.param({"id_number": "111111111111111111"}, 2, id="a placeholder certificate"),
        pytest.param(
            {"phone": "13912345678", "name": "张先生"}, 2, id="an agent's phone under a name that says little"
        ),
        pytest.param({"email": "test@test.com"}, 2, id="test"),
        pytest.param({"address": "杭州市西湖区文三路138号"}, 7, id="the address of the hall"),
    ],
)
def test_promise_6_a_value_that_5000_records_share_makes_no_giant_customer(shared: dict[str, str], most: int) -> None:
    size = 5000
    names = town.make(3 * size, seed=3).customers["name"].slice(0, size)
    rows = pa.table(
        {
            "record_id": [str(number) for number in range(size)],
            "name": names,
            **{column: [value] * size for column, value in shared.items()},
        }
    )
    with opened() as store:
        counts = collected(store, [rows])
        identified(store)
        assert counts.accepted + counts.quarantined == size
        # Some share a name that is rare enough by itself, or at the same door.
        assert max(len(keys) for keys in groups(store).values()) <= most


@pytest.mark.parametrize("kind", ["sqlite", *SERVERS])
def test_promise_7_a_second_run_changes_nothing(people: pa.Table, request: pytest.FixtureRequest, kind: str) -> None:
    make: Made = request.getfixturevalue("opened")
    store = make(kind)
    database.migrate(store)
    collected(store, [people])
    identified(store)
    before = dump(store)
    assert collected(store, [people]) == Counts(read=people.num_rows, duplicate=people.num_rows)
    assert identified(store) == Identified()
    assert dump(store) == before
