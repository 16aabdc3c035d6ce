"""Arriving calls and notes, on each database: who may be calling, and what becomes of it when customers merge."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kehu.engine.few import Few
from kehu.errors import NotFoundError, SettingsError
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.decide import decide
from kehu.flows.service import attention, calls, notes
from kehu.flows.users.people import By
from kehu.model.codes import Role
from kehu.resolve import model as models
from kehu.store.database import Database

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
LIHUA = By(login="lihua", at=NOON)
NUMBER = "13912345678"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    seconds = itertools.count()
    return Desk(
        engine=Few(), model=models.shipped(), home="CN", trust={}, hot_key_limit=100, mappings={}, rules={},
        raw_in=tmp_path / "raw", clock=lambda: NOON + timedelta(seconds=next(seconds)),
    )  # fmt: skip


def send(store: Database, desk: Desk, **row: str) -> int:
    told = arrive.one(store, desk, {"channel": "hall", **row})
    assert told.customer_id is not None
    return told.customer_id


def sold_twice(store: Database, desk: Desk) -> tuple[int, int, int]:
    """Who held the number, who holds it since, and whose record names it as a phone."""
    first = send(store, desk, record_id="1", name="王小明", birth_date="1970-01-05", id_number="E11111111",
                 msisdn=NUMBER, opened_at="2019-03-01T00:00:00Z", updated_at="2019-03-01T00:00:00Z")  # fmt: skip
    second = send(store, desk, record_id="2", name="欧阳娜娜", birth_date="2001-09-09", id_number="E22222222",
                  msisdn=NUMBER, opened_at="2024-06-01T00:00:00Z", updated_at="2024-06-01T00:00:00Z")  # fmt: skip
    third = send(store, desk, record_id="3", name="赵铁柱", birth_date="1988-02-02", phone=NUMBER,
                 updated_at="2025-01-01T00:00:00Z")  # fmt: skip
    return first, second, third


def test_whoever_holds_the_number_goes_before_those_who_name_it_and_those_before_who_held_it(
    store: Database, desk: Desk
) -> None:
    first, second, third = sold_twice(store, desk)
    assert len({first, second, third}) == 3
    told = calls.arrived(store, "+86 139 1234 5678", channel="hotline", home="CN", by=LIHUA)
    assert (told.call.number, told.call.agent, told.caller) == (NUMBER, "lihua", None)
    assert [one.customer.customer_id for one in told.candidates] == [second, third, first]
    holder, named, former = (one.held for one in told.candidates)
    assert (holder.role, holder.until) == (Role.HOLDER, None)
    assert (named.role, named.until) == (None, None)
    assert (former.since, former.until) == (datetime(2019, 3, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC))


def test_the_only_one_who_may_be_calling_is_the_caller(store: Database, desk: Desk) -> None:
    only = send(store, desk, record_id="1", name="张伟", phone=NUMBER)
    assert calls.arrived(store, NUMBER, channel="hotline", home="CN", by=LIHUA).caller == only
    assert calls.arrived(store, None, channel="hotline", home="CN", by=LIHUA).caller is None
    assert calls.arrived(store, "13700000001", channel="hotline", home="CN", by=LIHUA).candidates == ()


def test_what_is_no_number_is_refused(store: Database) -> None:
    with pytest.raises(SettingsError, match="leave it out where it is withheld"):
        calls.arrived(store, "abc", channel="hotline", home="CN", by=LIHUA)
    with pytest.raises(NotFoundError, match="no call 4"):
        calls.one(store, 4)


def test_calls_and_notes_go_with_their_customer_when_that_is_merged_and_come_back(store: Database, desk: Desk) -> None:
    first, second, _ = sold_twice(store, desk)
    call = calls.arrived(store, NUMBER, channel="hotline", home="CN", by=LIHUA).call.call_id
    assert calls.known(store, call, second, by=LIHUA).caller == second
    notes.write(store, second, " Calls back at 5 ", by=LIHUA)
    merged = decide.merge(store, desk, [first, second], reason="one person", by="lihua")
    (survivor,) = merged.customers
    held = attention.of_customer(store, survivor)
    assert ([one.call_id for one in held.calls], [one.text for one in held.notes]) == ([call], ["Calls back at 5"])
    assert calls.one(store, call).caller == survivor
    decide.undo(store, desk, merged.decision_id, reason="two after all", by="lihua")
    assert attention.of_customer(store, first).calls == ()
    assert [one.text for one in notes.of_customer(store, second)] == ["Calls back at 5"]


def test_a_note_without_words_is_refused(store: Database) -> None:
    with pytest.raises(SettingsError, match="needs words"):
        notes.write(store, 1, "  ", by=replace(LIHUA))
