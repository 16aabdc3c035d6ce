"""Merge, split, pin and undo on each real database: what a steward decides holds, and can be taken back."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.engine.duck import Duck
from kehu.errors import ConflictError, NotFoundError, SettingsError
from kehu.flows.arrive.arrive import Desk
from kehu.flows.decide import decide, review
from kehu.flows.decide.decision import Answer, Caution
from kehu.flows.identify import identify
from kehu.model.records import FLAT_COLUMNS
from kehu.process import clean, mapping
from kehu.resolve import model as models
from kehu.resolve.survivorship import Survivorship
from kehu.store import (
    contents,
    customers,
    database,
    decisions,
    links,
    loads,
    questions,
    records,
    reviews,
    verify,
)
from kehu.store.database import Database
from kehu.store.decisions import Kind
from kehu.store.dictionary.questions import question
from kehu.store.dictionary.whole import tables
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault

VAULT = Vault(Keyring(secrets={1: bytes(32)}))

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
FLAT = pa.schema([(name, pa.string()) for name in FLAT_COLUMNS])
WHO: Any = {"reason": "seen the cards", "by": "ann"}

ZHANG = {"name": "张伟", "phone": "13912345678", "birth_date": "1990-03-07"}
TWINS = {"phone": "15011112222", "birth_date": "2004-09-01", "address": "四川省成都市武侯区科华北路65号"}
PEOPLE: Sequence[dict[str, str]] = (
    {"record_id": "z1", **ZHANG, "email": "zhang.wei@example.org"},
    {"record_id": "z2", **ZHANG, "email": "zhang.wei@example.org"},
    {"record_id": "z3", **ZHANG, "address": "浙江省杭州市西湖区文三路138号"},
    {"record_id": "w1", "name": "王芳", "phone": "13700001111", "birth_date": "1985-01-02", "gender": "女"},
    {"record_id": "w2", "name": "王芳", "phone": "13700001111", "birth_date": "1985-01-02"},
    {"record_id": "o1", "name": "欧阳娜娜", **TWINS},
)

HISTORY = {"audit", "decision", "decision_pair", "decision_member", "decision_pin", "customer_history",
           "member_history", "sequence", "load"}  # fmt: skip
"""What tells of the past, and so grows by a decision and by its undoing."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_in(tmp_path)


def desk_in(folder: Path) -> Desk:
    """A clock that moves on by itself, so that no two states begin at once."""
    ticks = count()
    return Desk(
        engine=Duck(threads=1),
        model=models.shipped(),
        home="CN",
        trust={},
        hot_key_limit=100,
        mappings={},
        rules={},
        raw_in=folder,
        clock=lambda: NOW + timedelta(seconds=next(ticks)),
    )


def deliver(store: Database, desk: Desk, rows: Sequence[dict[str, str]], *, channel: str = "hall") -> None:
    """Store rows and give them their customers, as `kehu run` does."""
    put(store, desk, rows, channel=channel)
    identify.identify(store, desk.engine, desk.model, trust={}, hot_key_limit=100, clock=desk.clock)


def put(store: Database, desk: Desk, rows: Sequence[dict[str, str]], *, channel: str = "hall") -> None:
    flat = pa.Table.from_pylist([{"channel": channel, **row} for row in rows], schema=FLAT)
    with store.begin() as tx:
        load = loads.start(tx, channel, at=desk.clock())
        added = records.add(
            tx,
            clean.clean(flat),
            hashes=mapping.fingerprints(flat),
            positions=pa.array([f"row {place}" for place in range(len(flat))]),
            load=load,
            at=desk.clock(),
        )
        counts = loads.Counts(read=len(flat), accepted=added.accepted, duplicate=added.duplicate)
        loads.advance(tx, load, counts=counts)
        loads.finish(tx, load, at=desk.clock())


def customer_of(store: Database) -> dict[str, int]:
    """The customer of each record, by the record's key."""
    with store.read() as tx:
        rows = records.read(tx, columns=("record_id", "customer_id")).to_pylist()
    return {row["record_id"]: row["customer_id"] for row in rows}


def number_of(store: Database, *keys: str) -> list[int]:
    """The numbers of the records with these keys."""
    with store.read() as tx:
        rows = records.read(tx, columns=("record_id", "record")).to_pylist()
    return [row["record"] for key in keys for row in rows if row["record_id"] == key]


