"""Comparisons: what each pair of values is called, whichever stands left."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.resolve.coded import Records
from kehu.resolve.compare import comparisons
from kehu.resolve.compare.comparisons import ALL

RecordsOf = Callable[[Sequence[dict[str, str]]], Records]
Row = dict[str, str]


def levels(records: Records, left: int = 0, right: int = 1) -> dict[str, str]:
    """The name of the level of every comparison that is known of two records."""
    row = comparisons.levels(records, np.array([left]), np.array([right]))[0]
    found = {one.name: comparisons.level(one, int(number)) for one, number in zip(ALL, row, strict=True)}
    return {name: level.name for name, level in found.items() if level is not None}


def told(records_of: RecordsOf, left: Row, right: Row, comparison: str) -> str | None:
    """What a comparison says of two records, either way round."""
    records = records_of([left, right])
    there, back = levels(records, 0, 1).get(comparison), levels(records, 1, 0).get(comparison)
    assert there == back
    return there


NAMES = [
    ("张伟", "张伟", "exact"),
    ("張偉", "张 伟", "exact"),
    ("张伟", "章伟", "sound"),
    ("张乐", "张悦", "sound"),  # 乐 is read le, and yue as well.
    ("单小明", "丹小明", "sound"),  # A surname is read shan, but not by everybody.
    ("张乐", "张红", "surname"),
    ("未小明", "末小明", "look_alike"),
    ("王小明", "小明王", "turned"),
    ("王小明", "王小强", "one_character"),
    ("王小明", "李小明", "one_character"),
    ("欧阳娜娜", "司马娜娜", "given_name"),
    ("王小明", "王建国", "surname"),
    ("张先生", "张伟", "weak"),
    ("张先生", "张女士", "weak"),
    ("张先生", "李伟", "weak_different"),
    ("王小明", "李建国", "different"),
    ("张伟", "李强", "different"),
    ("王小明", "Xiaoming Wang", "spelled"),
    ("王小明", "Wang Xiaoming", "spelled"),
    ("王小明", "John Smith", "spelled_otherwise"),
]


@pytest.mark.parametrize(("left", "right", "level"), NAMES)
def test_names_in_han_characters(records_of: RecordsOf, left: str, right: str, level: str) -> None:
    assert told(records_of, {"name": left}, {"name": right}, "han_name") == level


GIVEN = [
    ("John Smith", "john SMITH", "exact", "exact"),
    ("John Smith", "Smith, John", "exact", "exact"),
    ("John Smith", "J. Smith", "initial", "exact"),
    ("Robert Smith", "Bob Smith", "short", "exact"),
    ("Jonathan Smyth", "Jonathon Smith", "close", "close"),
    ("Mary Smith", "Mary Smith-Jones", "exact", "part"),
    ("Anna Maria Smith", "Maria Smith", "part", "exact"),
    ("Martha Dickson", "Marhta Dixon", "close", "similar"),
    ("Michaela Smith", "Michele Smith", "close", "exact"),
    ("Marlene Smith", "Marion Smith", "similar", "exact"),
    ("John Smith", "Mary Brown", "different", "different"),
]


@pytest.mark.parametrize(("left", "right", "given_name", "surname"), GIVEN)
def test_names_in_latin_letters(records_of: RecordsOf, left: str, right: str, given_name: str, surname: str) -> None:
    assert told(records_of, {"name": left}, {"name": right}, "given_name") == given_name
    assert told(records_of, {"name": left}, {"name": right}, "surname") == surname


def test_names_turned_round_are_told_once(records_of: RecordsOf) -> None:
    """As the given name's level; the surname says nothing more."""
    left, right = {"given_name": "john", "surname": "smith"}, {"given_name": "smith", "surname": "john"}
    assert told(records_of, left, right, "given_name") == "turned"
    assert told(records_of, left, right, "surname") is None


ORGANIZATIONS = [
    ("杭州华信科技有限公司", "杭州华信科技有限公司", "exact"),
    ("杭州华信科技有限公司", "华信科技有限责任公司", "core"),
    ("杭州华信科技有限公司", "杭州华新科技有限公司", "sound"),
    ("杭州华信科技有限公司", "华信", "short"),
    ("杭州东方红日信息科技有限公司", "杭州东方红月信息科技有限公司", "close"),
    ("杭州东方红日信息科技有限公司", "杭州东方红日网络技术有限公司", "similar"),
    ("杭州华信科技有限公司", "上海宝山钢铁股份有限公司", "different"),
]


