"""Identify on a real store: whatever way records arrive, the customers are the same."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from kehu.collect.town import town
from kehu.engine.duck import Duck
from kehu.flows.identify import identify as flow
from kehu.flows.identify.grouping import Identified
from kehu.model.records import FLAT_COLUMNS
from kehu.process import clean, mapping
from kehu.resolve import model as models
from kehu.store import contents, customers, database, decisions, links, loads, records
from kehu.store.database import Database
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault

VAULT = Vault(Keyring(secrets={1: bytes(32)}))

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
FLAT = pa.schema([(name, pa.string()) for name in FLAT_COLUMNS])

Partition = set[frozenset[tuple[str, str]]]
NewStore = Callable[[], Database]


@pytest.fixture
def new_store(tmp_path: Path) -> Iterator[NewStore]:
    """As many empty stores as asked for."""
    opened: list[Database] = []

    def make() -> Database:
        store = database.connect(f"sqlite:///{len(opened)}.db", folder=tmp_path, vault=VAULT)
        database.migrate(store)
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return town.make(400, seed=11).records


def flat(rows: Sequence[dict[str, str]]) -> pa.Table:
    numbered = [{"record_id": str(number), "channel": "hall", **row} for number, row in enumerate(rows)]
    return pa.Table.from_pylist(numbered, schema=FLAT)


def deliver(store: Database, rows: pa.Table) -> records.Added:
    """Store rows as intake does."""
    with store.begin() as tx:
        return records.add(
            tx,
            clean.clean(rows),
            hashes=mapping.fingerprints(rows),
            positions=pa.array([f"row {place}" for place in range(len(rows))]),
            load=loads.start(tx, "town", at=NOW),
            at=NOW,
        )


def identify(store: Database, *, hot_key_limit: int = 100, hour: int = 0) -> Identified:
    return flow.identify(
        store,
        Duck(),
        models.shipped(),
        trust={"online": 2},
        hot_key_limit=hot_key_limit,
        clock=lambda: NOW + timedelta(hours=hour),
    )


def arrive(store: Database, batches: Sequence[pa.Table], *, hot_key_limit: int = 100) -> None:
    for hour, batch in enumerate(batches):
        deliver(store, batch)
        identify(store, hot_key_limit=hot_key_limit, hour=hour)


def partition(store: Database) -> Partition:
    with store.read() as tx:
        rows = records.read(tx).select(["channel", "record_id", "customer_id"]).to_pylist()
    groups: dict[int, set[tuple[str, str]]] = {}
    for row in rows:
        groups.setdefault(row["customer_id"], set()).add((row["channel"], row["record_id"]))
    assert None not in groups
    return {frozenset(group) for group in groups.values()}


def golden(store: Database) -> dict[frozenset[tuple[str, str]], dict[str, object]]:
    """For each group of records the state of its customer, but for what tells when and in which order it came."""
    with store.read() as tx:
        rows = records.read(tx).select(["record", "channel", "record_id", "customer_id"]).to_pylist()
        states = customers.states(tx, retired=False).to_pylist()
    groups: dict[int, set[tuple[str, str]]] = {}
    for row in rows:
        groups.setdefault(row["customer_id"], set()).add((row["channel"], row["record_id"]))
    untold = {"customer_id", "sources", "valid_from", "why"}
    return {
        frozenset(groups[state["customer_id"]]): {name: value for name, value in state.items() if name not in untold}
        for state in states
    }


def kept_links(store: Database) -> set[tuple[frozenset[tuple[str, str]], str, str | None]]:
    """Every link with its state, by the keys of its records."""
    with store.read() as tx:
        rows = records.read(tx, columns=("record", "channel", "record_id")).to_pylist()
        found = links.of_records(tx, records.current(tx)).to_pylist()
    name = {row["record"]: (row["channel"], row["record_id"]) for row in rows}
    return {(frozenset([name[row["record_l"]], name[row["record_r"]]]), row["state"], row["reason"]) for row in found}


def dump(store: Database) -> list[str]:
    with store.read() as tx:
        return list(contents.lines(tx))


def batches(rows: pa.Table, rng: np.random.Generator, *, parts: int) -> list[pa.Table]:
    """Every row once, twice or three times, in any order, in batches of any size."""
    order = rng.permutation(np.repeat(np.arange(len(rows)), rng.integers(1, 4, len(rows))))
    cuts = np.sort(rng.integers(0, len(order), parts - 1))
    return [rows.take(pa.array(part)) for part in np.split(order, cuts)]


def changed(rows: pa.Table, rng: np.random.Generator, *, at: str) -> pa.Table:
    """Later versions of a third of the rows: another e-mail, and something else is another's, or gone."""
    some = rng.permutation(len(rows))[: len(rows) // 3]
    versions = rows.take(pa.array(some)).to_pylist()
    for version, what in zip(versions, rng.integers(0, 4, len(versions)).tolist(), strict=True):
        other = rows.slice(int(rng.integers(len(rows))), 1).to_pylist()[0]
        column = ("phone", "id_number", "name", "birth_date")[what]
        version[column] = other[column] if rng.random() < 0.7 else None
        version |= {"updated_at": at, "email": f"{version['record_id']}.{at:.7}@example.com"}
    return pa.Table.from_pylist(versions, schema=rows.schema)


def final(rows: pa.Table, versions: pa.Table) -> pa.Table:
    replaced = pc.is_in(rows["record_id"], value_set=versions["record_id"].combine_chunks())
    return pa.concat_tables([rows.filter(pc.invert(replaced)), versions])


@pytest.mark.parametrize(
    "hot_key_limit", [pytest.param(100, id="no key is hot"), pytest.param(4, id="keys become hot")]
)
@pytest.mark.parametrize("seed", range(2))
def test_order_batches_and_repetition_change_nothing(
    new_store: NewStore, people: pa.Table, seed: int, hot_key_limit: int
) -> None:
    rng = np.random.default_rng(seed)
    bulk, drops = new_store(), new_store()
    arrive(bulk, [people], hot_key_limit=hot_key_limit)
    arrive(drops, batches(people, rng, parts=9), hot_key_limit=hot_key_limit)
    assert partition(drops) == partition(bulk)
    assert golden(drops) == golden(bulk)
    assert kept_links(drops) == kept_links(bulk)


@pytest.mark.parametrize(
    "hot_key_limit", [pytest.param(100, id="no key is hot"), pytest.param(4, id="keys become hot")]
)
@pytest.mark.parametrize("seed", range(2))
def test_a_changed_record_leaves_no_trace_of_what_it_was(
    new_store: NewStore, people: pa.Table, seed: int, hot_key_limit: int
) -> None:
    rng = np.random.default_rng(100 + seed)
    versions = changed(people, rng, at="2026-09-01")
    once_more = changed(versions, rng, at="2026-10-01")
    bulk, drops = new_store(), new_store()
    arrive(bulk, [final(final(people, versions), once_more)], hot_key_limit=hot_key_limit)
    drip = [batches(rows, rng, parts=3) for rows in (people, versions, once_more)]
    arrive(drops, [batch for part in drip for batch in part], hot_key_limit=hot_key_limit)
    assert partition(drops) == partition(bulk)
    assert golden(drops) == golden(bulk)
    assert kept_links(drops) == kept_links(bulk)


def test_a_hot_key_pairs_nobody_of_a_later_batch(new_store: NewStore) -> None:
    """Few of a batch have it, but many of the store."""
    shared = [
        {"name": name, "phone": "15912345678"}
        for name in ("张伟", "李娜", "王芳", "刘洋", "陈静", "杨帆", "赵磊", "周婷婷", "周婷婷")
    ]
    bulk, drops = new_store(), new_store()
    arrive(bulk, [flat(shared)], hot_key_limit=4)
    arrive(drops, [flat(shared).slice(0, 7), flat(shared).slice(7)], hot_key_limit=4)
    assert partition(drops) == partition(bulk)
    assert kept_links(drops) == kept_links(bulk)


def test_two_who_share_nothing_but_hot_keys_any_more_come_apart(new_store: NewStore) -> None:
    """Their city is hot since the second batch, and nobody of the third, which makes their birth date hot, tells it."""
    two = [{"name": "周婷婷", "birth_date": "1990-05-17", "city": "南京"}] * 2
    of_city, of_day = (
        [{name: row[name] for name in ("name", which)} for row in two] for which in ("city", "birth_date")
    )
    every = flat(two + of_city * 2 + of_day * 2)
    bulk, drops = new_store(), new_store()
    arrive(drops, [every.slice(0, 2)], hot_key_limit=4)
    assert len(partition(drops)) == 1
    arrive(bulk, [every], hot_key_limit=4)
    arrive(drops, [every.slice(2, 4), every.slice(6)], hot_key_limit=4)
    assert partition(drops) == partition(bulk)
    assert kept_links(drops) == kept_links(bulk) == set()


def test_a_key_that_versions_left_and_took_up_again_is_counted_once(new_store: NewStore) -> None:
    """Four have a number; two others had it, gave it up, and have it again: six, so it says nothing any more."""
    number, another = "15912345678", ("15812340001", "15812340002")
    four = [{"name": "周婷婷", "phone": number}] * 2 + [
        {"name": "李娜", "phone": number},
        {"name": "王芳", "phone": number},
    ]
    two = [{"name": "刘洋", "phone": number}, {"name": "陈静", "phone": number}]
    first = flat(four + two)
    left = flat(four + [{**row, "phone": phone} for row, phone in zip(two, another, strict=True)]).slice(4)
    again = flat(four + [{**row, "email": f"{place}@x.org"} for place, row in enumerate(two)])
    bulk, drops = new_store(), new_store()
    arrive(bulk, [again], hot_key_limit=5)
    arrive(drops, [first.slice(4), left, first.slice(0, 4), again.slice(4)], hot_key_limit=5)
    assert partition(drops) == partition(bulk)
    assert kept_links(drops) == kept_links(bulk)


def test_a_second_run_changes_nothing(new_store: NewStore, people: pa.Table) -> None:
    store = new_store()
    arrive(store, [people])
    before = dump(store)
    assert identify(store, hour=5) == Identified()
    assert dump(store) == before
    assert deliver(store, people.slice(0, 50)).accepted == 0
    assert identify(store, hour=6) == Identified()


def test_a_lone_record_is_a_customer(new_store: NewStore) -> None:
    store = new_store()
    deliver(store, flat([{"name": "张伟"}]))
    assert identify(store).created == 1
    assert partition(store) == {frozenset([("hall", "0")])}


@pytest.mark.parametrize(
    "shared",
    [
        pytest.param({"phone": "13800000000"}, id="a placeholder phone"),
        pytest.param({"phone": "15912345678"}, id="an agent's phone"),
        pytest.param({"id_number": "", "id_type": ""}, id="a blank certificate"),
        pytest.param({"id_number": "111111111111111111"}, id="a placeholder certificate"),
        pytest.param({"id_number": "110101199003071233"}, id="a clerk's own certificate"),
        pytest.param({"name": "test"}, id="a placeholder name"),
    ],
)
def test_a_value_that_thousands_share_makes_no_giant(new_store: NewStore, shared: dict[str, str]) -> None:
    """A third of them say nothing else at all."""
    rng = np.random.default_rng(5)
    given = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红鹏飞"
    rows = [
        shared
        if place % 3 == 0
        else {
            "name": "".join(rng.choice(list(part)) for part in ("赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨", given, given)),
            "birth_date": str(np.datetime64("1950-01-01") + int(rng.integers(18_000))),
            **shared,
        }
        for place in range(5000)
    ]
    store = new_store()
    deliver(store, flat(rows))
    identify(store)
    assert max(len(group) for group in partition(store)) <= 5


def test_who_tells_one_certificate_again_and_again_stays_one_customer(new_store: NewStore) -> None:
    """Their phone is hot meanwhile, and everything else they say."""
    calls = flat([{"name": "周婷婷", "phone": "15912345678", "id_number": "510104198803124515"}] * 40)
    store = new_store()
    arrive(store, [calls.slice(0, 30), calls.slice(30)], hot_key_limit=10)
    assert [len(group) for group in partition(store)] == [40]


def test_a_hot_key_is_reported(new_store: NewStore) -> None:
    store = new_store()
    deliver(store, flat([{"name": name, "phone": "15912345678"} for name in ("张伟", "李娜", "王芳", "刘洋")]))
    assert identify(store, hot_key_limit=3).hot_keys == 1
    deliver(store, flat([{"record_id": "new", "name": "陈静", "phone": "15912345678"}]))
    assert identify(store, hot_key_limit=3).hot_keys == 1


ZHANG = {"name": "张晓鹏", "birth_date": "1985-03-12", "phone": "13912340001"}
LI = {"name": "李娜娜", "birth_date": "1990-07-01", "phone": "13912340002"}


def decide(store: Database, kind: decisions.Kind, *ids: str) -> None:
    with store.begin() as tx:
        rows = records.read(tx, columns=("record", "record_id")).to_pylist()
        number = {row["record_id"]: row["record"] for row in rows}
        pair = sorted(number[name] for name in ids)
        pairs = pa.table({"record_l": pa.array(pair[:1], pa.int64()), "record_r": pa.array(pair[1:], pa.int64())})
        decisions.add(tx, kind, pairs, by="ann", why="they said so", at=NOW)


def same(*ids: str) -> frozenset[tuple[str, str]]:
    return frozenset(("hall", name) for name in ids)


def test_a_stewards_apart_holds_when_more_records_come(new_store: NewStore) -> None:
    store = new_store()
    arrive(store, [flat([ZHANG, ZHANG | {"email": "zxp@x.org"}])])
    assert partition(store) == {same("0", "1")}
    decide(store, decisions.Kind.APART, "0", "1")
    deliver(store, flat([{"record_id": "2", **ZHANG, "email": "zxp@x.org"}]))
    identify(store, hour=1)
    assert not any({("hall", "0"), ("hall", "1")} <= group for group in partition(store))


def test_a_stewards_together_holds_when_more_records_come(new_store: NewStore) -> None:
    store = new_store()
    arrive(store, [flat([ZHANG, LI])])
    assert partition(store) == {same("0"), same("1")}
    decide(store, decisions.Kind.TOGETHER, "0", "1")
    deliver(store, flat([{"record_id": "2", **ZHANG}]))
    identify(store, hour=1)
    assert partition(store) == {same("0", "1", "2")}


def test_whom_a_steward_put_together_stays_one_customer_whatever_touches_it(new_store: NewStore) -> None:
    """The second new record touches one half only; the customer still counts the records of both."""
    store = new_store()
    arrive(store, [flat([ZHANG, LI])])
    decide(store, decisions.Kind.TOGETHER, "0", "1")
    for hour, number in enumerate(("2", "3"), 1):
        deliver(store, flat([{"record_id": number, **ZHANG, "email": f"{number}@x.org"}]))
        identify(store, hour=hour)
    [(group, state)] = golden(store).items()
    assert group == same("0", "1", "2", "3")
    assert state["records"] == 4


def test_a_decision_is_as_good_before_its_records_meet_as_after(new_store: NewStore) -> None:
    """Decisions first and records after, or the other way round: the same customers."""
    early, late = new_store(), new_store()
    half = flat([ZHANG, LI, ZHANG | {"name": "张晓朋"}])
    arrive(early, [half])
    decide(early, decisions.Kind.TOGETHER, "0", "1")
    decide(early, decisions.Kind.APART, "0", "2")
    more = flat([{"record_id": "4", **ZHANG}, {"record_id": "5", **LI}])
    arrive(early, [more])
    deliver(late, half)
    deliver(late, more)
    decide(late, decisions.Kind.TOGETHER, "0", "1")
    decide(late, decisions.Kind.APART, "0", "2")
    identify(late)
    assert partition(early) == partition(late)


class Told:
    """Remembers the steps that it is told of."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def task(self, name: str, total: int | None = None) -> None:
        """Not asked for."""

    def step(self, name: str) -> None:
        """Remember it."""
        self.steps.append(name)

    def advance(self, rows: int) -> None:
        """Not asked for."""


def test_a_first_load_makes_every_customer_once(new_store: NewStore, people: pa.Table) -> None:
    store, told = new_store(), Told()
    deliver(store, people)
    flow.identify(store, Duck(), models.shipped(), trust={}, hot_key_limit=100, clock=lambda: NOW, progress=told)
    assert "store" in told.steps
    assert "renew" not in told.steps  # It made all of them a second time.
