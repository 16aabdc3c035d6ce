"""Behind every part of every figure stand as many customers as it says."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from kehu.errors import NotFoundError
from kehu.store import bulk, customers, filters, stretches, tallies, views
from kehu.store.behind import MEANT, OF_CONTACTS, Part
from kehu.store.counting import walk
from kehu.store.database import Database
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.households import interaction, subscription
from kehu.store.dictionary.privacy import restriction
from kehu.store.dictionary.service import ticket
from kehu.store.tallies import NONE, Cut

TODAY = date(2026, 11, 22)
PEOPLE, RECORDS, TICKETS = 40, 120, 60
RESTRICTED, MERGED, SURVIVOR = 7, 39, 2
OF_LOADS = {"completeness", "validity", "load"}
COUNTED = {"twice"}
"""It counts records; behind it are their customers."""
CHANNELS = {record: ("hall", "calls", "online")[record % 3] for record in range(1, RECORDS + 1)}
REASONS = ("投诉", "查询", None)
KINDS = ("complaint", "fault")
CUTS = (Cut(), Cut(channel="hall"), Cut(category="student"), Cut(category=NONE, province="浙江省", channel="calls"))


def _at(record: int) -> datetime:
    return datetime(2026, 11, 20, 12, tzinfo=UTC) - timedelta(days=record * record % 800, minutes=record)


def _whose(record: int) -> int:
    return record * 7 % (PEOPLE // (1 + record % 3)) + 1


def _due(number: int) -> dict[str, datetime | None]:
    """Of three tickets one was late, one was done in time, and one is open."""
    at = _at(number)
    return {"breached_at": None if number % 3 else at, "resolved_at": None if number % 3 == 1 else at}


def _golden(number: int) -> dict[str, Any]:
    return {
        "customer_id": number,
        "category": (None, "student", "ordinary")[number % 3],
        "province": (None, "浙江省", "广东省")[number % 4 % 3],
        "star_level": ("3", None)[number % 2],
        "gender": ("female", "male", None)[number % 3],
        "birth_date": (None, date(2008, 11, 22), date(2008, 11, 23), date(1950, 1, 1), date(2027, 1, 1))[number % 5],
        "quality": (0.0, 19.9, 20.0, 79.5, 80.0, 100.0)[number % 6],
        "records": number % 12,
        "id_type": ("resident_id", None)[number % 2],
    }


@pytest.fixture
def lived(store: Database, arrive: Any, golden: Any, now: datetime) -> Database:
    """Customers of whom this and that is known; of one nothing may be used, and one was merged into another."""
    arrive([
        {"record_id": str(one), "channel": channel, "updated_at": None if one % 5 == 0 else _at(one),
         "phone": None if one % 4 else "13812345678"}
        for one, channel in CHANNELS.items()
    ])  # fmt: skip
    numbers = pa.array(range(1, RECORDS + 1), pa.int64())
    with store.begin() as tx:
        # The last has no record.
        customers.write(tx, golden([_golden(one) for one in range(1, PEOPLE + 2)]), at=now, why="load 1")
        belongs = pa.table({"record": numbers, "customer_id": pa.array([_whose(one) for one in CHANNELS], pa.int64())})
        customers.assign(tx, belongs, at=now)
        at = pa.array([_at(one) for one in CHANNELS], pa.timestamp("us", tz="UTC"))
        bulk.insert(tx, interaction, pa.table({
            "record": numbers, "started_at": at, "kind": pa.array(["call"] * RECORDS),
            "reason": pa.array([REASONS[one % 3] for one in CHANNELS]),
        }))  # fmt: skip
        bulk.insert(tx, subscription, pa.table({
            "record": numbers, "channel": pa.array(CHANNELS.values()),
            "opened_at": pa.array([None if one % 7 == 0 else _at(one) for one in CHANNELS], at.type),
            "msisdn": pa.array([f"138{one // 4:08d}" for one in CHANNELS]),
            "number_state": pa.array([("active", None, "closed", "ported_out")[one % 4] for one in CHANNELS]),
            "role": pa.array(["holder" if one % 4 else "proxy" for one in CHANNELS]),
        }))  # fmt: skip
        tx.execute(ticket.insert(), [
            {"ticket_id": one, "title": "made up", "kind": KINDS[one % 2], "sla": "fault", "severity": "minor",
             "state": "closed", "queue": "service", "customer_id": one % 41 or None, "channel": "page",
             "opened_at": _at(one), "opened_by": "test", "line_at": _at(one), **_due(one)}
            for one in range(1, TICKETS + 1)
        ])  # fmt: skip
        whose = next(one for one in CHANNELS if _whose(one) == RESTRICTED)
        tx.execute(restriction.insert().values(origin=whose, since=now, bound="asked", noted_by="test"))
        for one in [one for one in CHANNELS if _whose(one) == MERGED]:
            moved = pa.table({"record": pa.array([one], pa.int64()), "customer_id": pa.array([SURVIVOR], pa.int64())})
            customers.assign(tx, moved, at=now)
        tx.execute(sa.update(customer).where(customer.c.customer_id == MERGED).values(merged_into=SURVIVOR))
    return store


def _behind(store: Database, figure: str, code: str, cut: Cut = Cut()) -> set[int]:  # noqa: B008  (frozen)
    """Who stands behind a part, as the list of customers is asked."""
    of_contacts = figure in OF_CONTACTS
    wanted = filters.Filter(
        category={None: None, NONE: ""}.get(cut.category, cut.category),
        province=cut.province,
        channel=None if of_contacts else cut.channel,
        part=Part(
            figure=figure, code=code, today=TODAY, channel=cut.channel if of_contacts else None,
            since=cut.since, until=cut.until,
        ),
    )  # fmt: skip
    with store.read() as tx:
        found = views.customers(tx, wanted, limit=1000).rows
        assert views.count_customers(tx, wanted).customers == len(found)
        assert wanted.part is not None
        page, total = views.customers_behind(tx, wanted, wanted.part, limit=3)
        assert (page.rows, total.customers, total.more) == (found[:3], len(found), False)
    return {one.customer_id for one in found}


def test_as_many_customers_stand_behind_a_part_as_it_says(lived: Database) -> None:
    with lived.read() as tx:
        counted = walk.tallies(tx, today=TODAY)
    names = set(counted["name"].to_pylist())
    assert names | {"ticket"} | OF_LOADS == set(MEANT)
    told = 0
    for name in sorted(names - OF_CONTACTS - COUNTED):
        for cut in CUTS if name not in ("recency", "tenure", "retention", "journey") else CUTS[:1]:
            figure = tallies.of(counted, name, cut)
            for code, many in zip(figure["value"].to_pylist(), figure["count"].to_pylist(), strict=True):
                assert len(_behind(lived, name, code, cut)) == many, (name, code, cut)
                told += 1
    assert told > 200


def test_pages_of_who_stands_behind_a_part_are_its_list(lived: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "FIRST", 3)
    monkeypatch.setattr(stretches, "PATIENCE", 20)
    monkeypatch.setattr(views, "COUNTED", 5)
    parts = [("channel", "hall"), ("new", f"{_at(9):%Y-%m}"), ("recency", "12+|3-4"), ("age", NONE), ("numbers", "1")]
    parts.append(("twice", "hall"))
    totals = []
    with lived.read() as tx:
        for figure, code in parts:
            part = Part(figure=figure, code=code, today=TODAY)
            wanted = filters.Filter(part=part)
            whole = views.customers(tx, wanted, limit=1000).rows
            pages: list[views.Customer] = []
            after, is_last = None, False
            while not is_last:
                page, total = views.customers_behind(tx, wanted, part, after=after, limit=2)
                assert total.customers < len(whole) if total.more else total.customers == len(whole), (figure, code)
                totals.append(total)
                pages += page.rows
                after, is_last = page.following, page.following is None
            assert tuple(pages) == whole, (figure, code)
    assert {total.more for total in totals} == {True, False}


def test_whose_contacts_and_tickets_they_are(lived: Database) -> None:
    whose = {one: SURVIVOR if _whose(one) == MERGED else _whose(one) for one in CHANNELS}
    living = set(whose.values()) - {RESTRICTED}
    contacts = {
        whose[one] for one in CHANNELS if one % 3 == 1 and "2026-01" <= f"{_at(one):%Y-%m}" <= "2026-06"
    } & living  # fmt: skip
    assert _behind(lived, "reason", "查询", Cut(channel="calls", since="2026-01", until="2026-06")) == contacts != set()
    unsaid = {whose[one] for one in CHANNELS if one % 3 == 2} & living
    assert _behind(lived, "reason", NONE) == unsaid
    assert _behind(lived, "reason", "查询", Cut(channel="hall")) == set()
    owns = {one: {MERGED: SURVIVOR}.get(one % 41, one % 41) for one in range(1, TICKETS + 1)}
    for place, outcome in enumerate(("late", "open", "in_time")):
        mine = {whose for one, whose in owns.items() if one % 3 == place and KINDS[one % 2] == "fault"}
        assert _behind(lived, "sla", f"fault|{outcome}") == mine - {0, RESTRICTED}
    month = f"{_at(5):%Y-%m}"
    mine = {whose for one, whose in owns.items() if f"{_at(one):%Y-%m}" == month}
    assert _behind(lived, "ticket", month) == mine - {0, RESTRICTED}
    assert _behind(lived, "ticket", month, Cut(channel="page")) == mine - {0, RESTRICTED}
    assert _behind(lived, "ticket", month, Cut(channel="phone")) == set()


def test_whom_a_channel_knows_twice_lacks_and_brought(lived: Database) -> None:
    whose = {one: SURVIVOR if _whose(one) == MERGED else _whose(one) for one in CHANNELS}
    halls = [whose[one] for one, channel in CHANNELS.items() if channel == "hall" and whose[one] != RESTRICTED]
    assert _behind(lived, "twice", "hall") == {one for one in halls if halls.count(one) > 1} != set(halls)
    lacking = {whose[one] for one, channel in CHANNELS.items() if channel == "hall" and one % 4} - {RESTRICTED}
    assert _behind(lived, "completeness", "phone|hall") == lacking == _behind(lived, "validity", "phone|hall")
    assert _behind(lived, "validity", "id_number|hall") == set(halls)
    assert _behind(lived, "load", "1 · hall|new") == set(whose.values()) - {RESTRICTED}
    assert _behind(lived, "load", "1 · hall|changed") == set()


@pytest.mark.parametrize(
    ("figure", "code"),
    [
        ("wealth", "much"), ("age", "old"), ("age", "1-2-3"), ("score", "*"), ("new", "2026-13"), ("lost", ""),
        ("recency", "1-2"), ("recency", "7|1"), ("retention", "a|b"), ("retention", "99999999999|1"),
        ("sla", "fault|never"), ("completeness", "wealth|hall"), ("load", "x|new"), ("load", "1|held"),
    ],
)  # fmt: skip
def test_what_is_no_part_of_a_figure_is_not_found(store: Database, figure: str, code: str) -> None:
    with pytest.raises(NotFoundError):
        _behind(store, figure, code)
