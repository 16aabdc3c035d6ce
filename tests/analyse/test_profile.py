import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from kehu.analyse import profile


def test_an_empty_column_is_told_as_empty() -> None:
    told = profile.column("name", pa.chunked_array([pa.nulls(3, pa.string())]))
    assert (told.rows, told.filled, told.distinct, told.longest, told.top) == (3, 0, 0, None, ())


def test_what_is_somebodys_is_never_told_in_clear() -> None:
    for name in profile.PERSONAL:
        told = repr(profile.column(name, pa.chunked_array([["110105194912310021", "13912345678"]])))
        assert "110105194912310021" not in told
        assert "13912345678" not in told


@given(st.lists(st.none() | st.text(max_size=9), max_size=30))
def test_the_counts_add_up_however_the_column_is_cut(values: list[str | None]) -> None:
    whole = profile.column("category", pa.chunked_array([pa.array(values, pa.string())]))
    cut = pa.chunked_array([pa.array(values[:7], pa.string()), pa.array(values[7:], pa.string())])
    assert profile.column("category", cut) == whole
    assert whole.filled == len([value for value in values if value is not None])
    assert sum(one.rows for one in whole.top) <= whole.filled
