import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kehu.process.names import people

LETTERS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]) | st.sampled_from("张偉欧阳先生老·*()（），, .'-XxJrMs"),
    max_size=12,
)


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        ("单雄信", "shan xiong xin"), ("仇英", "qiu ying"), ("解缙", "xie jin"), ("曾国藩", "zeng guo fan"),
        ("区少", "ou shao"),
        ("翟让", "zhai rang"), ("查良", "zha liang"), ("朴树", "piao shu"), ("盖文", "ge wen"), ("乐毅", "yue yi"),
        ("缪贤", "miao xian"), ("员文", "yun wen"), ("任华", "ren hua"), ("尉迟恭", "yuchi gong"),
        ("万俟卨", "moqi xie"),
        ("欧阳娜娜", "ouyang na na"), ("張樂", "zhang le"),
    ],
)  # fmt: skip
def test_a_surname_is_read_as_a_surname(name: str, sound: str) -> None:
    assert people.clean(name).name_sound == sound


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("张先生", "张"), ("李女士", "李"), ("欧阳女士", "欧阳"), ("老王", "王"), ("小李", "李"), ("王总", "王"),
        ("張**", "張"),
        ("张*", "张"), ("王某某", "王"), ("刘XX", "刘"), ("J. S.", "J S"), ("Mr Smith", "Smith"),
    ],
)  # fmt: skip
def test_a_surname_and_a_title_are_a_weak_name(value: str, name: str) -> None:
    found = people.clean(value)
    assert (found.name, found.given_name is None or len(found.given_name) == 1, found.name_weak) == (name, True, True)


@pytest.mark.parametrize(
    ("value", "name", "match"),
    [
        ("張 偉", "張偉", "张伟"), ("张伟先生", "张伟", "张伟"), ("张伟(David)", "张伟", "张伟"),
        ("David（张伟）", "张伟", "张伟"),
        ("张伟 Alex", "张伟", "张伟"), ("买买提·艾力", "买买提·艾力", "买买提艾力"),
        ("买买提•艾力", "买买提·艾力", "买买提艾力"),
        ("Smith, John", "John Smith", "john smith"), ("Dr. John Smith Jr.", "John Smith", "john smith"),
        ("José  Müller", "José Müller", "jose muller"), ("O'Neil, Mary-Jane", "Mary-Jane O'Neil", "mary jane oneil"),
        ("王师傅", "王", "王"), ("李国工", "李国工", "李国工"), ("ＬＥＥ　Ａｎｎ", "Ann LEE", "ann lee"),
    ],
)  # fmt: skip
def test_a_name_has_a_form_for_people_and_one_for_matching(value: str, name: str, match: str) -> None:
    found = people.clean(value)
    assert (found.name, found.name_match) == (name, match)


@pytest.mark.parametrize(
    ("value", "given_name", "surname"),
    [
        ("John Smith", "john", "smith"), ("Vincent van Gogh", "vincent", "van gogh"),
        ("Smith, John Paul", "john paul", "smith"),
        ("SMITH John", "john", "smith"), ("欧阳娜娜", "娜娜", "欧阳"), ("张伟", "伟", "张"),
        ("买买提·艾力", "买买提艾力", None),
        ("Cher", None, "cher"),
    ],
)  # fmt: skip
def test_the_surname_is_told_from_the_given_name(value: str, given_name: str | None, surname: str | None) -> None:
    found = people.clean(value)
    assert (found.given_name, found.surname) == (given_name, surname)


@pytest.mark.parametrize("value", ["无", "test", "-", "匿名", "Mr.", "000", "***", ""])
def test_a_placeholder_is_nobody(value: str) -> None:
    assert people.clean(value) == people.NOBODY


@given(LETTERS)
@example("A,0A")
def test_cleaning_twice_is_cleaning_once(value: str) -> None:
    once = people.clean(value)
    if once.name is not None:
        again = people.clean(once.name)
        assert again.name == once.name


@given(st.none() | LETTERS, st.none() | LETTERS)
def test_no_parts_are_too_odd(given_name: str | None, surname: str | None) -> None:
    found = people.from_parts(given_name, surname)
    assert (found.name is None) == (found.name_match is None)


def test_stated_parts_go_before_what_the_whole_name_seems_to_say() -> None:
    names, given_names, surnames = (
        pa.array(["Lee Ann", "张伟", None]),
        pa.array(["Ann", None, "Bo"]),
        pa.array(["Lee", None, "Li"]),
    )
    found = people.columns(names, given_names, surnames)
    assert found["name"].to_pylist() == ["Lee Ann", "张伟", "Bo Li"]
    assert found["name_match"].to_pylist() == ["ann lee", "张伟", "bo li"]
    assert found["surname"].to_pylist() == ["lee", "张", "li"]
