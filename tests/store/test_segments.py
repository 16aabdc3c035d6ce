"""A segment means the same to the database as to a plain filter over the same customers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kehu.errors import ConflictError, NotFoundError, SettingsError
from kehu.model import segments as model
from kehu.store import segments
from kehu.store.conditions import Today
from kehu.store.database import Database, Transaction
from kehu.store.dictionary import ground
from kehu.store.dictionary.whole import tables

CHINA = timezone(timedelta(hours=8), "UTC+8")
TODAY = Today(day=date(2026, 3, 1), zone=CHINA)
NASTY = ("'; DROP TABLE customer; --", "%", "_", "\\", "张伟", "a'b\"c", "100%", "x_y")
CODES = ("student", "ordinary", *NASTY)
DAYS = (date(2004, 2, 29), date(2008, 3, 1), date(2008, 3, 2), date(2008, 2, 29), date(1990, 12, 31))
CONTRARY = {"given": "withdrawn", "withdrawn": "given"}
TIMES = tuple(datetime(2026, 2, day, hour, 59, 59, 999999, tzinfo=UTC) for day in (1, 27, 28) for hour in (0, 15, 16))


@dataclass
class Person:
    """A customer as a plain filter sees them."""

    customer_id: int
    of: dict[str, Any]
    things: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def _people() -> list[Person]:
    """Forty customers, of whom nothing, something or much is known."""
    made = []
    for number in range(1, 41):
        of: dict[str, Any] = {
            "kind": "individual" if number % 3 else "organization",
            "category": (None, *CODES)[number % (len(CODES) + 1)],
            "name": (None, *NASTY)[number % 9],
            "city": (None, "杭州市", "杭", "100%", "100", "x_y", "xzy")[number % 7],
            "email": None if number % 2 else "a@x.org",
            "birth_date": (None, *DAYS)[number % 6],
            "quality": float(number % 5) * 25,
            "records": number % 4 + 1,
            "updated_at": (None, *TIMES)[number % 10],
        }
        visits = [
            {
                "kind": ("call", "visit")[(number + turn) % 2],
                "reason": (None, "投诉", *NASTY)[(number + turn) % 10],
                "at": TIMES[(number + turn) % 9],
                "satisfaction": (None, 1, 5)[(number + turn) % 3],
                "verified": (None, True, False)[(number * turn) % 3],
            }
            for turn in range(number % 4)
        ]
        numbers = [
            {
                "plan": (None, "5G-129", "5G_129")[(number + turn) % 3],
                "number_state": (None, "active", "parked", "active")[(number + turn) % 4],
            }
            for turn in range(number % 3)
        ]
        tickets = [
            {
                "kind": ("complaint", "fault")[(number + turn) % 2],
                "queue": ("service", *NASTY)[(number + turn) % 9],
                "opened_at": TIMES[(number + turn) % 9],
                "late": (number + turn) % 3 == 0,
            }
            for turn in range(number % 3)
        ]
        words = [
            {"purpose": purpose, "said": ("given", "withdrawn")[(number + turn) % 2], "at": TIMES[(number + turn) % 9]}
            for turn, purpose in enumerate(("marketing", "sharing", "abroad")[: number % 4])
        ]
        accounts = [
            {"account_type": (None, "prepaid", "postpaid")[(number + turn) % 3]} for turn in range((number + 1) % 3)
        ]
        stated = {
            "channel": ("hall", *NASTY)[number % 9],
            "updated_at": (None, *TIMES)[number % 10],
            "received_at": TIMES[number % 9],
        }
        things: dict[str, list[dict[str, Any]]] = {
            "record": [stated],
            "interaction": visits,
            "subscription": numbers,
            "account": accounts,
            "ticket": tickets,
            "consent": words,
        }
        made.append(Person(customer_id=number, of=of, things=things))
    return made


PEOPLE = _people()


def _fill(store: Database) -> None:
    record = 0
    of_records = ("interaction", "subscription", "account")
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("customer", "member", *of_records)}
    for one in PEOPLE:
        state = {"sources": "{}", "merged_into": None, "valid_from": TIMES[0], "why": "load 1"}
        rows["customer"].append({"customer_id": one.customer_id, **one.of, **state})
        for thing in of_records:
            for row in one.things[thing]:
                record += 1
                whose = {"record": record, "customer_id": one.customer_id, "since": TIMES[0]}
                rows["member"].append(whose | {"plan": row.get("plan")})
                if thing == "interaction":
                    visit = {("started_at" if name == "at" else name): value for name, value in row.items()}
                    rows[thing].append({"record": record, **visit})
                else:
                    must = {"account": {"account_id": "1"}, "subscription": {"msisdn": "1", "role": "holder"}}[thing]
                    rows[thing].append({"record": record, "channel": "hall", **must, **row})
    # Somebody was merged away twice over: into 99, and that into 1.
    for number, into in ((98, 99), (99, 1)):
        rows["customer"].append({**rows["customer"][0], "customer_id": number, "merged_into": into})
    rows["ticket"] = list(_tickets())
    with store.begin() as tx:
        for name, many in rows.items():
            tx.execute(ground.metadata.tables[name].insert(), many)
        _say(tx)


def _tickets() -> Iterator[dict[str, Any]]:
    place = 0
    for one in PEOPLE:
        for ticket in one.things["ticket"]:
            place += 1
            row = {name: value for name, value in ticket.items() if name != "late"}
            whose = 98 if one.customer_id == 1 else one.customer_id
            yield row | {
                "ticket_id": place, "title": "it", "sla": row["kind"], "severity": "minor", "state": "closed",
                "customer_id": whose, "channel": "page", "opened_by": "lihua", "line_at": TIMES[0],
                "breached_at": TIMES[0] if ticket["late"] else None, "resolved_at": None,
            }  # fmt: skip


def _whole(table: str, **values: Any) -> dict[str, Any]:
    """A row of which nothing is told but these values; what must stand there is as good as nothing."""
    nothing = {"Instant": TIMES[0], "Digest": bytes(16), "Word": "", "Boolean": False}
    must = {column.name: type(column.type).__name__ for column in tables[table].c if not column.nullable}
    return {name: nothing.get(kind, 0) for name, kind in must.items()} | values


def _say(tx: Transaction) -> None:
    """What people said, each after they had said the contrary; carried by the record of theirs that is told of."""
    said = 0
    tx.execute(tables["load"].insert(), [_whole("load", load_id=1)])
    for one in PEOPLE:
        number = 1_000 + one.customer_id
        [stated] = one.things["record"]
        row = _whole("record", record=number, record_id=str(number), origin=number, load_id=1, **stated)
        tx.execute(tables["record"].insert(), [row])
        tx.execute(tables["member"].insert(), [{"record": number, "customer_id": one.customer_id, "since": TIMES[0]}])
        for word in one.things["consent"]:
            for turn, answer in enumerate((CONTRARY[word["said"]], word["said"])):
                said += 1
                told = {**word, "said": answer, "at": word["at"] - timedelta(days=1 - turn)}
                noted = {"notice": "1", "channel": "hall", "noted_at": TIMES[0], "noted_by": "lihua"}
                tx.execute(tables["consent"].insert(), [{"consent_id": said, "origin": number, **told, **noted}])


@pytest.fixture
def people(store: Database) -> Database:
    """A store with the people."""
    _fill(store)
    return store


def _value(one: dict[str, Any], name: str) -> Any:
    return one["birth_date" if name == "age" else name]


def _holds(condition: dict[str, Any], one: dict[str, Any]) -> bool:
    """A question about one column, asked in plain Python."""
    name = condition["column"].split(".")[1]
    value = _value(one, name)
    if value is None:
        return False
    match condition["is"]:
        case "known":
            return True
        case "one_of":
            return bool(value in condition["values"])
        case "begins":
            return str(value).startswith(condition["value"])
        case "true" | "false":
            return bool(value == (condition["is"] == "true"))
        case "between":
            number = _age(value) if name == "age" else value
            return bool(condition.get("from", number) <= number <= condition.get("to", number))
        case _:
            day = condition.get("day") or TODAY.day - timedelta(days=condition["days_ago"])
            day = date.fromisoformat(day) if isinstance(day, str) else day
            at = value if not isinstance(value, datetime) else value.astimezone(CHINA).date()
            return bool(at < day if condition["is"] == "before" else at >= day)


def _age(born: date) -> int:
    birthday = (
        born.replace(year=TODAY.day.year, day=28) if (born.month, born.day) == (2, 29) else born.replace(year=2026)
    )
    return TODAY.day.year - born.year - (birthday > TODAY.day)


def _meant(condition: dict[str, Any], one: Person) -> bool:
    if "all" in condition:
        return all(_meant(inner, one) for inner in condition["all"])
    if "any" in condition:
        return any(_meant(inner, one) for inner in condition["any"])
    if "not" in condition:
        return not _meant(condition["not"], one)
    if "has" in condition:
        wanted = [
            row for row in one.things[condition["has"]] if all(_holds(leaf, row) for leaf in condition.get("where", ()))
        ]
        return len(wanted) >= int(condition.get("at_least", 1))
    return _holds(condition, one.of)


SAID = ("complaint", "service", "marketing", "sharing", "given")
WORDS = st.sampled_from(
    [
        *CODES,
        "杭州市",
        "杭",
        "100",
        "x",
        "投诉",
        "call",
        "5G",
        "5G_129",
        "complaint",
        "service",
        "marketing",
        "sharing",
        "given",
        "active",
        "prepaid",
        "hall",
    ]
)
DATED = st.one_of(
    st.fixed_dictionaries({"day": st.sampled_from([day.isoformat() for day in (*DAYS, date(2026, 2, 28))])}),
    st.fixed_dictionaries({"days_ago": st.integers(-1, 40)}),
)


def _asked(columns: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """A question that may be asked of one of these columns."""

    def of(column: str) -> st.SearchStrategy[dict[str, Any]]:
        known = st.just({"column": column, "is": "known"})
        many = st.lists(WORDS, min_size=1, max_size=3)
        if column in model.PERSONAL:
            return known
        match model.COLUMNS[column]:
            case "code":
                return known | many.map(lambda values: {"column": column, "is": "one_of", "values": values})
            case "text":
                begins = WORDS.map(lambda value: {"column": column, "is": "begins", "value": value})
                return known | begins | many.map(lambda values: {"column": column, "is": "one_of", "values": values})
            case "number" | "age":
                ends = st.fixed_dictionaries({"from": st.integers(0, 40)}, optional={"to": st.integers(0, 100)})
                return known | ends.map(lambda ends: {"column": column, "is": "between", **ends})
            case "truth":
                return known | st.sampled_from(["true", "false"]).map(lambda told: {"column": column, "is": told})
            case _:
                return known | st.tuples(st.sampled_from(["before", "after"]), DATED).map(
                    lambda asked: {"column": column, "is": asked[0], **asked[1]}
                )

    return st.sampled_from(columns).flatmap(of)


ABOUT = {
    thing: [f"{thing}.{name}" for name in names]
    for thing, names in {
        "customer": (
            "kind",
            "category",
            "name",
            "city",
            "email",
            "birth_date",
            "age",
            "quality",
            "records",
            "updated_at",
        ),
        "interaction": ("kind", "reason", "at", "satisfaction", "verified"),
        "record": ("channel", "updated_at", "received_at"),
        "account": ("account_type",),
        "subscription": ("plan", "number_state"),
        "ticket": ("kind", "queue", "opened_at", "late"),
        "consent": ("purpose", "said", "at"),
    }.items()
}
HAS = st.sampled_from([thing for thing in ABOUT if thing != "customer"]).flatmap(
    lambda thing: st.fixed_dictionaries(
        {"has": st.just(thing)},
        optional={"at_least": st.integers(1, 3), "where": st.lists(_asked(ABOUT[thing]), max_size=2)},
    )
)
TREES = st.recursive(
    _asked(ABOUT["customer"]) | HAS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda many: {"all": many}),
        st.lists(inner, min_size=1, max_size=3).map(lambda many: {"any": many}),
        inner.map(lambda one: {"not": one}),
    ),
    max_leaves=6,
)


def test_of_everything_that_a_customer_has_trees_are_made() -> None:
    assert set(ABOUT) == {"customer", *model.Thing}


def test_any_segment_means_whom_a_plain_filter_finds(people: Database) -> None:
    @settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
    @given(TREES)
    def law(tree: dict[str, Any]) -> None:
        meant = [one.customer_id for one in PEOPLE if _meant(tree, one)]
        wanted = model.parsed(tree)
        assert model.parsed(model.written(wanted)) == wanted
        with people.read() as tx:
            assert sorted(segments.members(tx, wanted, TODAY)) == meant
            assert segments.count(tx, wanted, TODAY) == len(meant)

    law()


@pytest.mark.parametrize("nasty", NASTY)
def test_what_looks_like_code_is_a_value_and_no_more(people: Database, nasty: str) -> None:
    wanted = model.parsed({"column": "customer.city", "is": "begins", "value": nasty})
    with people.begin() as tx:
        assert segments.count(tx, wanted, TODAY) == sum(str(one.of["city"]).startswith(nasty) for one in PEOPLE)
        number = segments.save(tx, wanted, name=nasty, by=nasty, at=TIMES[0])
        assert segments.saved(tx, number).name == nasty
        assert tx.scalar(sa.select(sa.func.count()).select_from(tables["customer"])) == len(PEOPLE) + 2


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        pytest.param({"column": "customer.merged_into", "is": "known"}, "no column", id="not on the list"),
        pytest.param({"column": "customer.name; --", "is": "known"}, "no column", id="code for a column"),
        pytest.param(
            {"column": "customer.phone", "is": "begins", "value": "138"}, "personal", id="a phone by its start"
        ),
        pytest.param({"column": "customer.quality", "is": "begins", "value": "1"}, "is a number", id="a number begins"),
        pytest.param({"column": "interaction.reason", "is": "known"}, "inside has interaction", id="outside its has"),
        pytest.param(
            {"has": "account", "where": [{"column": "interaction.at", "is": "known"}]},
            "about account",
            id="wrong thing",
        ),
        pytest.param({"column": "customer.quality", "is": "between"}, "say from, to", id="no end"),
        pytest.param({"column": "customer.updated_at", "is": "after"}, "say day", id="no day"),
        pytest.param({"all": []}, "at least 1", id="nothing"),
        pytest.param("drop table", "segment", id="no tree"),
        pytest.param({"sql": "1=1"}, "segment", id="SQL"),
        pytest.param(
            {"column": "customer.kind", "is": "one_of", "values": ["a"], "sql": "1=1"}, "one_of, sql", id="SQL beside"
        ),
    ],
)
def test_what_is_no_segment_is_refused_with_its_reason(tree: Any, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        model.parsed(tree)


def test_a_segment_that_is_too_deep_is_refused() -> None:
    tree: dict[str, Any] = {"column": "customer.kind", "is": "known"}
    for _ in range(500):
        tree = {"not": tree}
    with pytest.raises(SettingsError, match="deep"):
        model.parsed(tree)


def test_whatever_is_asked_of_a_customer_stands_in_one_index_but_what_names_somebody() -> None:
    [index] = [one for one in tables["customer"].indexes if one.name == "ix_customer_asked"]
    asked = {name.removeprefix("customer.") for name in model.COLUMNS if name.startswith("customer.")}
    names = {"name", "address", "id_number"}
    assert set(index.columns.keys()) - {"merged_into"} == asked - names - {"age"}


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_however_often_a_segment_is_asked_for_it_is_planned_for_its_values(people: Database) -> None:
    wanted = model.parsed({"column": "customer.category", "is": "one_of", "values": ["student"]})
    with people.read() as tx:
        for _ in range(20):
            segments.count(tx, wanted, TODAY)
        kept = "FROM pg_prepared_statements WHERE statement LIKE 'SELECT count%category%'"
        assert tx.scalar(sa.text(f"SELECT COALESCE(SUM(generic_plans), 0) {kept}")) == 0


def test_each_condition_tells_whether_it_holds(people: Database) -> None:
    tree = {"all": [{"column": "customer.email", "is": "known"}, {"not": {"has": "interaction"}}]}
    with people.read() as tx:
        told = segments.factors(tx, model.parsed(tree), TODAY, 2)
    assert [holds for _, holds in told] == [False, True, False, True]


def test_a_saved_segment_has_versions_and_a_size_over_time(store: Database) -> None:
    first, second = (model.parsed({"column": "customer.kind", "is": "one_of", "values": [kind]}) for kind in ("a", "b"))
    with store.begin() as tx:
        number = segments.save(tx, first, name="students", by="lihua", at=TIMES[0])
        segments.save(tx, second, name="pupils", by="mei", at=TIMES[1], segment_id=number, with_each_run=True)
        now = segments.named(tx, "pupils")
        assert (now.version, now.segment, now.made_by, now.with_each_run) == (2, second, "mei", True)
        assert segments.saved(tx, number, version=1).segment == first
        for turn, size in enumerate((5, 7)):
            segments.note_count(tx, now, size, at=TIMES[turn])
        assert segments.counts(tx, number) == [(TIMES[0], 5), (TIMES[1], 7)]
        with pytest.raises(ConflictError, match="already"):
            segments.save(tx, first, name="pupils", by="lihua", at=TIMES[2])
        with pytest.raises(NotFoundError):
            segments.save(tx, first, name="others", by="lihua", at=TIMES[2], segment_id=number + 1)
        segments.put_away(tx, number, at=TIMES[2])
        assert segments.listed(tx) == []
