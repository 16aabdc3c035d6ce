"""What customers are found by: the same for few records as for many."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.store import terms

odd = st.none() | st.text(st.sampled_from("张偉ｚｗＡΣİßé① \u3000\t·-a1Z"), max_size=6)


SAID = st.lists(st.fixed_dictionaries({name: odd for name in terms.NEEDS if name != "customer_id"}), max_size=4)


def _saying(rows: list[dict[str, str | None]]) -> pa.Table:
    """Records of two customers in turn."""
    schema = pa.schema([(name, pa.int64() if name == "customer_id" else pa.string()) for name in terms.NEEDS])
    return pa.Table.from_pylist([{"customer_id": 1 + place % 2, **row} for place, row in enumerate(rows)], schema)


def _pairs(found_by: pa.Table) -> list[tuple[str, int]]:
    return sorted(zip(*found_by.to_pydict().values(), strict=True))


@given(SAID)
def test_few_records_are_found_by_what_they_are_found_by_among_many(rows: list[dict[str, str | None]]) -> None:
    table = _saying(rows)
    few = terms.of(table)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terms, "HANDFUL", -1)
        many = terms.of(table)
    assert _pairs(few) == _pairs(many)


@given(SAID, SAID)
def test_what_others_of_a_customer_tell_already_is_left_out(
    rows: list[dict[str, str | None]], others: list[dict[str, str | None]]
) -> None:
    every = pa.concat_tables([_saying(rows), _saying(others)])
    there = np.arange(every.num_rows) >= len(rows)
    told = _pairs(terms.of(every, there=there))
    assert set(told) | set(_pairs(terms.of(_saying(others)))) == set(_pairs(terms.of(every)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terms, "HANDFUL", -1)
        assert _pairs(terms.of(every, there=there)) == _pairs(terms.of(_saying(rows)))
    again = pa.concat_tables([_saying(others), _saying(others)])
    assert _pairs(terms.of(again, there=np.arange(again.num_rows) >= len(others))) == []
