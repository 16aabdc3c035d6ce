"""Golden values: which value survives, and the record it came from."""

import json
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.collect.town.town import Town
from kehu.model.customers import CUSTOMERS, DECIDED_BY, GOLDEN_COLUMNS, PINS
from kehu.model.records import FLAT_COLUMNS
from kehu.process import clean
from kehu.resolve import coded, golden
from kehu.resolve.survivorship import Strategy

FLAT = pa.schema([(name, pa.string()) for name in FLAT_COLUMNS])

Row = dict[str, str]
Resident = Callable[[str, int], str]


def members(rows: Sequence[Row], customers: Sequence[int] | None = None) -> pa.Table:
    """Records of one customer, or of those given; numbered from 100."""
    numbered = [{"record_id": f"{number:03d}", "channel": "hall", **row} for number, row in enumerate(rows)]
    cleaned = clean.clean(pa.Table.from_pylist(numbered, schema=FLAT))
    return cleaned.append_column("record", pa.array(range(100, 100 + len(rows)), pa.int64())).append_column(
        "customer_id", pa.array(customers or [1] * len(rows), pa.int64())
    )


def one(
    rows: Sequence[Row],
    *,
    trust: dict[str, int] | None = None,
    pins: Sequence[tuple[int, str, str | None]] = (),
    **survivorship: Sequence[Strategy],
) -> dict:  # type: ignore[type-arg]  # a row of a table
    orders = {**golden.SURVIVORSHIP, **survivorship}
    pinned = pa.Table.from_pylist([dict(zip(PINS.names, pin, strict=True)) for pin in pins], schema=PINS)
    [state] = golden.values(members(rows), trust=trust or {}, survivorship=orders, pins=pinned).to_pylist()
    return {**state, "sources": json.loads(state["sources"])}


def decided(state: dict, attribute: str) -> str:  # type: ignore[type-arg]  # a row of a table
    """What decided a value, in words."""
    letter = state["decided"][GOLDEN_COLUMNS.index(attribute)]
    return DECIDED_BY[letter].value if letter != "-" else "nobody"


def test_a_whole_name_survives_a_title() -> None:
    assert one([{"name": "张先生"}, {"name": "张先生"}, {"name": "张伟"}])["name"] == "张伟"


def test_a_certificate_with_the_right_check_digit_survives_any_other(resident: Resident) -> None:
    """And its type comes from the same record."""
    valid = resident("19800203", 2)
    wrong = valid[:-1] + ("1" if valid[-1] == "0" else "0")
    state = one([{"id_number": wrong}, {"id_number": wrong}, {"id_number": valid}])
    assert (state["id_number"], state["id_type"]) == (valid, "resident_id")
    assert state["sources"]["id_number"] == state["sources"]["id_type"] == 102


def test_the_value_of_the_trusted_channel_survives() -> None:
    rows = [{"channel": "hall", "category": "1"}, {"channel": "online", "category": "2"}, {"category": "1"}]
    assert one(rows, trust={"online": 2, "hall": 1})["category"] == "2"
    assert one(rows, trust={"online": 1, "hall": 2})["category"] == "1"
    # Who is not named is believed as who is named without a word of trust; where that ties, the newest decides.
    assert one(rows, trust={"online": 0})["category"] == "1"
    assert decided(one(rows, trust={"online": 1}), "category") != "channel_trust"


def test_the_star_level_that_was_reckoned_last_survives() -> None:
    rows = [
        {"channel": "hall", "star_level": "五星金", "updated_at": "2024-03-01"},
        {"channel": "calls", "star_level": "4", "updated_at": "2026-03-01"},
        {"channel": "online", "updated_at": "2026-05-01"},
    ]
    state = one(rows, trust={"hall": 3, "calls": 1})
    assert (state["star_level"], state["sources"]["star_level"]) == ("4", 101)


def test_the_value_of_the_latest_record_survives() -> None:
    rows = [
        {"email": "new@x.org", "updated_at": "2026-03-01"},
        {"email": "old@x.org", "updated_at": "2024-03-01"},
        {"email": "old@x.org", "updated_at": "2024-05-01"},
        {"email": "undated@x.org"},
    ]
    state = one(rows)
    assert (state["email"], state["sources"]["email"]) == ("new@x.org", 100)


def test_the_value_that_most_records_hold_survives() -> None:
    rows = [{"birth_date": "1980-02-03"}, {"birth_date": "1990-01-01"}, {"birth_date": "1980-02-03"}]
    assert str(one(rows)["birth_date"]) == "1980-02-03"


