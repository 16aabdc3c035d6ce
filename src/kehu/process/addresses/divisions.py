"""Where a Chinese address lies: province, city and district, though parts are missing, short or at the end."""

import functools
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kehu.model import places

_PEOPLES = (
    "蒙古族|回族|藏族|维吾尔族|维吾尔|苗族|彝族|壮族|布依族|朝鲜族|满族|侗族|瑶族|白族|土家族|哈尼族|哈萨克族|哈萨克|傣族|黎族|傈僳族|佤族|畲族|拉祜族|水族|东乡族|纳西族|景颇族"
    "|柯尔克孜族|柯尔克孜|土族|达斡尔族|仫佬族|羌族|布朗族|撒拉族|毛南族|仡佬族|锡伯族|锡伯|阿昌族|普米族|塔吉克|怒族|鄂温克族|保安族|裕固族|独龙族|蒙古|各族"
)
_ENDING = re.compile(f"(?:{_PEOPLES})*自治[区州县旗]$|(?:省|市|地区|盟|区|县|旗|林区|特区)$")
_FILLERS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
_MUNICIPALITIES = ("11", "12", "31", "50")

_STREET = re.compile("(?:[东西南北中][一二三四五六]?|[一二三四五六新老大])?(?:路|大?街|大道|道|巷|弄|胡同)")
_LANDMARK = re.compile("桥|村|镇|乡|门|站|寺|庙|湖|山|河|江|公园|广场|花园|小区|大厦|新村|苑|家园|公寓")
_TO_DIVISION = re.compile("[^0-9路街巷道镇村]{1,24}(?:[市县旗盟]|自治州|(?<![小南北东西社园校厂院期])区)")
_DIGIT = re.compile("[0-9]")
_BEFORE_STREET = re.compile("[^0-9,路街巷道]{1,14}[市区县旗州]")
_LONGEST = 15
_OTHER_DISTRICT = re.compile("[^,0-9路街道巷]{1,5}?(?:新区|区|县|旗)(?![路街道巷])")
_NO_DISTRICT = re.compile("(?:小|社|园|校|厂|景|院|矿|库|住宅|生活|工业|开发|营|宿舍|别墅|片)区")

_PROVINCE, _CITY, _DISTRICT = 2, 4, 6


class Division(NamedTuple):
    """The names of the divisions an address lies in."""

    province: str | None
    city: str | None
    district: str | None


NOWHERE = Division(None, None, None)


@dataclass(frozen=True, kw_only=True)
class _Gazetteer:
    """The names of all divisions, ready to be looked up."""

    names: dict[str, str]
    """Code -> full name."""
    full: dict[str, tuple[str, ...]]
    """Full name -> the codes that bear it."""
    short: dict[str, tuple[str, ...]]
    """Name without its ending -> the codes that bear it."""
    sizes: dict[str, tuple[int, ...]]
    """The first two characters -> how long the names can be that begin so, the longest first."""


@functools.cache
def _gazetteer() -> _Gazetteer:
    rows = [row for row in places.divisions().to_pylist() if row["name"] not in _FILLERS]
    full: dict[str, list[str]] = {}
    short: dict[str, list[str]] = {}
    for row in rows:
        full.setdefault(row["name"], []).append(row["code"])
        bare = _ENDING.sub("", row["name"])
        if len(bare) > 1 and bare != row["name"]:
            short.setdefault(bare, []).append(row["code"])
    sizes: dict[str, set[int]] = {}
    for name in full.keys() | short.keys():
        sizes.setdefault(name[:2], set()).add(len(name))
    return _Gazetteer(
        names={row["code"]: row["name"] for row in rows},
        full={name: tuple(codes) for name, codes in full.items()},
        short={name: tuple(codes) for name, codes in short.items()},
        sizes={start: tuple(sorted(found, reverse=True)) for start, found in sizes.items()},
    )


_Options = tuple[str, ...]
_ANYWHERE: _Options = ("",)


def _narrowed(options: _Options, codes: _Options) -> _Options | None:
    """The divisions still possible once a name is read that may be any of the codes; None where none is."""
    if deeper := tuple([code for code in codes if code.startswith(options)]):
        return deeper
    return tuple([option for option in options if option.startswith(codes)]) or None


def _step(address: str, start: int, options: _Options, *, full_only: bool = False) -> tuple[int, _Options] | None:
    """Where the division ends that begins at `start`, and what is possible after it; None where none begins."""
    known = _gazetteer()
    for size in known.sizes.get(address[start : start + 2], ()):
        end = start + size
        if end > len(address):
            continue
        name = address[start:end]
        codes, whole = known.full.get(name, ()), True
        if not codes and not full_only:
            codes, whole = known.short.get(name, ()), False
            if options == _ANYWHERE:
                # 南山 alone is a hill or a road: the short name of a district needs its city before it.
                codes = tuple(code for code in codes if len(code) <= _CITY)
        narrowed = _narrowed(options, codes)
        if narrowed and not _is_street(address, end, narrowed, whole=whole):
            return end, narrowed
    return None


