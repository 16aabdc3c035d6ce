"""Where people live: addresses over all districts, and the ways to write them."""

import functools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect.town import draw
from kehu.model import places

PEOPLE = {
    11: 22, 12: 14, 13: 74, 14: 35, 15: 24, 21: 42, 22: 24, 23: 31, 31: 25, 32: 85, 33: 66, 34: 61, 35: 42, 36: 45,
    37: 101, 41: 98, 42: 58, 43: 66, 44: 127, 45: 50, 46: 10, 50: 32, 51: 84, 52: 39, 53: 47, 54: 4, 61: 39, 62: 25,
    63: 6, 64: 7, 65: 26,
}  # fmt: skip
"""Millions of people in a province, roughly."""

STAYED = 0.8
"""How many of those who moved stayed in the district."""

FILLERS = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
"""Divisions that stand only in the tables of codes."""

SHORT = {
    "内蒙古自治区": "内蒙古",
    "广西壮族自治区": "广西",
    "西藏自治区": "西藏",
    "宁夏回族自治区": "宁夏",
    "新疆维吾尔自治区": "新疆",
}

ROADS = """中山 人民 解放 建设 和平 文化 新华 胜利 团结 光明 朝阳 东风 红旗 北京 上海 南京 长江 黄河 淮海 延安 文三
文二 学院 科技 创业 工业 商贸 振兴 友谊 民主 青年 劳动 公园 体育 医院 车站 迎宾 环城 滨江 沿河 湖滨 江南 江北 河东
河西 城东 城西 城南 城北 凤凰 龙泉 玉泉 金水 银河 天山 昆仑 泰山 华山 黄山 庐山 长城 故宫 五一 五四 八一 七一 十月
新兴 永安 长安 兴安 平安 安康 福寿 幸福 吉祥 如意 富强 复兴 开元 开发 通达 顺达 鼎新 桃园 杏林 梅园 竹园 松江 柳州
杨柳 槐树 桂花 芙蓉 牡丹 荷花 翠竹 春风 秋实 冬青 夏荷 白云 蓝天 碧海 青山 绿水 石桥 石牌 石井 沙河 沙坪 花园 花溪
果园 麦田 稻香 望京 望江 望海 观澜 观音 龙王 龙翔 虎丘 马坊 牛山 羊城 鹿鸣 鹤山 雁塔 燕岭"""
ROAD_SIDES = ("", "", "", "", "东", "西", "南", "北", "中")
ROAD_KINDS = ("路", "路", "路", "街", "大道", "大街", "巷")
ESTATE_FIRST = """翠苑 阳光 锦绣 金色 碧水 绿城 蓝湾 紫金 丽景 星河 银座 东方 世纪 时代 未来 新天 华庭 御景 江畔
水岸 龙湖 凤城 天鹅 梧桐 香樟 枫林 玫瑰 海棠 丁香 百合 康乐 怡和 和谐 幸福 安居 兴业 鸿运 恒大 万科 保利 中海 融创
名门 书香 学府 清华 文华 盛世 皇冠 帝豪"""
ESTATE_SECOND = "小区 花园 家园 新村 公寓 苑 城 名邸 华府 雅苑 佳苑 国际 湾 里 大厦 一期 二期 南区 北区 公馆"
TOWN_FIRST = "大 小 东 西 南 北 上 下 新 老 高 平 长 青 白 黄 金 石 龙 马"
TOWN_SECOND = "山 河 湾 桥 庙 店 沟 坪 岭 坝 塘 泉 台 庄 集 湖 港 口 洼 林"

ADDRESSES = pa.schema(
    [
        pa.field("district_code", pa.int64()),  # 330106: an area of resident IDs and of credit codes.
        pa.field("province", pa.string()),  # 浙江省
        pa.field("province_short", pa.string()),  # 浙江
        pa.field("city", pa.string()),  # 杭州市; empty under 北京市.
        pa.field("city_short", pa.string()),  # 杭州
        pa.field("district", pa.string()),  # 西湖区; empty where the city has none.
        pa.field("road", pa.string()),  # 文三路, or a village: 大河镇石桥村.
        pa.field("number", pa.string()),  # 138号
        pa.field("estate", pa.string()),  # 翠苑小区; empty in villages and where the house has only a number.
        pa.field("building", pa.string()),  # 3; empty where there is no estate.
        pa.field("unit", pa.string()),  # 2; likewise.
        pa.field("room", pa.string()),  # 501; empty in villages.
    ]
)
"""One row an address, in parts that are empty where it has none."""


@functools.cache
def _districts() -> tuple[pa.Table, list[float]]:
    """The district's part of an address, one row a district, and how many live there."""
    name = {row["code"]: row["name"] for row in places.divisions().to_pylist()}
    codes = [code for code in name if len(code) == 6]
    crowd = dict.fromkeys(PEOPLE, 0)
    for code in codes:
        crowd[int(code[:2])] += 1
    rows = []
    for code in codes:
        province, city, district = name[code[:2]], name[code[:4]], name[code]
        city = "" if city in FILLERS else city
        short = SHORT.get(province, province.removesuffix("省").removesuffix("市"))
        rows.append(
            {
                "district_code": int(code),
                "province": province,
                "province_short": short,
                "city": city,
                "city_short": city.removesuffix("市") if len(city) > 2 else city,
                "district": "" if district == city else district,
            }
        )
    schema = pa.schema([field for field in ADDRESSES if field.name in rows[0]])
    return pa.Table.from_pylist(rows, schema), [PEOPLE[int(code[:2])] / crowd[int(code[:2])] for code in codes]


