"""The engine for few records makes the pairs that DuckDB makes."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.engine import sharing
from kehu.engine.duck import Duck
from kehu.engine.few import Few
from kehu.model.links import KEYS, PAIRS

some_keys = st.sampled_from([0, 1, 2, 33, 34, 2**63, 2**64 - 31, 2**64 - 30])
some_rows = st.sets(st.tuples(some_keys, st.integers(-3, 9) | st.sampled_from([2**62])), max_size=40)


@given(some_rows, st.lists(st.integers(1, 6), min_size=3, max_size=3))
def test_few_makes_the_pairs_that_duckdb_makes(rows: set[tuple[int, int]], limits: list[int]) -> None:
    keys = pa.Table.from_pylist([{"key": key, "record": record} for key, record in rows], schema=KEYS)
    many = Duck(sorted_keys=0).pairs(keys, limits=limits)
    one_by_one = Few().pairs(keys, limits=limits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharing, "FEW", -1)
        sorted_ = Few().pairs(keys, limits=limits)
    in_order = [(side, "ascending") for side in PAIRS.names]
    for few in (one_by_one, sorted_):
        assert few.pairs.schema == PAIRS
        assert few.pairs.sort_by(in_order).equals(many.pairs.sort_by(in_order))
        assert few.hot.to_pylist() == many.hot.to_pylist()


def test_few_maps_a_stage_over_a_table() -> None:
    assert Few().map(lambda table: table.slice(1), pa.table({"a": [1, 2]})).to_pylist() == [{"a": 2}]