def _is_street(address: str, end: int, options: _Options, *, whole: bool) -> bool:
    """Whether the name that ends there is a part of the name of a street: 北京路, 朝阳北路; but not 唐山路北区."""
    if whole:
        street = address[end : end + 1] in ("路", "街", "巷")
    else:
        street = _STREET.match(address, end) is not None
        if len(options[0]) == _DISTRICT and _LANDMARK.match(address, end):
            return True
    return street and _step(address, end, options, full_only=True) is None


def _head(address: str, options: _Options) -> tuple[int, _Options]:
    """How far divisions reach from the beginning, and which remain possible."""
    end = 2 if address.startswith("中国") else 0
    while (found := _step(address, end, options)) is not None:
        end, options = found
        if address.startswith("市辖区", end):
            end += 3
        while end < len(address) and address[end] in ",-/":
            end += 1
    return end, options


@functools.lru_cache(maxsize=50_000)
def _whole(text: str, options: _Options) -> _Options | None:
    """The divisions a text consists of; None where it holds anything else."""
    end, options = _head(text, options)
    return options if end == len(text) else None


def _misspelt(rest: str, options: _Options) -> tuple[int, _Options] | None:
    """Where the first division ends that stands whole behind a few characters nobody knows: 松辕市宁江区."""
    found = _BEFORE_STREET.match(rest)
    last = found.end() if found else 0
    for start in range(1, last - 1):
        step = _step(rest, start, options, full_only=True)
        if step is not None and step[0] <= last and (len(step[1][0]) > len(options[0])):
            return step
    return None


def _tail(address: str, options: _Options) -> tuple[str, _Options]:
    """The address without the full names of divisions at its end, written from small to large."""
    known = _gazetteer().full
    read: list[_Options] = []
    while True:
        for size in range(min(_LONGEST, len(address)), 1, -1):
            if codes := known.get(address[-size:]):
                read.append(codes)
                address = address[:-size].rstrip(",-")
                break
        else:
            break
    for codes in read:
        options = _narrowed(options, codes) or options
    return address, options


def split(address: str) -> tuple[Division, str]:
    """The divisions of a folded address, and what is left of it.

    The address is simplified, has commas where it had any separator, and no blanks.

    >>> split("杭州西湖区文三路138号")
    (Division(province='浙江省', city='杭州市', district='西湖区'), '文三路138号')
    >>> split("浙江杭州文三路138号,西湖区")[0] == split("文三路138号,西湖区,杭州市")[0] == split("杭州西湖区")[0]
    True
    >>> split("北京朝阳北路8号")[1], split("鼓楼区中山路1号")[0]
    ('朝阳北路8号', Division(province=None, city=None, district='鼓楼区'))
    """
    end, options = _start(address)
    rest = address[end:]
    if len(options) > 1 or len(options[0]) < _DISTRICT:
        return _searched(rest, options)
    return _division(options), rest


def _start(address: str) -> tuple[int, _Options]:
    """How far the divisions reach with which an address begins, and which those are."""
    # Most addresses begin with a division in one of a few thousand spellings; each of those is read once.
    found = _TO_DIVISION.match(address)
    options = _whole(found[0], _ANYWHERE) if found else None
    if found is None or options is None or address.startswith(("路", "街", "巷"), found.end()):
        return _head(address, _ANYWHERE)
    end = found.end()
    while address.startswith(",", end):
        end += 1
    if address[end : end + 2] in _gazetteer().sizes:
        more, options = _head(address[end:], options)
        end += more
    return end, options


def beginnings() -> Collection[str]:
    """The first two characters of all names of divisions: with others none begins.

    >>> [words for words in ("翠苑", "西湖") if words in beginnings()]
    ['西湖']
    """
    return _gazetteer().sizes.keys()


def are_possible(words: str) -> bool:
    """Whether names of divisions, wherever they lie, can be all that words consist of.

    >>> [words for words in ("紫金", "紫金花园", "中国", "杭州西湖") if are_possible(words)]
    ['紫金', '中国', '杭州西湖']
    """
    words = words.removeprefix("中国")
    if not words or (words.startswith("市辖区") and are_possible(words[3:])):
        return True
    known = _gazetteer()
    ends = [
        size for size in known.sizes.get(words[:2], ()) if words[:size] in known.full or words[:size] in known.short
    ]
    return any(are_possible(words[end:]) for end in ends)


