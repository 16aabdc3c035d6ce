"""Arrive: records that are sent to us, one at a time and by the hundred, into real stores."""

import itertools
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kehu.collect.town import town
from kehu.engine.duck import Duck
from kehu.errors import KehuError, SourceError
from kehu.flows.arrive import arrive, joined
from kehu.flows.arrive.arrive import Desk, Status
from kehu.flows.identify import identify
from kehu.flows.identify.grouping import Identified
from kehu.flows.upkeep import verify
from kehu.flows.users.people import By
from kehu.process.checks import Required
from kehu.resolve import model as models
from kehu.store import contents, customers, database, holdings, links, loads, quarantine, questions, records
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Filter
from kehu.store.database import Database, Transaction
from kehu.store.dictionary.whole import tables
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault

VAULT = Vault(Keyring(secrets={1: bytes(32)}))

CLOCK = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
ZHANG = {"channel": "app", "record_id": "1", "name": "张伟", "id_number": "110101199003070417", "phone": "13912345678"}
SAME = {
    "channel": "hall",
    "record_id": "7",
    "name": "張偉",
    "id_number": "110101199003070417",
    "phone": "139 1234 5678",
}
OTHER = {"channel": "app", "record_id": "2", "name": "欧阳娜娜", "phone": "15011112222", "birth_date": "2004-09-01"}
NAMELESS = {"channel": "hall", "record_id": "8", "phone": "13700000001"}


def desk(folder: Path) -> Desk:
    return Desk(
        engine=Duck(threads=1),
        model=models.shipped(),
        home="CN",
        trust={"hall": 3},
        hot_key_limit=100,
        mappings={},
        rules={"hall": (Required(rule="required", columns=("name",)),)},
        raw_in=folder / "raw",
        clock=lambda: CLOCK,
    )


def partition(store: Database) -> set[frozenset[tuple[str, str]]]:
    """Which records are one customer, whatever its number."""
    with store.read() as tx:
        rows = tx.execute(
            tables["record"]
            .join(tables["member"], tables["member"].c.record == tables["record"].c.record)
            .select()
            .with_only_columns(tables["record"].c.channel, tables["record"].c.record_id, tables["member"].c.customer_id)
        ).all()
    groups: dict[int, set[tuple[str, str]]] = {}
    for channel, key, customer in rows:
        groups.setdefault(customer, set()).add((channel, key))
    return {frozenset(group) for group in groups.values()}


def test_a_record_finds_its_customer_at_once_with_the_evidence(store: Database, tmp_path: Path) -> None:
    first = arrive.one(store, desk(tmp_path), ZHANG)
    assert (first.status, first.created, first.links) == (Status.ACCEPTED, True, ())
    second = arrive.one(store, desk(tmp_path), SAME)
    assert (second.status, second.created, second.customer_id) == (Status.ACCEPTED, False, first.customer_id)
    (link,) = second.links
    assert (link.channel, link.record_id) == ("app", "1")
    assert abs(sum(told.weight for told in link.evidence) - link.weight) < 0.01
    assert arrive.one(store, desk(tmp_path), OTHER).created


def test_a_record_that_comes_again_is_a_duplicate_and_changes_only_the_count(store: Database, tmp_path: Path) -> None:
    first = arrive.one(store, desk(tmp_path), ZHANG)
    before = partition(store)
    again = arrive.one(store, desk(tmp_path), ZHANG)
    assert (again.status, again.customer_id, again.created) == (Status.DUPLICATE, first.customer_id, False)
    assert partition(store) == before
    with store.read() as tx:
        (load,) = loads.recent(tx)
    assert load.counts == loads.Counts(read=2, accepted=1, duplicate=1)


def test_another_content_is_a_new_version_with_the_same_customer(store: Database, tmp_path: Path) -> None:
    first = arrive.one(store, desk(tmp_path), ZHANG)
    moved = arrive.one(store, desk(tmp_path), ZHANG | {"address": "浙江省杭州市西湖区文三路138号"})
    assert (moved.status, moved.customer_id) == (Status.ACCEPTED, first.customer_id)
    with store.read() as tx:
        assert holdings.counts(tx).records == 1
        assert customers.get(tx, first.customer_id or 0).row["city"] == "杭州市"


def test_a_bad_record_lies_in_quarantine_and_is_told_why(store: Database, tmp_path: Path) -> None:
    told = arrive.one(store, desk(tmp_path), NAMELESS)
    assert (told.status, told.customer_id, told.record_id) == (Status.QUARANTINED, None, "8")
    assert [(reason["rule"], reason["column"]) for reason in told.reasons] == [("required", "name")]
    assert all(reason["zh"] and reason["en"] for reason in told.reasons)
    with store.read() as tx:
        (row,) = quarantine.page(tx)
    assert (row.channel, row.record_id) == ("hall", "8")


