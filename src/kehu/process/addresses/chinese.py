"""A Chinese address in its parts, in whatever order it was written."""

import re
from typing import NamedTuple

from kehu.process import text
from kehu.process.addresses import divisions


class Address(NamedTuple):
    """The parts of an address, folded for matching; divisions in full and canonical."""

    province: str | None = None
    city: str | None = None
    district: str | None = None
    road: str | None = None
    road_number: str | None = None
    building: str | None = None
    unit: str | None = None
    room: str | None = None
    postcode: str | None = None


_SEPARATORS = re.compile(r"[\s,，;；、。|()（）\[\]【】<>《》]+")
_DIGITS = {sign: str(number) for number, sign in enumerate("零一二三四五六七八九")} | {"〇": "0", "两": "2"}
_HAN_NUMBER = re.compile("[零〇一二三四五六七八九十百两]+(?=(?:号|幢|栋|单元|室|层|弄|座|楼|组))")
_POSTCODE = re.compile(r"(?:邮编[::]?)?(?<!\d)(\d{6})(?!\d)(?=$|,)|^(\d{6})(?=[^\d号])")

_NUMBER = "[a-z]?[0-9]+[a-z]?(?:[-~][a-z]?[0-9]+[a-z]?)*|[a-z甲乙丙丁](?=座|幢|栋|单元|号楼)"
_SIGN = "号楼|号院|号房|单元|房间|大院|[号幢栋座室房户层楼弄院组#]"
_TOKEN = re.compile(f"([^0-9,]*?)({_NUMBER})({_SIGN})?|([^0-9,]+)")
_ROAD = re.compile(
    "[^,]{1,12}?(?:大道|大街|胡同|公路|路|街|巷|弄|道)(?:[东西南北中]段|[一二三四五六七八九]段)?(?![办道])"
)
_TOWN = re.compile("[^,]{1,8}?(?:街道|地区|镇|乡|苏木)(?:办事处)?(?![路街道巷大])")
_COMMUNITY = re.compile("[^,]{1,10}?(?:社区|居委会|村委会|居民委员会|村民委员会)")
_VILLAGE = re.compile("[^,]{1,10}?(?:村|屯|庄|寨|组)$")


def fold(value: str) -> str:
    """The matching form: simplified, lower case, Arabic numerals before counters, commas for every separator.

    >>> fold("杭州市 西湖區（文三路一百三十八號）")
    '杭州市,西湖区,文三路138号'
    """
    folded = _SEPARATORS.sub(",", text.fold_dashes(text.simplify(value)).casefold()).strip(",")
    return _HAN_NUMBER.sub(lambda found: _number(found[0]), folded)


def _number(han: str) -> str:
    """The Arabic form of a Han numeral below a thousand, or of Han digits in a row.

    >>> _number("一百三十八"), _number("五〇一"), _number("十二"), _number("二十")
    ('138', '501', '12', '20')
    """
    if "十" not in han and "百" not in han:
        return "".join(_DIGITS[sign] for sign in han)
    total, digit = 0, 0
    for sign in han:
        if sign == "百":
            total, digit = total + (digit or 1) * 100, 0
        elif sign == "十":
            total, digit = total + (digit or 1) * 10, 0
        else:
            digit = int(_DIGITS[sign])
    return str(total + digit)


def clean(value: str) -> Address:
    """The parts of a cleaned Chinese address.

    >>> clean("3幢2单元501室,文三路138号,西湖区,杭州市") == clean("浙江省杭州市西湖区文三路138号3幢2单元501室")
    True
    >>> clean("杭州西湖区文三路138号翠苑小区3幢501")[2:]
    ('西湖区', '文三路', '138', '翠苑小区3', None, '501', None)
    """
    folded = fold(value)
    postcode = None
    if found := _POSTCODE.search(folded):
        postcode = found[1] or found[2]
        folded = (folded[: found.start()] + folded[found.end() :]).strip(",")
    division, rest = divisions.split(folded)
    return Address(*division, *_parts(rest), postcode)


def _parts(rest: str) -> tuple[str | None, str | None, str | None, str | None, str | None]:
    """Road, number, building, unit and room of what follows the divisions."""
    road = road_number = building_number = unit = room = None
    estate = ""
    for before, number, sign, alone in _TOKEN.findall(rest):
        words = _without_town(before or alone, last=not number)
        after_road = False
        if words:
            if road is None and (found := _ROAD.search(words)):
                road, words = found[0], words[found.end() :]
                after_road = not words
            elif road is None and (found := _VILLAGE.search(words)):
                road, words, after_road = words, "", True
            if len(words) > 1:
                estate = estate or words
                after_road = False
        if not number:
            continue
        if sign in ("号", "弄", "号院", "大院", "院", "组") and (
            after_road or (road and not estate and not road_number)
        ):
            road_number = number
        elif sign in ("号", "弄") and road_number and not estate and not building_number:
            road_number = f"{road_number}-{number}"
        elif sign in ("幢", "栋", "座", "号楼", "#", "号", "号院"):
            building_number = building_number or number
        elif sign == "单元":
            unit = number
        elif sign in ("室", "房", "户", "号房", "房间"):
            room = number
        elif not sign:
            pieces = number.split("-")
            if after_road:
                road_number = number
            elif len(pieces) == 3 and building_number is None:
                building_number, unit, room = pieces
            elif len(pieces) == 2:
                if building_number is None:
                    building_number, room = pieces
                else:
                    unit, room = unit or pieces[0], pieces[1]
            elif building_number or unit or len(number) > 2:
                room = room or number
            else:
                building_number = number
    building = estate + (building_number or "")
    return road, road_number, building or None, unit, room


def _without_town(words: str, *, last: bool) -> str:
    """The words without subdistrict, town and community before the road; a town that is all there is stays."""
    for pattern in (_TOWN, _COMMUNITY):
        found = pattern.match(words)
        if found and (found.end() < len(words) or not last):
            words = words[found.end() :]
    return words
