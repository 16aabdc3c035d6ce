import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kehu.errors import SettingsError
from kehu.model import records
from kehu.process import mapping

ROWS = pa.table(
    {
        "no": ["7", "8"],
        "applicant.name": ["张伟", None],
        "applicant.kind": [" 1", "9"],
        "addr.city": ["杭州市", None],
        "addr.line": ["文三路138号", "  "],
        records.POSITION: ["a:1", "a:2"],
    }
)


def mapped(**columns: object) -> dict[str, list[str | None]]:
    wanted = mapping.Mapping.model_validate({"record_id": "no", **columns})
    return mapping.apply(ROWS, wanted, channel="online").to_pydict()  # type: ignore[no-any-return]  # pyarrow is untyped


def test_a_column_takes_our_name_and_the_position_stays() -> None:
    assert mapped(name="applicant.name") == {
        "record_id": ["7", "8"],
        "channel": ["online", "online"],
        "name": ["张伟", None],
        records.POSITION: ["a:1", "a:2"],
    }


def test_codes_are_replaced_and_unknown_ones_stay() -> None:
    assert mapped(category={"column": "applicant.kind", "codes": {"1": "student"}})["category"] == ["student", "9"]


def test_columns_are_joined_without_the_empty_ones() -> None:
    joined = mapped(address={"columns": ["addr.city", "addr.line"], "separator": " "})["address"]
    assert joined == ["杭州市 文三路138号", None]


def test_one_value_may_hold_for_all_rows() -> None:
    assert mapped(kind={"value": "individual"})["kind"] == ["individual"] * 2


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    wanted = mapping.Mapping.model_validate({"record_id": "no", "phone": "电话"})
    rows = pa.table({"no": ["1"], "联系电话": ["139"], "客户姓名": ["张伟"]})
    with pytest.raises(SettingsError) as refused:
        mapping.apply(rows, wanted, channel="hall")
    message = 'channel "hall": column "电话" is mapped to phone but is not in the file (has: no, 联系电话, 客户姓名)'
    assert str(refused.value) == message


def test_a_sparse_source_may_leave_out_all_but_the_key() -> None:
    wanted = mapping.Mapping.model_validate({"record_id": "no", "phone": "电话"})
    flat = mapping.apply(pa.table({"no": ["1"]}), wanted, channel="online", sparse=True)
    assert flat["phone"].to_pylist() == [None]
    with pytest.raises(SettingsError, match="record_id"):
        mapping.apply(pa.table({"电话": ["1"]}), wanted, channel="online", sparse=True)


@pytest.mark.parametrize(
    "source",
    [{}, {"column": "a", "value": "b"}, {"columns": []}, {"colum": "a"}, 7],
    ids=["none", "two", "empty", "slip", "number"],
)
def test_a_source_says_in_one_way_where_its_values_come_from(source: object) -> None:
    with pytest.raises(ValidationError):
        mapping.Mapping.model_validate({"record_id": "no", "name": source})


def test_a_slip_in_our_column_is_refused() -> None:
    with pytest.raises(ValidationError, match="nmae"):
        mapping.Mapping.model_validate({"record_id": "no", "nmae": "a"})


CELLS = st.none() | st.text("ab:;1", max_size=3)
ROW = st.fixed_dictionaries(dict.fromkeys(("record_id", "name", "phone", "address"), CELLS))


@given(ROW, ROW)
def test_two_rows_have_one_fingerprint_when_they_say_the_same(
    one: dict[str, str | None], other: dict[str, str | None]
) -> None:
    first, second = mapping.fingerprints(pa.Table.from_pylist([one, other])).to_pylist()
    same = {key: value or None for key, value in one.items()} == {key: value or None for key, value in other.items()}
    assert (first == second) == same


def test_a_fingerprint_does_not_look_at_the_clock_nor_at_columns_that_are_not_there() -> None:
    flat = pa.table({"record_id": ["1"], "name": ["张伟"]})
    touched = flat.append_column("updated_at", pa.array(["2026-01-01"])).append_column(
        "phone", pa.array([None], pa.string())
    )
    assert mapping.fingerprints(flat) == mapping.fingerprints(touched)
    assert mapping.fingerprints(flat).type == pa.binary(16)


def test_a_row_keeps_the_fingerprint_that_older_versions_gave_it() -> None:
    """Else the first run after an upgrade would take every row for a new one."""
    flat = pa.table({"record_id": ["1"], "category": ["学生"], "msisdn": ["13912345678"], "plan": ["5G"]})
    assert mapping.fingerprints(flat).to_pylist() == [bytes.fromhex("36c5362408f6b88a9441c3cc57a74555")]


def test_a_number_that_was_wrapped_for_excel_is_read_as_its_text() -> None:
    wanted = mapping.Mapping.model_validate(
        {"record_id": "no", "category": {"column": "class", "codes": {"01": "student"}}, "phone": "phone"}
    )
    rows = pa.table({"no": ['="00123"'], "class": ['="01"'], "phone": ['="0571"&"88886666"']})
    (row,) = mapping.apply(rows, wanted, channel="hall").to_pylist()
    assert (row["record_id"], row["category"], row["phone"]) == ("00123", "student", '="0571"&"88886666"')


@given(st.lists(st.tuples(*[st.none() | st.text(max_size=3)] * 3), min_size=1, max_size=40))
def test_a_row_has_the_same_fingerprint_alone_as_among_many(rows: list[tuple[str | None, ...]]) -> None:
    flat = pa.table({name: [row[place] for row in rows] for place, name in enumerate(("record_id", "name", "plan"))})
    flat = flat.cast(pa.schema([(name, pa.string()) for name in flat.column_names]))
    many = pa.concat_tables([flat] * 20)
    assert mapping.fingerprints(many).to_pylist() == mapping.fingerprints(flat).to_pylist() * 20
