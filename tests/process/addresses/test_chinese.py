import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.process.addresses import chinese

WHOLE = chinese.Address("浙江省", "杭州市", "西湖区", "文三路", "138", "翠苑小区3", "2", "501")


@pytest.mark.parametrize(
    "address",
    [
        "浙江省杭州市西湖区文三路138号翠苑小区3幢2单元501室",
        "浙江 杭州 西湖区 文三路138号 翠苑小区3幢 2单元 501室",
        "杭州西湖区文三路138号翠苑小区3号楼2单元501",
        "杭州市西湖区文三路138号翠苑小区3-2-501",
        "浙江杭州文三路138号(西湖区)翠苑小区3栋2单元501室",
        "501室,2单元,3幢,翠苑小区,文三路138号,西湖区,杭州市,浙江省",
        "浙江省杭州市西湖區文三路一百三十八號翠苑小區三幢二單元五〇一室",
        "浙江省杭州市西湖区古荡街道文三路１３８号翠苑小区３＃２单元５０１室",
        "中国浙江省杭州市西湖区文三路138号翠苑小区3幢2单元5层501室",
        "浙江省 杭州市 西湖区 翠苑小区3幢2单元501室 文三路138号",
    ],
)
def test_one_home_is_read_alike_in_every_order(address: str) -> None:
    assert chinese.clean(address.translate(str.maketrans("１２３５８０＃", "123580#"))) == WHOLE


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        pytest.param("徐汇区漕溪北路595弄3号502室", ("漕溪北路", "595-3", None, None, "502"), id="a lane in Shanghai"),
        pytest.param("昆山市周市镇东方村3组12号", ("东方村", "3-12", None, None, None), id="a village"),
        pytest.param(
            "世纪大道100号环球金融中心1201室", ("世纪大道", "100", "环球金融中心", None, "1201"), id="a tower"
        ),
        pytest.param("阜通东大街6号院3号楼2单元1501室", ("阜通东大街", "6", "3", "2", "1501"), id="a yard in Beijing"),
        pytest.param("碧水新村28-2-2505", (None, None, "碧水新村28", "2", "2505"), id="an estate called a village"),
        pytest.param(
            "科苑路8号讯美广场A座1003", ("科苑路", "8", "讯美广场a", None, "1003"), id="a block with a letter"
        ),
        pytest.param("文三路138", ("文三路", "138", None, None, None), id="no counters"),
    ],
)
def test_the_parts_are_told_apart(address: str, parts: tuple[str | None, ...]) -> None:
    assert chinese.clean(address)[3:8] == parts


def test_a_postcode_is_no_number_of_a_house() -> None:
    assert chinese.clean("310012 杭州市文三路138号").postcode == "310012"
    assert chinese.clean("杭州市文三路138号 邮编：310012")[3:5] == ("文三路", "138")


@given(
    st.text(
        st.characters(codec="utf-8") | st.sampled_from("0123456789,号路市区县杭州西湖幢单元室一二三十百-"), max_size=24
    )
)
def test_no_address_is_too_odd(address: str) -> None:
    assert len(chinese.clean(address)) == len(chinese.Address._fields)