@pytest.mark.parametrize(("left", "right", "level"), ORGANIZATIONS)
def test_names_of_organizations(records_of: RecordsOf, left: str, right: str, level: str) -> None:
    one, other = ({"name": name, "kind": "organization"} for name in (left, right))
    assert told(records_of, one, other, "organization_name") == level


def test_a_person_and_an_organization_differ_in_kind_and_compare_no_names(records_of: RecordsOf) -> None:
    records = records_of([{"name": "王小明"}, {"name": "杭州华信科技有限公司"}])
    assert levels(records) == {"kind": "different"}


def test_a_name_of_four_characters_may_be_short_for_a_firm(records_of: RecordsOf) -> None:
    firm = {"name": "兰州蜀达珠宝有限公司"}
    assert told(records_of, {"name": "蜀达珠宝", "kind": "individual"}, firm, "kind") == "short"
    assert told(records_of, {"name": "王小明明", "kind": "individual"}, firm, "kind") == "different"


def test_a_surname_in_latin_letters_says_something(records_of: RecordsOf) -> None:
    assert told(records_of, {"name": "金言蕴"}, {"name": "Andy Jin"}, "han_name") == "spelled_surname"
    assert told(records_of, {"name": "金言蕴"}, {"name": "Andy Wu"}, "han_name") == "spelled_otherwise"


def test_a_phone_years_later_says_less(records_of: RecordsOf) -> None:
    before, after = ({"phone": "13912345678", "updated_at": f"{year}-03-01"} for year in (2019, 2025))
    assert told(records_of, before, after, "phone") == "later"
    assert told(records_of, before, before, "phone") == "exact"


def test_a_certificate_with_a_slip_has_told_the_birth_date(
    records_of: RecordsOf, resident: Callable[[str, int], str]
) -> None:
    mine = resident("19800203", 2)
    slip = mine[:15] + str((int(mine[15]) + 1) % 10) + mine[16:]
    assert told(records_of, {"id_number": mine}, {"id_number": slip}, "certificate") == "slip"
    assert told(records_of, {"id_number": mine}, {"id_number": slip}, "birth_date") is None
    assert told(records_of, {"id_number": mine}, {"birth_date": "1980-02-03"}, "birth_date") == "exact"


def test_two_certificates(records_of: RecordsOf, resident: Callable[[str, int], str]) -> None:
    mine, other = resident("19800203", 2), resident("19751130", 117)
    slip = mine[:5] + str((int(mine[5]) + 1) % 10) + mine[6:]
    two_slips = slip[:14] + str((int(slip[14]) + 1) % 10) + slip[15:]
    expected = {
        mine: "valid", mine.lower(): "valid", slip: "slip", two_slips: "two_slips", other: "other_person",
        other[:-1] + ("0" if other[-1] != "0" else "1"): "different",
    }  # fmt: skip
    found = {number: told(records_of, {"id_number": mine}, {"id_number": number}, "certificate") for number in expected}
    assert found == expected
    assert told(records_of, {"id_number": slip}, {"id_number": slip}, "certificate") == "same"


def test_a_neighbour_with_a_valid_certificate_is_another_person_not_a_slip(
    records_of: RecordsOf, resident: Callable[[str, int], str]
) -> None:
    one, other = ({"id_number": resident("19800203", order)} for order in (2, 3))
    assert told(records_of, one, other, "certificate") == "other_person"


