import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from kehu.process import identification

AREAS = st.sampled_from(["110105", "330106", "440305", "650102", "810000", "830000", "911100", "519004"])
BIRTHS = st.dates(dt.date(1800, 1, 1), dt.date(2099, 12, 31))
SERIALS = st.integers(0, 999)
CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@st.composite
def resident_ids(draw: st.DrawFn) -> str:
    first = draw(AREAS) + f"{draw(BIRTHS):%Y%m%d}" + f"{draw(SERIALS):03}"
    return first + identification.check_digit(first)


@st.composite
def credit_codes(draw: st.DrawFn) -> str:
    first = draw(st.sampled_from(["91330106", "52110105", "12440305", "93510104", "N2659001"]))
    first += draw(st.text(CREDIT_SIGNS, min_size=9, max_size=9))
    return first + identification.uscc_check_character(first)


@given(resident_ids())
def test_a_right_resident_id_is_valid_and_says_who_it_is_about(number: str) -> None:
    found = identification.clean(number)
    assert (found["id_type"], found["id_number"], found["id_valid"]) == ("resident_id", number, True)
    assert f"{found['id_birth_date']:%Y%m%d}" == number[6:14]
    assert found["id_gender"] == ("male" if int(number[16]) % 2 else "female")


@given(resident_ids(), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_is_never_valid(number: str, place: int, sign: str) -> None:
    wrong = number[:place] + sign + number[place + 1 :]
    assert identification.clean(wrong, stated="身份证")["id_valid"] == (wrong == number)


@given(resident_ids(), st.sampled_from(["1302", "0230", "0431", "0000"]))
def test_an_impossible_birth_date_is_never_valid(number: str, day: str) -> None:
    first = number[:10] + day + number[14:17]
    found = identification.clean(first + identification.check_digit(first))
    assert (found["id_valid"], found["id_birth_date"]) == (False, None)


@given(credit_codes())
def test_a_right_credit_code_is_valid(number: str) -> None:
    found = identification.clean(number)
    assert found["id_number"] == number
    assert found["id_valid"]
    assert uscc.is_valid(number) or number.startswith("N")  # The library knows no letter in front.


@given(credit_codes(), st.integers(8, 17), st.sampled_from(CREDIT_SIGNS))
def test_one_wrong_character_of_a_credit_code_is_never_valid(number: str, place: int, sign: str) -> None:
    wrong = number[:place] + sign + number[place + 1 :]
    assert identification.clean(wrong, stated="营业执照")["id_valid"] == (wrong == number)


@given(resident_ids().filter(lambda number: number[6:8] == "19" and number[14:17] < "996"))
def test_an_old_card_is_the_same_certificate(number: str) -> None:
    old = number[:6] + number[8:17]
    if old[0] in "12345678":
        found = identification.clean(old)
        assert (found["id_type"], found["id_number"], found["id_valid"]) == ("resident_id", number, True)


@given(resident_ids())
def test_width_case_blanks_and_dashes_change_nothing(number: str) -> None:
    wide = number.translate(str.maketrans("0123456789X", "０１２３４５６７８９ｘ"))
    spaced = f" {number[:6]} {number[6:14]}-{number[14:]} ".lower()
    assert identification.clean(wide) == identification.clean(spaced) == identification.clean(number)


@given(st.lists(st.none() | st.text(max_size=20) | resident_ids() | credit_codes(), max_size=6))
def test_cleaning_twice_is_cleaning_once(numbers: list[str | None]) -> None:
    column = pa.array(numbers, type=pa.string())
    once = identification.columns(column, pa.nulls(len(column), pa.string()))
    assert identification.columns(once["id_number"], once["id_type"]) == once


@pytest.mark.parametrize("number", ["0" * 18, "1" * 15, "１" * 18, "无", "-", "123456789", "XXX", "000000"])
def test_a_placeholder_is_no_certificate(number: str) -> None:
    found = identification.clean(number, stated="身份证")
    assert (found["id_type"], found["id_number"], found["id_valid"]) == (None, None, False)


@pytest.mark.parametrize(
    ("number", "stated", "kind"),
    [
        pytest.param("E12345678", None, "passport", id="the shape tells a passport"),
        pytest.param("H12345678", None, "hk_macau_permit", id="the shape tells a permit"),
        pytest.param("12345678", "台胞证", "taiwan_permit", id="only the record can tell a permit of digits"),
        pytest.param("5304218", None, "other", id="a number of another country"),
        pytest.param("军字第71831153号", None, "officer_card", id="an officer"),
        pytest.param("11010519491231002X", "护照", "resident_id", id="a right check digit tells more than the record"),
        pytest.param("110105194912310021", "ID card", "resident_id", id="a wrong check digit leaves the type"),
        pytest.param("C12345678", "護照", "passport", id="the record tells more than the shape"),
    ],
)
def test_the_type_is_proven_stated_or_seen(number: str, stated: str | None, kind: str) -> None:
    assert identification.clean(number, stated=stated)["id_type"] == kind


def test_a_wrong_check_digit_still_tells_the_birth_date() -> None:
    found = identification.clean("110105194912310021")
    assert (found["id_valid"], found["id_birth_date"]) == (False, dt.date(1949, 12, 31))
