from collections.abc import Mapping

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from kehu.model import records
from kehu.model.households import STATED
from kehu.process import checks, clean, columns, distinct, households, quality
from kehu.process.rows import Rows

RULE: TypeAdapter[checks.Rule] = TypeAdapter(checks.Rule)

Row = dict[str, str | None]
Rule = Mapping[str, object]


def breaches(rows: list[Row], *rules: Rule) -> list[tuple[int, str, str, str, str]]:
    names = (*records.FLAT_COLUMNS, *STATED.names)
    flat = pa.Table.from_pylist(rows, schema=pa.schema({name: pa.string() for name in names}))
    both = Rows(flat=flat, clean=clean.clean(flat), stated=households.clean(flat, clean.clean(flat)))
    found = checks.broken(both, [RULE.validate_python(rule) for rule in rules])
    assert found.schema == checks.BREACHES
    return [(row["row"], row["rule"], row["column"], row["reason_zh"], row["reason_en"]) for row in found.to_pylist()]


GOOD: Row = {"record_id": "1", "name": "张伟", "phone": "13912345678"}


def test_a_good_row_breaks_nothing() -> None:
    assert breaches([GOOD], {"rule": "required", "columns": ["name", "phone"]}) == []


@pytest.mark.parametrize("record_id", [None, "", "  "])
def test_a_row_without_its_key_is_always_rejected(record_id: str | None) -> None:
    assert breaches([GOOD | {"record_id": record_id}]) == [
        (0, "required", "record_id", "记录编号为空", "record id is missing")
    ]


def test_a_row_that_names_nobody_is_always_rejected() -> None:
    nobody: Row = {
        "record_id": "1",
        "name": "无",
        "phone": "13800138000",
        "id_number": "0000",
        "email": "-",
        "gender": "男",
    }
    assert breaches([GOOD, nobody]) == [
        (
            1,
            "required",
            "name, phone, id_number, email",
            "姓名、电话、证件号码、电子邮箱均为空",
            "name, phone, certificate number and e-mail are all missing",
        )
    ]


@pytest.mark.parametrize(
    ("key", "is_rounded"),
    [("2.02401E+17", True), ("2E+17", True), ("1.1e+17", True), ("A+1", False), ("2.02401E17", False), ("1+1", False)],
)
def test_a_key_that_a_spreadsheet_rounded_is_refused(key: str, *, is_rounded: bool) -> None:
    flat = pa.table({"record_id": [key], "name": ["张伟"]})
    found = checks.broken(Rows(flat=flat, clean=clean.clean(flat)), [])
    expected = [("not_placeholder", "record id was rounded by a spreadsheet; export it again as text")]
    assert [(row["rule"], row["reason_en"]) for row in found.to_pylist()] == expected * is_rounded