def test_the_longest_address_survives_with_its_city() -> None:
    rows = [
        {"address": "北京市海淀区"},
        {"address": "浙江省杭州市西湖区文三路138号501室"},
        {"address": "上海市浦东新区"},
    ]
    state = one(rows)
    assert (state["city"], state["district"]) == ("杭州市", "西湖区")
    assert state["sources"]["address"] == state["sources"]["city"] == state["sources"]["district"] == 101


@pytest.mark.parametrize(
    ("order", "email"),
    [
        ((Strategy.MOST_FREQUENT,), "often@x.org"),
        ((Strategy.MOST_RECENT,), "recent@x.org"),
        ((Strategy.LONGEST,), "extraordinarily.long@x.org"),
        ((Strategy.CHANNEL_TRUST,), "trusted@x.org"),
        ((), "often@x.org"),
    ],
)
def test_the_order_of_strategies_may_be_chosen(order: tuple[Strategy, ...], email: str) -> None:
    rows = [
        {"email": "often@x.org"}, {"email": "often@x.org"}, {"email": "recent@x.org", "updated_at": "2026-01-01"},
        {"email": "extraordinarily.long@x.org"}, {"email": "trusted@x.org", "channel": "online"},
    ]  # fmt: skip
    assert one(rows, trust={"online": 5}, email=order)["email"] == email


def test_the_second_phone_is_another_number() -> None:
    rows = [
        {"phone": "13912345678", "updated_at": "2026-03-01"},
        {"phone": "13912345678", "updated_at": "2026-02-01"},
        {"phone": "13812345678", "updated_at": "2025-01-01"},
    ]
    state = one(rows)
    assert (state["phone"], state["phone_2"]) == ("13912345678", "13812345678")
    assert (state["sources"]["phone"], state["sources"]["phone_2"]) == (100, 102)
    assert one(rows[:2])["phone_2"] is None


def test_a_second_phone_that_a_record_states_is_not_lost() -> None:
    state = one([{"phone": "13912345678"}, {"phone": "13912345678", "phone_2": "13812345678"}])
    assert (state["phone"], state["phone_2"]) == ("13912345678", "13812345678")
    assert state["sources"]["phone_2"] == 101


def test_what_nobody_states_is_read_off_the_certificate(resident: Resident) -> None:
    certified = {"id_number": resident("19800203", 2)}
    state = one([certified])
    assert (str(state["birth_date"]), state["gender"], state["sources"]["gender"]) == ("1980-02-03", "female", 100)
    assert str(one([{"birth_date": "1981-02-03"}, certified])["birth_date"]) == "1980-02-03"


def test_a_valid_certificate_overrules_the_birth_date_beside_it(resident: Resident) -> None:
    """Both dates of one record contradict each other: the one with a check digit is believed, if it is asked for."""
    row = {"id_number": resident("19800203", 2), "birth_date": "1981-02-03", "gender": "男"}
    state = one([row, {"birth_date": "1981-02-03"}])
    assert (str(state["birth_date"]), state["gender"], decided(state, "birth_date")) == (
        "1980-02-03",
        "female",
        "valid_first",
    )
    frequent = one([row], birth_date=(Strategy.MOST_FREQUENT,))
    assert str(frequent["birth_date"]) == "1981-02-03"
    slip = {**row, "id_number": row["id_number"][:-1] + ("1" if row["id_number"][-1] == "0" else "0")}
    assert str(one([slip])["birth_date"]) == "1981-02-03"


@pytest.mark.parametrize(
    ("rows", "attribute", "decider"),
    [
        pytest.param([{"email": "a@x.org"}, {"email": "a@x.org"}], "email", "only", id="nobody says otherwise"),
        pytest.param([{"name": "张先生"}, {"name": "张伟"}], "name", "valid_first", id="a whole name"),
        pytest.param(
            [{"name": "张伟"}, {"name": "张卫"}, {"name": "张伟"}], "name", "most_frequent", id="two of three"
        ),
        pytest.param(
            [{"email": "a@x.org", "updated_at": "2026-01-01"}, {"email": "b@x.org", "updated_at": "2025-01-01"}],
            "email",
            "most_recent",
            id="the newer",
        ),
        pytest.param([{"address": "北京市"}, {"address": "北京市海淀区"}], "address", "longest", id="the longer"),
        pytest.param(
            [{"category": "1"}, {"category": "2", "channel": "online"}], "category", "channel_trust", id="trust"
        ),
        pytest.param([{"email": "a@x.org"}, {"email": "b@x.org"}], "email", "record_key", id="a tie"),
        pytest.param([{"name": "张伟"}], "email", "nobody", id="nothing stated"),
    ],
)
def test_the_strategy_that_told_the_winner_from_the_next_is_named(
    rows: list[Row], attribute: str, decider: str
) -> None:
    assert decided(one(rows, trust={"online": 2}), attribute) == decider