def present(store: Database) -> list[str]:
    """All that the store believes today, and where every number leads: the dump without what tells of the past."""
    with store.read() as tx:
        dump = [line for line in contents.lines(tx) if line.split(" ", 1)[0] not in HISTORY | {"customer", "member"}]
        living = customers.states(tx, retired=False).drop_columns(["valid_from", "why"]).to_pylist()
        members = customers.memberships(tx).to_pylist()
    return [*dump, *map(repr, living), *map(repr, members)]


def leads_to(store: Database) -> dict[int, int]:
    """Every number ever given, and the living customer that it finds."""
    with store.read() as tx:
        given = tx.scalars(sa.select(tables["customer"].c.customer_id)).all()
        return {number: customers.get(tx, number).customer_id for number in given}


def require_sound(store: Database) -> None:
    with store.read() as tx:
        assert list(verify.findings(tx)) == []


def test_a_merge_makes_one_customer_and_undoing_it_two_again(store: Database, desk: Desk) -> None:
    deliver(store, desk, PEOPLE)
    was, before, led = customer_of(store), present(store), leads_to(store)
    answer = decide.merge(store, desk, [was["w1"], was["z1"]], **WHO)
    # The greater one keeps its id, and the other number leads to it.
    assert answer == Answer(decision_id=1, kind=Kind.TOGETHER, customers=(was["z1"],), overrides=(), warnings=())
    assert set(customer_of(store).values()) == {was["z1"], was["o1"]}
    assert leads_to(store)[was["w1"]] == was["z1"]
    with store.read() as tx:
        assert customers.get(tx, was["z1"]).row["records"] == 5
    undone = decide.undo(store, desk, 1, reason="two cards", by="bob")
    assert undone.customers == tuple(sorted([was["z1"], was["w1"]]))
    assert present(store) == before
    assert leads_to(store) == led
    require_sound(store)
    with store.read() as tx:
        (told,) = decisions.page(tx)
    assert (told.why, told.decided_by, told.undone_by, told.undone_why) == ("seen the cards", "ann", "bob", "two cards")
    assert (told.customers, told.records) == (tuple(sorted([was["z1"], was["w1"]])), 5)


def test_a_split_gives_the_smaller_part_a_new_id_and_undoing_it_the_old_one(store: Database, desk: Desk) -> None:
    deliver(store, desk, PEOPLE)
    was, before, led = customer_of(store), present(store), leads_to(store)
    answer = decide.split(store, desk, was["z1"], number_of(store, "z1"), **WHO)
    now = customer_of(store)
    assert now["z2"] == now["z3"] == was["z1"]
    assert now["z1"] not in was.values()
    assert answer.customers == (was["z1"], now["z1"])
    require_sound(store)
    decide.undo(store, desk, answer.decision_id, reason="one after all", by="bob")
    assert present(store) == before
    # The number that was given in between is never given again: it leads back.
    assert leads_to(store) == {**led, now["z1"]: was["z1"]}
    require_sound(store)


def test_what_was_split_stays_apart_whatever_evidence_comes(store: Database, desk: Desk) -> None:
    deliver(store, desk, PEOPLE)
    was = customer_of(store)
    decide.split(store, desk, was["z1"], number_of(store, "z1"), **WHO)
    deliver(store, desk, [{"record_id": "z9", **ZHANG, "email": "zhang.wei@example.org"}])
    deliver(store, desk, [{**PEOPLE[0], "address": "浙江省杭州市西湖区文三路138号"}])  # Another version of z1.
    now = customer_of(store)
    assert now["z1"] != now["z2"] == now["z3"]
    with store.read() as tx:
        reasons = {row["reason"] for row in links.of_records(tx, records.current(tx)).to_pylist()}
    assert reasons >= {"apart"}
    require_sound(store)


