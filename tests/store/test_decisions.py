from typing import Any

import pyarrow as pa
import pytest

from kehu.errors import ConflictError, NotFoundError
from kehu.store import decisions
from kehu.store.database import Database
from kehu.store.decisions import Kind


def pairs(*rows: tuple[int, int]) -> pa.Table:
    left, right = zip(*rows, strict=True)
    return pa.table({"record_l": pa.array(left, pa.int64()), "record_r": pa.array(right, pa.int64())})


def test_a_decision_holds_for_the_next_version_of_a_record(store: Database, arrive: Any, now: Any) -> None:
    arrive([{"record_id": "1"}, {"record_id": "2"}, {"record_id": "3"}])
    with store.begin() as tx:
        number = decisions.add(tx, Kind.APART, pairs((1, 2), (3, 2)), by="ann", why="twins", at=now)
    arrive([{"record_id": "1", "name": "张伟"}])
    with store.read() as tx:
        standing = decisions.standing(tx)
        assert decisions.standing(tx, pa.array([3])).num_rows == 1
    assert [tuple(row.values()) for row in standing.to_pylist()] == [(number, "apart", 2, 3), (number, "apart", 2, 4)]


def test_an_undone_decision_stands_no_longer(store: Database, arrive: Any, now: Any) -> None:
    arrive([{"record_id": "1"}, {"record_id": "2"}])
    with store.begin() as tx:
        number = decisions.add(tx, Kind.TOGETHER, pairs((1, 2)), by="ann", why="same card", at=now)
        decisions.undo(tx, number, by="bob", at=now)
        assert decisions.standing(tx).num_rows == 0
        with pytest.raises(ConflictError, match="undone before"):
            decisions.undo(tx, number, by="bob", at=now)
        with pytest.raises(NotFoundError, match="no decision 99"):
            decisions.undo(tx, 99, by="bob", at=now)
        with pytest.raises(NotFoundError, match="1 of the records"):
            decisions.add(tx, Kind.APART, pairs((1, 77)), by="ann", why="", at=now)
