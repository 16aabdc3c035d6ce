import datetime as dt

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from kehu.process import digits

PARTS = st.tuples(st.integers(0, 9999), st.integers(0, 99), st.integers(0, 99))


@given(st.lists(st.none() | st.text(max_size=4), max_size=8), st.integers(0, 3), st.integers(0, 3))
def test_signs_are_the_bytes_of_a_text_also_in_a_slice(texts: list[str | None], start: int, width: int) -> None:
    column = pa.array(texts, pa.string()).slice(start)
    where = digits.wide(column, width)
    found = digits.signs(column, where, width)
    chosen = [text for text in column.to_pylist() if text is not None and len(text.encode()) == width]
    assert [bytes(row).decode() for row in found] == chosen
    assert int(where.sum()) == len(chosen)


@given(st.lists(PARTS, max_size=6))
def test_a_day_is_one_when_the_calendar_has_it(parts: list[tuple[int, int, int]]) -> None:
    def real(year: int, month: int, day: int) -> dt.date | None:
        try:
            return dt.date(year, month, day) if 1600 <= year <= 2099 else None
        except ValueError:
            return None

    years, months, days = (np.array([part[place] for part in parts], np.int64) for place in range(3))
    assert digits.dates(years, months, days, first=1600, last=2099).tolist() == [real(*part) for part in parts]