@pytest.mark.parametrize(
    ("rule", "row", "reasons"),
    [
        pytest.param(
            {"rule": "required", "columns": ["birth_date"]}, {"birth_date": "1987-02-30"},
            ("出生日期为空", "birth date is missing"), id="required",
        ),
        pytest.param(
            {"rule": "required", "columns": ["email", "address"], "any": True}, {},
            ("电子邮箱、地址均为空", "e-mail and address are all missing"), id="required, any",
        ),
        pytest.param(
            {"rule": "pattern", "columns": ["phone"], "pattern": "1[3-9][0-9]{9}"}, {"phone": "0571-88886666"},
            ("电话格式不符", "phone has not the form it should have"), id="pattern",
        ),
        pytest.param(
            {"rule": "one_of", "columns": ["category"], "values": ["student"]}, {"category": "企业"},
            ("客户类别不在允许的取值中", "category is not one of the values allowed"), id="one_of",
        ),
        pytest.param(
            {"rule": "not_placeholder", "columns": ["phone"]}, {"phone": "13800138000"},
            ("电话不是有效值", "phone is a placeholder or cannot be read"), id="not_placeholder",
        ),
        pytest.param(
            {"rule": "checksum"}, {"id_number": "110105194912310021"},
            ("证件号码校验不通过", "certificate number has a wrong check digit or an impossible birth date"),
            id="checksum",
        ),
        pytest.param(
            {"rule": "length", "columns": ["name"], "max": 1}, {},
            ("姓名长度应为0–1", "name should have 0–1 characters"), id="length",
        ),
        pytest.param(
            {"rule": "range", "columns": ["birth_date"], "min": "1900-01-01", "max": "2026-01-01"},
            {"birth_date": "1899-12-31"},
            ("出生日期应在1900-01-01与2026-01-01之间", "birth date should lie between 1900-01-01 and 2026-01-01"),
            id="range",
        ),
        pytest.param(
            {"rule": "range", "columns": ["postcode"], "min": 1000}, {"postcode": "999"},
            ("邮编不应小于1000", "post code should be at least 1000"), id="range of numbers",
        ),
        pytest.param(
            {"rule": "range", "columns": ["updated_at"], "max": "2026-01-01"}, {"updated_at": "2026-01-01T00:00:01Z"},
            ("更新时间不应大于2026-01-01", "update time should be at most 2026-01-01"), id="range of times",
        ),
        pytest.param(
            {"rule": "range", "columns": ["interaction_satisfaction"], "min": 2}, {"interaction_satisfaction": "1"},
            ("满意度不应小于2", "satisfaction should be at least 2"), id="range of whole numbers",
        ),
        pytest.param(
            {"rule": "one_of", "columns": ["number_state"], "values": ["active"]},
            {"msisdn": "13912345678", "number_state": "欠费停机"},
            ("号码状态不在允许的取值中", "state of the number is not one of the values allowed"), id="of a number",
        ),
        pytest.param(
            {"rule": "not_placeholder", "columns": ["proxy_id_number"]}, {"proxy_id_number": "无"},
            ("经办人证件号码不是有效值", "certificate number of the proxy is a placeholder or cannot be read"),
            id="of a proxy",
        ),
        pytest.param(
            {"rule": "required", "columns": ["address_1"]}, {"address_1": "无"},
            ("地址一为空", "address line 1 is missing"), id="of a column that cleaning dissolves",
        ),
        pytest.param(
            {"rule": "comparison", "left": "interaction_ended_at", "is": "greater_equal", "right": "interaction_at"},
            {"interaction_at": "2026-01-01T10:00:00Z", "interaction_ended_at": "2026-01-01T09:59:59Z"},
            ("接触结束时间应不小于接触时间", "end of the contact should be at least time of the contact"),
            id="comparison of times",
        ),
        pytest.param(
            {"rule": "comparison", "left": "birth_date", "is": "less_equal", "right": "updated_at"},
            {"birth_date": "2026-01-02", "updated_at": "2026-01-01T10:00:00Z"},
            ("出生日期应不大于更新时间", "birth date should be at most update time"), id="date and time",
        ),
        pytest.param(
            {"rule": "comparison", "left": "birth_date", "is": "equal", "right": "id_birth_date"},
            {"birth_date": "1949-12-30", "id_number": "11010519491231002X"},
            ("出生日期应等于证件上的出生日期", "birth date should be equal to birth date in the certificate"),
            id="comparison",
        ),
    ],
)  # fmt: skip
def test_a_broken_rule_says_why_in_two_languages(rule: dict[str, object], row: Row, reasons: tuple[str, str]) -> None:
    assert [found[-2:] for found in breaches([GOOD | row], rule)] == [reasons]
    assert [found[1] for found in breaches([GOOD | row], rule)] == [rule["rule"]]


@pytest.mark.parametrize(
    "rule",
    [
        {"rule": "pattern", "columns": ["email"], "pattern": "x"},
        {"rule": "one_of", "columns": ["category"], "values": ["student"]},
        {"rule": "not_placeholder", "columns": ["email"]},
        {"rule": "checksum"},
        {"rule": "length", "columns": ["email"], "min": 5},
        {"rule": "range", "columns": ["birth_date"], "min": "1900-01-01"},
        {"rule": "comparison", "left": "birth_date", "is": "less", "right": "id_birth_date"},
    ],
    ids=lambda rule: str(rule["rule"]),
)
def test_only_required_asks_for_a_value(rule: dict[str, object]) -> None:
    assert breaches([GOOD, GOOD | {"record_id": "2"}], rule) == []


