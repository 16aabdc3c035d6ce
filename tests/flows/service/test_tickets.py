"""Tickets, on each database: their states, their clock, who has them, and what becomes of them when customers merge."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from kehu.engine.few import Few
from kehu.errors import ConflictError, NotFoundError, SettingsError
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.decide import decide
from kehu.flows.once import Once
from kehu.flows.service import sla, tickets
from kehu.flows.service.tickets import Change, Wanted
from kehu.flows.users.people import By
from kehu.model.tickets import MOVES, TicketAct, TicketKind, TicketSeverity, TicketState
from kehu.resolve import model as models
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Filter
from kehu.store.database import Database
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault
from kehu.store.service import tickets as stored

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
"""A Friday, noon in China."""
CLOCK = sla.Tickets().clock(UTC)
LIHUA = By(login="lihua", at=NOON, whence="10.0.0.7")
S = TicketState


def later(**much: float) -> By:
    return replace(LIHUA, at=NOON + timedelta(**much))


def opened(store: Database, **what: Any) -> stored.Ticket:
    return tickets.open_one(
        store, CLOCK, Wanted(**{"title": "No signal", "sla": "fault_town", **what}), by=LIHUA
    ).ticket


def moved(store: Database, number: int, *states: TicketState, by: By = LIHUA) -> stored.Ticket:
    for state in states:
        tickets.change(store, CLOCK, number, Change(state=state), by=by)
    return tickets.one(store, number).ticket


@pytest.mark.parametrize(
    ("sla_class", "due"),
    [
        pytest.param("complaint", timedelta(days=15), id="a complaint, 15 days"),
        pytest.param("fault_town", timedelta(hours=48), id="a fault in town, 48 hours"),
        pytest.param("fault_country", timedelta(hours=72), id="a fault in the country, 72 hours"),
        pytest.param("restoration", timedelta(hours=48), id="service after payment, 48 hours"),
    ],
)
def test_the_law_says_when_a_ticket_is_due(sla_class: str, due: timedelta) -> None:
    assert CLOCK.due(sla_class, NOON) == NOON + due


def test_an_opened_ticket_tells_what_was_said_and_waits_in_the_queue_of_its_class(store: Database) -> None:
    told = tickets.open_one(store, CLOCK, Wanted(title=" No  signal ", kind=TicketKind.FAULT, text="Since 8"), by=LIHUA)
    assert (told.ticket.title, told.ticket.queue, told.ticket.state) == ("No signal", "network", S.ACKNOWLEDGED)
    assert told.ticket.due_at == NOON + timedelta(hours=48)
    assert [(one.act, one.who, one.text) for one in told.events] == [(TicketAct.OPENED, "lihua", "Since 8")]


def test_who_begins_to_work_on_a_ticket_that_nobody_has_has_it(store: Database) -> None:
    number = opened(store).ticket_id
    told = tickets.change(store, CLOCK, number, Change(state=S.IN_PROGRESS, text="I call them"), by=later(hours=1))
    assert told.ticket.assignee == "lihua"
    assert [(one.act, one.was, one.became, one.text) for one in told.events[1:]] == [
        (TicketAct.STATE, "acknowledged", "inProgress", "I call them"),
        (TicketAct.ASSIGNEE, None, "lihua", None),
    ]


@pytest.mark.parametrize("state", list(TicketState))
def test_a_state_is_followed_by_those_that_may_and_by_no_other(store: Database, state: TicketState) -> None:
    ways = {S.ACKNOWLEDGED: (), S.IN_PROGRESS: (S.IN_PROGRESS,), S.PENDING: (S.PENDING,), S.HELD: (S.HELD,),
            S.RESOLVED: (S.IN_PROGRESS, S.RESOLVED), S.CLOSED: (S.IN_PROGRESS, S.RESOLVED, S.CLOSED),
            S.CANCELLED: (S.CANCELLED,), S.REJECTED: (S.REJECTED,)}  # fmt: skip
    for following in set(TicketState) - {state}:
        number = opened(store).ticket_id
        moved(store, number, *ways[state])
        if following in MOVES[state]:
            assert moved(store, number, following).state is following
        else:
            with pytest.raises(ConflictError, match=f"ticket {number} is {state}"):
                moved(store, number, following)


def test_the_clock_stands_still_while_the_customer_is_waited_for(store: Database) -> None:
    number = opened(store).ticket_id
    paused = moved(store, number, S.IN_PROGRESS, S.PENDING, by=later(hours=10))
    assert (paused.due_at, paused.left_s) == (None, 38 * 3600)
    assert tickets.sweep(store, at=NOON + timedelta(days=30)) == 0
    still = moved(store, number, S.HELD, by=later(days=30))
    assert still.left_s == 38 * 3600
    again = moved(store, number, S.IN_PROGRESS, by=later(days=30))
    assert (again.due_at, again.left_s) == (NOON + timedelta(days=30, hours=38), None)


def test_a_ticket_that_is_late_is_found_once_and_stays_at_the_head_of_the_line(store: Database) -> None:
    late, soon, paused = (opened(store, title=title).ticket_id for title in ("late", "soon", "paused"))
    slow = opened(store, title="slow", sla="complaint").ticket_id
    moved(store, paused, S.PENDING)
    moved(store, soon, S.IN_PROGRESS, S.RESOLVED)
    at = NOON + timedelta(hours=49)
    assert [tickets.sweep(store, at=at), tickets.sweep(store, at=at)] == [1, 0]
    told = tickets.one(store, late)
    assert told.ticket.breached_at == at
    assert [(one.act, one.who) for one in told.events[1:]] == [(TicketAct.BREACHED, "kehu")]
    assert moved(store, late, S.PENDING, by=replace(LIHUA, at=at)).due_at == NOON + timedelta(hours=48)
    with store.read() as tx:
        line = stored.page(tx, stored.Filter())
        everything = stored.page(tx, stored.Filter(states=None))
        assert stored.count(tx, stored.Filter(late_at=at)) == 1
    assert [one.ticket_id for one in line.rows] == [late, slow, paused]
    assert [one.ticket_id for one in everything.rows] == [late, slow, paused, soon]


def test_a_ticket_that_is_not_resolved_after_all_is_due_when_it_was(store: Database) -> None:
    number = opened(store).ticket_id
    done = moved(store, number, S.IN_PROGRESS, S.RESOLVED, by=later(hours=2))
    assert (done.due_at, done.resolved_at) == (None, NOON + timedelta(hours=2))
    again = moved(store, number, S.IN_PROGRESS, by=later(hours=20))
    assert (again.due_at, again.resolved_at) == (NOON + timedelta(hours=48), None)


def test_a_page_goes_on_where_the_one_before_ended(store: Database) -> None:
    numbers = [opened(store, title=f"no. {place}").ticket_id for place in range(5)]
    with store.read() as tx:
        first = stored.page(tx, stored.Filter(), limit=2)
        second = stored.page(tx, stored.Filter(), after=first.following, limit=2)
        third = stored.page(tx, stored.Filter(), after=second.following, limit=2)
    assert [one.ticket_id for page in (first, second, third) for one in page.rows] == numbers
    assert third.following is None


def test_a_key_that_comes_again_opens_nothing_new(store: Database) -> None:
    wanted = Wanted(title="No signal", sla="fault_town", text="Since 8")
    once = Once(who="lihua", key="k-1", body="No signal", at=NOON)
    first = tickets.open_one(store, CLOCK, wanted, by=LIHUA, once=once)
    again = tickets.open_one(store, CLOCK, wanted, by=later(minutes=1), once=once)
    assert again == first
    with pytest.raises(ConflictError, match="Idempotency-Key"):
        tickets.open_one(store, CLOCK, wanted, by=LIHUA, once=replace(once, body="Another"))
    other = replace(once, who="wangfang")
    assert tickets.open_one(store, CLOCK, wanted, by=LIHUA, once=other).ticket.ticket_id != first.ticket.ticket_id
    tickets.sweep(store, at=NOON + timedelta(days=8))
    assert tickets.open_one(store, CLOCK, wanted, by=LIHUA, once=once).ticket.ticket_id != first.ticket.ticket_id


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    seconds = itertools.count()
    return Desk(
        engine=Few(), model=models.shipped(), home="CN", trust={}, hot_key_limit=100, mappings={}, rules={},
        raw_in=tmp_path / "raw", clock=lambda: NOON + timedelta(seconds=next(seconds)),
    )  # fmt: skip


def test_a_ticket_goes_with_its_customer_when_that_is_merged_and_comes_back(store: Database, desk: Desk) -> None:
    people = [
        arrive.one(store, desk, {"channel": "hall", "record_id": str(place), "name": name, "phone": phone}).customer_id
        for place, (name, phone) in enumerate([("张伟", "13912345678"), ("李娜", "13700001111")])
    ]
    number = opened(store, customer_id=people[1]).ticket_id
    merged = decide.merge(store, desk, [one or 0 for one in people], reason="one person", by="lihua")
    (survivor,) = merged.customers
    assert tickets.one(store, number).ticket.customer_id == survivor
    with store.read() as tx:
        assert [one.ticket_id for one in stored.page(tx, stored.Filter(customer_id=survivor)).rows] == [number]
    decide.undo(store, desk, merged.decision_id, reason="two after all", by="lihua")
    assert tickets.one(store, number).ticket.customer_id == people[1]


def test_what_does_not_fit_is_refused(store: Database) -> None:
    with pytest.raises(SettingsError, match="needs a title"):
        opened(store, title="  ")
    with pytest.raises(SettingsError, match="no class of tickets 'urgent'"):
        opened(store, sla="urgent")
    with pytest.raises(SettingsError, match="are about a fault"):
        opened(store, kind=TicketKind.COMPLAINT)
    with pytest.raises(NotFoundError, match="there is no customer 99"):
        opened(store, customer_id=99)
    with pytest.raises(NotFoundError, match="there is no ticket 7"):
        tickets.comment(store, 7, "hello", by=LIHUA)
    with pytest.raises(SettingsError, match="needs words"):
        tickets.comment(store, opened(store).ticket_id, " ", by=LIHUA)
    with pytest.raises(SettingsError, match="it must end later"):
        sla.Tickets.model_validate({"opens": "18:00", "closes": "09:00"}).clock(UTC)


def test_the_audit_trail_is_told_what_happened_and_no_word_of_it(store: Database) -> None:
    sealed = replace(store, vault=Vault(keyring.made()))
    number = opened(sealed, text="张伟 13912345678").ticket_id
    tickets.change(sealed, CLOCK, number, Change(severity=TicketSeverity.CRITICAL, text="worse"), by=LIHUA)
    assert sealed.vault is not None
    with sealed.read() as tx:
        noted = trail.page(tx, Filter(act=Act.TICKET), vault=sealed.vault)
    assert [(one.what, one.detail["acts"], one.why) for one in noted] == [
        (f"ticket {number}", ["severity"], None),
        (f"ticket {number}", ["opened"], None),
    ]
    assert pa.array([str(one.detail) for one in noted]).to_pylist().count("13912345678") == 0
