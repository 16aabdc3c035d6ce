import datetime as dt
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.process import dates

LOCAL_TIMES = dt.datetime(1880, 1, 1), dt.datetime(2099, 12, 31)  # noqa: DTZ001 - no zone is the point of them
DAYS = st.dates(dt.date(1400, 1, 1), dt.date(2099, 12, 31))


@given(DAYS)
def test_every_day_is_read_in_every_form(day: dt.date) -> None:
    year, month, number = day.year, day.month, day.day
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    forms = [
        f"{day:%Y-%m-%d}", f"{day:%Y%m%d}", f"{year}/{month}/{number}", f"{year}年{month}月{number}日",
        f"{year}.{month}.{number}", f"{day:%Y-%m-%d} 00:00:00", f"{day:%Y-%m-%dT%H:%M:%SZ}", f"{day:%d-%b-%Y}",
        f"{number} {day:%B} {year}", f"{day:%b} {number}, {year}", f"{year}-{month}-{number}".translate(wide),
    ]  # fmt: skip
    assert {form: dates.clean(form) for form in forms} == dict.fromkeys(forms, day)
    assert day in (dates.clean(f"{number:02}/{month:02}/{year}"), dates.clean(f"{month:02}/{number:02}/{year}"))


@given(DAYS)
def test_a_cleaned_date_is_read_as_itself(day: dt.date) -> None:
    assert dates.clean(str(day)) == day


@given(st.text(max_size=20) | st.from_regex(r"[0-9年月日/.: T+-]{1,24}"))
def test_no_text_is_too_odd(value: str) -> None:
    day = dates.clean(value)
    assert day is None or dates.clean(str(day)) == day
    moment = dates.clean_moment(value)
    assert moment is None or moment.tzinfo is dt.UTC


@pytest.mark.parametrize(
    "value", ["1987-02-30", "1987-13-01", "0000-00-00", "1987", "1987-05", "5月12日", "19871332", "1399-12-31", "soon"]
)
def test_what_is_no_day_is_no_date(value: str) -> None:
    assert dates.clean(value) is None


@pytest.mark.parametrize(
    ("value", "month_first", "day"),
    [
        pytest.param("12/05/1987", False, dt.date(1987, 5, 12), id="the day stands first"),
        pytest.param("12/05/1987", True, dt.date(1987, 12, 5), id="the month stands first at home"),
        pytest.param("05/13/1987", False, dt.date(1987, 5, 13), id="a thirteenth month is a day"),
        pytest.param("13/05/1987", True, dt.date(1987, 5, 13), id="a thirteenth month is a day there, too"),
        pytest.param("87-05-12", False, dt.date(1987, 5, 12), id="a year of two digits"),
        pytest.param("87年5月12日", False, dt.date(1987, 5, 12), id="a Chinese year of two digits"),
        pytest.param("05-05-12", False, dt.date(2005, 5, 12), id="a young year of two digits"),
        pytest.param("12/05/87", False, dt.date(1987, 5, 12), id="a short year at the end"),
        pytest.param("31909", False, dt.date(1987, 5, 12), id="as Excel counts days"),
        pytest.param("31909.0", False, dt.date(1987, 5, 12), id="as a data frame counts days"),
        pytest.param("一九八七年五月十二日", False, dt.date(1987, 5, 12), id="in words"),
        pytest.param("二〇〇一年十月二十日", False, dt.date(2001, 10, 20), id="in words, a round number"),
    ],
)
def test_a_date_is_read_as_people_mean_it(value: str, month_first: bool, day: dt.date) -> None:  # noqa: FBT001 - a case
    assert dates.clean(value, month_first=month_first) == day


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-22T18:07:01.5+08:00", dt.datetime(2026, 11, 22, 10, 7, 1, 500_000, tzinfo=dt.UTC)),
        ("2026-11-22 18:07:01", dt.datetime(2026, 11, 22, 18, 7, 1, tzinfo=dt.UTC)),
        ("2026年11月22日 18时07分", dt.datetime(2026, 11, 22, 18, 7, tzinfo=dt.UTC)),
        ("2026/11/22 6:07:01 PM", dt.datetime(2026, 11, 22, 18, 7, 1, tzinfo=dt.UTC)),
        ("2026-11-22", dt.datetime(2026, 11, 22, tzinfo=dt.UTC)),
        ("1795370821", dt.datetime(2026, 11, 22, 18, 7, 1, tzinfo=dt.UTC)),
        ("2026-11-22T25:07:01", None),
        ("2026-11-22T18:07:01+80:00", None),
        ("no idea", None),
    ],
)
def test_a_moment_is_in_utc(value: str, moment: dt.datetime | None) -> None:
    assert dates.clean_moment(value) == moment


@given(st.lists(st.none() | st.datetimes() | st.text(max_size=10), max_size=5))
def test_a_column_of_moments_is_read_as_its_values_are(moments: list[dt.datetime | str | None]) -> None:
    texts = [f"{moment}+08:00" if isinstance(moment, dt.datetime) and moment.day % 2 else moment for moment in moments]
    values = [None if value is None else str(value) for value in texts]
    column = dates.moments(pa.array(values, type=pa.string())).to_pylist()
    assert column == [None if value is None else dates.clean_moment(value) for value in values]


def test_an_impossible_moment_does_not_spoil_the_others() -> None:
    column = dates.moments(pa.array(["2026-02-30 10:00:00", "2026-02-28 10:00:00", "2026-02-28T24:61:00Z"])).to_pylist()
    assert column == [None, dt.datetime(2026, 2, 28, 10, tzinfo=dt.UTC), None]


@given(
    st.lists(st.datetimes(*LOCAL_TIMES), min_size=1, max_size=5),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Urumqi", "UTC"]),
)
def test_a_column_is_read_as_each_of_its_moments_is(moments: list[dt.datetime], zone: str) -> None:
    texts = [str(moment) for moment in moments]
    alone = [dates.clean_moment(text, zone=ZoneInfo(zone)) for text in texts]
    assert dates.moments(pa.array(texts), zone=zone).to_pylist() == alone
    assert dates.moments(pa.array([*texts, "2026-02-30 00:00:00"]), zone=zone).to_pylist() == [*alone, None]


@pytest.mark.parametrize(
    ("value", "hour"),
    [
        ("2026-11-22 18:07:01", 10), ("2026/11/22 18:07:01", 10), ("2026年11月22日 18时07分", 10),
        ("2026-11-22T18:07:01Z", 18), ("2026/11/22 18:07:01Z", 18), ("2026-11-22 18:07:01-03:00", 21),
        ("2026/11/22 18:07:01 +0900", 9), ("1795370821", 18),
    ],
)  # fmt: skip
def test_a_moment_without_an_offset_is_one_of_the_zone(value: str, hour: int) -> None:
    for read in (
        dates.clean_moment(value, zone=ZoneInfo("Asia/Shanghai")),
        dates.moments(pa.array([value]), zone="Asia/Shanghai")[0].as_py(),
    ):
        assert read is not None
        assert (read.day, read.hour, read.minute) == (22, hour, 7)


@pytest.mark.parametrize(
    ("serial", "moment"),
    [
        ("45293", "2024-01-02 00:00:00"),
        ("45293.0", "2024-01-02 00:00:00"),
        ("45293.75", "2024-01-02 18:00:00"),
        ("45293.127835648149", "2024-01-02 03:04:05"),
        ("45293.999999", "2024-01-02 23:59:59"),
    ],
)
def test_the_fraction_of_a_day_of_excel_is_its_time(serial: str, moment: str) -> None:
    assert str(dates.clean_moment(serial)) == f"{moment}+00:00"
