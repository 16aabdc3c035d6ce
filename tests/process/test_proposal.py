import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import csv
from pydantic import ValidationError

from kehu.collect.town import channels, town
from kehu.collect.town import hall as halls
from kehu.model import records
from kehu.process import mapping, proposal


def test_the_town_s_own_columns_are_found_under_their_own_names() -> None:
    flat = town.make(600, seed=4).records
    found = {one.column: one.source for one in proposal.suggest(flat)}
    assert found == {name: name for name in flat.column_names if name != "channel"}


def hall() -> pa.Table:
    people = town.make(400, seed=4).records
    heads = {
        "record_id": "受理单号", "name": "客户姓名", "id_type": "证件类型", "id_number": "证件号码",
        "phone": "联系电话",
        "birth_date": "出生日期", "gender": "性别", "address": "通讯地址", "category": "客户类别",
        "updated_at": "受理时间",
    }  # fmt: skip
    rows = pa.table({head: people[name] for name, head in heads.items()})
    rows = rows.append_column("经办人姓名", people["name"]).append_column("金额", people["gender"])
    return rows.append_column(records.POSITION, people["record_id"])


def test_chinese_heads_are_understood_and_the_proxy_is_not_the_customer() -> None:
    found = {one.column: one.source for one in proposal.suggest(hall())}
    assert found.pop("proxy_name") == "经办人姓名"
    assert found == {
        "record_id": "受理单号", "name": "客户姓名", "id_type": "证件类型", "id_number": "证件号码",
        "phone": "联系电话",
        "birth_date": "出生日期", "gender": "性别", "address": "通讯地址", "category": "客户类别",
        "updated_at": "受理时间",
    }  # fmt: skip


def test_values_speak_where_heads_are_silent() -> None:
    people = town.make(400, seed=4).records
    rows = pa.table({"a": people["phone"], "b": people["id_number"], "c": people["address"], "d": people["email"]})
    found = {one.column: (one.source, one.by_head) for one in proposal.suggest(rows)}
    assert found == {"phone": ("a", False), "id_number": ("b", False), "address": ("c", False), "email": ("d", False)}


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(["张伟", "王小明", "欧阳娜娜"], id="names"),
        pytest.param(["1001", "1002", "88003"], id="numbers"),
        pytest.param(["杭州云帆科技有限公司", "北京大学", "李记面馆"], id="firms"),
        pytest.param(["Smith John", "Jane Doe", "Ann Lee"], id="Western names"),
        pytest.param(["5G畅享套餐129元", "大王卡", "宽带500M"], id="plans"),
    ],
)
def test_what_may_be_the_name_of_a_building_is_no_address_by_itself(values: list[str]) -> None:
    assert "address" not in {one.column for one in proposal.suggest(pa.table({"x": values}))}


@pytest.mark.parametrize(
    "head", ["客户经理电话", "发展人电话", "装维电话", "法人手机", "配偶电话", "account_manager_phone"]
)
def test_the_number_of_somebody_else_is_not_the_customer_s(head: str) -> None:
    numbers = pa.table({head: ["13912345678", "13812345678"]})
    assert proposal.suggest(numbers) == []


@pytest.mark.parametrize("head", ["单号", "业务单号", "业务流水"])
def test_the_number_of_a_form_is_the_key_of_its_row(head: str) -> None:
    (found,) = proposal.suggest(pa.table({head: ["1001", "1002"]}))
    assert (found.column, found.by_head) == ("record_id", True)


def test_a_birth_date_with_midnight_behind_it_is_one() -> None:
    rows = pa.table({"出生日期": ["1990-03-07 00:00:00", "1985-12-01 00:00:00"]})
    assert [one.column for one in proposal.suggest(rows)] == ["birth_date"]


def test_a_head_is_not_believed_when_the_values_say_otherwise() -> None:
    rows = pa.table({"id": ["1", "2"], "电话": ["文三路138号", "中山路7号"], "mobile": ["13912345678", "13812345678"]})
    found = {one.column: one.source for one in proposal.suggest(rows)}
    assert (found["phone"], found["address"]) == ("mobile", "电话")


@pytest.mark.parametrize(
    ("head", "column"),
    [
        ("applicant.name", "name"), ("Date of Birth", "birth_date"), ("客户手机号码", "phone"),
        ("SOC_SEC_ID", "id_number"), ("zip", "postcode"),
    ],
)  # fmt: skip
def test_a_head_may_be_nested_or_written_in_many_ways(head: str, column: str) -> None:
    assert [one.column for one in proposal.suggest(pa.table({head: pa.array([None], pa.string())}))] == [column]


def test_the_proposal_can_be_pasted_and_used() -> None:
    found = proposal.suggest(hall())
    pasted = tomllib.loads(proposal.as_toml("hall", found))["channels"]["hall"]["mapping"]
    assert pasted == {one.column: one.source for one in found}
    assert [name for name, _ in proposal.as_mapping(found).sources()] == sorted(
        pasted, key=list(mapping.Mapping.model_fields).index
    )


def test_a_table_without_a_key_gives_no_mapping() -> None:
    with pytest.raises(ValidationError, match="record_id"):
        proposal.as_mapping(proposal.suggest(pa.table({"mobile": ["13912345678"]})))


def test_what_a_row_says_of_numbers_accounts_and_contacts_is_found(tmp_path: Path) -> None:
    """The heads of the town's halls and of its call centre, and what its example makes of them."""
    channels.write(town.make(300, seed=4), tmp_path)
    (export, *_) = sorted((tmp_path / "hall").glob("*.csv"))
    hall_rows = csv.read_csv(
        export,
        read_options=csv.ReadOptions(encoding="gb18030"),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(halls.HEADS, pa.string())),
        parse_options=csv.ParseOptions(invalid_row_handler=lambda _: "skip"),
    )
    found = {one.column: one.source for one in proposal.suggest(hall_rows)}
    assert found | {
        "record_id": "订单号", "phone": "联系电话", "msisdn": "业务号码", "plan": "新套餐", "proxy_name": "经办人姓名",
        "proxy_id_number": "经办人证件号码", "updated_at": "受理时间", "interaction_at": "受理时间",
        "interaction_reason": "业务类型", "interaction_agent": "工号",
    } == found  # fmt: skip
    with closing(sqlite3.connect(tmp_path / "calls.db")) as store:
        rows = store.execute("select * from calls limit 200")
        heads = [head for head, *_ in rows.description]
        calls = pa.table(dict(zip(heads, map(texts, zip(*rows, strict=True)), strict=True)))
    found = {one.column: one.source for one in proposal.suggest(calls)}
    assert found | {
        "record_id": "call_id", "phone": "caller", "updated_at": "ended_at", "interaction_at": "started_at",
        "interaction_ended_at": "ended_at", "interaction_direction": "direction", "interaction_reason": "reason_1",
        "interaction_reason_2": "reason_2", "interaction_verified": "verified", "interaction_agent": "agent_no",
        "interaction_satisfaction": "satisfaction",
    } == found  # fmt: skip


def texts(values: tuple[object, ...]) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def test_a_channel_may_have_a_name_that_toml_must_quote() -> None:
    found = [proposal.Suggestion(column="record_id", source='a "b"', by_head=True, fits=1.0)]
    pasted = tomllib.loads(proposal.as_toml("营业厅", found))
    assert pasted == {"channels": {"营业厅": {"mapping": {"record_id": 'a "b"'}}}}