def test_of_two_decisions_about_a_pair_the_later_one_stands_and_says_so(store: Database, desk: Desk) -> None:
    deliver(store, desk, PEOPLE)
    was = customer_of(store)
    first = decide.split(store, desk, was["z1"], number_of(store, "z1"), **WHO)
    again = decide.merge(store, desk, first.customers, **WHO)
    assert again.overrides == (first.decision_id,)
    assert [warned.caution for warned in again.warnings] == [Caution.OVERRIDDEN]
    assert customer_of(store) == was
    third = decide.split(store, desk, was["z1"], number_of(store, "z1"), **WHO)
    assert third.overrides == (again.decision_id,)
    # Undoing what a later one overrides changes nothing; undoing the later ones brings it back into force.
    parted = customer_of(store)
    assert [one.caution for one in decide.undo(store, desk, again.decision_id, **WHO).warnings] == [Caution.UNCHANGED]
    assert customer_of(store) == parted
    decide.undo(store, desk, third.decision_id, **WHO)
    assert customer_of(store)["z1"] != customer_of(store)["z2"]
    decide.undo(store, desk, first.decision_id, **WHO)
    assert customer_of(store) == was
    require_sound(store)


def test_undoing_what_a_later_decision_builds_on_is_refused(store: Database, desk: Desk) -> None:
    deliver(store, desk, PEOPLE)
    was = customer_of(store)
    merged = decide.merge(store, desk, [was["z1"], was["w1"]], **WHO)
    parted = decide.split(store, desk, merged.customers[0], number_of(store, "z1", "z2", "z3"), **WHO)
    last = decide.review(store, desk, *number_of(store, "z1", "o1"), verdict=Kind.APART, **WHO)
    decide.merge(store, desk, [customer_of(store)["w1"], was["o1"]], **WHO)
    before = present(store)
    with pytest.raises(
        ConflictError, match=f"decision {parted.decision_id} cannot be undone: decision {last.decision_id} "
    ):
        decide.undo(store, desk, parted.decision_id, **WHO)
    assert present(store) == before
    with store.read() as tx:
        assert decisions.get(tx, parted.decision_id).undone_at is None


def test_a_steward_may_merge_two_certificates_and_is_told(store: Database, desk: Desk) -> None:
    cards = [{"record_id": "c1", **ZHANG, "id_number": "110101199003070417"},
             {"record_id": "c2", **ZHANG, "id_number": "110101199003070433"}]  # fmt: skip
    deliver(store, desk, cards)
    was = customer_of(store)
    assert was["c1"] != was["c2"]
    answer = decide.merge(store, desk, [was["c1"], was["c2"]], **WHO)
    assert [warned.caution for warned in answer.warnings] == [Caution.CERTIFICATES]
    assert len(set(customer_of(store).values())) == 1


def test_a_pin_goes_with_its_record(store: Database, desk: Desk) -> None:
    deliver(store, desk, PEOPLE)
    was = customer_of(store)
    decide.pin(store, desk, was["w1"], "phone", "+86 138 0000 1234", **WHO)
    decide.pin(store, desk, was["z1"], "address", "浙江省杭州市西湖区文三路138号", **WHO)
    merged = decide.merge(store, desk, [was["w1"], was["z1"]], **WHO)
    carriers = number_of(store, "w1", "z3")  # The oldest of its customer; the one that states the value.
    with store.read() as tx:
        held = decisions.pinned(tx, pa.array(carriers)).to_pylist()
    assert [(row["record"], row["attribute"], row["value"]) for row in held] == [
        (carriers[0], "phone", "13800001234"), (carriers[1], "address", "浙江省杭州市西湖区文三路138号"),
    ]  # fmt: skip
    decide.undo(store, desk, 1, **WHO)
    with store.read() as tx:
        assert [row["attribute"] for row in decisions.pinned(tx).to_pylist()] == ["address"]
    for attribute, value in (("id_number", "110101199003070417"), ("birth_date", "soon"), ("colour", "red")):
        with pytest.raises(SettingsError, match=attribute):
            decide.pin(store, desk, merged.customers[0], attribute, value, **WHO)


def test_a_review_answers_for_the_whole_customers(store: Database, desk: Desk) -> None:
    deliver(store, desk, PEOPLE)
    was = customer_of(store)
    unsure = decide.review(store, desk, *number_of(store, "z1", "w1"), verdict=Kind.UNSURE, **WHO)
    assert customer_of(store) == was
    decide.review(store, desk, *number_of(store, "z1", "w1"), verdict=Kind.APART, **WHO)
    with store.read() as tx:
        assert decisions.standing(tx).num_rows == 3 * 2
    same = decide.review(store, desk, *number_of(store, "z2", "w2"), verdict=Kind.TOGETHER, **WHO)
    assert same.overrides == (unsure.decision_id + 1,)
    assert same.customers == (was["z1"],)
    with pytest.raises(ConflictError, match="one customer already"):
        decide.review(store, desk, *number_of(store, "z1", "w1"), verdict=Kind.APART, **WHO)