def make(rng: np.random.Generator, size: int) -> pa.Table:
    """Addresses over all of the country, as many in a province as people live there: the table `ADDRESSES`.

    They come in pairs: where somebody lives, and behind it where the same one lived before.
    """
    districts, weights = _districts()
    district = draw.weighted(rng, weights, size)
    # Who moves mostly stays in the district.
    district[1::2] = np.where(draw.hits(rng, STAYED, size // 2), district[: size // 2 * 2 : 2], district[1::2])
    where = districts.take(pa.array(district))
    county = draw.mask(pc.match_substring_regex(where["district"], "[县旗]$"))
    rural = draw.hits(rng, 0.35, size) & county
    estate = draw.hits(rng, 0.8, size) & ~rural
    house = draw.text(rng.integers(1, 1200, size=size))
    group = draw.text(rng.integers(1, 15, size=size))
    nothing = draw.same("", size)
    street = draw.glue(
        draw.words(rng, ROADS, size), draw.words(rng, ROAD_SIDES, size), draw.words(rng, ROAD_KINDS, size)
    )
    village = draw.glue(*(draw.words(rng, part, size) for part in (TOWN_FIRST, TOWN_SECOND)), "镇")
    village = draw.glue(village, *(draw.words(rng, part, size) for part in (TOWN_FIRST, TOWN_SECOND)), "村")
    room = draw.glue(
        draw.text(rng.integers(1, 33, size=size)),
        "0",
        draw.text(rng.integers(1, 7, size=size)),
    )
    homes = {
        "road": draw.picked(rural, village, street),
        "number": draw.picked(rural, draw.glue(group, "组", house, "号"), draw.glue(house, "号")),
        "estate": draw.picked(
            estate, draw.glue(draw.words(rng, ESTATE_FIRST, size), draw.words(rng, ESTATE_SECOND, size)), nothing
        ),
        "building": draw.picked(estate, draw.text(rng.integers(1, 40, size=size)), nothing),
        "unit": draw.picked(estate, draw.text(rng.integers(1, 5, size=size)), nothing),
        "room": draw.picked(rural, nothing, room),
    }
    return pa.table({**{name: where[name] for name in where.column_names}, **homes}, ADDRESSES)


def written(rng: np.random.Generator, homes: pa.Table, *, form: float, part_missing: float) -> pa.Array:
    """Addresses in one line: from province down to room, or in one of three other orders, and with parts left out.

    Args:
        rng: Where chance comes from.
        homes: The table `ADDRESSES`.
        form: How often another order is taken: short with dashes (杭州西湖区文三路138号翠苑小区3-2-501), estate
            before road with blanks between, or from the room up with commas.
        part_missing: How often each of province, district, road, unit and room is left out, where one can do without.
    """
    size = len(homes)
    other = draw.hits(rng, form, size)
    short = other & draw.hits(rng, 0.5, size)
    order = np.where(other, np.where(short, 1, rng.integers(2, 4, size=size)), 0)
    part = _left_out(rng, homes, part_missing, short=short)
    empty = draw.same("", size)

    def named(number: str, after: pa.Array | str) -> pa.Array:
        return draw.picked(draw.mask(pc.equal(part[number], "")), empty, draw.glue(part[number], after))

    word = draw.picked(other, draw.words(rng, "幢 栋 号楼", size), draw.same("幢", size))
    inside = (named("building", word), named("unit", "单元"), named("room", "室"))
    dashes = pc.replace_substring(draw.glue(part["building"], part["unit"], part["room"], separator="-"), "--", "-")
    area = (part["province"], part["city"], part["district"])
    spaced = draw.glue(*area, draw.glue(part["estate"], *inside), part["road"], separator=" ")
    upward = draw.glue(*reversed(inside), part["estate"], part["road"], *reversed(area), separator=",")
    orders = [
        draw.glue(*area, part["road"], part["estate"], *inside),
        draw.glue(*area, part["road"], part["estate"], pc.utf8_trim(dashes, characters="-")),
        pc.utf8_trim_whitespace(pc.replace_substring_regex(spaced, " +", " ")),
        pc.utf8_trim(pc.replace_substring_regex(upward, ",+", ","), characters=","),
    ]
    return draw.mixed(order, orders)


def _left_out(rng: np.random.Generator, homes: pa.Table, rate: float, *, short: draw.Mask) -> dict[str, pa.Array]:
    """The parts to write, empty where left out; the road with its number, and where `short` without 省 and 市."""
    size = len(homes)
    part = {name: homes[name].combine_chunks() for name in homes.column_names}
    part["road"] = draw.glue(part["road"], part["number"])
    # 北京市 is province and city at once, and a house without an estate has nothing but its road.
    lone, housed = draw.mask(pc.equal(part["city"], "")), draw.mask(pc.not_equal(part["estate"], ""))
    missing = {name: draw.hits(rng, rate, size) for name in ("province", "district", "road", "unit", "room")}
    missing["province"] = (missing["province"] | short) & ~lone
    missing["road"] &= housed
    part["province"] = draw.picked(short, part["province_short"], part["province"])
    part["city"] = draw.picked(short, part["city_short"], part["city"])
    empty = draw.same("", size)
    return part | {name: draw.picked(where, empty, part[name]) for name, where in missing.items()}