def test_a_batch_answers_every_record_in_its_order(store: Database, tmp_path: Path) -> None:
    rows = [ZHANG, NAMELESS, SAME, ZHANG, OTHER]
    told = arrive.many(store, desk(tmp_path), rows)
    assert [(one.channel, one.record_id) for one in told.records] == [(r["channel"], r["record_id"]) for r in rows]
    assert [one.status.value for one in told.records] == [
        "accepted", "quarantined", "accepted", "duplicate", "accepted"
    ]  # fmt: skip
    assert told.records[0].customer_id == told.records[2].customer_id == told.records[3].customer_id
    assert told.counts == loads.Counts(read=5, accepted=3, duplicate=1, quarantined=1)
    with store.read() as tx:
        stored = [loads.get(tx, number) for number in told.loads]
    assert [(load.channel, load.counts.read) for load in stored] == [("app", 3), ("hall", 2)]
    assert len(list((tmp_path / "raw").rglob("*.parquet"))) == 2


def test_a_batch_that_cannot_be_kept_stores_nothing(store: Database, tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("a file stands where the folder should be")
    with pytest.raises(SourceError):
        arrive.many(store, desk(tmp_path), [ZHANG, SAME])
    with store.read() as tx:
        assert holdings.counts(tx).records == 0
        assert loads.recent(tx) == []


def test_what_waits_for_the_nightly_run_goes_on_waiting(store: Database, tmp_path: Path) -> None:
    """An arrival in a web request must not identify the millions that a run has just collected."""
    arrive.one(store, desk(tmp_path), OTHER)
    with store.begin() as tx:
        tx.execute(tables["member"].delete())
        tx.execute(tables["match_key"].delete())
        tx.execute(tables["fresh"].insert().values(record=1))
    arrive.one(store, desk(tmp_path), ZHANG)
    with store.read() as tx:
        assert holdings.counts(tx).waiting == 1


def test_records_that_arrive_at_the_same_time_all_find_their_customer(store: Database, tmp_path: Path) -> None:
    rows = [ZHANG | {"record_id": str(number % 6)} for number in range(12)]
    told: list[arrive.ArrivedOne] = []
    failed: list[KehuError] = []

    def send(row: dict[str, str | None]) -> None:
        try:
            told.append(arrive.one(store, desk(tmp_path), row))
        except KehuError as why:
            failed.append(why)

    senders = [threading.Thread(target=send, args=(row,)) for row in rows]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert failed == []
    assert sorted(one.status.value for one in told) == ["accepted"] * 6 + ["duplicate"] * 6
    assert len({one.customer_id for one in told}) == 1
    assert len(partition(store)) == 1


PEOPLE = [
    {**person, "channel": channel, "record_id": f"{number}"}
    for number, person in enumerate([ZHANG, SAME, OTHER, OTHER | {"name": "欧阳娜"}, ZHANG | {"phone": "13800001234"}])
    for channel in ("app", "hall")
]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(PEOPLE))), cuts=st.sets(st.integers(1, len(PEOPLE) - 1)))
def test_one_by_one_or_together_in_any_order_makes_the_same_customers(
    order: Sequence[int], cuts: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows: list[dict[str, Any]] = [PEOPLE[place] for place in order]
    edges = [0, *sorted(cuts), len(rows)]
    found = []
    for pieces in ([rows[a:b] for a, b in itertools.pairwise(edges)], [PEOPLE]):
        folder = tmp_path_factory.mktemp("store")
        opened = database.connect("sqlite:///kehu.db", folder=folder, vault=VAULT)
        database.migrate(opened)
        # The first time a store is identified it remembers by which settings its golden values were made.
        _identified(opened)
        for piece in pieces:
            if len(piece) == 1:
                arrive.one(opened, desk(folder), piece[0])
            else:
                arrive.many(opened, desk(folder), piece)
        found.append(partition(opened))
        before = _dump(opened)
        assert (_identified(opened).records, _dump(opened)) == (0, before)
        opened.close()
    assert found[0] == found[1]


def _identified(store: Database) -> Identified:
    return identify.identify(
        store, Duck(threads=1), models.shipped(), trust={"hall": 3}, hot_key_limit=100, clock=lambda: CLOCK
    )


def _dump(store: Database) -> list[str]:
    with store.read() as tx:
        return list(contents.lines(tx))


def test_a_load_and_the_audit_trail_tell_who_pushed_what(store: Database, tmp_path: Path) -> None:
    hall, lihua = (By(login=login, at=CLOCK, whence="10.0.0.7") for login in ("key hall", "lihua"))
    at = desk(tmp_path)
    # They come in together, as those do who send at one time; the last two send the same record.
    rows = [(ZHANG, hall), (OTHER, hall), (SAME, lihua), (ZHANG, lihua)]
    told = arrive._together(store, at, rows)
    assert [one.status for one in told] == [Status.ACCEPTED] * 3 + [Status.DUPLICATE]
    assert told[0].customer_id == told[2].customer_id == told[3].customer_id
    arrive.one(store, at, {**OTHER, "record_id": "3"}, by=hall)
    batch = arrive.many(store, at, [{**OTHER, "record_id": "4"}, NAMELESS], by=lihua)
    arrive.one(store, at, {**OTHER, "record_id": "5"})
    with store.read() as tx:
        held = {one.load_id: (one.channel, one.pushed_by, one.counts.read) for one in loads.recent(tx)}
        noted = trail.page(tx, Filter(act=Act.ARRIVE), vault=VAULT)
    pushed = {("app", "key hall", 3), ("hall", "lihua", 1), ("app", "lihua", 1), ("app", None, 1)}
    assert set(held.values()) == pushed | {(one, "lihua", 1) for one in ("app", "hall")}
    assert len(held) == 6
    assert [held[number][:2] for number in batch.loads] == [("app", "lihua"), ("hall", "lihua")]
    assert {(entry.what, entry.who) for entry in noted} == {
        (f"load {number}", who) for number, (_, who, _) in held.items() if who
    }


def test_records_that_come_while_one_is_committed_share_the_next_commit(store: Database, tmp_path: Path) -> None:
    """Group commit: each is answered once it is on the disk, and the disk is asked twice for all of them."""
    here, many = desk(tmp_path), 12
    rows = [{"channel": "app", "record_id": str(number), "name": f"王{number}"} for number in range(many + 2)]
    commits: list[int] = []

    @sa.event.listens_for(store.engine, "commit")
    def committed(_: object) -> None:
        if not commits:
            while len(here.door._waiting) < many:
                pass
        commits.append(1)

    with ThreadPoolExecutor(many + 1) as callers:
        first = callers.submit(arrive.one, store, here, rows[0])
        while not here.door._busy:
            pass
        answers = [first, *(callers.submit(arrive.one, store, here, row) for row in rows[1:-1])]
        told = [answer.result(60) for answer in answers]
    together = len(commits)
    arrive.one(store, here, rows.pop())
    alone = len(commits) - together
    assert together == 2 * alone
    assert {answer.status for answer in told} == {Status.ACCEPTED}
    assert len({answer.customer_id for answer in told}) == many + 1


def test_what_is_answered_is_what_the_store_holds(store: Database, tmp_path: Path) -> None:
    """One by one and several at once: new ones, repetitions and other versions, which all say whose they are."""
    rng = np.random.default_rng(7)
    sent = town.make(160, seed=7).records.to_pylist()
    again = [sent[place] for place in rng.integers(160, size=40)]
    moved = [{**sent[place], "address": "浙江省杭州市西湖区文三路138号"} for place in rng.integers(160, size=40)]
    rows = [{name: text for name, text in row.items() if text is not None} for row in (*sent, *again, *moved)]
    rows = [rows[place] for place in rng.permutation(len(rows))]
    here, told = desk(tmp_path), list[arrive.ArrivedOne]()
    _identified(store)
    while rows:
        piece, rows = rows[: (size := int(rng.integers(1, 12)))], rows[size:]
        came = arrive._together(store, here, [(row, None) for row in piece])
        with store.read() as tx:
            for one in came:
                assert (one.customer_id, _linked(one)) == _held(tx, one.channel, one.record_id or "")
        told += came
    assert {one.status for one in told} == {Status.ACCEPTED, Status.DUPLICATE}
    assert any(len(one.links) > 1 for one in told if one.status is Status.DUPLICATE)
    rules = verify.Rules(trust=here.trust, survivorship=here.survivorship)
    assert verify.verify(store, rules, seal=None).findings == ()
    with store.begin() as tx:
        asked = _questions(tx)
        questions.renew(tx, None, review_from=here.model.review_from, link_from=here.model.link_from)
        assert asked == _questions(tx) != []


def test_of_many_links_the_same_are_told_however_they_are_asked_for(store: Database, tmp_path: Path) -> None:
    same = {name: ZHANG[name] for name in ("channel", "name", "id_number", "phone")}
    here = desk(tmp_path)
    arrive.many(store, here, [{**same, "record_id": f"{number:02d}"} for number in range(25)])
    # The first is a duplicate, told of beside a new one.
    told, _ = arrive._together(store, here, [({**same, "record_id": key}, None) for key in ("05", "30")])
    assert len(told.links) == joined.SHOWN_LINKS
    assert told.links == arrive.one(store, here, {**same, "record_id": "05"}).links


def _linked(one: arrive.ArrivedOne) -> set[tuple[str, str, float]]:
    return {(link.channel, link.record_id, link.weight) for link in one.links}


def _held(tx: Transaction, channel: str, key: str) -> tuple[int | None, set[tuple[str, str, float]]]:
    """The customer of a key, and with which records and how firmly it is linked."""
    (mine,) = customers.of_keys(tx, channel, pa.array([key])).to_pylist()
    linked = links.of_records(tx, pa.array([mine["record"]]), state=links.State.LINKED).to_pylist()
    weights = {({one["record_l"], one["record_r"]} - {mine["record"]}).pop(): one["weight"] for one in linked}
    known = records.read(tx, pa.array(sorted(weights), pa.int64()), columns=("record", "channel", "record_id"))
    names = {row["record"]: (row["channel"], row["record_id"]) for row in known.to_pylist()}
    return mine["customer_id"], {(*names[number], weight) for number, weight in weights.items()}


def _questions(tx: Transaction) -> list[tuple[Any, ...]]:
    return sorted(map(tuple, tx.execute(tables["question"].select())))