def test_the_queue_is_read_page_by_page_on_each_database(store: Database, desk: Desk) -> None:
    doubtful = [{"record_id": "d1", "name": "王女士", "birth_date": "1985-01-02"},
                {"record_id": "d2", "name": "王方", "birth_date": "1985-01-02", "phone": "13700001111"},
                {"record_id": "c1", "name": "李娜", "phone": "13655556666", "id_number": "110101199003070417"},
                {"record_id": "c2", "name": "李娜", "phone": "13655556666", "id_number": "110101199003070433"},
    ]  # fmt: skip
    deliver(store, desk, [*PEOPLE, *doubtful])
    whole = review.queue(store, desk.model).rows
    assert len(whole) > 1
    asked: list[review.Asked] = []
    after: str | None = None
    while True:
        page = review.queue(store, desk.model, after=after, limit=1)
        asked += page.rows
        if (after := page.following) is None:
            break
    assert tuple(asked) == whole
    with store.read() as tx:
        assert reviews.count(tx) == len(whole)
    for one in whole:
        review.answer(store, desk, one.review.review_id, review.Verdict.UNSURE, **WHO)
    assert review.queue(store, desk.model).rows == ()


def test_a_version_that_waits_is_identified_before_it_is_decided_on(store: Database, desk: Desk) -> None:
    deliver(store, desk, [*PEOPLE, {"record_id": "n1", "name": "张伟"}])
    was = customer_of(store)
    put(store, desk, [{**PEOPLE[1], "gender": "男"}])
    decide.merge(store, desk, [was["z1"], was["n1"]], **WHO)
    now = customer_of(store)
    assert {now[key] for key in ("z1", "z2", "z3", "n1")} == {was["z1"]}
    deliver(store, desk, [{"record_id": "z8", **ZHANG}])
    assert customer_of(store)["z8"] == was["z1"]
    require_sound(store)


def test_what_cannot_be_decided_is_refused_in_words(store: Database, desk: Desk) -> None:
    deliver(store, desk, PEOPLE)
    was, before = customer_of(store), present(store)
    with pytest.raises(NotFoundError, match="no customer 99"):
        decide.merge(store, desk, [was["z1"], 99], **WHO)
    with pytest.raises(ConflictError, match="name two"):
        decide.merge(store, desk, [was["z1"], was["z1"]], **WHO)
    with pytest.raises(NotFoundError, match="has no record 99"):
        decide.split(store, desk, was["z1"], [99], **WHO)
    with pytest.raises(ConflictError, match="leaves some"):
        decide.split(store, desk, was["z1"], number_of(store, "z1", "z2", "z3"), **WHO)
    with pytest.raises(SettingsError, match="reason"):
        decide.merge(store, desk, [was["z1"], was["w1"]], reason=" ", by="ann")
    with pytest.raises(NotFoundError, match="no decision 7"):
        decide.undo(store, desk, 7, **WHO)
    assert present(store) == before


def test_merges_that_race_end_with_one_survivor(store: Database, desk: Desk) -> None:
    deliver(store, desk, PEOPLE)
    was = customer_of(store)
    together = Barrier(2)

    def merge(ids: list[int]) -> str:
        together.wait()
        try:
            decide.merge(store, desk, ids, **WHO)
        except ConflictError as refused:
            return str(refused)
        return "merged"

    with ThreadPoolExecutor(2) as pool:
        same = list(pool.map(merge, [[was["z1"], was["w1"]], [was["w1"], was["z1"]]]))
    assert sorted(told == "merged" for told in same) == [False, True]
    with ThreadPoolExecutor(2) as pool:
        chained = list(pool.map(merge, [[was["w1"], was["o1"]], [was["o1"], was["z1"]]]))
    assert sorted(told == "merged" for told in chained) == [False, True]
    assert set(leads_to(store).values()) == {was["z1"]}
    require_sound(store)


POOL: Sequence[dict[str, str]] = [
    {"record_id": f"{name}{phone}{born}", "name": name, "phone": f"1391234567{phone}", "birth_date": f"199{born}-03-07"}
    for name in ("张伟", "章伟", "王芳")
    for phone in range(3)
    for born in range(2)
]
"""People who may be each other: arrivals join them, and part them again."""


