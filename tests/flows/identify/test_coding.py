"""Coding: records stand in the order of their keys, however few or many they are."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kehu.flows.identify import coding

KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.tuples(st.sampled_from(["hall", "calls"]), KEYS), max_size=6, unique=True))
def test_few_records_have_the_order_of_many(rows: list[tuple[str, str]]) -> None:
    table = pa.table({
        "channel": pa.chunked_array([[channel for channel, _ in rows]], pa.string()),
        "record_id": pa.chunked_array([[key for _, key in rows]], pa.string()),
    })  # fmt: skip
    few = coding.in_order(table)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coding, "FEW", 0)
        assert coding.in_order(table).to_pylist() == few.to_pylist()
