"""The rule `unique`, over the batches of a load."""

import hashlib

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.process import clean, mapping
from kehu.process.checks import Unique
from kehu.process.repeats import Seen
from kehu.process.rows import Rows

Told = tuple[str | None, str | None]
"""The key of a row, and a phone."""


def breaches(seen: Seen, *rows: Told) -> list[int]:
    flat = pa.table({"record_id": [key for key, _ in rows], "phone": pa.array([phone for _, phone in rows])})
    flat = flat.cast(pa.schema({"record_id": pa.string(), "phone": pa.string()}))
    found = seen.breaches(Rows(flat=flat, clean=clean.clean(flat)), fingerprints=mapping.fingerprints(flat))
    return found["row"].to_pylist()  # type: ignore[no-any-return]  # pyarrow is untyped


def seen(*columns: str) -> Seen:
    return Seen([Unique(rule="unique", columns=columns)])


def test_the_first_row_with_a_value_is_kept_over_all_batches() -> None:
    phone = seen("phone")
    assert breaches(phone, ("1", "13912345678"), ("2", "13912345679"), ("3", "139 1234 5678")) == [2]
    assert breaches(phone, ("4", "13912345677")) == []
    assert breaches(phone, ("5", "13912345677"), ("6", "13912345671"), ("7", "13912345678")) == [0, 2]


def test_the_same_row_again_is_a_duplicate_and_no_breach() -> None:
    key = seen("record_id")
    assert breaches(key, ("1", "13912345678"), ("1", "13912345678"), ("1", "13912345679")) == [2]
    assert breaches(key, ("1", "13912345678")) == []


def test_a_row_that_lacks_one_of_the_columns_repeats_nothing() -> None:
    assert breaches(seen("record_id", "phone"), ("1", None), ("1", None), ("2", "x"), ("2", "y")) == []


def test_a_reason_tells_the_columns_in_two_languages() -> None:
    rows = Rows(flat=pa.table({"record_id": ["1", "1"]}), clean=clean.clean(pa.table({"record_id": ["1", "1"]})))
    other = pa.array([hashlib.md5(text).digest() for text in (b"a", b"b")], pa.binary(16))
    (found,) = seen("record_id").breaches(rows, fingerprints=other).to_pylist()
    assert (found["reason_zh"], found["reason_en"]) == (
        "记录编号在本次导入中重复",
        "record id stands more than once in this load",
    )


@settings(max_examples=25)
@given(st.lists(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("12")), max_size=6), max_size=5))
def test_how_a_load_is_cut_into_batches_changes_nothing(batches: list[list[Told]]) -> None:
    parted, whole = seen("record_id"), seen("record_id")
    found = [(number, row) for number, batch in enumerate(batches) for row in breaches(parted, *batch)]
    flat = [(number, row) for number, batch in enumerate(batches) for row in range(len(batch))]
    assert found == [flat[place] for place in breaches(whole, *(told for batch in batches for told in batch))]
