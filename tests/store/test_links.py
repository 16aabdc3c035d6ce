from typing import Any

import pyarrow as pa

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


def test_a_customers_links_are_those_of_its_records(store: Database, now: Any) -> None:
    with store.begin() as tx:
        links.replace(tx, ids(1, 2, 3, 4), pairs((1, 2, 9.5, "linked"), (3, 4, 8.0, "linked")))
        customers.assign(tx, pa.table({"record": ids(1, 2), "customer_id": ids(5, 5)}), at=now)
    with store.read() as tx:
        assert links.of_customer(tx, 5).column("record_r").to_pylist() == [2]


def test_reviews_come_heaviest_first_a_page_at_a_time(store: Database) -> None:
    rows = [(left, 100 + left, weight, "doubtful") for left, weight in enumerate((2.0, 3.5, 2.0, 2.0, -1.0), start=1)]
    with store.begin() as tx:
        links.replace(tx, ids(1, 2, 3, 4, 5), pairs(*rows, (8, 9, 20.0, "linked"), (9, 10, 5.0, "refused")))
    seen, after = [], None
    with store.read() as tx:
        while page := links.reviews(tx, limit=2, after=after):
            seen += [(review.weight, review.record_l) for review in page]
            after = page[-1]
        assert links.count(tx, state=State.REFUSED) == 1
    assert seen == [(3.5, 2), (2.0, 4), (2.0, 3), (2.0, 1), (-1.0, 5)]