@pytest.mark.parametrize(
    ("other", "level"),
    [("E12345678", "same"), ("e12345678", "same"), ("E12345679", "slip"), ("G98765432", "different")],
)
def test_documents_without_a_check_digit(records_of: RecordsOf, other: str, level: str) -> None:
    mine, its = ({"id_type": "passport", "id_number": number} for number in ("E12345678", other))
    assert told(records_of, mine, its, "document") == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        pytest.param({"phone": "13912345678"}, {"phone": "+86 139-1234-5678"}, "exact", id="other signs"),
        pytest.param(
            {"phone": "13912345678"}, {"phone": "13812340000", "phone_2": "13912345678"}, "exact", id="second"
        ),
        pytest.param({"phone": "13912345678"}, {"phone": "13912345673"}, "slip", id="one digit"),
        pytest.param({"phone": "13912345678"}, {"phone": "13912345687"}, "slip", id="two digits turned round"),
        pytest.param({"phone": "13912345678"}, {"phone": "13912345633"}, "different", id="two digits"),
        pytest.param({"phone": "13912345678"}, {}, None, id="nothing on one side"),
    ],
)
def test_phones(records_of: RecordsOf, left: Row, right: Row, level: str | None) -> None:
    assert told(records_of, left, right, "phone") == level


@pytest.mark.parametrize(
    ("other", "level"),
    [
        ("ANN.LI@x.org", "exact"),
        ("ann.li@y.org", "local"),
        ("ann.lli@x.org", "close"),
        ("bob@x.org", "different"),
    ],
)
def test_e_mail_addresses(records_of: RecordsOf, other: str, level: str) -> None:
    assert told(records_of, {"email": "ann.li@x.org"}, {"email": other}, "email") == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("1980-02-03", "1980年2月3日", "exact"),
        ("1980-02-03", "1980-03-02", "day_and_month"),
        ("1980-02-23", "1980-02-24", "one_digit"),
        ("1980-02-13", "1980-02-31", None),  # No such day: nothing is known.
        ("1980-02-12", "1980-02-21", "one_digit"),
        ("1980-01-01", "1980-07-28", "year_only"),
        ("1980-02-03", "1980-02-27", "month"),
        ("1980-02-03", "1986-02-03", "one_digit"),
        ("1979-02-03", "1985-02-03", "day"),
        ("1980-02-03", "1981-11-27", "near"),
        ("1980-02-03", "1995-11-27", "different"),
    ],
)
def test_birth_dates(records_of: RecordsOf, left: str, right: str, level: str | None) -> None:
    assert told(records_of, {"birth_date": left}, {"birth_date": right}, "birth_date") == level


def test_a_birth_date_is_read_off_the_certificate(records_of: RecordsOf, resident: Callable[[str, int], str]) -> None:
    certified = {"id_number": resident("19800203", 2)}
    assert told(records_of, certified, {"birth_date": "1980-02-03"}, "birth_date") == "exact"


def test_an_equal_certificate_has_told_the_birth_date_and_the_gender(
    records_of: RecordsOf, resident: Callable[[str, int], str]
) -> None:
    certified = {"id_number": resident("19800203", 2)}
    found = levels(records_of([certified, certified]))
    assert "birth_date" not in found
    assert "gender" not in found
    stated = certified | {"birth_date": "1995-11-27"}
    assert levels(records_of([certified, stated]))["birth_date"] == "different"


def test_genders(records_of: RecordsOf) -> None:
    assert told(records_of, {"gender": "男"}, {"gender": "M"}, "gender") == "same"
    assert told(records_of, {"gender": "男"}, {"gender": "F"}, "gender") == "different"
    assert told(records_of, {"gender": "男"}, {}, "gender") is None


HOME = "浙江省杭州市西湖区文三路138号翠苑小区3幢2单元501室"


