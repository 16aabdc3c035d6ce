"""What records say of numbers, accounts and contacts, and whose that is."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from kehu.model import households as model
from kehu.store import customers, households, records
from kehu.store.database import Database

State = Callable[..., None]


@pytest.fixture
def state(store: Database, arrive: Any, now: datetime) -> State:
    """Let records say something: each row is (key, customer, hours, what it says)."""

    def say(*rows: tuple[str, int, int, dict[str, object]]) -> None:
        told = [{"record_id": key, "updated_at": now + timedelta(hours=hours)} for key, _, hours, _ in rows]
        added: records.Added = arrive([{**row, "name": repr(rows[at][3])[-200:]} for at, row in enumerate(told)])
        stated = pa.Table.from_pylist([what for *_, what in rows], schema=model.STATED)
        with store.begin() as tx:
            households.add(tx, stated, records=added.records, channel="hall")
            numbers = added.records.to_pylist()
            owned = [(number, rows[at][1]) for at, number in enumerate(numbers) if number is not None]
            in_force = set(records.current(tx).to_pylist())
            belong(tx, [(number, owner) for number, owner in owned if number in in_force], now)

    return say


def belong(tx: Any, owned: Sequence[tuple[int, int]], at: datetime) -> None:
    table = pa.table(
        {
            "record": pa.array([number for number, _ in owned], pa.int64()),
            "customer_id": pa.array([owner for _, owner in owned], pa.int64()),
        }
    )
    customers.assign(tx, table, at=at)


def number(msisdn: str, **more: object) -> dict[str, object]:
    return {"msisdn": msisdn, "role": "holder", **more}


def told(store: Database, customer_id: int) -> list[tuple[str, bool, str | None, str | None]]:
    with store.read() as tx:
        found = households.subscriptions_of(tx, customer_id)
    return [(one.msisdn, one.held, one.plan, one.number_state) for one in found]


def test_the_newest_statement_holds_and_older_ones_fill_what_it_leaves_open(store: Database, state: State) -> None:
    state(
        ("a", 1, 3, number("13912345678", plan="5G-129")),
        ("b", 1, 5, number("13912345678", proxy_name="王芳")),
        ("c", 1, 1, number("13912345678", plan="5G-59", number_state="active", proxy_name="李娜")),
    )
    assert told(store, 1) == [("13912345678", True, "5G-129", "active")]
    with store.read() as tx:
        (one,) = households.subscriptions_of(tx, 1)
    assert (one.record_id, one.proxy_name) == ("b", "王芳")


def test_the_order_of_arrival_leaves_no_trace(store: Database, state: State) -> None:
    rows = [("a", 1, 3, number("139", plan="5G-129")), ("b", 1, 5, number("139", number_state="parked"))]
    for row in reversed(rows):
        state(row)
    assert told(store, 1) == [("139", True, "5G-129", "parked")]


def test_a_number_that_changed_hands_is_no_longer_the_first_holders(store: Database, state: State) -> None:
    state(("a", 1, 1, number("13912345678", plan="5G-59")), ("b", 2, 9, number("13912345678")))
    assert told(store, 1) == [("13912345678", False, "5G-59", None)]
    assert told(store, 2) == [("13912345678", True, None, None)], "a plan of the first holder is not the second's"


def test_roles_are_kept_apart(store: Database, state: State) -> None:
    state(("a", 1, 1, number("139")), ("b", 2, 9, number("139", role="proxy")))
    with store.read() as tx:
        assert [(one.role, one.held) for one in households.subscriptions_of(tx, 1)] == [("holder", True)]
        assert [(one.role, one.held) for one in households.subscriptions_of(tx, 2)] == [("proxy", True)]


def test_a_version_that_is_no_longer_in_force_takes_what_it_said_with_it(store: Database, state: State) -> None:
    state(("a", 1, 1, number("139", plan="5G-59")))
    state(("a", 1, 2, number("138")))
    assert told(store, 1) == [("138", True, None, None)]


def test_subscriptions_accounts_and_interactions_follow_their_records_to_another_customer(
    store: Database, state: State, now: datetime
) -> None:
    state(
        (
            "a",
            1,
            1,
            number("139", account_id="A1", account_type="postpaid", interaction_at=now, interaction_kind="visit"),
        )
    )
    with store.begin() as tx:
        belong(tx, [(1, 2)], now)
    with store.read() as tx:
        for customer_id, many in ((1, 0), (2, 1)):
            assert len(households.subscriptions_of(tx, customer_id)) == many
            assert len(households.accounts_of(tx, customer_id)) == many
            assert len(households.timeline_of(tx, customer_id).rows) == many
        assert households.subscriptions_of(tx, 2)[0].account_id == "A1"


def test_the_newest_record_says_whose_an_account_is(store: Database, state: State) -> None:
    state(("a", 1, 1, {"account_id": "A1", "account_type": "prepaid"}), ("b", 2, 4, {"account_id": "A1"}))
    with store.read() as tx:
        (first,), (second,) = (households.accounts_of(tx, customer_id) for customer_id in (1, 2))
    assert (first.held, first.account_type, second.held, second.account_type) == (False, "prepaid", True, None)


def test_a_timeline_is_the_same_whatever_the_size_of_its_pages(store: Database, state: State, now: datetime) -> None:
    hours = [5, 1, 5, 5, 3, 2]
    state(
        *(
            (str(at), 1, 0, {"interaction_at": now + timedelta(hours=hour), "interaction_kind": "call"})
            for at, hour in enumerate(hours)
        )
    )
    with store.read() as tx:
        whole = households.timeline_of(tx, 1)
        assert [row.started_at for row in whole.rows] == sorted((row.started_at for row in whole.rows), reverse=True)
        for limit in (1, 2, 4, 6):
            rows: list[households.Interaction] = []
            after = None
            while True:
                page = households.timeline_of(tx, 1, after=after, limit=limit)
                rows.extend(page.rows)
                if (after := page.following) is None:
                    break
            assert tuple(rows) == whole.rows
    assert whole.following is None
    assert len(whole.rows) == len(hours)


def test_an_interaction_tells_its_reasons_by_level_and_the_number_it_was_about(
    store: Database, state: State, now: datetime
) -> None:
    what = number("139", interaction_at=now, interaction_kind="call", interaction_direction="in")
    what |= {"interaction_reason": "投诉", "interaction_reason_3": "增值业务", "interaction_verified": False}
    state(("a", 1, 0, {**what, "interaction_satisfaction": 2}))
    with store.read() as tx:
        (one,) = households.timeline_of(tx, 1).rows
    assert (one.reasons, one.msisdn, one.verified, one.satisfaction) == (("投诉", "增值业务"), "139", False, 2)
