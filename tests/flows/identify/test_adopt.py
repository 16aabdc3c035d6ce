"""Adopting a model on each real database: customers follow it, numbers last, decisions hold."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kehu.engine.duck import Duck
from kehu.errors import ModelError, StoreError
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.decide import decide
from kehu.flows.identify import adopt, inforce
from kehu.flows.identify.grouping import Identified
from kehu.resolve import model as models
from kehu.resolve.model import Model
from kehu.store import contents, customers, database, decisions, records, verify
from kehu.store.audit import trail
from kehu.store.audit.trail import Act
from kehu.store.database import Database
from kehu.store.decisions import Kind
from kehu.store.dictionary.whole import tables

Live = Callable[[Database], Desk]
Opened = Callable[[str], Database]

STRICT = replace(models.shipped(), link_from=25.0, learned="strict")
"""Joins only what is nearly certain."""
MILD = replace(models.shipped(), link_from=-4.0, review_from=-8.0, learned="mild")
"""Joins what others would ask a steward about."""


@pytest.fixture
def lived(opened: Opened, live: Live) -> tuple[Database, Desk]:
    """A store that lived for a while, with a merge, a split that was taken back, a merge and a pin."""
    store = opened("sqlite")
    return store, live(store)


def adopted(store: Database, desk: Desk, model: Model, folder: Path) -> tuple[str, Identified]:
    return adopt.adopt(
        store, Duck(threads=1), model, folder=folder, asked=adopt.Asked(who="cli:ann", instead_of="shipped"),
        trust=desk.trust, hot_key_limit=desk.hot_key_limit, clock=desk.clock,
    )  # fmt: skip


def proposed(store: Database, given: Model | None = None) -> adopt.Proposal:
    return adopt.propose(store, Duck(threads=1), hot_key_limit=100, given=given)


def owners(store: Database) -> dict[int, int]:
    with store.read() as tx:
        found = customers.memberships(tx).to_pylist()
    return {row["record"]: row["customer_id"] for row in found}


def parts(store: Database) -> set[frozenset[int]]:
    groups: dict[int, set[int]] = {}
    for record, customer in owners(store).items():
        groups.setdefault(customer, set()).add(record)
    return {frozenset(group) for group in groups.values()}


def findings(store: Database) -> list[object]:
    with store.read() as tx:
        return list(verify.findings(tx))


def test_a_proposal_changes_nothing_and_tells_what_would(lived: tuple[Database, Desk]) -> None:
    store, _ = lived
    with store.read() as tx:
        before = list(contents.lines(tx))
    found = proposed(store, STRICT)
    with store.read() as tx:
        assert list(contents.lines(tx)) == before
    assert (found.merging, found.merges) == (0, 0)
    assert found.splits > 0
    assert found.customers_then > found.customers == len(set(owners(store).values()))
    for sample in found.split_samples:
        assert len({record.customer for record in sample}) == 1
        assert len({record.part for record in sample}) > 1


def test_what_is_proposed_is_what_adopting_does(lived: tuple[Database, Desk], tmp_path: Path) -> None:
    store, desk = lived
    for model in (STRICT, MILD, models.shipped()):
        found = proposed(store, model)
        name, _ = adopted(store, desk, model, tmp_path)
        assert models.load(tmp_path / name).fingerprint == model.fingerprint
        assert len(set(owners(store).values())) == found.customers_then
        again = proposed(store, model)
        assert (again.merging, again.splits) == (0, 0)
        assert not findings(store)


def test_decisions_and_pins_outlive_other_models(lived: tuple[Database, Desk], tmp_path: Path) -> None:
    store, desk = lived
    kept = decide.split(store, desk, *_greatest(store), reason="two people", by="ann")
    for model in (STRICT, MILD):
        adopted(store, desk, model, tmp_path)
        owner = owners(store)
        with store.read() as tx:
            standing = decisions.standing(tx).to_pylist()
            pinned = decisions.pinned(tx).to_pylist()
            emails = {row["customer_id"]: row["email"] for row in customers.states(tx).to_pylist()}
        assert {pair["decision_id"] for pair in standing} >= {kept.decision_id}
        for pair in standing:
            is_one = owner[pair["record_l"]] == owner[pair["record_r"]]
            assert is_one == (pair["kind"] == Kind.TOGETHER)
        assert [emails[owner[pin["record"]]] for pin in pinned] == ["pinned@example.org"]


def _greatest(store: Database) -> tuple[int, list[int]]:
    """The customer of most records, and one of these."""
    members: dict[int, list[int]] = {}
    for record, customer in owners(store).items():
        members.setdefault(customer, []).append(record)
    customer = max(members, key=lambda one: (len(members[one]), -one))
    return customer, members[customer][:1]


def test_numbers_last_where_most_of_the_records_are(lived: tuple[Database, Desk], tmp_path: Path) -> None:
    store, desk = lived
    before = owners(store)
    adopted(store, desk, STRICT, tmp_path)
    between = owners(store)
    greatest: dict[int, int] = {}
    for group in parts(store):
        # A number that lives on is that of the group that shares most records with its customer.
        for customer in {before[record] for record in group}:
            shared = sum(before[record] == customer for record in group)
            greatest[customer] = max(greatest.get(customer, 0), shared)
    for customer in set(before.values()):
        heirs = [record for record in before if between[record] == customer and before[record] == customer]
        assert len(heirs) == greatest[customer]
    adopted(store, desk, models.shipped(), tmp_path)
    assert owners(store) == before  # Each part came back to the number most of it had.


def test_who_groups_by_another_model_is_refused_until_it_reads_the_one_in_force(
    lived: tuple[Database, Desk], tmp_path: Path
) -> None:
    store, desk = lived
    adopted(store, desk, STRICT, tmp_path)
    row = {"channel": "hall", "record_id": "late", "name": "欧阳娜娜", "phone": "15011112222"}
    before = owners(store)
    with pytest.raises(StoreError, match="was adopted"):
        arrive.one(store, desk, row)
    with pytest.raises(StoreError, match="was adopted"):
        decide.merge(store, desk, sorted(set(before.values()))[:2], reason="one", by="ann")
    assert owners(store) == before
    assert arrive.one(store, replace(desk, model=STRICT), row).customer_id is not None


def test_what_waits_is_grouped_by_the_new_model_too(lived: tuple[Database, Desk], tmp_path: Path) -> None:
    store, desk = lived
    with store.begin() as tx:
        numbers = records.current(tx)
        tx.execute(tables["fresh"].insert(), [{"record": number} for number in numbers.to_pylist()[:3]])
    _, done = adopted(store, desk, STRICT, tmp_path)
    assert done.records == 3
    with store.read() as tx:
        assert not len(records.waiting(tx))
    assert not findings(store)


def test_it_is_noted_who_adopted_which(lived: tuple[Database, Desk], tmp_path: Path) -> None:
    store, desk = lived
    name, done = adopted(store, desk, STRICT, tmp_path)
    assert store.vault is not None
    with store.read() as tx:
        (noted,) = trail.page(tx, trail.Filter(act=Act.ADOPT), vault=store.vault)
        in_force = inforce.adopted(tx)
    assert (noted.who, noted.what, noted.detail["created"]) == ("cli:ann", f"model {name}", done.created)
    assert in_force is not None
    assert (in_force.model, in_force.fingerprint) == (name, STRICT.fingerprint)


def test_the_same_records_and_decisions_teach_the_same_model(lived: tuple[Database, Desk], tmp_path: Path) -> None:
    store, desk = lived
    learned = proposed(store).model
    assert learned.training is not None
    assert learned.training.told > 0
    adopted(store, desk, learned, tmp_path)
    assert proposed(store).model.fingerprint == learned.fingerprint
    assert adopt.is_in_force(store, learned)


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_servers_adopt_as_sqlite_does(opened: Opened, live: Live, tmp_path: Path, kind: str) -> None:
    store = opened(kind)
    desk = live(store)
    before = owners(store)
    found = proposed(store, STRICT)
    name, _ = adopted(store, desk, STRICT, tmp_path)
    assert len(set(owners(store).values())) == found.customers_then > found.customers
    with store.read() as tx:
        assert getattr(inforce.adopted(tx), "model", None) == name
    assert not findings(store)
    adopted(store, desk, models.shipped(), tmp_path)
    assert owners(store) == before


def test_a_store_without_records_learns_nothing_but_may_be_given_a_model(opened: Opened) -> None:
    store = opened("sqlite")
    database.migrate(store)
    with pytest.raises(ModelError, match="nothing to learn from"):
        proposed(store)
    found = proposed(store, models.shipped())
    assert (found.records, found.customers, found.customers_then) == (0, 0, 0)
