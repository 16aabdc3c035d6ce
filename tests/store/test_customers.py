from collections.abc import Callable
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from kehu.errors import NotFoundError
from kehu.store import customers, records, search
from kehu.store.database import Database


def members(rows: dict[int, int]) -> pa.Table:
    return pa.table({"record": pa.array(rows.keys(), pa.int64()), "customer_id": pa.array(rows.values(), pa.int64())})


def merged(customer_id: int, survivor: int) -> pa.Table:
    return pa.table({"customer_id": [customer_id], "survivor": [survivor]})


def ids(*numbers: int) -> pa.Array:
    return pa.array(numbers, pa.int64())


def test_writing_what_is_there_changes_nothing(
    store: Database, golden: Any, later: Any, dump: Callable[[], list[str]]
) -> None:
    rows = golden([{"customer_id": 1, "name": "张伟"}, {"customer_id": 2, "name": None, "quality": 0.1 + 0.2}])
    with store.begin() as tx:
        assert customers.write(tx, rows, at=later(0), why="load 1").created == 2
    before = dump()
    with store.begin() as tx:
        again = customers.write(tx, rows.take([1, 0]), at=later(1), why="load 2")
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)
    assert dump() == before


def test_a_change_keeps_the_state_before_and_names_what_changed(store: Database, golden: Any, later: Any) -> None:
    states = [("张伟", None), ("张伟", "13912345678"), ("章伟", None)]
    for hour, (name, phone) in enumerate(states):
        with store.begin() as tx:
            rows = golden([{"customer_id": 1, "name": name, "phone": phone}])
            customers.write(tx, rows, at=later(hour), why=f"load {hour}")
    with store.read() as tx:
        told = customers.history(tx, 1).select(["name", "phone", "valid_from", "valid_to", "why", "changed"])
        then = [customers.history(tx, 1, as_of=later(hour)).column("name").to_pylist() for hour in (-1, 0, 1, 9)]
    assert told.column("changed").to_pylist() == ['["phone"]', '["name", "phone"]', None]
    assert told.column("valid_to").to_pylist() == [later(1), later(2), None]
    assert told.column("why").to_pylist() == ["load 0", "load 1", "load 2"]
    assert list(zip(told.column("name").to_pylist(), told.column("phone").to_pylist(), strict=True)) == states
    assert then == [[], ["张伟"], ["张伟"], ["章伟"]]


def test_a_retired_id_still_finds_the_customer(store: Database, golden: Any, later: Any) -> None:
    with store.begin() as tx:
        customers.write(tx, golden([{"customer_id": number} for number in (1, 2, 3)]), at=later(0), why="load 1")
        customers.merge_into(tx, merged(1, 2), at=later(1), why="load 2")
        customers.merge_into(tx, merged(2, 3), at=later(2), why="load 3")
    with store.read() as tx:
        found = customers.get(tx, 1)
        assert (found.customer_id, found.redirected, found.row["merged_into"]) == (3, True, None)
        assert not customers.get(tx, 3).redirected
        assert customers.count(tx) == 1
        assert customers.history(tx, 1).column("merged_into").to_pylist() == [None, 2]
        with pytest.raises(NotFoundError, match="no customer 4"):
            customers.get(tx, 4)


def test_a_retired_customer_that_is_written_lives_again(store: Database, golden: Any, later: Any) -> None:
    rows = golden([{"customer_id": 1}, {"customer_id": 2}])
    with store.begin() as tx:
        customers.write(tx, rows, at=later(0), why="load 1")
        customers.merge_into(tx, merged(1, 2), at=later(1), why="load 2")
        customers.write(tx, rows, at=later(2), why="decision 1")
    with store.read() as tx:
        assert not customers.get(tx, 1).redirected


def test_a_retired_customer_is_no_longer_found_by_search(store: Database, golden: Any, now: datetime) -> None:
    with store.begin() as tx:
        customers.write(tx, golden([{"customer_id": 1}, {"customer_id": 2}]), at=now, why="load 1")
        search.replace(tx, ids(1), pa.table({"term": ["zhangwei"], "customer_id": ids(1)}))
        customers.merge_into(tx, merged(1, 2), at=now, why="load 2")
        assert search.find(tx, "zhang").customer_ids == ()


def test_ids_are_given_once(store: Database) -> None:
    given: list[int] = []
    for count in (2, 0, 3):
        with store.begin() as tx:
            given += customers.new_ids(tx, count).to_pylist()
    assert given == [1, 2, 3, 4, 5]


def test_assigning_moves_records_and_remembers_where_they_were(store: Database, arrive: Any, later: Any) -> None:
    arrive([{"record_id": str(number)} for number in range(4)])
    with store.begin() as tx:
        assert customers.assign(tx, members({1: 10, 2: 10, 3: 11}), at=later(0)) == 3
        assert records.waiting(tx).to_pylist() == [4]
        assert customers.assign(tx, members({1: 10, 2: 11, 3: 11}), at=later(1)) == 1
        assert customers.assign(tx, members({1: 10, 2: 11, 3: 11}), at=later(2)) == 0
    with store.read() as tx:
        assert customers.memberships(tx).column("customer_id").to_pylist() == [10, 11, 11]
        assert customers.members(tx, ids(11)).column("record").to_pylist() == [2, 3]
        assert customers.records_of(tx, 11).column("record").to_pylist() == [2, 3]
        assert customers.records_of(tx, 11).column("customer_id").to_pylist() == [11, 11]
        assert customers.members_as_of(tx, 10, later(0)).to_pylist() == [1, 2]
        assert customers.members_as_of(tx, 10, later(1)).to_pylist() == [1]


def test_a_clock_that_stands_still_or_is_set_back_lets_records_move_all_the_same(
    store: Database, arrive: Any, later: Any
) -> None:
    arrive([{"record_id": "a"}, {"record_id": "b"}])
    with store.begin() as tx:
        customers.assign(tx, members({1: 10, 2: 10}), at=later(0))
    for owner, hour in ((11, 0), (10, 0), (11, -2), (10, -2), (11, 3)):
        with store.begin() as tx:
            assert customers.assign(tx, members({1: owner, 2: 10}), at=later(hour)) == 1
    with store.read() as tx:
        assert customers.members_as_of(tx, 10, later(2)).to_pylist() == [1, 2]
        assert customers.members_as_of(tx, 10, later(3)).to_pylist() == [2]
        assert customers.members_as_of(tx, 11, later(3)).to_pylist() == [1]


def test_a_clock_that_is_set_back_takes_no_state_out_of_the_past(store: Database, golden: Any, later: Any) -> None:
    for name, hour in (("张伟", 0), ("章伟", 5), ("张炜", 1), ("张玮", 9)):
        with store.begin() as tx:
            customers.write(tx, golden([{"customer_id": 1, "name": name}]), at=later(hour), why="load 1")
    with store.read() as tx:
        told = customers.history(tx, 1)
        then = [customers.history(tx, 1, as_of=later(hour)).column("name").to_pylist() for hour in (4, 5, 6, 9)]
    assert told.column("name").to_pylist() == ["张伟", "章伟", "张炜", "张玮"]
    assert then == [["张伟"], ["章伟"], ["张炜"], ["张玮"]]
