"""Every figure of every filter is what a plain count of the same customers and contacts tells."""

from collections import Counter
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pyarrow as pa
import pytest

from kehu.store import bulk, customers, tallies
from kehu.store.counting import walk
from kehu.store.database import Database
from kehu.store.dictionary.households import interaction, subscription
from kehu.store.dictionary.service import ticket
from kehu.store.tallies import Cut

TODAY = date(2026, 11, 22)
CATEGORIES = ("student", "ordinary", None)
PROVINCES = ("浙江省", "广东省", None)
CHANNELS = ("hall", "calls", "online")
PEOPLE, RECORDS = 18, 45


def _category(customer: int) -> str:
    return CATEGORIES[customer % 3] or "-"


def _province(customer: int) -> str:
    return PROVINCES[customer // 3 % 3] or "-"


def _channel(record: int) -> str:
    return CHANNELS[record * record % 7 % 3]


def _whose(record: int) -> int:
    return record % PEOPLE + 1


def _month(record: int) -> int:
    return record % 5 + 1


@pytest.fixture
def town(store: Database, arrive: Any, golden: Any, now: datetime) -> Database:
    """Customers of every category, province and channel, with contacts, numbers and tickets."""
    arrive([{"record_id": str(one), "channel": _channel(one)} for one in range(1, RECORDS + 1)])
    people = [
        {
            "customer_id": one,
            "category": CATEGORIES[one % 3],
            "province": PROVINCES[one // 3 % 3],
            "id_type": "passport",
        }
        for one in range(1, PEOPLE + 1)
    ]
    numbers = pa.array(range(1, RECORDS + 1), pa.int64())
    at = [datetime(2026, _month(one), 15, tzinfo=UTC) for one in range(1, RECORDS + 1)]
    moments = pa.array(at, pa.timestamp("us", tz="UTC"))
    whose = pa.array([_whose(one) for one in range(1, RECORDS + 1)], pa.int64())
    channels = pa.array([_channel(one) for one in range(1, RECORDS + 1)])

    def same(text: str) -> pa.Array:
        return pa.array([text] * RECORDS)

    with store.begin() as tx:
        customers.write(tx, golden(people), at=now, why="load 1")
        customers.assign(tx, pa.table({"record": numbers, "customer_id": whose}), at=now)
        reasons = pa.array([("投诉", None)[one % 2] for one in range(1, RECORDS + 1)], pa.string())
        told = {"record": numbers, "started_at": moments, "kind": same("call"), "reason": reasons}
        bulk.insert(tx, interaction, pa.table(told))
        bulk.insert(tx, subscription, pa.table({
            "record": numbers, "channel": channels, "role": same("holder"),
            "msisdn": pa.array([f"1380000{one % 30:04}" for one in range(1, RECORDS + 1)]),
            "number_state": pa.array([("active", "closed")[one % 4 == 0] for one in range(1, RECORDS + 1)]),
        }))  # fmt: skip
        late = pa.array([moment if place % 3 else None for place, moment in enumerate(at)], moments.type)
        bulk.insert(tx, ticket, pa.table({
            "ticket_id": numbers, "title": same("x"), "kind": same("fault"), "sla": same("fault_town"),
            "severity": same("minor"), "state": same("closed"), "queue": same("network"), "customer_id": whose,
            "channel": same("page"), "opened_at": moments, "opened_by": same("test"), "breached_at": late,
            "resolved_at": moments, "line_at": moments,
        }))  # fmt: skip
    return store


def _plain(cut: Cut) -> dict[str, Counter[str]]:
    told = {name: Counter[str]() for name in ("category", "province", "channel", "twice", "numbers", "reason", "sla")}
    for customer in range(1, PEOPLE + 1):
        theirs = [one for one in range(1, RECORDS + 1) if _whose(one) == customer]
        known = Counter(_channel(one) for one in theirs)
        if (cut.category or _category(customer)) != _category(customer):
            continue
        if (cut.province or _province(customer)) != _province(customer):
            continue
        if cut.channel is None or known[cut.channel]:
            told["category"][_category(customer)] += 1
            told["province"][_province(customer)] += 1
            told["channel"].update(known.keys())
            told["numbers"][str(len({one % 30 for one in theirs if one % 4}))] += 1
        told["twice"].update(
            {name: many - 1 for name, many in known.items() if many > 1 and (cut.channel or name) == name}
        )
        for one in theirs:
            is_then = f"2026-{_month(one):02}" >= (cut.since or "")
            if is_then and (cut.channel or _channel(one)) == _channel(one):
                told["reason"][("投诉", "-")[one % 2]] += 1
            if is_then and cut.channel is None:
                told["sla"]["fault|late" if (one - 1) % 3 else "fault|in_time"] += 1
    return told


def test_every_filter_tells_what_a_plain_count_tells(town: Database) -> None:
    with town.begin() as tx:
        counted = walk.tallies(tx, today=TODAY)
        tallies.keep(tx, counted, at=datetime(2026, 11, 22, tzinfo=UTC), of=tallies.marker(tx))
    names = tuple(_plain(Cut()))
    wishes = product((None, "student", "-"), (None, "浙江省", "-"), (None, *CHANNELS), (None, "2026-03"))
    with town.read() as tx:
        for category, province, channel, since in wishes:
            cut = Cut(category=category, province=province, channel=channel, since=since)
            plain, kept = _plain(cut), tallies.kept(tx, cut, names)
            for name in names:
                figure = tallies.of(kept, name, cut)
                told = dict(zip(figure["value"].to_pylist(), figure["count"].to_pylist(), strict=True))
                assert told == plain[name], (cut, name)


def test_new_are_whoever_opened_a_number_and_lost_whoever_gave_back_the_last(
    store: Database, arrive: Any, golden: Any, now: datetime
) -> None:
    def day(text: str) -> datetime:
        return datetime.fromisoformat(f"{text}T12:00:00+00:00")

    stated = (
        # customer, number, when it was said, state, when the number was opened
        (1, "A", day("2026-05-03"), "closed", None),
        (1, "A", day("2024-03-10"), "active", day("2024-02-28")),
        (2, "B", day("2025-01-01"), "closed", None),
        (2, "B", day("2025-06-01"), "active", None),
        (2, "B", day("2025-07-01"), None, None),
        (3, "C", day("2023-07-01"), "ported_out", None),
        (3, "D", day("2023-08-01"), None, None),
    )
    said = [at for _, _, at, _, _ in stated]
    arrive([{"record_id": str(place), "channel": "hall", "updated_at": at} for place, at in enumerate(said, 1)])
    whose = pa.array([one for one, *_ in stated], pa.int64())
    moments = pa.timestamp("us", tz="UTC")
    numbers = pa.table({
        "record": pa.array(range(1, len(stated) + 1), pa.int64()), "channel": ["hall"] * len(stated),
        "role": ["holder"] * len(stated), "msisdn": [number for _, number, *_ in stated],
        "number_state": pa.array([state for *_, state, _ in stated], pa.string()),
        "opened_at": pa.array([opened for *_, opened in stated], moments),
    })  # fmt: skip
    with store.begin() as tx:
        customers.write(
            tx, golden([{"customer_id": one, "id_type": "passport"} for one in (1, 2, 3)]), at=now, why="load 1"
        )
        customers.assign(tx, pa.table({"record": numbers["record"], "customer_id": whose}), at=now)
        bulk.insert(tx, subscription, numbers)
        told = walk.tallies(tx, today=TODAY)

    def figure(name: str) -> dict[str, int]:
        counted = tallies.of(told, name, Cut())
        return dict(zip(counted["value"].to_pylist(), counted["count"].to_pylist(), strict=True))

    assert figure("new") == {"2024-02": 1, "2025-01": 1, "2023-07": 1}
    assert figure("lost") == {"2026-05": 1}
    assert figure("numbers") == {"0": 1, "1": 2}