class Walk:
    """Arrivals, merges, splits and undoing in any order, and what must be true after every step."""

    def __init__(self, store: Database, desk: Desk, seed: int) -> None:
        self.store, self.desk, self.chance = store, desk, random.Random(seed)
        self.given: set[int] = set()
        self.standing: list[int] = []

    def step(self) -> None:
        getattr(self, self.chance.choice(["arrive", "merge", "split", "undo", "there_and_back"]))()
        self.check()

    def arrive(self) -> None:
        rows = [{**row, "gender": self.chance.choice(["男", ""])} for row in self.chance.sample(POOL, 3)]
        deliver(self.store, self.desk, rows)

    def merge(self) -> Answer | None:
        living = sorted(set(customer_of(self.store).values()))
        if len(living) < 2:
            return None
        # Retired numbers will do, too.
        ids = [*self.chance.sample(living, 2), *self.chance.sample(sorted(self.given | set(living)), 1)]
        return self.decided(lambda: decide.merge(self.store, self.desk, ids, **WHO))

    def split(self) -> Answer | None:
        theirs: dict[int, list[str]] = {}
        for key, customer in customer_of(self.store).items():
            theirs.setdefault(customer, []).append(key)
        large = sorted(customer for customer, keys in theirs.items() if len(keys) > 1)
        if not large:
            return None
        customer = self.chance.choice(large)
        keys = self.chance.sample(sorted(theirs[customer]), self.chance.randint(1, len(theirs[customer]) - 1))
        return self.decided(lambda: decide.split(self.store, self.desk, customer, number_of(self.store, *keys), **WHO))

    def undo(self) -> None:
        if not self.standing:
            return
        number = self.chance.choice(self.standing)
        if self.decided(lambda: decide.undo(self.store, self.desk, number, **WHO)):
            self.standing = [one for one in self.standing if one != number]

    def there_and_back(self) -> None:
        before, led = present(self.store), leads_to(self.store)
        if answer := self.chance.choice([self.merge, self.split])():
            decide.undo(self.store, self.desk, answer.decision_id, **WHO)
            self.standing.remove(answer.decision_id)
            assert present(self.store) == before
            assert leads_to(self.store).items() >= led.items()

    def decided(self, decision: Callable[[], Answer]) -> Answer | None:
        """What was decided; None where it was refused, which leaves everything as it was."""
        before = present(self.store)
        try:
            answer = decision()
        except ConflictError:
            assert present(self.store) == before
            return None
        if answer.decision_id not in self.standing:
            self.standing.append(answer.decision_id)
        return answer

    def check(self) -> None:
        require_sound(self.store)  # Groups are a partition, and every number leads to one living customer.
        now = leads_to(self.store)
        assert now.keys() >= self.given
        assert all(number > max(self.given, default=0) for number in now.keys() - self.given)
        self.given |= now.keys()
        with self.store.read() as tx:
            held = decisions.standing(tx).to_pylist()
            of_record = {row["record"]: row["customer_id"] for row in customers.memberships(tx).to_pylist()}
        for row in held:
            together = of_record[row["record_l"]] == of_record[row["record_r"]]
            assert together == (row["kind"] == "together")


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=5)
def test_whatever_is_decided_numbers_last_and_undoing_restores(seed: int) -> None:
    with TemporaryDirectory() as folder:
        store = database.connect("sqlite:///kehu.db", folder=Path(folder), vault=VAULT)
        database.migrate(store)
        walk = Walk(store, desk_in(Path(folder)), seed)
        walk.arrive()
        for _ in range(12):
            walk.step()
        store.close()


def test_a_short_walk_on_each_database(store: Database, desk: Desk) -> None:
    walk = Walk(store, desk, seed=7)
    walk.arrive()
    for _ in range(8):
        walk.step()


CARDS = ("110101199003070417", "110101201304143616")


