"""The working calendar."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from kehu.model.calendar import Calendar

CHINA = ZoneInfo("Asia/Shanghai")
OFFICE = Calendar(
    zone=CHINA,
    opens=time(9),
    closes=time(18),
    days=frozenset({1, 2, 3, 4, 5}),
    holidays=frozenset({date(2026, 10, 1), date(2026, 10, 2)}),
    extra_days=frozenset({date(2026, 10, 10)}),
)
TIMES = st.integers(0, 330 * 1440).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=CHINA)


def test_a_holiday_does_not_count_and_a_saturday_in_its_place_does() -> None:
    before = datetime(2026, 9, 30, 17, tzinfo=CHINA)
    assert OFFICE.after(before, timedelta(hours=2)) == at(5, 10)
    assert OFFICE.between(before, at(5, 10)) == timedelta(hours=2)
    assert OFFICE.after(at(9, 17), timedelta(hours=2)) == at(10, 10)


def test_what_begins_at_night_counts_from_the_morning() -> None:
    assert OFFICE.after(at(12, 22), timedelta(hours=1)) == at(13, 10)
    assert OFFICE.between(at(12, 22), at(13, 7)) == timedelta()


@given(start=TIMES, hours=st.integers(1, 200))
def test_so_much_time_lies_between_a_start_and_the_time_after_it(start: datetime, hours: int) -> None:
    lasting = timedelta(hours=hours)
    assert OFFICE.between(start, OFFICE.after(start, lasting)) == lasting


@given(start=TIMES, hours=st.integers(1, 100), more=st.integers(1, 100))
def test_a_pause_and_a_rest_are_the_whole(start: datetime, hours: int, more: int) -> None:
    half = OFFICE.after(start, timedelta(hours=hours))
    assert OFFICE.after(half, timedelta(hours=more)) == OFFICE.after(start, timedelta(hours=hours + more))
