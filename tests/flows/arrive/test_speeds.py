"""Three speeds, one result: whatever mix of runs, batches and single arrivals brings the records, and in what order."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kehu.collect.town import town
from kehu.engine.duck import Duck
from kehu.engine.few import Few
from kehu.flows import run
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import OURS, Desk
from kehu.flows.identify import states
from kehu.flows.intake.intake import Feed
from kehu.flows.upkeep import verify
from kehu.model.records import POSITION, Batch
from kehu.resolve import group
from kehu.resolve import model as models
from kehu.store import customers, database, links, records, search, terms
from kehu.store.database import Database
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault

VAULT = Vault(Keyring(secrets={1: bytes(32)}))
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


class Speed(StrEnum):
    """How some records reach a store."""

    RUN = "run"
    """Collected from their channels and identified, as every night."""
    MANY = "many"
    """Sent as one batch."""
    ONE = "one"
    """Sent one by one."""
    LEFT = "left"
    """Collected from their channels by a run that was cut off before it identified them."""


Plan = Sequence[tuple[Speed, Sequence[int]]]
"""Which records come one after the other, and how; a record may come again."""


@dataclass(frozen=True)
class Given:
    """A channel that holds these rows."""

    name: str
    rows: pa.Table

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        del after
        yield Batch(rows=self.rows, cursor=None)

    def sample(self, rows: int) -> Batch:
        return Batch(rows=self.rows.slice(0, rows), cursor=None)


def people() -> pa.Table:
    """The records of a few customers of a town, several of each."""
    made = town.make(400, seed=23)
    several = made.truth.group_by("customer_id").aggregate([("record_id", "count")]).sort_by("customer_id")
    several = several.filter(pc.greater(several["record_id_count"], 2))["customer_id"][:4].combine_chunks()
    theirs = made.truth.filter(pc.is_in(made.truth["customer_id"], value_set=several))["record_id"].combine_chunks()
    return made.records.filter(pc.is_in(made.records["record_id"], value_set=theirs))


PEOPLE = people()
BULK: Plan = [(Speed.RUN, range(PEOPLE.num_rows))]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Every record once at least, in any order, cut anywhere, each piece at any speed."""
    size = PEOPLE.num_rows
    again = draw(st.lists(st.integers(0, size - 1), max_size=4))
    order = draw(st.permutations([*range(size), *again]))
    plan, at = [], 0
    while at < len(order):
        piece = draw(st.integers(1, 6))
        plan.append((draw(st.sampled_from(Speed)), order[at : at + piece]))
        at += piece
    return plan


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(plan=plans(), hot_key_limit=st.sampled_from([100, 3]))
def test_order_batches_repetition_and_speed_change_nothing(
    plan: Plan, hot_key_limit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folders = [tmp_path_factory.mktemp("store") for _ in range(2)]
    mixed = outcome(opened(folders[0]), plan, folders[0], hot_key_limit=hot_key_limit)
    assert mixed == outcome(opened(folders[1]), BULK, folders[1], hot_key_limit=hot_key_limit)


def test_they_change_nothing_on_any_database(store: Database, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    order = rng.permutation(np.repeat(np.arange(PEOPLE.num_rows), rng.integers(1, 3, PEOPLE.num_rows)))
    cuts = np.sort(rng.integers(0, len(order), 5))
    plan = [(list(Speed)[place % 3], part.tolist()) for place, part in enumerate(np.split(order, cuts))]
    assert outcome(store, plan, tmp_path) == outcome(opened(tmp_path / "bulk"), BULK, tmp_path / "bulk")


def opened(folder: Path) -> Database:
    folder.mkdir(exist_ok=True)
    made = database.connect("sqlite:///kehu.db", folder=folder, vault=VAULT)
    database.migrate(made)
    return made


def _desk(folder: Path, *, hot_key_limit: int = 100) -> Desk:
    return Desk(
        engine=Few(),
        model=models.shipped(),
        home="CN",
        trust={"hall": 3, "online": 2, "calls": 1},
        hot_key_limit=hot_key_limit,
        mappings={},
        rules={},
        raw_in=folder / "raw",
        clock=lambda: NOW,
    )


Outcome = tuple[
    set[frozenset[tuple[str, str]]], set[tuple[frozenset[tuple[str, str]], str, str | None]], list[dict[str, object]]
]


def outcome(store: Database, plan: Plan, folder: Path, *, hot_key_limit: int = 100) -> Outcome:
    """What a store knows once records came so."""
    desk = _desk(folder, hot_key_limit=hot_key_limit)
    for speed, places in plan:
        _bring(store, desk, speed, PEOPLE.take(pa.array(places, pa.int64())))
    _run(store, desk, PEOPLE.slice(0, 0))  # Whom a run left waiting waits no longer.
    return known(store)


def known(store: Database) -> Outcome:
    """What a store knows: its partition, its links with their states, its golden values."""
    with store.read() as tx:
        rows = records.read(tx, columns=("record", "channel", "record_id", "customer_id")).to_pylist()
        tied = links.every(tx).to_pylist()
        states = customers.states(tx, retired=False).to_pylist()
    name = {row["record"]: (row["channel"], row["record_id"]) for row in rows}
    groups: dict[int, set[tuple[str, str]]] = {}
    for row in rows:
        groups.setdefault(row["customer_id"], set()).add(name[row["record"]])
    untold = {"customer_id", "sources", "valid_from", "why"}  # They tell when and in which order it came.
    golden = [
        {"of": sorted(groups[state["customer_id"]]), **{key: told for key, told in state.items() if key not in untold}}
        for state in states
    ]
    return (
        {frozenset(group) for group in groups.values()},
        {(frozenset([name[one["record_l"]], name[one["record_r"]]]), one["state"], one["reason"]) for one in tied},
        sorted(golden, key=lambda state: str(state["of"])),
    )


def _bring(store: Database, desk: Desk, speed: Speed, rows: pa.Table) -> None:
    if speed is Speed.LEFT:
        run.collect(store, _feeds(rows), raw_in=desk.raw_in, home=desk.home, clock=desk.clock)
        return
    if speed is Speed.RUN:
        _run(store, desk, rows)
        return
    sent = [{name: value for name, value in row.items() if value is not None} for row in rows.to_pylist()]
    if speed is Speed.MANY:
        arrive.many(store, desk, sent)
        return
    for row in sent:
        arrive.one(store, desk, row)


def _feeds(rows: pa.Table) -> list[Feed]:
    feeds = []
    for channel in pc.unique(rows["channel"]).to_pylist():
        theirs = rows.filter(pc.equal(rows["channel"], channel)).drop_columns(["channel"])
        theirs = theirs.append_column(POSITION, pa.array([f"row {place}" for place in range(theirs.num_rows)]))
        feeds.append(Feed(channel=Given(channel, theirs), mapping=OURS, sparse=True))
    return feeds


def _run(store: Database, desk: Desk, rows: pa.Table) -> None:
    done = run.whole(
        store,
        _feeds(rows),
        Duck(),
        desk.model,
        raw_in=desk.raw_in,
        home=desk.home,
        trust=desk.trust,
        hot_key_limit=desk.hot_key_limit,
        clock=desk.clock,
    )
    assert not done.failures


@pytest.mark.parametrize("arriving", ["a new version", "a new record"])
def test_what_a_run_left_waiting_is_identified_though_an_arrival_met_its_customer(
    tmp_path: Path, arriving: str
) -> None:
    groups, _, _ = outcome(opened(tmp_path / "first"), BULK, tmp_path)
    one, other = max(map(sorted, groups), key=len)[:2]
    left = _changed(one, phone="13800001111")
    came = _changed(other, address="another") if arriving == "a new version" else _changed(other, record_id="another")

    desk = _desk(tmp_path)
    cut_off, whole = opened(tmp_path / "cut off"), opened(tmp_path / "whole")
    _run(cut_off, desk, PEOPLE)
    _bring(cut_off, desk, Speed.LEFT, left)
    _bring(cut_off, desk, Speed.ONE, came)
    _run(cut_off, desk, PEOPLE.slice(0, 0))

    for rows in (PEOPLE, left, came):
        _run(whole, desk, rows)

    assert known(cut_off) == known(whole)


def _is(name: tuple[str, str]) -> pa.ChunkedArray:
    """Which of the people's records has this name."""
    channel, key = name
    return pc.and_(pc.equal(PEOPLE["channel"], channel), pc.equal(PEOPLE["record_id"], key))


def _changed(name: tuple[str, str], **told: str) -> pa.Table:
    """The record of this name, with other values."""
    [row] = PEOPLE.filter(_is(name)).to_pylist()
    return pa.Table.from_pylist([row | told], schema=PEOPLE.schema)


WAITS = {
    "channel": "hall",
    "record_id": "K",
    "name": "周婷婷",
    "id_number": "510104198803124515",
    "phone": "13700000001",
}


def test_a_version_whose_successor_waits_is_nobodys_though_a_key_turns_hot(tmp_path: Path) -> None:
    shared = "15912345678"
    others = [
        {"record_id": "T", "name": "周婷婷", "id_number": WAITS["id_number"], "phone": shared},
        {"record_id": "U", "name": "李娜", "phone": shared},
        {"record_id": "V", "name": "欧阳娜娜", "phone": shared},
    ]
    store, desk = opened(tmp_path / "store"), _desk(tmp_path, hot_key_limit=3)
    _run(store, desk, _rows(WAITS, *others))
    _bring(store, desk, Speed.LEFT, _rows(WAITS | {"phone": "13700000002"}))
    # A fourth has the phone: T, who shares a certificate with K, is paired anew.
    _bring(store, desk, Speed.ONE, _rows({"record_id": "N", "name": "王芳", "phone": shared}))
    _run(store, desk, PEOPLE.slice(0, 0))
    rules = verify.Rules(trust=desk.trust, survivorship=desk.survivorship)
    assert verify.verify(store, rules, seal=None).findings == ()


def test_nobody_is_found_by_what_a_version_said_whose_successor_waits(tmp_path: Path) -> None:
    store, desk = opened(tmp_path / "store"), _desk(tmp_path)
    _run(store, desk, _rows(WAITS, WAITS | {"record_id": "T", "phone": "13812340000"}))
    _bring(store, desk, Speed.LEFT, _rows(WAITS | {"phone": "13700000002"}))
    _bring(store, desk, Speed.ONE, _rows(WAITS | {"record_id": "N", "phone": "13812340000"}))
    with store.read() as tx:
        found_by = search.of_customers(tx, customers.memberships(tx)["customer_id"].combine_chunks().unique())
    assert terms.WHOLE + WAITS["phone"] not in found_by["term"].to_pylist()


def _rows(*told: dict[str, str]) -> pa.Table:
    return pa.Table.from_pylist([{"channel": "hall", **row} for row in told], schema=PEOPLE.schema)


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[Speed, list[tuple[int, int]]]]:
    """Records that come in several versions, each behind the one before, at any speed: what comes is a place and whose
    values stand in it, its own or those of somebody else."""
    size = PEOPLE.num_rows
    version = dict.fromkeys(range(size), 0)
    steps = []
    for _ in range(draw(st.integers(2, 8))):
        came = []
        for place in draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=6, unique=True)):
            version[place] += draw(st.integers(0, 2))
            came.append((place, version[place]))
        steps.append((draw(st.sampled_from(Speed)), came))
    return steps


