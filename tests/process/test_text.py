import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.process import text

ANYTHING = st.text(max_size=30)
"""Any Unicode that a table can hold; lone surrogates are tried apart."""


@given(st.text(st.characters(), max_size=30))
def test_cleaning_twice_is_cleaning_once(value: str) -> None:
    once = text.clean(value)
    assert once is None or text.clean(once) == once


@given(st.text(st.sampled_from("\ud800a\udfff 　\x00\u200b"), max_size=8))
def test_half_a_character_can_still_be_stored(value: str) -> None:
    cleaned = text.clean(value)
    assert cleaned is None or "a" in cleaned.encode("utf-8").decode()


@given(
    st.lists(st.none() | ANYTHING | st.sampled_from(["无", "N/A", "test", "張 偉", "ａ", "—", "1", "ok"]), max_size=8)
)
def test_a_column_is_cleaned_as_its_values_are(values: list[str | None]) -> None:
    cleaned = text.column(pa.array(values, type=pa.string())).to_pylist()
    assert cleaned == [None if value is None else text.filled(value) for value in values]


@pytest.mark.parametrize(
    "word", ["无", "-", "—", "N/A", "null", "None", "未知", "不详", " 无 ", "ＴＥＳＴ", "／", "...", "(null)", "#N/A"]
)
def test_a_placeholder_is_no_value(word: str) -> None:
    assert text.filled(word) is None


@pytest.mark.parametrize("word", ["吴", "Na", "Null Island", "No. 5", "0", "无锡", "Tess", "某"])
def test_what_only_resembles_a_placeholder_stays(word: str) -> None:
    assert text.filled(word) == word


@given(ANYTHING)
def test_simplifying_keeps_the_length(value: str) -> None:
    assert len(text.simplify(value)) == len(value)


@given(ANYTHING)
def test_folding_latin_twice_is_folding_once(value: str) -> None:
    once = text.fold_latin(value)
    assert text.fold_latin(once) == once
