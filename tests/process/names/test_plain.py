import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kehu.collect.town import town
from kehu.process.names import people, plain

SIGNS = st.sampled_from("单仇解曾区翟查朴盖乐缪员张欧阳司马老小阿总先生女士客户无名氏測試伟華娜·A 一") | st.characters(
    min_codepoint=0x4E00, max_codepoint=0x9FFF
)
NAMES = st.text(SIGNS, min_size=1, max_size=4)


def assert_read_alike(names: list[str | None]) -> None:
    column = pa.array(names, pa.string())
    nobody = pa.nulls(len(names), pa.string())
    found = people.columns(column, nobody, nobody)
    rows = zip(*(found[name].to_pylist() for name in people.CLEANED.names), strict=True)
    for name, row in zip(names, rows, strict=True):
        assert people.Name(*row) == (people.NOBODY if name is None else people.clean(name)), name


PARTS = st.sampled_from(
    [*"王李老小阿国总哥书生叶梁欧夏豔一 \u3000", "先生", "秘书", "某某", "欧阳", "上官", "客户", "无名", "测试"]
)


@settings(max_examples=100)
@given(st.lists(NAMES | st.lists(PARTS, min_size=1, max_size=4).map("".join), max_size=30, unique=True))
@example(["高建书", "叶君敏", "上官依", "王总", "老张", "小明月", "李国工", " 蔡 慧", "王 王 王", "王王王", "无 名"])
def test_a_name_is_plain_only_if_it_is_read_so(names: list[str]) -> None:
    found, known = plain.columns(pa.array(names, pa.string()), unlike=people._UNLIKE_PLAIN)
    rows = zip(*(found[name].to_pylist() for name in people.CLEANED.names), strict=True)
    for name, is_plain, row in zip(names, known.to_pylist(), rows, strict=True):
        assert not is_plain or people.Name(*row) == people.clean(name), name


@settings(max_examples=100)
@given(st.lists(st.none() | NAMES, max_size=8))
@example(["老张", "王总", "客户", "无名氏", "欧阳", "测试", "女士", "同上", "張偉"])
@example([f"{surname}乐" for surname in "单仇解曾区翟查朴盖乐缪员"])
def test_a_column_is_read_as_each_of_its_names_is(names: list[str | None]) -> None:
    assert_read_alike(names)


def test_the_names_of_the_town_are_read_as_each_of_them_is() -> None:
    assert_read_alike(town.make(3_000, seed=4).records["name"].to_pylist())
