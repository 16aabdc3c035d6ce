from typing import Any

import pyarrow as pa
import pytest

from kehu.model import links as model
from kehu.store import keys
from kehu.store.database import Database

BIG = 2**64 - 1


def table(*rows: tuple[int, int]) -> pa.Table:
    return pa.Table.from_pylist([{"key": key, "record": record} for key, record in rows], schema=model.KEYS)


def rows(found: pa.Table) -> list[tuple[int, ...]]:
    return sorted(tuple(row.values()) for row in found.to_pylist())


def test_records_that_share_a_key_are_found_and_their_own_keys_left_out(store: Database, arrive: Any) -> None:
    arrive([{"record_id": str(number)} for number in range(3)])
    with store.begin() as tx:
        keys.add(tx, table((BIG, 1), (BIG, 2), (2**63, 1), (7, 3)))
        found = keys.sharing(tx, table((BIG, 2), (BIG, 9), (2**63, 9), (8, 9)), limits=[100] * 32)
    assert rows(found.keys) == [(2**63, 1), (BIG, 1)]
    assert found.hot.num_rows == 0


def test_a_key_that_too_many_share_is_left_out_and_told(store: Database, arrive: Any) -> None:
    arrive([{"record_id": str(number)} for number in range(5)])
    with store.begin() as tx:
        keys.add(tx, table(*((BIG, record) for record in range(1, 5)), (5, 1), (5, 2)))
        found = keys.sharing(tx, table((BIG, 9), (5, 9)), limits=[3] * 32)
    assert rows(found.keys) == [(5, 1), (5, 2)]
    assert rows(found.hot) == [(BIG, 4)]


def test_the_keys_of_superseded_records_are_swept_away(store: Database, arrive: Any) -> None:
    arrive([{"record_id": "1"}, {"record_id": "2"}])
    with store.begin() as tx:
        keys.add(tx, table((5, 1), (5, 2)))
        keys.add(tx, table((5, 2), (6, 2)))
    arrive([{"record_id": "1", "name": "张伟"}])
    with store.begin() as tx:
        assert keys.sweep(tx) == 1
        assert rows(keys.sharing(tx, table((5, 9)), limits=[9] * 32).keys) == [(5, 2)]
        keys.remove(tx, table((5, 2)))
        assert rows(keys.sharing(tx, table((5, 9), (6, 9)), limits=[9] * 32).keys) == [(6, 2)]


def test_thousands_of_keys_are_looked_up_at_once(store: Database, arrive: Any) -> None:
    arrive([{"record_id": "1"}])
    many = table(*((number * 2**40, 1) for number in range(3000)), *((number, 1) for number in range(600)))
    asked = table(*((number * 2**40, 2) for number in range(0, 6000, 2)))
    with store.begin() as tx:
        keys.add(tx, many)
        assert keys.sharing(tx, asked, limits=[9] * 32).keys.num_rows == 1500
        hot = keys.sharing(tx, asked, limits=[0] * 32)
    assert (hot.keys.num_rows, hot.hot.num_rows) == (0, 1500)


def test_the_keys_of_one_record_find_what_those_of_many_find(store: Database, arrive: Any) -> None:
    """Few keys are asked for in another way; the hot ones, and who shares the others, are the same."""
    arrive([{"record_id": "1"}])
    with store.begin() as tx:
        keys.add(tx, table(*((number, record) for number in range(64) for record in range(1 + number % 5))))
        limits = [1, 2, 3, 4] * 8
        asked = table(*((number, 2) for number in range(64)))
        whole = keys.sharing(tx, asked, limits=limits)
        parts = [keys.sharing(tx, asked.slice(start, 8), limits=limits) for start in range(0, 64, 8)]
    assert rows(whole.keys) == sorted(row for part in parts for row in rows(part.keys))
    hot = [{row[0] for row in rows(part.hot)} for part in (whole, *parts)]
    assert hot[0] == set().union(*hot[1:])
    assert hot[0]


@pytest.mark.parametrize("held", [0, 3], ids=["a first load", "later"])
def test_many_keys_are_stored_each_once(store: Database, held: int) -> None:
    many = pa.table({"key": [1, 2] * 400, "record": [*range(400)] * 2}, schema=model.KEYS)
    with store.begin() as tx:
        keys.add(tx, many.slice(0, held))
        keys.add(tx, many)
        assert keys.held(tx, many).num_rows == len({(row["key"], row["record"]) for row in many.to_pylist()})