@pytest.mark.parametrize(
    ("other", "level"),
    [
        pytest.param(HOME, "door", id="the same"),
        pytest.param("杭州西湖区文三路138号翠苑小区3幢2单元501", "door", id="province and words left out"),
        pytest.param("浙江省杭州市西湖区翠苑小区3幢2单元501室", "door", id="without the road"),
        pytest.param("浙江省杭州市西湖区文三路138号", "house", id="without the room"),
        pytest.param("浙江省杭州市西湖区文三路138号翠苑小区3幢2单元502室", "other_room", id="the neighbour"),
        pytest.param("浙江省杭州市西湖区文三路77号", "road", id="another house"),
        pytest.param("浙江省杭州市西湖区文三西路138号", "like_house", id="a road nearly the same"),
        pytest.param("浙江省杭州市西湖区文三西路77号", "like_road", id="a road nearly the same, another house"),
        pytest.param("浙江省杭州市上城区解放路9号望江家园8幢101室", "different", id="elsewhere"),
    ],
)
def test_streets(records_of: RecordsOf, other: str, level: str) -> None:
    assert told(records_of, {"address": HOME}, {"address": other}, "street") == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ({"address": "浙江省杭州市西湖区文三路138号"}, {"address": "杭州西湖区解放路9号"}, "district"),
        ({"address": "浙江省杭州市西湖区文三路138号"}, {"address": "浙江省杭州市上城区解放路9号"}, "city"),
        ({"address": "浙江省杭州市西湖区文三路138号"}, {"address": "浙江省宁波市海曙区解放路9号"}, "province"),
        ({"address": "浙江省杭州市西湖区文三路138号"}, {"address": "北京市海淀区中关村大街1号"}, "different"),
        ({"postcode": "4850", "city": "ayr"}, {"postcode": "4850", "city": "ayr"}, "postcode_and_place"),
        ({"postcode": "4850", "city": "ayr"}, {"postcode": "4850", "city": "perth"}, "postcode"),
        ({"postcode": "4850", "city": "ayr"}, {"postcode": "4851", "city": "perth"}, "near"),
        ({"city": "melbourne"}, {"city": "melborne"}, "like_city"),
    ],
)
def test_places(records_of: RecordsOf, left: Row, right: Row, level: str) -> None:
    assert told(records_of, left, right, "place") == level


def test_what_is_not_known_on_one_side_says_nothing(records_of: RecordsOf) -> None:
    full = {"name": "王小明", "id_number": "330106198002030021", "phone": "13912345678", "birth_date": "1980-02-03",
            "gender": "男", "email": "xm@x.org", "address": HOME}  # fmt: skip
    assert levels(records_of([full, {}])) == {"kind": "same"}


def test_of_a_place_that_both_half_know_nothing_is_different(records_of: RecordsOf) -> None:
    """One tells the city, the other the postcode: nothing to compare."""
    assert told(records_of, {"city": "perth"}, {"postcode": "4850"}, "place") is None


some_rows = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from([name for pair in NAMES for name in pair[:2]] + ["杭州华信科技有限公司", "华信"])
        | st.text("abcdefghij ", min_size=3, max_size=14),
        "id_number": st.text("0123456789", min_size=5, max_size=9) | st.just("330106198002030021"),
        "id_type": st.sampled_from(["passport", "resident_id"]),
        "phone": st.sampled_from(["13912345678", "13912345687", "13812345678"]),
        "phone_2": st.sampled_from(["13912345678", "13712345678"]),
        "birth_date": st.dates().map(str),
        "email": st.sampled_from(["ann.li@x.org", "annli@x.org", "ann.li@y.org", "bob@x.org"]),
        "address": st.sampled_from(
            [HOME, "杭州西湖区文三路138号", "文三路138号5幢501", "翠苑小区3幢", "Stanley St 12"]
        ),
        "city": st.text("abc", min_size=2, max_size=5),
        "postcode": st.text("123", min_size=3, max_size=4),
    },
)


@settings(deadline=None, max_examples=30)
@given(st.lists(some_rows, min_size=8, max_size=8))
def test_left_and_right_may_change_places(records_of: RecordsOf, rows: list[Row]) -> None:
    records = records_of(rows)
    left, right = np.triu_indices(len(rows), 1)
    there, back = comparisons.levels(records, left, right), comparisons.levels(records, right, left)
    assert np.array_equal(there, back)


@settings(deadline=None, max_examples=6)
@given(st.lists(some_rows, min_size=6, max_size=6))
def test_a_pair_is_told_the_same_alone_as_among_many(records_of: RecordsOf, rows: list[Row]) -> None:
    records = records_of(rows)
    left, right = np.triu_indices(len(rows), 1)
    many = comparisons.patterns(records, left, right, threads=2).levels
    alone = [comparisons.levels(records_of([rows[a], rows[b]]), np.array([0]), np.array([1]))[0]
             for a, b in zip(left.tolist(), right.tolist(), strict=True)]  # fmt: skip
    assert np.array_equal(many, np.array(alone))


def test_every_level_has_a_name_of_its_own_and_its_words() -> None:
    for comparison in ALL:
        names = [level.name for level in comparison.levels]
        assert len(set(names)) == len(names) < 36
        assert all(level.zh and level.en for level in comparison.levels)
