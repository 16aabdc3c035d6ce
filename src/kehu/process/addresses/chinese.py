"""A Chinese address in its parts, in whatever order it was written."""

import re
from dataclasses import dataclass
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
_POSTCODE = re.compile("(?:邮编:?)?([0-9]{6})$|^(?:邮编:?)?([0-9]{6})(?![0-9号])")

_NUMBER = "[a-z]?[0-9]+[a-z]?(?:[-~][a-z]?[0-9]+[a-z]?)*|[a-z甲乙丙丁](?=座|幢|栋|单元|号楼)"
COUNTERS = ("号楼", "号院", "号房", "单元", "房间", "大院", *"号幢栋座室房户层楼弄院组队#")
"""What may stand behind a number and tell what it counts; of two that fit the first."""
_SIGN = "|".join(COUNTERS)
_COUNTER = re.compile(_SIGN)
_TOKEN = re.compile(f"([^0-9,]*?)({_NUMBER})({_SIGN})?|([^0-9,]+)")
_ROAD = re.compile(
    "[^,]{1,12}?(?:大道|大街|胡同|公路|路|街|巷|弄|道)(?:[东西南北中]段|[一二三四五六七八九]段)?(?![办道])"
)
_BEFORE_ROAD = re.compile(
    "(?:[^,]{1,8}?(?:街道|地区|镇|乡|苏木)(?:办事处)?(?![路街道巷大]))?"
    "(?:[^,]{1,10}?(?:社区|居委会|村委会|居民委员会|村民委员会))?"
)
_TOWN_SIGNS = frozenset("街地镇乡苏社委")  # One of them stands in every town or community.
_VILLAGE = re.compile("[^,]{1,10}?(?<!新)[村屯庄寨]")

ROAD_SIGNS = frozenset(["号", "弄", "号院", "大院", "院", "组", "队"])
"""The counters of a house in its road, or of a group of houses in its village."""
_BLOCK_SIGNS = frozenset(["幢", "栋", "座", "号楼", "#", "号", "号院"])
_ROOM_SIGNS = frozenset(["室", "房", "户", "号房", "房间"])


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
    if (folded[:6].isdigit() or folded[-6:].isdigit()) and (found := _POSTCODE.search(folded)):
        postcode = found[1] or found[2]
        folded = (folded[: found.start()] + folded[found.end() :]).strip(",")
    division, rest = divisions.split(folded)
    draft = Draft()
    for before, number, sign, alone in _TOKEN.findall(rest):
        draft.read_words(before or alone, sign=sign, last=not number)
        if number:
            draft.read_number(number, sign)
    building = draft.estate + draft.block
    return Address(*division, draft.road, draft.road_number, building or None, draft.unit, draft.room, postcode)


@dataclass(slots=True)
class Draft:
    """What is known of an address while its words and numbers are read from left to right."""

    road: str | None = None
    road_number: str | None = None
    estate: str = ""
    block: str = ""
    unit: str | None = None
    room: str | None = None
    at_road: bool = False
    """Whether the road was the last word, so that a number now is the road's."""

    def read_words(self, words: str, *, sign: str, last: bool) -> None:
        """Take the road and the estate from the words before a number, or from the last words of all."""
        if words:
            self.take(words, road_in(words, sign=sign, last=last) if self.road is None else None)

    def take(self, words: str, road: "Road | None") -> None:
        """Take what words say, once a road was looked for in them."""
        if self.road is None and road is not None:
            words = road.rest
            if road.name:
                self.road, self.at_road = road.name, True
        if len(words) > 1:
            self.estate = self.estate or words
            self.at_road = False

    def read_number(self, number: str, sign: str) -> None:
        """Take a number for what its counter says it is; without one, for what is still missing."""
        if sign in ROAD_SIGNS and self.at_road:
            # 595弄3号 and 3组12号 are one number in two steps.
            self.road_number = f"{self.road_number}-{number}" if self.road_number else number
        elif sign in _BLOCK_SIGNS:
            self.block = self.block or number
        elif sign == "单元":
            self.unit = number
        elif sign in _ROOM_SIGNS:
            self.room = number
        elif not sign:
            self._read_bare(number)

    def _read_bare(self, number: str) -> None:
        if self.at_road and self.road_number is None:
            self.road_number = number
            return
        match number.split("-"):
            case [block, unit, room] if not self.block:
                self.block, self.unit, self.room = block, unit, room
            case [block, room] if not self.block:
                self.block, self.room = block, room
            case [unit, room]:
                self.unit, self.room = self.unit or unit, room
            case [room] if self.block or self.unit or len(room) >= _ROOM_DIGITS:
                self.room = self.room or room
            case [block]:
                self.block = block


class Road(NamedTuple):
    """What looking for a road in words has found."""

    name: str | None
    rest: str
    """The words behind it; without a road all but the town."""


def road_in(words: str, *, sign: str, last: bool) -> Road:
    """The road in the words before a number with this sign, or in the last words of all.

    >>> road_in("古荡街道文三路翠苑小区", sign="幢", last=False), road_in("下集村", sign="组", last=False).name
    (Road(name='文三路', rest='翠苑小区'), '下集村')
    """
    words = _without_town(words, last=last)
    found = _ROAD.search(words)
    if found is None and sign in ROAD_SIGNS:
        # 下集村10组721号 has a village in place of a road; 碧水新村28-2 is an estate.
        found = _VILLAGE.fullmatch(words)
    return Road(found[0], words[found.end() :]) if found else Road(None, words)


def counter_of(words: str) -> str:
    """The counter with which the words behind a number begin; "" where they begin with none.

    >>> counter_of("号楼上人家"), counter_of("翠苑小区")
    ('号楼', '')
    """
    found = _COUNTER.match(words)
    return found[0] if found else ""


_ROOM_DIGITS = 3  # A room has at least the digit of its floor and two of its own.


def _without_town(words: str, *, last: bool) -> str:
    """The words without subdistrict, town and community before the road; a town that is all there is stays."""
    if _TOWN_SIGNS.isdisjoint(words):
        return words
    found = _BEFORE_ROAD.match(words)
    return words[found.end() :] if found and (found.end() < len(words) or not last) else words
