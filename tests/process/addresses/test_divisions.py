import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.model import places
from kehu.process.addresses import divisions

NAMES = [row["name"] for row in places.divisions().to_pylist()]


@pytest.mark.parametrize(
    ("address", "division", "rest"),
    [
        pytest.param("浙江省杭州市西湖区文三路", ("浙江省", "杭州市", "西湖区"), "文三路", id="all in full"),
        pytest.param("浙江杭州西湖文三路", ("浙江省", "杭州市", "西湖区"), "文三路", id="all short"),
        pytest.param("西湖区,杭州市,浙江省", ("浙江省", "杭州市", "西湖区"), "", id="from small to large"),
        pytest.param("文三路8号西湖区杭州市", ("浙江省", "杭州市", "西湖区"), "文三路8号", id="at the end, unparted"),
        pytest.param("北京市市辖区朝阳区", ("北京市", "北京市", "朝阳区"), "", id="a filler is no city"),
        pytest.param("重庆云阳县", ("重庆市", "重庆市", "云阳县"), "", id="a county of a municipality"),
        pytest.param("余杭区", ("浙江省", "杭州市", "余杭区"), "", id="a district with one home"),
        pytest.param("鼓楼区", (None, None, "鼓楼区"), "", id="a district with four homes"),
        pytest.param("江苏鼓楼区南京市", ("江苏省", "南京市", "鼓楼区"), "", id="two homes until the city is read"),
        pytest.param("吉林", ("吉林省", None, None), "", id="a province named as a city"),
        pytest.param("吉林吉林市", ("吉林省", "吉林市", None), "", id="a city named as its province"),
        pytest.param("海南三亚", ("海南省", "三亚市", None), "", id="a province named as a prefecture"),
        pytest.param("南京东路100号", (None, None, None), "南京东路100号", id="a street named for a city"),
        pytest.param("深圳南山路1号", ("广东省", "深圳市", None), "南山路1号", id="a street named for a district"),
        pytest.param("唐山路北区", ("河北省", "唐山市", "路北区"), "", id="a district that begins like a street"),
        pytest.param("内蒙古自治区呼和浩特", ("内蒙古自治区", "呼和浩特市", None), "", id="an autonomous region"),
        pytest.param("延边延吉市", ("吉林省", "延边朝鲜族自治州", "延吉市"), "", id="an autonomous prefecture, short"),
        pytest.param("吉林省松辕市宁江区竹园路", ("吉林省", "松原市", "宁江区"), "竹园路", id="a city misspelt"),
        pytest.param("杭州市下城区文三路", ("浙江省", "杭州市", "下城区"), "文三路", id="a district of the past"),
        pytest.param("杭州市翠苑小区3幢", ("浙江省", "杭州市", None), "翠苑小区3幢", id="an estate is no district"),
    ],
)
def test_divisions_are_found_though_parts_are_missing(
    address: str, division: tuple[str | None, str | None, str | None], rest: str
) -> None:
    assert divisions.split(address) == (division, rest)


@given(st.lists(st.sampled_from(NAMES) | st.text(",1号路区市县杭州西湖南", max_size=6), max_size=5).map("".join))
def test_no_address_is_too_odd(address: str) -> None:
    division, rest = divisions.split(address)
    assert len(rest) <= len(address)
    assert division.city is None or division.province is not None


def test_every_district_is_found_behind_its_city() -> None:
    rows = places.divisions().to_pylist()
    names = {row["code"]: row["name"] for row in rows}
    lost = []
    for row in rows:
        city = names.get(row["code"][:4], "")
        # 东莞市 has itself for its only district.
        if row["level"] == "district" and city.endswith(("市", "州", "盟", "地区")) and city != row["name"]:
            found, rest = divisions.split(names[row["code"][:2]] + city + row["name"] + "文三路8号")
            if (found.district, rest) != (row["name"], "文三路8号"):
                lost.append((city, row["name"], found, rest))
    assert lost == []
