import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.process import phones

MOBILES = st.from_regex(r"1[3-9][0-9]{8}[1-9]", fullmatch=True)


@given(MOBILES)
def test_a_mobile_is_the_same_however_it_is_written(number: str) -> None:
    first, middle, last = number[:3], number[3:7], number[7:]
    wide = number.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    forms = [
        number, f"+86{number}", f"86-{number}", f"0086 {number}", f"{first} {middle} {last}", f"手机:{number}", wide,
        f"{first}-{middle}-{last}", f"(+86) {first} {middle}{last}",
    ]  # fmt: skip
    assert {form: phones.clean(form)[0] for form in forms} == dict.fromkeys(forms, number)


@given(st.text(max_size=25) | st.from_regex(r"[0-9+ ()/-]{1,25}"), st.sampled_from(["CN", "AU", "US"]))
def test_cleaning_twice_is_cleaning_once(value: str, home: str) -> None:
    first, second = phones.clean(value, home=home)
    for number in (first, second):
        if number is not None:
            assert phones.clean(number, home=home) == (number, None)


@given(st.lists(st.none() | MOBILES | st.text(max_size=14), max_size=6))
def test_a_column_is_cleaned_as_its_values_are(values: list[str | None]) -> None:
    cleaned = phones.columns(pa.array(values, type=pa.string()), home="CN")
    pairs = list(zip(cleaned["phone"].to_pylist(), cleaned["phone_2"].to_pylist(), strict=True))
    assert pairs == [(None, None) if value is None else phones.clean(value) for value in values]


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        ("13912345678/13812345678", ("13912345678", "13812345678")),
        ("13912345678、0571-88886666", ("13912345678", "057188886666")),
        ("13912345678 13812345678", ("13912345678", "13812345678")),
        ("13912345678，13912345678", ("13912345678", None)),
        ("0571-88886666", ("057188886666", None)),
        ("+86 571 8888 6666", ("057188886666", None)),
        ("010-88886666-801", ("01088886666", None)),
        ("(021)88886666 转 12", ("02188886666", None)),
        ("400-820-8820", ("4008208820", None)),
        ("+852 2345 6789", ("+85223456789", None)),
        ("0044 20 7946 0000", ("+442079460000", None)),
        ("88886666", ("88886666", None)),
        ("1391234567", ("1391234567", None)),
    ],
)
def test_a_number_is_written_as_it_is_dialled(value: str, numbers: tuple[str | None, str | None]) -> None:
    assert phones.clean(value) == numbers


@pytest.mark.parametrize(
    "value", ["13800138000", "00000000000", "11111111111", "13800000000", "123456", "10086", "无", "-"]
)
def test_a_placeholder_is_no_number(value: str) -> None:
    assert phones.clean(value) == (None, None)


def test_elsewhere_numbers_are_read_as_that_country_dials() -> None:
    assert phones.clean("+61 412 345 678", home="AU") == ("0412345678", None)
    assert phones.clean("0412 345 678", home="AU") == ("0412345678", None)
    assert phones.clean("+86 139 1234 5678", home="AU") == ("+8613912345678", None)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        pytest.param("1.3912345678E10", "13912345678", id="Java"),
        pytest.param("1.3912345678E+10", "13912345678", id="a spreadsheet that shows all digits"),
        pytest.param("1.391234568E+10", None, id="rounded"),
        pytest.param("1.3800138000E10", None, id="a placeholder"),
    ],
)
def test_a_power_of_ten_is_a_number_where_every_digit_is_written(written: str, number: str | None) -> None:
    assert phones.clean(written) == (number, None)
    many = phones.columns(pa.array([written, "13812345678", "0571-88886666"] * 500), home="CN")
    assert many["phone"][0].as_py() == number
