import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kehu.errors import NotFoundError, StoreError, TableShapeError
from kehu.model import records as model
from kehu.store import bulk, customers, database, links, loads, records
from kehu.store.database import Database
from kehu.store.dictionary.records import record

Arrive = Callable[..., records.Added]


EXAMPLE = itertools.count()


def day(number: int) -> datetime:
    return datetime(2026, 1, number, 12, 0, 0, 999999, tzinfo=UTC)


def test_a_record_comes_back_as_it_was_cleaned(store: Database, arrive: Arrive, clean: Any) -> None:
    rows = [
        {"record_id": "1", "name": "张伟", "birth_date": datetime(1987, 3, 2, tzinfo=UTC).date(), "updated_at": day(1)},
        {"record_id": "2", "name": "𠀀😀 ", "id_valid": True, "kind": "organization", "road_number": ""},
    ]
    numbers = arrive(rows).records
    with store.read() as tx:
        stored = records.read(tx, numbers)
    assert stored.select(model.CLEAN.names) == clean(rows)
    assert stored.column("version").to_pylist() == [1, 1]
    assert stored.column("origin") == stored.column("record")
    assert stored.column("source_position").to_pylist() == ["hall.csv:0", "hall.csv:1"]
    assert stored.column("customer_id").null_count == 2


def test_the_same_content_twice_is_a_duplicate(arrive: Arrive, dump: Callable[[], list[str]]) -> None:
    rows = [{"record_id": "1", "name": "张伟"}, {"record_id": "2", "name": "李娜"}]
    arrive(rows)
    before = [line for line in dump() if not line.startswith(("load ", "sequence "))]
    again = arrive(rows[::-1])
    assert (again.accepted, again.duplicate, again.changed) == (0, 2, 0)
    assert again.records.null_count == 2
    assert [line for line in dump() if not line.startswith(("load ", "sequence "))] == before


def test_keys_differ_by_case_blanks_and_channel(arrive: Arrive) -> None:
    rows = [{"record_id": key, "name": "张伟"} for key in ("abc", "ABC", "abc ", "äbc", "abc\u200b")]
    assert arrive([*rows, {"record_id": "abc", "channel": "online"}]).accepted == 6


def test_another_content_is_a_new_version_in_force(store: Database, arrive: Arrive) -> None:
    old = arrive([{"record_id": "1", "name": "张伟"}])
    new = arrive([{"record_id": "1", "name": "章伟"}])
    assert (new.accepted, new.changed, new.late) == (1, 1, 0)
    with store.read() as tx:
        assert records.waiting(tx) == new.records
        assert records.current(tx) == new.records
        stored = records.versions(tx, new.records[0].as_py())
        assert records.known(tx, "hall", pa.array(["1", "x"])).column("version").to_pylist() == [2]
    assert stored.column("name").to_pylist() == ["张伟", "章伟"]
    assert stored.column("current").to_pylist() == [False, True]
    assert stored.column("origin").to_pylist() == old.records.to_pylist() * 2


def test_a_new_version_keeps_the_customer_and_loses_the_links(store: Database, arrive: Arrive, later: Any) -> None:
    first = arrive([{"record_id": "1"}, {"record_id": "2"}]).records
    link = {"record_l": 1, "record_r": 2, "weight": 9.0, "levels": "a", "state": "linked", "reason": None}
    with store.begin() as tx:
        customers.assign(tx, pa.table({"record": first, "customer_id": pa.array([7, 7])}), at=later(0))
        links.replace(tx, first, pa.Table.from_pylist([link], schema=links.STORED))
    second = arrive([{"record_id": "1", "name": "张伟"}], at=later(1)).records
    with store.read() as tx:
        assert customers.memberships(tx, second).column("customer_id").to_pylist() == [7]
        assert customers.memberships(tx, first.slice(0, 1)).num_rows == 0
        assert links.of_records(tx, first).num_rows == 0
        assert customers.members_as_of(tx, 7, later(0)) == first
        assert customers.members_as_of(tx, 7, later(1)).to_pylist() == [2, 3]


def test_a_version_that_comes_late_is_kept_but_not_in_force(store: Database, arrive: Arrive) -> None:
    arrive([{"record_id": "1", "name": "new", "updated_at": day(9)}])
    late = arrive([{"record_id": "1", "name": "old", "updated_at": day(2)}])
    assert (late.accepted, late.changed, late.late) == (1, 1, 1)
    again = arrive([{"record_id": "1", "name": "old", "updated_at": day(2)}])
    assert (again.accepted, again.duplicate) == (0, 1)
    with store.read() as tx:
        assert records.read(tx).column("name").to_pylist() == ["new"]


def test_a_value_that_returns_is_a_new_version(store: Database, arrive: Arrive) -> None:
    for name, when in (("a", 1), ("b", 2), ("a", 3)):
        arrive([{"record_id": "1", "name": name, "updated_at": day(when)}])
    with store.read() as tx:
        stored = records.read(tx)
    assert (stored.column("name").to_pylist(), stored.column("version").to_pylist()) == (["a"], [3])


def test_one_batch_may_hold_several_versions_of_a_key(store: Database, arrive: Arrive) -> None:
    added = arrive([{"record_id": "1", "name": name} for name in ("a", "b", "b", "c")])
    assert (added.accepted, added.duplicate, added.changed) == (3, 1, 2)
    assert [number is None for number in added.records.to_pylist()] == [False, False, True, False]
    with store.read() as tx:
        assert records.read(tx).column("name").to_pylist() == ["c"]
        assert records.versions(tx, 1).column("version").to_pylist() == [1, 2, 3]
        assert records.waiting(tx).to_pylist() == [3]


