"""Why two records are one customer, or two; whom a customer belongs together with; and what it once was."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from kehu.engine.duck import Duck
from kehu.errors import ConflictError, NotFoundError, SettingsError
from kehu.flows.identify import identify
from kehu.flows.insight import explaining, graph, insight, past, relations
from kehu.flows.insight.sight import CLEAR
from kehu.model.codes import Flaw, MediumKind, Relation, Verdict
from kehu.model.records import FLAT_COLUMNS
from kehu.process import clean, mapping
from kehu.resolve import group
from kehu.resolve import model as models
from kehu.store import decisions, filters, links, loads, records, views
from kehu.store.database import Database

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
FLAT = pa.schema([(name, pa.string()) for name in FLAT_COLUMNS])
MODEL = models.shipped()

DOOR = "浙江省杭州市西湖区文三路138号翠苑小区3幢2单元501室"
HUSBAND = {"name": "欧阳建国", "id_number": "110101199003070417", "phone": "13912345678", "address": DOOR}
SISTER = {"name": "欧阳娜娜", "birth_date": "1994-05-06", "gender": "女", "phone": "13912345678", "address": DOOR}
PEOPLE: Sequence[dict[str, str]] = (
    HUSBAND,
    {**HUSBAND, "email": "jianguo@x.org", "updated_at": "2026-01-02"},
    {**SISTER, "id_number": "110101199405060027"},
    {"name": "司徒雷登", "birth_date": "1955-01-01", "gender": "男", "phone": "13700000001"},
    {"name": "杭州华信科技有限公司", "phone": "057188880000", "address": "杭州市滨江区江南大道588号"},
    {"name": "慕容雪", "birth_date": "1991-02-03", "gender": "女", "phone": "057188880000"},
)


def deliver(store: Database, rows: Sequence[dict[str, str]], *, at: datetime = NOW) -> None:
    flat = pa.Table.from_pylist(
        [{"record_id": f"H-{place}", "channel": "hall", **row} for place, row in enumerate(rows)], schema=FLAT
    )
    with store.begin() as tx:
        load = loads.start(tx, "hall", at=at)
        records.add(
            tx,
            clean.clean(flat),
            hashes=mapping.fingerprints(flat),
            positions=pa.array([f"row {place}" for place in range(len(rows))]),
            load=load,
            at=at,
        )
    identify.identify(store, Duck(threads=1), MODEL, trust={}, hot_key_limit=100, clock=lambda: at, why=f"load {load}")


@pytest.fixture
def people(store: Database) -> Database:
    deliver(store, PEOPLE)
    return store


def explained(store: Database, left: int, right: int) -> explaining.Explanation:
    return explaining.explanation(store, left, right, model=MODEL, hot_key_limit=100)


def customer_of(store: Database, record: int) -> int:
    with store.read() as tx:
        return int(records.read(tx, pa.array([record], pa.int64())).column("customer_id")[0].as_py())


def test_a_joined_pair_is_explained_by_evidence_that_adds_up(people: Database) -> None:
    told = explained(people, 1, 2)
    assert (told.verdict, told.path) == (Verdict.JOINED, (1, 2))
    assert sum(part.weight for part in told.evidence) == pytest.approx(told.weight, abs=0.1)
    assert {"certificate", "phone"} <= set(told.keys)
    assert told.zh
    assert told.en


def test_the_order_of_the_two_changes_nothing(people: Database) -> None:
    assert explained(people, 3, 1) == explained(people, 1, 3)


def test_two_certificates_are_the_reason_whatever_else_is_shared(people: Database) -> None:
    assert explained(people, 1, 3).verdict is Verdict.CERTIFICATE


def test_who_has_nothing_in_common_is_too_light(people: Database) -> None:
    told = explained(people, 1, 4)
    assert (told.verdict, told.keys, told.path) == (Verdict.TOO_LIGHT, (), ())


def test_a_steward_is_named_as_the_reason(people: Database) -> None:
    pairs = pa.table({"record_l": pa.array([1], pa.int64()), "record_r": pa.array([4], pa.int64())})
    with people.begin() as tx:
        number = decisions.add(tx, decisions.Kind.APART, pairs, by="li", why="different people", at=NOW)
    told = explained(people, 1, 4)
    assert (told.verdict, told.decision_id) == (Verdict.APART, number)


def test_a_phone_that_many_share_is_no_evidence(store: Database) -> None:
    phone = "13912345678"
    deliver(store, [{"name": f"欧阳{name}", "phone": phone} for name in "建国娜雪"])
    known = explaining.explanation(store, 1, 2, model=MODEL, hot_key_limit=100)
    hot = explaining.explanation(store, 1, 2, model=MODEL, hot_key_limit=2)
    assert "phone" in {part.comparison for part in known.evidence}
    assert "phone" not in {part.comparison for part in hot.evidence}


def test_who_shares_nothing_but_hot_keys_was_never_compared(store: Database) -> None:
    deliver(store, [{**HUSBAND, "id_type": "", "id_number": ""} for _ in range(4)])
    known = explaining.explanation(store, 1, 2, model=MODEL, hot_key_limit=100)
    assert (known.verdict, known.hot_keys) == (Verdict.JOINED, ())
    told = explaining.explanation(store, 1, 2, model=MODEL, hot_key_limit=3)
    assert told.keys == ()
    assert set(told.hot_keys) == set(known.keys) >= {"phone", "name and city"}


def test_a_key_is_told_by_what_made_it(store: Database) -> None:
    born = {"birth_date": "1990-03-07"}
    deliver(store, [{"name": "张伟", **born}, {"name": "李伟", **born}])
    told = explained(store, 1, 2)
    assert told.keys == ("given name and birth date", "birth date")


def test_how_common_a_shared_name_is_is_told_without_the_name(people: Database) -> None:
    told = explained(people, 1, 2)
    assert told.frequencies
    assert all(one.one_in > 1 for one in told.frequencies)
    assert "欧阳" not in str(told.frequencies)


def test_versions_of_one_record_are_no_pair(people: Database) -> None:
    with pytest.raises(ConflictError, match="name two"):
        explained(people, 1, 1)
    with pytest.raises(NotFoundError):
        explained(people, 1, 999)


def test_a_record_may_be_told_by_its_channel_and_key(people: Database) -> None:
    assert explaining.number_of(people, "hall:H-3") == 4
    assert explaining.number_of(people, "17") == 17
    with pytest.raises(NotFoundError, match="hall"):
        explaining.number_of(people, "hall:H-99")
    with pytest.raises(SettingsError, match="CHANNEL:KEY"):
        explaining.number_of(people, "H-3")


def test_a_family_and_a_firm_are_relations_and_no_merges(people: Database) -> None:
    found = relations.relations(people, customer_of(people, 1), model=MODEL).related
    assert [(one.name, one.relation) for one in found] == [("欧阳娜娜", Relation.FAMILY)]
    assert found[0].shares == (MediumKind.PHONE, MediumKind.ADDRESS)
    staff = relations.relations(people, customer_of(people, 6), model=MODEL).related
    assert [(one.name, one.relation) for one in staff] == [("杭州华信科技有限公司", Relation.STAFF)]
    assert relations.relations(people, customer_of(people, 4), model=MODEL).related == ()


def test_a_relation_is_seen_from_both_sides(people: Database) -> None:
    husband, sister = customer_of(people, 1), customer_of(people, 3)
    [one] = relations.relations(people, husband, model=MODEL).related
    [other] = relations.relations(people, sister, model=MODEL).related
    assert (one.customer_id, other.customer_id, one.weight) == (sister, husband, other.weight)


def test_two_at_one_door_are_found_without_a_shared_number(store: Database) -> None:
    deliver(
        store,
        [HUSBAND, {"name": "司徒雷登", "phone": "13700000001", "address": "杭州市西湖区文三路138号翠苑小区3-2-501"}],
    )
    [one] = relations.relations(store, customer_of(store, 1), model=MODEL).related
    assert (one.relation, one.shares) == (Relation.HOUSEHOLD, (MediumKind.ADDRESS,))


def test_a_phone_that_two_had_years_apart_is_shared(store: Database) -> None:
    sister = {"name": "欧阳娜娜", "birth_date": "1994-05-06", "gender": "女", "phone": HUSBAND["phone"]}
    deliver(store, [{**HUSBAND, "updated_at": "2018-01-02"}, {**sister, "updated_at": "2026-01-02"}])
    [one] = relations.relations(store, customer_of(store, 1), model=MODEL).related
    assert (one.relation, one.shares) == (Relation.FAMILY, (MediumKind.PHONE,))


def test_every_medium_of_a_customer_finds_it(people: Database) -> None:
    number = customer_of(people, 1)
    for typed in ("13912345678", "jianguo@x.org", "文三路138号"):
        assert number in [found.customer_id for found in insight.find(people, typed, sight=CLEAR).customers]


def test_links_can_be_drawn(people: Database) -> None:
    number = customer_of(people, 1)
    found = graph.links(people, number)
    assert {1, 2} <= {side.record for side in found.records if side.customer_id == number}
    ends = {end for link in found.links for end in (link.record_l, link.record_r)}
    assert ends <= {side.record for side in found.records}


def test_customers_can_be_filtered_by_quality_and_flaw(people: Database) -> None:
    with people.read() as tx:
        everybody = views.customers(tx, filters.Filter()).rows
        lacking = views.customers(tx, filters.Filter(flaw=Flaw.NO_EMAIL)).rows
        low = views.customers(tx, filters.Filter(quality_to=60)).rows
    assert {one.customer_id for one in lacking} == {one.customer_id for one in everybody if Flaw.NO_EMAIL in one.flaws}
    assert {one.customer_id for one in low} == {one.customer_id for one in everybody if one.quality <= 60}
    assert 0 < len(lacking) < len(everybody)


def test_the_past_says_what_changed_when_and_why(people: Database) -> None:
    later = NOW + timedelta(days=3)
    deliver(people, [*PEOPLE[:3], {**PEOPLE[3], "email": "stuart@x.org"}, *PEOPLE[4:]], at=later)
    number = customer_of(people, 7)
    now = past.past(people, number)
    assert [change.why for change in now.changes] == ["load 2", "load 1"]
    altered = {one.attribute: (one.before, one.after) for one in now.changes[0].altered}
    assert altered["email"] == (None, "stuart@x.org")
    assert now.changes[1].first
    then = past.past(people, number, as_of=NOW + timedelta(days=1))
    assert then.state is not None
    assert now.state is not None
    assert (then.state.values["email"], now.state.values["email"]) == (None, "stuart@x.org")
    assert [one.record for one in then.state.records] == [4]
    assert then.state.valid_to == later
    before = past.past(people, number, as_of=NOW - timedelta(days=1))
    assert (before.state, before.changes) == (None, ())
    with pytest.raises(NotFoundError):
        past.past(people, 999)


def test_who_is_in_a_crowd_is_told_so(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four namesakes born on one day: each of their links would do alone."""
    monkeypatch.setattr(group, "LARGEST", 3)
    namesakes = [{"name": "王伟", "birth_date": "1990-03-07", "updated_at": f"2026-01-0{day}"} for day in range(1, 5)]
    deliver(store, namesakes)
    told = explained(store, 1, 2)
    assert told.weight >= told.link_from
    assert told.verdict is Verdict.CROWD
    with store.read() as tx:
        assert set(links.every(tx)["reason"].to_pylist()) == {"crowd"}
