"""DuckDB's pairs, beside those that two loops find."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.engine import sharing
from kehu.engine.duck import Duck
from kehu.model.links import KEYS, PAIRS

KINDS = 32
"""How many kinds the last bits of a key tell."""


def keys(rows: Sequence[tuple[int, int]]) -> pa.Table:
    return pa.Table.from_pylist([{"key": key, "record": record} for key, record in rows], schema=KEYS)


def pairs(
    rows: Sequence[tuple[int, int]], limits: Sequence[int], *, threads: int = 1, sorted_keys: int = 0
) -> list[tuple[int, int]]:
    found = Duck(threads=threads, sorted_keys=sorted_keys).pairs(keys(rows), limits=limits).pairs
    assert found.schema.equals(PAIRS)
    return sorted(zip(found["record_l"].to_pylist(), found["record_r"].to_pylist(), strict=True))


def by_hand(rows: set[tuple[int, int]], limits: Sequence[int]) -> tuple[set[tuple[int, int]], dict[int, int]]:
    """The pairs and the hot keys."""
    sharing: dict[int, list[int]] = {}
    for key, record in sorted(rows):
        sharing.setdefault(key, []).append(record)
    hot = {key: len(found) for key, found in sharing.items() if len(found) > limits[key % KINDS]}
    return {pair for key, found in sharing.items() if key not in hot for pair in itertools.combinations(found, 2)}, hot


some_keys = st.sampled_from([0, 1, 2, 33, 34, 2**63, 2**64 - 31, 2**64 - 30])
some_rows = st.sets(st.tuples(some_keys, st.integers(-3, 9) | st.sampled_from([2**62])), max_size=40)


@settings(deadline=None, max_examples=30)
@given(
    some_rows, st.lists(st.integers(1, 6), min_size=3, max_size=3), st.integers(1, 2), st.sampled_from([0, 1_000_000])
)
def test_pairs_are_those_of_two_loops(
    rows: set[tuple[int, int]], limits: list[int], threads: int, sorted_keys: int
) -> None:
    wanted, hot = by_hand(rows, limits)
    assert pairs(sorted(rows), limits, threads=threads, sorted_keys=sorted_keys) == sorted(wanted)
    found = Duck(threads=threads, sorted_keys=sorted_keys).pairs(keys(sorted(rows)), limits=limits).hot
    assert dict(zip(found["key"].to_pylist(), found["records"].to_pylist(), strict=True)) == hot


def test_the_hottest_key_is_told_first() -> None:
    found = Duck(sorted_keys=0).pairs(keys([(0, n) for n in range(5)] + [(32, n) for n in range(9)]), limits=[3]).hot
    assert found.to_pylist() == [{"key": 32, "records": 9}, {"key": 0, "records": 5}]


def test_a_key_at_its_limit_pairs_and_one_above_does_not() -> None:
    rows = [(0, 1), (0, 2), (0, 3)]
    assert pairs(rows, [3]) == [(1, 2), (1, 3), (2, 3)]
    assert pairs(rows, [2]) == []


def test_no_keys_make_no_pairs() -> None:
    assert pairs([], [100]) == []


def test_what_does_not_fit_in_memory_is_spilled_where_temporary_files_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spill, here = tmp_path / "spill", tmp_path / "here"
    spill.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)
    many = pa.table([[32 * (n // 4) for n in range(600_000)], range(600_000)], schema=KEYS)
    found = Duck(memory_limit="40MB", spill_folder=str(spill), sorted_keys=0).pairs(many, limits=[4]).pairs
    assert found.num_rows == 6 * 150_000
    assert not [*spill.iterdir(), *here.iterdir()]


def double(table: pa.Table) -> pa.Table:
    return pa.table({"n": pc.multiply(table["n"], 2)})


def test_a_stage_is_mapped_in_order() -> None:
    table = pa.table({"n": list(range(1000))})
    assert Duck().map(double, table).equals(pa.table({"n": list(range(0, 2000, 2))}))


@settings(deadline=None, max_examples=30)
@given(some_rows, st.integers(1, 3))
def test_keys_sorted_in_parts_make_the_same_pairs(rows: set[tuple[int, int]], threads: int) -> None:
    wanted, hot = by_hand(rows, [3, 3, 3])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharing, "PART", 4)
        found = sharing.pairs(keys(sorted(rows)), limits=[3, 3, 3], threads=threads)
    sides = (found.pairs[side].to_pylist() for side in PAIRS.names)
    assert list(zip(*sides, strict=True)) == sorted(wanted)
    assert dict(zip(found.hot["key"].to_pylist(), found.hot["records"].to_pylist(), strict=True)) == hot
