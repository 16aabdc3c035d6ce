from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from kehu.model import arrow
from kehu.store import customers, links
from kehu.store.database import Database
from kehu.store.links import State


def pairs(*rows: tuple[int, int, float, str]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {"record_l": left, "record_r": right, "weight": weight, "levels": "ab", "state": state, "reason": None}
            for left, right, weight, state in rows
        ],
        schema=links.STORED,
    )


def ids(*numbers: int) -> pa.Array:
    return pa.array(numbers, pa.int64())


def test_links_replace_every_link_of_the_records_given(store: Database) -> None:
    with store.begin() as tx:
        links.replace(tx, ids(1, 2, 3), pairs((1, 2, 9.5, "linked"), (2, 3, 0.1, "doubtful"), (3, 4, 3.0, "linked")))
        links.replace(tx, ids(2), pairs((2, 4, 7.0, "linked")))
    with store.read() as tx:
        found = links.of_records(tx, ids(1, 2, 3, 4))
        assert links.of_records(tx, ids(2, 4), state=State.LINKED) == found.filter(pa.array([True, True])).sort_by(
            "record_l"
        )
    assert [(row["record_l"], row["record_r"], row["weight"]) for row in found.to_pylist()] == [
        (2, 4, 7.0),
        (3, 4, 3.0),
    ]


@pytest.mark.parametrize("many", [3, 100, 3_000])
def test_a_weight_is_read_to_the_last_bit(store: Database, many: int) -> None:
    """Stored links are not weighed again when their group is: what is at the bar stays where it was."""
    weights = np.random.default_rng(many).normal(3.5, 20, many)
    rows = [(place, place + many, float(weight), "linked") for place, weight in enumerate(weights)]
    with store.begin() as tx:
        links.replace(tx, ids(*range(many)), pairs(*rows))
    with store.read() as tx:
        found = links.of_records(tx, ids(*range(many)))
    assert np.array_equal(found.column("weight").to_numpy(), weights)


def test_a_customers_links_are_those_of_its_records(store: Database, now: Any) -> None:
    with store.begin() as tx:
        links.replace(tx, ids(1, 2, 3, 4), pairs((1, 2, 9.5, "linked"), (3, 4, 8.0, "linked")))
        customers.assign(tx, pa.table({"record": ids(1, 2), "customer_id": ids(5, 5)}), at=now)
    with store.read() as tx:
        assert links.of_customer(tx, 5).column("record_r").to_pylist() == [2]


@pytest.mark.parametrize("few", [64, -1])
def test_only_links_whose_state_or_reason_is_another_are_changed(
    store: Database, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrow, "ONE_BY_ONE", few)
    stored = pairs((1, 2, 9.5, "linked"), (2, 3, 0.1, "doubtful"), (3, 4, 3.0, "refused"))
    now = pairs((3, 4, 3.0, "linked"), (1, 2, 9.5, "linked"), (5, 6, 1.0, "doubtful"))
    with store.begin() as tx:
        links.replace(tx, ids(1, 2, 3), stored)
        assert links.settle(tx, stored, now) == 1
        assert links.settle(tx, links.every(tx), links.every(tx)) == 0
        told = links.every(tx).sort_by("record_l").select(["record_l", "state"]).to_pylist()
    assert [tuple(row.values()) for row in told] == [(1, "linked"), (2, "doubtful"), (3, "linked")]
