"""The provinces on a grid: each a tile, about where it lies; a map that needs no borders and treats all alike."""

TILES: dict[str, tuple[int, int]] = {
    "黑龙": (8, 0),
    "新疆": (0, 1), "内蒙": (5, 1), "辽宁": (7, 1), "吉林": (8, 1),
    "甘肃": (2, 2), "宁夏": (3, 2), "山西": (4, 2), "河北": (5, 2), "北京": (6, 2), "天津": (7, 2),
    "青海": (1, 3), "陕西": (3, 3), "河南": (4, 3), "山东": (5, 3), "江苏": (6, 3),
    "西藏": (0, 4), "四川": (2, 4), "重庆": (3, 4), "湖北": (4, 4), "安徽": (5, 4), "浙江": (6, 4), "上海": (7, 4),
    "云南": (2, 5), "贵州": (3, 5), "湖南": (4, 5), "江西": (5, 5), "福建": (6, 5), "台湾": (7, 5),
    "广西": (3, 6), "广东": (4, 6), "香港": (5, 6),
    "海南": (3, 7), "澳门": (4, 7),
}  # fmt: skip
"""The beginning of a province's name -> its column and row, from the north-west."""

WIDE = 9
HIGH = 8

LONG = {"内蒙": "内蒙古", "黑龙": "黑龙江"}


def tile(province: str) -> tuple[int, int] | None:
    """Where a province lies; None for what is none of China's.

    >>> tile("浙江省"), tile("内蒙古自治区"), tile("NSW")
    ((6, 4), (5, 1), None)
    """
    return TILES.get(province[:2])


def short(province: str) -> str:
    """A province as it is called in a word.

    >>> short("内蒙古自治区"), short("浙江省")
    ('内蒙古', '浙江')
    """
    return LONG.get(province[:2], province[:2])