@pytest.mark.parametrize(
    "against",
    [
        pytest.param(({"id_number": CARDS[0]}, {"id_number": CARDS[1]}), id="two valid certificates"),
        pytest.param(
            ({"birth_date": "1990-03-07", "gender": "男"}, {"birth_date": "2013-04-14", "gender": "女"}),
            id="what lasts",
        ),
    ],
)
def test_what_customers_know_against_each_other_makes_a_question_worth_less(
    store: Database, desk: Desk, against: tuple[dict[str, str], dict[str, str]]
) -> None:
    """A nameless call from a family's phone leads to each of them; that two of them are one is not likely for that."""
    family, alone = "13700002222", "13700003333"
    deliver(store, desk, [
        {"record_id": "a1", "name": "王子瑶", "phone": family},
        {"record_id": "a2", "name": "王子瑶", "phone": family, **against[0]},
        {"record_id": "a3", "name": "王子瑶", "phone": family, **against[0]},
        {"record_id": "b1", "phone": family, "email": "cuiyi@example.org", **against[1]},
        {"record_id": "b2", "name": "王翠易", "email": "cuiyi@example.org", **against[1]},
        {"record_id": "b3", "name": "王翠易", "email": "cuiyi@example.org", **against[1]},
        {"record_id": "d1", "name": "史军", "phone": alone},
        {"record_id": "d2", "phone": alone},
    ])  # fmt: skip
    was = customer_of(store)
    about = [{one.review.customer_l, one.review.customer_r} for one in review.queue(store, desk.model).rows]
    assert about == [{was["d1"], was["d2"]}, {was["a1"], was["b1"]}]


def test_other_golden_values_tell_anew_what_a_question_is_worth(store: Database, desk: Desk) -> None:
    def value() -> int:
        [asked] = review.queue(store, desk.model).rows
        return asked.review.value

    shi = {"name": "史军", "email": "shijun@example.org"}
    deliver(store, desk, [
        {"record_id": "d1", **shi, "phone": "13700003333"},
        {"record_id": "d2", **shi, "gender": "女", "updated_at": "2026-01-02"},
        {"record_id": "d3", **shi, "gender": "女", "updated_at": "2026-01-02"},
        {"record_id": "d4", **shi, "gender": "男", "updated_at": "2026-01-03"},
        {"record_id": "e1", "phone": "13700003333", "gender": "女"},
    ])  # fmt: skip
    before = value()
    decide.pin(store, desk, customer_of(store)["d1"], "gender", "男", **WHO)
    assert value() < before
    decide.undo(store, desk, 1, **WHO)
    assert value() == before
    newest = Survivorship.model_validate({"gender": ["most_recent"]})
    identify.identify(
        store, desk.engine, desk.model, trust={}, survivorship=newest, hot_key_limit=100, clock=desk.clock
    )
    assert value() < before


def test_what_is_asked_is_what_asking_from_nothing_gives(store: Database, desk: Desk) -> None:
    """Questions are kept as customers change; made from nothing, they must be the same."""

    def kept() -> list[tuple[Any, ...]]:
        with store.read() as tx:
            return [tuple(row) for row in tx.execute(sa.select(question).order_by(*question.primary_key))]

    def made() -> list[tuple[Any, ...]]:
        before = kept()
        with store.begin() as tx:
            questions.renew(tx, None, review_from=desk.model.review_from, link_from=desk.model.link_from)
        assert kept() == before
        return before

    doubtful = [{"record_id": "d0", "name": "王女士", "birth_date": "1985-01-02"}]
    doubtful += [{"record_id": name, "name": name, "phone": "13700001111"} for name in ("王方", "汪芳", "李芳")]
    deliver(store, desk, [*PEOPLE, *doubtful[:2]])
    first = made()
    assert first
    deliver(store, desk, doubtful[2:])
    whole = made()
    assert len(whole) > len(first)
    asked = review.queue(store, desk.model).rows
    done = review.answer(store, desk, asked[0].review.review_id, review.Verdict.UNSURE, **WHO)
    assert len(made()) == len(whole) - 1
    decide.undo(store, desk, done.decision_id, **WHO)
    assert made() == whole
    merged = review.answer(store, desk, asked[0].review.review_id, review.Verdict.SAME, **WHO)
    assert len(made()) < len(whole)
    decide.undo(store, desk, merged.decision_id, **WHO)
    assert made() == whole
    put(store, desk, [{**doubtful[0], "phone": "13611110000"}])
    identify.identify(
        store, desk.engine, desk.model, trust=desk.trust, hot_key_limit=desk.hot_key_limit, clock=desk.clock
    )
    assert made() != whole