@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_deliveries_in_any_order_and_number_leave_the_same_in_force(
    data: st.DataObject, store: Database, arrive: Arrive
) -> None:
    key = f"example {next(EXAMPLE)}, record "  # One store serves all examples.
    versions = [
        {"record_id": f"{key}{place}", "name": f"v{number}", "updated_at": day(number)}
        for place in range(3)
        for number in range(1, 4)
    ]
    deliveries = data.draw(st.permutations(versions + data.draw(st.lists(st.sampled_from(versions), max_size=9))))
    cut = data.draw(st.integers(0, len(deliveries)))
    added = [arrive(part) for part in (deliveries[:cut], deliveries[cut:])]
    assert sum(part.accepted for part in added) == len(versions)
    with store.read() as tx:
        held = records.known(tx, "hall", pa.array([f"{key}{place}" for place in range(3)]))
        names = records.read(tx, columns=("record_id", "name")).to_pylist()
    assert held.num_rows == 3
    assert {row["name"] for row in names if row["record_id"].startswith(key)} == {"v3"}


def test_hundreds_of_thousands_of_keys_are_looked_up_at_once(store: Database, arrive: Arrive) -> None:
    arrive([{"record_id": str(number)} for number in range(3000)])
    with store.read() as tx:
        found = records.known(tx, "hall", pa.array([str(number) for number in range(0, 6000, 2)]))
    assert sorted(int(key) for key in found.column("record_id").to_pylist()) == list(range(0, 3000, 2))


def test_a_channel_that_came_a_moment_ago_is_not_taken_for_an_empty_one(store: Database, arrive: Arrive) -> None:
    """PostgreSQL went through all records of a channel again for each key of a batch: 38 s in place of 2."""
    arrive([{"record_id": str(number)} for number in range(100)])
    with store.begin() as tx:
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("ANALYZE record")
    arrive([{"record_id": str(number), "channel": "new"} for number in range(100)])
    query = sa.select(record.c.record).where(record.c.channel == bulk.blindly("new"))
    with store.read() as tx:
        assert len(tx.scalars(query).all()) == 100
        if tx.dialect.name == "postgresql":
            said = query.compile(tx, compile_kwargs={"literal_binds": True})
            [plan] = tx.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {said}").scalar_one()
            assert plan["Plan"]["Plan Rows"] >= 100


@pytest.mark.parametrize(
    ("value", "says"), [("x" * 201, "longer than 200"), ("x\0y", "NUL")], ids=["too long", "a NUL character"]
)
def test_what_a_database_would_spoil_is_refused_before_it(
    store: Database, arrive: Arrive, clean: Any, value: str, says: str
) -> None:
    bad = {"record_id": "1", "name": value}
    with pytest.raises(StoreError, match=says) as refused:
        arrive([bad])
    assert value not in str(refused.value)
    found = records.unstorable(clean([{"record_id": "0"}, bad])).to_pylist()
    assert [(row["row"], row["column"]) for row in found] == [(1, "name")]
    with store.read() as tx:
        assert (records.count(tx), loads.recent(tx)) == (0, [])


def test_two_hundred_rare_characters_fit_where_two_hundred_are_allowed(store: Database, arrive: Arrive) -> None:
    numbers = arrive([{"record_id": "1", "name": "𠮷" * 200}]).records
    with store.read() as tx:
        assert records.read(tx, numbers).column("name").to_pylist() == ["𠮷" * 200]


def test_a_table_of_another_shape_is_refused(store: Database, now: datetime) -> None:
    with pytest.raises(TableShapeError, match="'record_id' is missing"), store.begin() as tx:
        records.add(
            tx, pa.table({"name": ["张伟"]}), hashes=pa.array([b"x" * 16]), positions=pa.array([""]), load=1, at=now
        )


def test_a_record_that_was_never_given_is_not_found(store: Database) -> None:
    with store.read() as tx, pytest.raises(NotFoundError, match="no record 12"):
        records.versions(tx, 12)


def test_what_fails_in_a_transaction_leaves_nothing(store: database.Database, arrive: Arrive, clean: Any) -> None:
    rows, hashes = clean([{"record_id": "1"}]), pa.array([b"0" * 16], pa.binary(16))

    def half() -> None:
        with store.begin() as tx:
            load = loads.start(tx, "hall", at=day(1))
            records.add(tx, rows, hashes=hashes, positions=pa.array([""]), load=load, at=day(1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    with store.read() as tx:
        assert records.count(tx) == 0
    assert arrive([{"record_id": "1"}]).records.to_pylist() == [1]


def test_a_version_that_comes_by_a_clock_set_back_takes_the_place_of_the_one_before_later_all_the_same(
    store: Database, arrive: Arrive, later: Any
) -> None:
    arrive([{"record_id": "a", "name": "张伟"}], at=later(0))
    with store.begin() as tx:
        customers.assign(tx, pa.table({"record": [1], "customer_id": [10]}), at=later(5))
    arrive([{"record_id": "a", "name": "章伟"}], at=later(1))
    with store.read() as tx:
        then = [customers.members_as_of(tx, 10, later(hour)).to_pylist() for hour in (2, 5, 6)]
    assert then == [[], [1], [2]]


@pytest.mark.parametrize("few", [1, 2, 500], ids=["one by one", "whole runs", "few"])
def test_whoever_was_identified_waits_no_longer(
    store: Database, arrive: Arrive, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    arrive([{"record_id": name} for name in "ABCDEF"])
    monkeypatch.setattr(bulk, "FEW", few)
    with store.begin() as tx:
        records.touch_identified(tx, pa.array([4, 2, 1]))
        assert records.waiting(tx).to_pylist() == [3, 5, 6]
