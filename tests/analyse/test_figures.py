import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from kehu.analyse import figures
from kehu.model.languages import Language

counts = st.dictionaries(st.none() | st.text(min_size=1), st.integers(0, 10**9), max_size=20).map(
    lambda told: pa.table({"value": list(told), "count": list(told.values())}, schema=figures.COUNTS)
)


@given(counts)
def test_nobody_is_lost_and_the_shares_add_up(told: pa.Table) -> None:
    figure = figures.figure("category", told)
    assert figure.total == (pc.sum(told["count"]).as_py() or 0) == sum(part.customers for part in figure.slices)
    assert round(sum(part.percent for part in figure.slices), 6) in ((100.0,) if figure.total else (0, 0.0))
    assert all(part.customers > 0 for part in figure.slices)


@given(counts)
def test_the_order_of_the_counts_changes_nothing(told: pa.Table) -> None:
    assert figures.figure("category", told) == figures.figure(
        "category", told.take(pa.array(range(len(told))[::-1], pa.int64()))
    )


@given(counts, st.integers(2, 9))
def test_a_figure_has_no_more_slices_than_it_may(told: pa.Table, named: int) -> None:
    assert len(figures.figure("category", told, named=named).slices) <= named


def test_slices_fall_and_other_and_the_unstated_stand_last() -> None:
    told = pa.table(
        {"value": [None, "other", "gold", "student"], "count": [50, 40, 10, 20]},
        schema=figures.COUNTS,
    )
    figure = figures.figure("category", told)
    assert [part.code for part in figure.slices] == ["student", "gold", "other", figures.NONE]
    assert [part.label(Language.ZH) for part in figure.slices] == ["学生", "gold", "其他", "未注明"]


def test_stars_rise_and_grades_of_the_operator_stand_behind_them() -> None:
    stars = ["5_diamond", "vip", "1", "5", "5_silver", None]
    figure = figures.figure("star_level", pa.table({"value": stars, "count": [1, 9, 2, 3, 4, 5]}, figures.COUNTS))
    assert [part.code for part in figure.slices] == ["1", "5", "5_silver", "5_diamond", "vip", "-"]


def test_rare_codes_share_a_slice_of_their_own() -> None:
    told = pa.table({"value": [f"c{at}" for at in range(12)], "count": range(12, 0, -1)}, schema=figures.COUNTS)
    figure = figures.figure("category", told)
    assert len(figure.slices) == figures.NAMED_CODES
    assert (figure.slices[-1].code, figure.slices[-1].customers) == (figures.REST, 4 + 3 + 2 + 1)


def test_thirds_are_rounded_to_a_whole() -> None:
    told = pa.table({"value": ["a", "b", "c"], "count": [1, 1, 1]}, schema=figures.COUNTS)
    assert [part.percent for part in figures.figure("category", told).slices] == [33.4, 33.3, 33.3]
