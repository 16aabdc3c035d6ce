"""Nested records as a table of text."""

from hypothesis import given
from hypothesis import strategies as st

from kehu.collect import flatten
from kehu.model.records import POSITION

KEYS = st.text("ab张", min_size=1, max_size=3)
RECORDS = st.dictionaries(
    KEYS,
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(st.lists(RECORDS | st.text() | st.none(), max_size=5))
def test_every_value_of_every_record_stands_in_its_row_or_the_record_is_bad(records: list[object]) -> None:
    table, bad = flatten.table(records, [str(number) for number in range(len(records))])
    rows = {row[POSITION]: row for row in table.to_pylist()}
    assert rows.keys() | {row.position for row in bad} == {str(number) for number in range(len(records))}
    assert len(rows) + len(bad) == len(records)
    for position, row in rows.items():
        record = records[int(position)]
        assert isinstance(record, dict)
        filled = {name: value for name, value in flatten.leaves(record).items() if value is not None}
        assert filled == {name: value for name, value in row.items() if value is not None and name != POSITION}


def test_half_a_character_makes_only_its_own_record_bad() -> None:
    records = [flatten.parse(text) for text in ('{"n": "1"}', r'{"n": "\ud800"}', r'{"\udfff": "3"}', '{"n": "4"}')]
    table, bad = flatten.table(records, ["a", "b", "c", "d"])
    assert table["n"].to_pylist() == ["1", "4"]
    assert [(row.position, row.raw) for row in bad] == [("b", r'{"n": "\ud800"}'), ("c", r'{"\udfff": "3"}')]


def test_values_used_as_keys_do_not_make_a_table_without_end() -> None:
    records: list[object] = [{f"{number}.{n}": "x" for n in range(600)} for number in range(5)]
    table, bad = flatten.table(records, list("abcde"))
    assert table.num_columns == 1801
    assert [row.position for row in bad] == ["d", "e"]
    deep: object = "x"
    for _ in range(100_000):
        deep = [deep]
    (row,) = flatten.table([{"deep": deep}], ["a"])[1]
    assert row.raw == "(nested too deeply to be written)"


def test_a_source_column_with_the_name_of_our_own_keeps_its_values() -> None:
    table, _ = flatten.table([{POSITION: "theirs"}], ["ours"])
    assert table.to_pylist() == [{f"{POSITION}.2": "theirs", POSITION: "ours"}]
