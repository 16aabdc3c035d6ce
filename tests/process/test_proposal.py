import tomllib

import pyarrow as pa
import pytest
from pydantic import ValidationError

from kehu.collect.town import town
from kehu.model import records
from kehu.process import proposal


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
        pasted, key=list(records.FLAT_COLUMNS).index
    )


def test_a_table_without_a_key_gives_no_mapping() -> None:
    with pytest.raises(ValidationError, match="record_id"):
        proposal.as_mapping(proposal.suggest(pa.table({"mobile": ["13912345678"]})))