def test_a_pinned_value_beats_every_strategy(resident: Resident) -> None:
    rows = [
        {"name": "张伟", "email": "a@x.org", "id_number": resident("19800203", 2)},
        {"name": "张伟"},
        {"name": "章伟"},
    ]
    state = one(rows, pins=[(102, "name", None)])
    assert (state["name"], state["sources"]["name"], decided(state, "name")) == ("章伟", 102, "pinned")
    state = one(rows, pins=[(101, "name", "张玮"), (101, "birth_date", "1979-12-31"), (999, "email", "no@x.org")])
    assert (state["name"], str(state["birth_date"]), state["email"]) == ("张玮", "1979-12-31", "a@x.org")
    assert (state["sources"]["name"], decided(state, "birth_date")) == (101, "pinned")


def test_of_two_pins_the_later_holds() -> None:
    rows = [{"name": "张伟"}, {"name": "章伟"}]
    assert one(rows, pins=[(100, "name", "甲"), (101, "name", None)])["name"] == "章伟"
    assert one(rows, pins=[(101, "name", None), (100, "name", "甲")])["name"] == "甲"


def test_quality_grows_with_what_is_filled() -> None:
    rows = [{"name": "王小明"}, {"phone": "13912345678"}, {"email": "xm@x.org"}, {"address": "杭州市西湖区文三路1号"}]
    found = [one(rows[: 1 + number])["quality"] for number in range(len(rows))]
    assert found == sorted(set(found))
    assert 0 < found[0] < found[-1] <= 100


def test_nobody_has_no_golden_values() -> None:
    assert golden.values(members([]), trust={}).num_rows == 0


@pytest.fixture(scope="module")
def town_members(a_town: Callable[[int], Town]) -> pa.Table:
    made = a_town(600)
    customers = made.truth["customer_id"].combine_chunks().dictionary_encode().indices.cast(pa.int64())
    cleaned = clean.clean(made.records)
    return cleaned.append_column("record", pa.array(range(len(cleaned)), pa.int64())).append_column(
        "customer_id", customers
    )


def test_every_value_stands_in_the_record_it_is_said_to_come_from(town_members: pa.Table) -> None:
    rows = {row["record"]: row for row in town_members.to_pylist()}
    states = golden.values(town_members, trust={"online": 2})
    assert states.schema.equals(CUSTOMERS)
    elsewhere = {"birth_date": ["id_birth_date"], "gender": ["id_gender"], "phone_2": ["phone"]}
    for state in states.to_pylist():
        sources = json.loads(state["sources"])
        assert set(sources) == {name for name in GOLDEN_COLUMNS if state[name] is not None}
        assert state["phone"] is None or state["phone"] != state["phone_2"]
        for name, record in sources.items():
            row = rows[record]
            assert row["customer_id"] == state["customer_id"]
            assert state[name] in [row[column] for column in (name, *elsewhere.get(name, []))]


def test_what_any_record_tells_some_value_tells(town_members: pa.Table) -> None:
    """An attribute is empty only if no record of the customer has it."""
    states = {state["customer_id"]: state for state in golden.values(town_members, trust={}).to_pylist()}
    for row in town_members.to_pylist():
        for name in ("name", "id_number", "phone", "birth_date", "gender", "email", "address", "category"):
            assert row[name] is None or states[row["customer_id"]][name] is not None


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_golden_values_are_a_pure_function_of_the_members(town_members: pa.Table, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(town_members))
    shuffled = town_members.take(pa.array(order))
    assert golden.values(shuffled, trust={"calls": 1}).equals(golden.values(town_members, trust={"calls": 1}))


@settings(max_examples=40, deadline=None)
@given(first=st.integers(0, 1_950), rows=st.integers(1, 12), customers=st.integers(1, 4))
def test_few_records_have_the_golden_values_that_they_have_among_many(
    a_town: Callable[[int], Town], first: int, rows: int, customers: int
) -> None:
    table = clean.clean(a_town(2_000).records.slice(first, rows))
    table = table.append_column("record", pa.array(range(rows), pa.int64()))
    table = table.append_column("customer_id", pa.array([7 + row % customers for row in range(rows)], pa.int64()))
    few = golden.values(table, trust={"hall": 3, "online": 2})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(golden, "FEW", 0)
        patch.setattr(coded, "FEW", 0)
        patch.setattr(golden, "AT_ONCE", 1)
        assert golden.values(table, trust={"hall": 3, "online": 2}).equals(few)
