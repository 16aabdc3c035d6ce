import collections
import itertools

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc

from kehu.collect.town import errors, numbers, town
from kehu.collect.town.rates import Rates
from kehu.model import records as columns

RECORDS = 20_000


@pytest.fixture(scope="module")
def usual() -> town.Town:
    return town.make(RECORDS, seed=3)


@pytest.fixture(scope="module")
def clean() -> town.Town:
    return town.make(RECORDS, seed=3, rates=Rates().scaled(0))


def share(table: pa.Table, column: str, pattern: str) -> float:
    """The share of the filled values of a column that match."""
    filled = table[column].drop_null()
    return float(pc.mean(pc.match_substring_regex(filled, pattern).cast(pa.int64())).as_py())


def members(made: town.Town) -> list[int]:
    """How many records each customer has."""
    return list(collections.Counter(made.truth["customer_id"].to_pylist()).values())


@given(records=st.integers(1, 400), seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_every_record_has_one_truth_and_no_customer_more_than_nine(records: int, seed: int) -> None:
    made = town.make(records, seed=seed)
    assert made.records.num_rows == made.truth.num_rows == made.visits.num_rows == records
    assert made.truth["record_id"].equals(made.records["record_id"])
    assert len(set(made.records["record_id"].to_pylist())) == records
    assert max(members(made)) <= 9


def test_customers_come_once_to_nine_times_over_three_channels(usual: town.Town) -> None:
    assert set(members(usual)) == set(range(1, 10))
    assert set(usual.records["channel"].to_pylist()) == set(town.CHANNELS)


def test_records_are_flat_text_under_our_column_names(usual: town.Town) -> None:
    assert set(usual.records.column_names) <= set(columns.FLAT_COLUMNS)
    assert all(field.type == pa.string() for field in usual.records.schema)


def test_the_same_seed_makes_the_same_town_and_another_seed_another() -> None:
    one, again, other = town.make(500, seed=5), town.make(500, seed=5), town.make(500, seed=6)
    assert one.records.equals(again.records)
    assert one.truth.equals(again.truth)
    assert not one.records.equals(other.records)


def test_without_errors_every_value_is_the_true_one(clean: town.Town) -> None:
    true = clean.customers.take(clean.visits["customer"])
    for ours in ("name", "id_number", "email", "category", "star_level"):
        stated = clean.records[ours].is_valid()
        assert clean.records[ours].filter(stated).equals(true[ours].filter(stated)), ours
    assert clean.records["name"].null_count == 0
    assert clean.records["phone"].combine_chunks().equals(clean.visits["msisdn"].combine_chunks())
    assert share(clean.records, "birth_date", r"^\d{4}-\d\d-\d\d$") == 1
    assert share(clean.records, "gender", "^[男女]$") == 1
    assert share(clean.records, "address", "[ ,]") == 0


def test_certificates_that_are_not_mistyped_have_right_check_digits(clean: town.Town) -> None:
    resident = clean.customers.filter(pc.equal(clean.customers["id_type"], "resident_id"))
    bodies = pc.utf8_slice_codeunits(resident["id_number"], 0, 17).cast(pa.int64()).to_numpy()
    assert numbers.resident_ids(bodies).equals(resident["id_number"].combine_chunks())
    births = pc.strftime(resident["birth"], "%Y%m%d")
    assert pc.utf8_slice_codeunits(resident["id_number"], 6, 14).equals(births)
    odd = pc.match_substring_regex(resident["id_number"], "[13579].$")
    assert odd.equals(resident["male"])
    firms = clean.customers.filter(pc.equal(clean.customers["id_type"], "uscc"))
    assert len(firms) > 100
    assert all(uscc.is_valid(code) for code in firms["id_number"].to_pylist())


def test_no_two_customers_have_the_same_certificate(usual: town.Town) -> None:
    numbers_ = usual.customers["id_number"].to_pylist()
    assert len(set(numbers_)) == len(numbers_)


def test_the_town_holds_the_hard_truths(usual: town.Town) -> None:
    people = usual.customers.filter(pc.is_valid(usual.customers["birth"])).to_pylist()
    born = collections.defaultdict(set)
    for row, person in enumerate(people):
        born[person["name"], person["birth"]].add(row)
    assert any(len(rows) > 1 for rows in born.values()), "namesakes born on one day"
    twins = [one for one, two in itertools.pairwise(people) if _twins(one, two)]
    assert len(twins) > 10
    given_back = {person["old_phone"] for person in people} - {None}
    assert any(person["phone"] in given_back for person in people), "recycled numbers"
    kinds = collections.Counter(usual.customers["kind"].to_pylist())
    assert 0.07 < kinds["organization"] / len(usual.customers) < 0.09


def _twins(one: dict[str, object], two: dict[str, object]) -> bool:
    return one["head"] == two["head"] and one["birth"] == two["birth"]


def test_members_of_a_household_share_an_address_and_some_a_phone(usual: town.Town) -> None:
    people = usual.customers.filter(pc.equal(usual.customers["kind"], "individual")).to_pylist()
    follow = [(person, people[person["head"]]) for row, person in enumerate(people) if person["head"] != row]
    assert len(follow) > len(people) / 4
    assert all(one["address"] == head["address"] for one, head in follow)
    sharing = [one for one, head in follow if one["phone"] == head["phone"]]
    assert 0.01 < len(sharing) / len(follow) < 0.2


def test_an_agent_is_the_commonest_phone_and_a_firm_the_phone_of_its_staff(usual: town.Town) -> None:
    holders = collections.defaultdict(set)
    forms: collections.Counter[str] = collections.Counter()
    kinds = usual.customers["kind"].to_pylist()
    phones = usual.customers["phone"].to_pylist()
    firms = {phone for phone, kind in zip(phones, kinds, strict=True) if kind == "organization"}
    staff = 0
    for phone, customer in zip(usual.records["phone"].to_pylist(), usual.visits["customer"].to_pylist(), strict=True):
        if phone and phone not in errors.NO_PHONES:
            holders[phone].add(customer)
            forms[phone] += 1
            staff += kinds[customer] == "individual" and phone in firms
    agent, count = forms.most_common(1)[0]
    assert count > 30
    assert len(holders[agent]) > 25
    assert agent not in phones
    assert staff > 5


def test_a_recycled_number_is_held_by_one_customer_at_a_time(usual: town.Town) -> None:
    people = usual.customers.to_pylist()
    given_back = {person["old_phone"]: person["phone_since"] for person in people if person["old_phone"]}
    taken = [person for person in people if person["phone"] in given_back]
    assert taken
    assert all(person["since"] > given_back[person["phone"]] for person in taken)


@pytest.mark.parametrize(
    ("rate", "column", "pattern"),
    [
        ("name_title", "name", "(先生|女士)$"),
        ("name_spaces", "name", r"^\p{Han} \p{Han}+$"),
        ("name_full_width", "name", "^[Ａ-Ｚ]"),
        ("name_dot", "name", "[•.・]"),
        ("name_placeholder", "name", "^(无|-|test|客户|测试|不详|匿名|先生)$"),
        ("id_old_form", "id_number", r"^\d{15}$"),
        ("id_lower_x", "id_number", "x$"),
        ("id_full_width", "id_number", "^[０-９]+Ｘ?$"),
        ("phone_form", "phone", r"^(\+86|0086|86-|1\d\d[- ])"),
        ("phone_full_width", "phone", "^１"),
        ("phone_placeholder", "phone", "^(13800138000|0+|1{11}|无|-|10086)$"),
        ("birth_form", "birth_date", "[年/.]"),
        ("birth_placeholder", "birth_date", "^(1900|0000)"),
        ("gender_form", "gender", "^[MF12]$"),
        ("address_form", "address", "[ ,]"),
    ],
)
def test_a_rate_makes_its_error(clean: town.Town, rate: str, column: str, pattern: str) -> None:
    raised = town.make(4000, seed=3, rates=Rates(**{**vars(Rates().scaled(0)), rate: 1.0}))
    assert share(clean.records, column, pattern) == 0
    assert share(raised.records, column, pattern) > 0.005


@pytest.mark.parametrize(
    ("rate", "column"),
    [
        pytest.param(rate, column, id=rate)
        for rate, column in {
            "name_homophone": "name", "name_look_alike": "name", "name_traditional": "name", "name_short": "name",
            "name_latin_order": "name", "name_missing": "name", "id_slip": "id_number", "id_swap": "id_number",
            "id_missing": "id_number", "id_of_proxy": "id_number", "phone_slip": "phone", "phone_swap": "phone",
            "phone_missing": "phone", "phone_old": "phone", "phone_of_family": "phone", "phone_of_staff": "phone",
            "phone_of_agent": "phone", "phone_of_proxy": "phone", "birth_slip": "birth_date",
            "birth_missing": "birth_date", "gender_wrong": "gender", "gender_missing": "gender",
            "address_part_missing": "address", "address_slip": "address", "address_old": "address",
            "address_missing": "address", "email_slip": "email", "email_case": "email", "email_missing": "email",
            "category_wrong": "category", "category_missing": "category", "star_old": "star_level",
        }.items()
    ],
)  # fmt: skip
def test_the_higher_the_rate_the_more_records_differ(rate: str, column: str) -> None:
    towns = [town.make(2000, seed=8, rates=Rates(**{**vars(Rates()), rate: height})) for height in (0.0, 0.2, 1.0)]
    true, some, all_ = (made.records[column].to_pylist() for made in towns)
    differ = [sum(one != two for one, two in zip(true, typed, strict=True)) for typed in (some, all_)]
    assert 0 < differ[0] < differ[1]
    # Every column has its own chance, so the others stay as they were; a missing certificate takes its type with it.
    others = [made.records.drop_columns([column, "id_type"]) for made in towns]
    assert others[0].equals(others[1])
    assert others[0].equals(others[2])


def test_a_rate_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match="id_slip"):
        Rates(id_slip=1.5)


def test_a_town_without_records_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        town.make(0)
