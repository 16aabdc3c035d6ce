import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kehu.collect.town import town
from kehu.model import places
from kehu.process import text
from kehu.process.addresses import chinese, columns, forms

NAMES = [row["name"] for row in places.divisions().to_pylist()]
DIVISIONS = st.sampled_from(["浙江省", "杭州市", "西湖区", "杭州", "鼓楼区", "浙江", "三明沙县区", "临夏", *NAMES])
WORDS = st.sampled_from(
    [
        "文三路", "中山北路", "古荡街道文三路", "南镇北村", "翠苑小区", "西湖花园", "丽水新村", "北区", "路", "大院",
        "时代公馆", "朝阳", "甲", "院子", "房", "楼上人家", "一百", "中国城", "东方一期",
    ]
)  # fmt: skip
NUMBERS = st.sampled_from(["1", "12", "138", "2306", "310012", "3-2-501", "5-2", "a1", "三"])
SIGNS = st.sampled_from(["号", "号楼", "号院", "幢", "栋", "座", "单元", "室", "组", "#", "-", "弄", "层", ""])
NUMBERED = st.tuples(WORDS | st.just(""), NUMBERS, SIGNS).map("".join)
COMMON = st.builds(
    "{0}{1}{4}{2}{3}".format,
    st.lists(DIVISIONS, min_size=1, max_size=3).map("".join),
    NUMBERED,
    NUMBERED,
    st.lists(st.tuples(NUMBERS, SIGNS).map("".join), max_size=2).map("".join),
    st.sampled_from(["", ",", " "]),
)
ANY = st.lists(DIVISIONS | NUMBERED | st.sampled_from([",", " ", "區", "A", "~"]), max_size=8).map("".join)


@settings(max_examples=100)
@given(st.lists(COMMON | ANY, min_size=1, max_size=6))
@example(["三明沙县区文化中大街963号丁香雅苑3-3", "杭州市西湖区西湖区文三路1号", "杭州市下城区文三路8号"])
@example(["501室,2单元,3幢,翠苑小区,文三路138号,西湖区,杭州市", "1室,西湖花园,文三路1号,西湖区,杭州市"])
@example(
    [
        "秦皇岛市经济技术开发区秦皇岛市经济技术开发区",
        "中国路5号,西湖区,杭州市",
        "2单元,3幢,紫金,文三路1号,西湖区,杭州市",
    ]
)
@example(
    [
        "杭州市文三路595弄3号",
        "杭州市西湖区文三路,,1号(3-2幢)",
        "杭州市西湖区文三路1号3--2",
        "(",
        "〇号楼",
        "杭州市西湖区〇号楼1室",
    ]
)
def test_a_form_says_what_the_parser_says(addresses: list[str]) -> None:
    assert_read_alike(pa.array(addresses))


def test_most_addresses_of_the_town_have_a_form() -> None:
    addresses = town.make(20_000, seed=9).records["address"].combine_chunks()
    assert assert_read_alike(addresses) > 0.9


def assert_read_alike(addresses: pa.Array) -> float:
    """The share of the addresses that have a form; it is tested that each is read as the parser reads it."""
    lines = pc.drop_null(text.column(addresses)).unique()
    parts, known = forms.columns(lines)
    for place, (line, is_known) in enumerate(zip(lines.to_pylist(), known.to_pylist(), strict=True)):
        if is_known:
            read = chinese.Address(**{name: parts[name][place].as_py() for name in forms.PARTS.names})
            assert read == columns.line(line), line
        else:
            assert all(parts[name][place].as_py() is None for name in forms.PARTS.names)
    return pc.mean(known).as_py() if len(lines) else 0.0


@pytest.mark.parametrize(
    "address",
    [
        "浙江省杭州市西湖区文三路138号翠苑小区3幢2单元501室",
        "杭州西湖区文三路138号翠苑小区3-2-501",
        "浙江省 杭州市 西湖区 翠苑小区3幢2单元501室 文三路138号",
        "501室,2单元,3幢,翠苑小区,文三路138号,西湖区,杭州市,浙江省",
        "杭州市西湖区古荡镇东方村3组12号",
        "杭州市文三路138号501",
        "杭州市西湖区时代公馆37-3-402",
        "杭州市 西湖区 (文三路138号), 翠苑小区3幢",
        "1502室,1单元,15号楼,紫金苑,文三路138号,西湖区,杭州市,浙江省",
        "杭州市西湖区文三路595弄3号501室",
    ],
)
def test_what_people_write_most_is_read_at_once(address: str) -> None:
    assert forms.columns(pa.array([address]))[1].to_pylist() == [True]