def _version(place: int, number: int) -> dict[str, Any]:
    rows: list[dict[str, Any]] = PEOPLE.to_pylist()
    own, other = rows[place], rows[(place + number) % len(rows)]
    return other | {name: own[name] for name in ("channel", "record_id", "updated_at")}


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(life=lives(), hot_key_limit=st.sampled_from([100, 3]))
def test_versions_that_wait_or_do_not_come_to_the_same(
    life: list[tuple[Speed, list[tuple[int, int]]]], hot_key_limit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("stores")
    desk = _desk(folder, hot_key_limit=hot_key_limit)
    mixed, whole = opened(folder / "mixed"), opened(folder / "whole")
    last: dict[int, int] = {}
    for speed, came in life:
        _bring(mixed, desk, speed, pa.Table.from_pylist([_version(*one) for one in came], schema=PEOPLE.schema))
        last |= dict(came)
    _run(mixed, desk, PEOPLE.slice(0, 0))
    _run(whole, desk, pa.Table.from_pylist([_version(*one) for one in last.items()], schema=PEOPLE.schema))
    assert known(mixed) == known(whole)


def _as_of(row: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Another version of a record, which says what somebody else's does."""
    return other | {name: row[name] for name in ("channel", "record_id")}


NAMES = ("王伟", "王为", "王小伟", "王先生", "汪伟", "王伟民", "李娜", "李娜娜", "张敏", "张明", "章敏", "张小姐")
CERTIFICATES = ("510104198803124515", "110101199003070134")


def crowd(rng: np.random.Generator, size: int) -> list[dict[str, Any]]:
    """Records whose names are alike, and who share phones and birth dates: links of all weights tie them."""
    rows = []
    for number in range(size):
        row = {"channel": str(rng.choice(["hall", "online", "calls"])), "record_id": f"R{number}"}
        row["name"] = str(rng.choice(NAMES))
        if rng.random() < 0.6:
            row["phone"] = f"139000000{rng.integers(10, 30)}"
        if rng.random() < 0.6:
            row["birth_date"] = f"198{rng.integers(3)}-03-1{rng.integers(3)}"
        if rng.random() < 0.5:
            row["id_number"] = str(rng.choice(CERTIFICATES))
        rows.append(row)
    return rows


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let crowds be cut that are small enough for a test."""
    for bound, few in (("LARGEST", 6), ("BLOCK", 4), ("HEAVIER", 8)):
        monkeypatch.setattr(group, bound, few)


@pytest.mark.usefixtures("few_are_many")
@pytest.mark.parametrize("seed", [2, 10, 16, 152])
def test_a_crowd_too_large_to_look_at_is_cut_the_same_at_every_speed(tmp_path: Path, seed: int) -> None:
    """Each of these seeds fails where one of the things is left out that `reach` and `joining` see to."""
    _live_in_a_crowd(opened(tmp_path / "mixed"), tmp_path, seed)


@pytest.mark.usefixtures("few_are_many")
def test_a_crowd_is_cut_the_same_on_any_database(store: Database, tmp_path: Path) -> None:
    _live_in_a_crowd(store, tmp_path, seed=18)


def _live_in_a_crowd(mixed: Database, folder: Path, seed: int) -> None:
    """Let a crowd come in pieces at any speed, some of it again in other versions, and all of it at once."""
    rng = np.random.default_rng(seed)
    rows, last = crowd(rng, 60), dict[str, dict[str, Any]]()
    desk, whole = _desk(folder, hot_key_limit=8), opened(folder / "whole")
    for piece in np.array_split(rng.permutation(len(rows)), 10):
        came = [rows[place] for place in piece]
        again = [last[key] for key in map(str, rng.permutation(list(last))[:2])]
        came += [_as_of(row, rows[rng.integers(len(rows))]) for row in again]
        last |= {row["record_id"]: row for row in came}
        _bring(mixed, desk, list(Speed)[rng.integers(len(Speed))], pa.Table.from_pylist(came, schema=PEOPLE.schema))
    _run(mixed, desk, PEOPLE.slice(0, 0))
    _run(whole, desk, pa.Table.from_pylist(list(last.values()), schema=PEOPLE.schema))
    assert known(mixed) == known(whole)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_version_that_arrives_while_a_run_identifies_the_one_before_takes_its_place(
    store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_known: bool
) -> None:
    groups, _, _ = outcome(opened(tmp_path / "first"), BULK, tmp_path)
    one = max(map(sorted, groups), key=len)[0]
    before, now = _changed(one, address="before"), _changed(one, phone="13800001111")
    others = PEOPLE if is_known else PEOPLE.filter(pc.invert(_is(one)))
    desk = _desk(tmp_path)
    _run(store, desk, others)
    identifies, may_end = threading.Event(), threading.Event()
    renew = states.renew

    def paused(*args: Any, **told: Any) -> Any:
        identifies.set()
        assert may_end.wait(60)
        return renew(*args, **told)

    monkeypatch.setattr(states, "renew", paused)
    with ThreadPoolExecutor(2) as both:
        ran = both.submit(_run, store, desk, before)
        assert identifies.wait(60)
        arrived = both.submit(_bring, store, desk, Speed.ONE, now)
        with pytest.raises(TimeoutError):
            arrived.result(1)
        may_end.set()
        ran.result(60)
        arrived.result(60)
    monkeypatch.undo()
    _run(store, desk, PEOPLE.slice(0, 0))
    whole = opened(tmp_path / "whole")
    for rows in (others, now):
        _run(whole, desk, rows)
    assert known(store) == known(whole)


def test_a_store_that_was_grouped_by_other_rules_stays_sound(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A customer may reach beyond what is cut now: with one of its records all of them are looked at."""
    rng = np.random.default_rng(5)
    rows = pa.Table.from_pylist(crowd(rng, 80), schema=PEOPLE.schema)
    store, desk = opened(tmp_path / "store"), _desk(tmp_path)
    _run(store, desk, rows.slice(0, 50))
    request.getfixturevalue("few_are_many")
    rules = verify.Rules(trust=desk.trust, survivorship=desk.survivorship)
    for row in range(50, 80):
        _bring(store, desk, Speed.ONE, rows.slice(row, 1))
        assert verify.verify(store, rules, seal=None).findings == ()


@pytest.mark.usefixtures("few_are_many")
def test_who_is_left_in_a_crowd_when_a_phone_turns_hot_is_looked_at(tmp_path: Path) -> None:
    """Six whose phones differ in a digit from that of a seventh: once it says nothing they are few enough."""
    phone = "13900000010"
    crowded = [{"record_id": "X", "name": "王伟", "phone": phone}]
    crowded += [{"record_id": f"Z{number}", "name": "王伟", "phone": f"1390000001{number}"} for number in range(1, 7)]
    names = ("李娜", "张敏", "赵强", "刘洋", "陈静", "杨帆", "黄磊", "周涛")
    others = [{"record_id": f"H{place}", "name": name, "phone": phone} for place, name in enumerate(names)]
    desk, store, whole = _desk(tmp_path, hot_key_limit=8), opened(tmp_path / "store"), opened(tmp_path / "whole")
    _run(store, desk, _rows(*crowded))
    for row in others:
        _bring(store, desk, Speed.ONE, _rows(row))
    _run(whole, desk, _rows(*crowded, *others))
    assert known(store) == known(whole)
    assert max(map(len, known(store)[0])) == 6


def test_who_was_found_by_a_version_whose_successor_waits_is_grouped_again_though_the_key_turns_hot(
    tmp_path: Path,
) -> None:
    """R is tied to Y by a key that becomes hot while the next version of Y waits: then R may be W's."""
    one, other = CERTIFICATES
    y = {"record_id": "Y", "name": "王伟", "phone": "13900000011", "id_number": one}
    r = {"record_id": "R", "name": "王伟", "phone": "13900000012"}
    w = {"record_id": "W", "name": "王伟", "phone": "13900000012", "id_number": other}
    later = y | {"name": "李娜", "phone": "13711112222"}
    namesakes = [{"record_id": f"N{number}", "name": "王伟", "phone": f"1350000{number}111"} for number in range(3)]
    desk, store, whole = _desk(tmp_path, hot_key_limit=3), opened(tmp_path / "store"), opened(tmp_path / "whole")
    _run(store, desk, _rows(y, r, w))
    _bring(store, desk, Speed.LEFT, _rows(later))
    for row in namesakes:
        _bring(store, desk, Speed.ONE, _rows(row))
    _run(store, desk, PEOPLE.slice(0, 0))
    _run(whole, desk, _rows(later, r, w, *namesakes))
    assert known(store) == known(whole)
    assert frozenset({("hall", "R"), ("hall", "W")}) in known(store)[0]