def test_a_row_tells_every_rule_it_breaks() -> None:
    rules: list[Rule] = [{"rule": "required", "columns": ["email"]}, {"rule": "checksum", "severity": "warn"}]
    rows = [GOOD | {"id_number": "110105194912310021"}, GOOD | {"email": "a@x.org"}]
    assert [found[:2] for found in breaches(rows, *rules)] == [(0, "required"), (0, "checksum")]


def test_a_rule_may_bring_its_own_words() -> None:
    rule = {"rule": "required", "columns": ["email"], "message_zh": "请补邮箱", "message_en": "ask for the e-mail"}
    assert breaches([GOOD], rule)[0][-2:] == ("请补邮箱", "ask for the e-mail")


def test_a_reason_never_holds_the_value() -> None:
    number = "110105194912310021"
    rules: list[Rule] = [{"rule": "checksum"}, {"rule": "length", "columns": ["id_number"], "max": 3}]
    assert number not in str(breaches([GOOD | {"id_number": number}], *rules))


@pytest.mark.parametrize(
    "rule",
    [
        {"rule": "required", "columns": []},
        {"rule": "pattern", "columns": ["phone"], "pattern": "("},
        {"rule": "patern", "columns": ["phone"]},
        {"rule": "checksum", "columns": ["phone"]},
        {"rule": "required", "columns": ["name"], "severity": "maybe"},
        {"rule": "required", "columns": ["nmae"]},
        {"rule": "comparison", "left": "name", "is": "less", "right": "name_of_nobody"},
        {"rule": "comparison", "left": "name", "is": "less", "right": "birth_date"},
        {"rule": "range", "columns": ["birth_date"]},
        {"rule": "range", "columns": ["birth_date"], "min": "long ago"},
        {"rule": "range", "columns": ["birth_date"], "max": "2026-02-30"},
        {"rule": "range", "columns": ["updated_at"], "max": 7},
        {"rule": "range", "columns": ["interaction_satisfaction"], "max": 4.5},
        {"rule": "range", "columns": ["postcode"], "min": "many"},
        {"rule": "range", "columns": ["id_valid"], "min": 1},
        {"rule": "range", "columns": ["birth_date"], "min": "2026-01-01", "max": "1900-01-01"},
        {"rule": "length", "columns": ["name"], "min": 3, "max": 2},
    ],
)
def test_a_rule_that_cannot_hold_is_refused(rule: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RULE.validate_python(rule)


def test_every_column_of_ours_has_a_name_in_two_languages() -> None:
    assert columns.TEXTS.keys() == columns.TYPES.keys()
    assert all(zh and en for zh, en in columns.TEXTS.values())


def test_a_rule_on_a_column_that_no_row_has_is_broken_only_where_it_asks_for_a_value() -> None:
    flat = pa.table({"record_id": ["1"], "name": ["张伟"]})
    rules = [
        RULE.validate_python({"rule": "range", "columns": ["interaction_satisfaction"], "min": 1}),
        RULE.validate_python({"rule": "required", "columns": ["plan"]}),
    ]
    found = checks.broken(Rows(flat=flat, clean=clean.clean(flat)), rules)
    assert found["reason_en"].to_pylist() == ["plan is missing"]


odd = st.none() | st.text(st.sampled_from("张1+E.\u3000 \t"), max_size=4)
rows_of_odd = st.lists(st.fixed_dictionaries(dict.fromkeys(("record_id", "name", "phone", "email"), odd)), min_size=1)


@given(rows_of_odd)
def test_few_rows_break_the_rules_and_fill_their_columns_as_many_do(rows: list[dict[str, str | None]]) -> None:
    flat = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]})
    both = Rows(flat=flat, clean=clean.clean(flat))
    broken, standing = checks.broken(both, []), quality.standing(flat, both.clean)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distinct, "FEW", 16)
        assert checks.broken(both, []).equals(broken)
        assert quality.standing(flat, both.clean).equals(standing)
