import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.process.names import organizations


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("浙江省华信科技有限公司", "华信科技"), ("华信科技（杭州）有限责任公司", "华信科技"),
        ("杭州市华信科技股份有限公司", "华信科技"),
        ("華信科技集團有限公司", "华信科技"), ("华信科技有限公司杭州分公司", "华信科技"), ("华信科技", "华信科技"),
        ("嘉兴家具有限公司", "嘉兴家具"), ("杭州市西湖区翠苑小学", "翠苑小学"),
        ("中国银行股份有限公司杭州分行", "中国银行"),
        ("Hua Xin Technology Co., Ltd.", "hua xin technology"), ("The Smith Group Pty Ltd", "smith"), ("公司", "公司"),
    ],
)  # fmt: skip
def test_the_core_is_what_people_call_it(name: str, core: str) -> None:
    assert organizations.clean(name).org_core == core


@pytest.mark.parametrize(
    "name",
    [
        "华信科技有限公司",
        "城东小卖店",
        "第一人民医院",
        "华信科技",
        "某某村民委员会",
        "Smith & Co Ltd",
        "ACME GmbH",
        "翠苑小学",
    ],
)
def test_an_organization_is_known_by_its_words(name: str) -> None:
    assert organizations.looks_like_one(name)


@pytest.mark.parametrize(
    "name", ["张伟", "何部", "李建行", "欧阳娜娜", "Jane Bank-Smith", "Corp", "John Smith", "买买提·艾力", "陈店"]
)
def test_a_person_is_no_organization(name: str) -> None:
    assert organizations.looks_like_one(name) == (name == "Corp")


@given(st.text(max_size=16))
def test_cleaning_twice_is_cleaning_once(value: str) -> None:
    once = organizations.clean(value)
    assert once.name is None or organizations.clean(once.name) == once
    assert (once.name_match is None) == (once.org_core is None)