def names() -> Collection[str]:
    """Every name of a division, in full and without its ending."""
    known = _gazetteer()
    return known.full.keys() | known.short.keys()


@functools.cache
def continuations() -> Collection[str]:
    """Each province and city, and the first two characters of a division that may stand behind the city.

    >>> [start in continuations() for start in ("浙江省杭州市西湖", "浙江省杭州市复兴", "河北省邯郸市复兴")]
    [True, False, True]
    """
    known = _gazetteer()
    cities = {code: "".join(name or "" for name in _division((code,))[:2]) for code in known.names if _is_city(code)}
    names = [(code, name) for table in (known.full, known.short) for name, codes in table.items() for code in codes]
    return {city + name[:2] for code, name in names for size in (_PROVINCE, _CITY) if (city := cities.get(code[:size]))}


@functools.cache
def short_cities() -> Mapping[str, Division]:
    """The cities that a name without an ending tells beyond doubt.

    >>> short_cities()["贵阳"].city, "吉林" in short_cities()
    ('贵阳市', False)
    """
    known = _gazetteer()
    found = {name: [code for code in codes if len(code) <= _CITY] for name, codes in known.short.items()}
    return {
        name: _division((codes[0],))
        for name, codes in found.items()
        if len(codes) == 1 and _is_city(codes[0]) and name not in known.full
    }


def _is_city(code: str) -> bool:
    return len(code) == _CITY or code in _MUNICIPALITIES


def whole(words: str) -> Division | None:
    """The one city or district that words with which an address begins name from end to end; None if they do not.

    They end as the full name of a division does.

    >>> whole("杭州西湖区").district, whole("杭州市").city, whole("杭州市文三路"), whole("鼓楼区"), whole("杭州")
    ('西湖区', '杭州市', None, None, None)
    """
    options = _whole(words, _ANYWHERE) if words.endswith(_SIGNS) else None
    return _division(options) if options and len(options) == 1 and len(options[0]) >= _CITY else None


_SIGNS = ("市", "县", "旗", "盟", "区", "自治州")


def backwards(words: str) -> Division | None:
    """The one city or district that words with which an address ends name, from small to large, parted by commas.

    >>> backwards("西湖区,杭州市").province, backwards("杭州市").district, backwards("浙江省")
    ('浙江省', None, None)
    """
    options: _Options | None = _ANYWHERE
    for segment in reversed(words.split(",")):
        options = _whole(segment, options) if options else None
    return _division(options) if options and len(options) == 1 and len(options[0]) >= _CITY else None


def _searched(rest: str, options: _Options) -> tuple[Division, str]:
    """The divisions that stand behind the street, at the very end, or misspelt; and what is left."""
    if "," in rest:
        kept = []
        for segment in reversed(rest.split(",")):
            narrowed = None if _DIGIT.search(segment) else _whole(segment, options)
            if narrowed is None:
                kept.append(segment)
            else:
                options = narrowed
        rest = ",".join(reversed(kept))
    if options == _ANYWHERE:
        rest, options = _tail(rest, options)
    if len(options[0]) < _DISTRICT and (step := _misspelt(rest, options)):
        rest, options = rest[step[0] :], step[1]
        end, options = _head(rest, options)
        rest = rest[end:]
    division = _division(options)
    if division.district is None and division.city:
        found = _OTHER_DISTRICT.match(rest)
        if found and not _NO_DISTRICT.search(found[0]):
            division, rest = division._replace(district=found[0]), rest[found.end() :]
    return division, rest


def _shared_start(codes: _Options) -> str:
    """The code of the smallest division that all the codes lie in; "" where they have none in common.

    >>> _shared_start(("22", "2202")), _shared_start(("320106", "350102")), _shared_start(("330106",))
    ('22', '', '330106')
    """
    least, greatest = min(codes), max(codes)
    size = 0
    while size < len(least) and least[size : size + 2] == greatest[size : size + 2]:
        size += 2
    return least[:size]


@functools.lru_cache(maxsize=20_000)
def _division(options: _Options) -> Division:
    if options == _ANYWHERE:
        return NOWHERE
    names = _gazetteer().names
    provinces = tuple(option for option in options if len(option) == _PROVINCE)  # 海南 is more than 海南藏族自治州.
    options = provinces or options
    code = _shared_start(options)
    province = names.get(code[:2])
    city = province if code[:2] in _MUNICIPALITIES else names.get(code[:_CITY]) if len(code) >= _CITY else None
    district = names.get(code) if len(code) == _DISTRICT else None
    if len(options) > 1:
        shared = {names[option] for option in options}
        if len(shared) == 1 and len(options[0]) == _DISTRICT:
            district = shared.pop()
    return Division(province, city, district)
