"""Evaluate: known partitions with known scores."""

import pyarrow as pa
import pytest

from kehu.errors import TableShapeError
from kehu.resolve import evaluate


def table(customers: str, *, first: int = 0) -> pa.Table:
    """One record a letter; the letter is its customer."""
    numbers = [str(number) for number in range(first, first + len(customers))]
    return pa.table({"record_id": numbers, "customer_id": list(customers)})


@pytest.mark.parametrize(
    ("found", "truth", "pairs", "b3"),
    [
        pytest.param("aabb", "xxyy", (1.0, 1.0), (1.0, 1.0), id="right"),
        pytest.param("abcd", "xxyy", (1.0, 0.0), (1.0, 0.5), id="nothing joined"),
        pytest.param("aaaa", "xxyy", (2 / 6, 1.0), (0.5, 1.0), id="all joined"),
        pytest.param("aabc", "xxxx", (1.0, 1 / 6), (1.0, 6 / 16), id="one pair of six"),
        pytest.param("abab", "xxyy", (0.0, 0.0), (0.5, 0.5), id="crossed"),
        pytest.param("abc", "xyz", (1.0, 1.0), (1.0, 1.0), id="everybody alone"),
    ],
)
def test_known_scores(found: str, truth: str, pairs: tuple[float, float], b3: tuple[float, float]) -> None:
    score = evaluate.compare(table(found), table(truth))
    assert (score.precision, score.recall) == pytest.approx(pairs)
    assert (score.b3_precision, score.b3_recall) == pytest.approx(b3)
    assert (score.records, score.customers, score.customers_true) == (len(found), len(set(found)), len(set(truth)))


def test_f1_is_the_harmonic_mean() -> None:
    assert evaluate.compare(table("aaaa"), table("xxyy")).f1 == pytest.approx(0.5)


def test_records_of_one_side_only_are_left_out() -> None:
    score = evaluate.compare(table("aab"), table("xxyy", first=1))
    assert (score.records, score.recall) == (2, 0.0)


@pytest.mark.parametrize(
    ("found", "truth"),
    [
        pytest.param(pa.table({"record_id": ["1"]}), table("x"), id="a column is missing"),
        pytest.param(table("a"), table("x", first=5), id="no record in common"),
        pytest.param(pa.concat_tables([table("ab"), table("a")]), table("xx"), id="a record twice"),
    ],
)
def test_what_cannot_be_compared_is_refused(found: pa.Table, truth: pa.Table) -> None:
    with pytest.raises(TableShapeError):
        evaluate.compare(found, truth)
