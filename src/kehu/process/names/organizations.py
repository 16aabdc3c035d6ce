"""Names of organizations, and the core by which people know them."""

import functools
import itertools
import re
from typing import NamedTuple

import pyarrow as pa

from kehu.model import places
from kehu.process import distinct, text
from kehu.process.names import people, sounds

CLEANED = pa.schema(
    {"name": pa.string(), "name_match": pa.string(), "name_sound": pa.string(), "org_core": pa.string()}
)
"""What `columns` gives."""

_HAN_WORDS = re.compile(
    "公司|集团|有限|股份|合伙|合作社|事务所|工作室|经营部|门市部|服务部|营业部|经销部|个体工商户|商行|商店|商场|商贸|超市|酒店|宾馆|饭店|餐厅|餐馆|饭馆|酒楼|茶楼|网吧"
    "|药店|药房|大药房|书店|银行|信用社|医院|诊所|卫生院|卫生所|卫生室|学校|大学|学院|中学|小学|幼儿园|委员会|居委会|村委会|办事处|管理局|管理处|管理所|研究院"
    "|研究所|设计院|派出所|政府|法院|检察院|协会|学会|基金会|俱乐部|加工厂|工厂|制造厂|中心$|厂$|店$|部$|行$|社$|馆$|院$|局$|所$|站$"
)
_FINAL = re.compile("[厂店部行社馆院局所站]$")
_LATIN_WORDS = re.compile(
    r"\b(?:ltd|limited|inc|incorporated|corp|corporation|llc|llp|plc|gmbh|ag|s\.?a|s\.?r\.?l|b\.?v|n\.?v|pty|pte"
    r"|co\.?,? ?ltd|company|group|holdings?"
    r"|university|college|school|hospital|bank|institute|association|foundation|trust|council|department|ministry)\b\.?",
    re.IGNORECASE,
)

_LEGAL_FORMS = (
    "股份有限责任公司|有限责任公司|股份有限公司|集团有限公司|控股有限公司|有限合伙|特殊普通合伙|普通合伙|个人独资企业|个体工商户|合伙企业"
    "|集团公司|股份公司|有限公司|有限责任|总公司|分公司|子公司|公司|集团|控股|股份|有限|分店|总店|分行|支行|办事处|分部|总部"
    "|经营部|服务部|门市部|经销部|工作室|商行|合作社"
)
_LEGAL = re.compile(f"(?:{_LEGAL_FORMS})$")
_BRANCH = re.compile("(?:分公司|分店|办事处|营业部|分部|分行|支行|门市部)$")
_BRACKETED = re.compile(r"[(\[【<《〈「]([^)\]】>》〉」]*)[)\]】>》〉」]?")
_SIGNS = re.compile(r"[^\w]+|_")
_LATIN_LEGAL = frozenset(
    [
        "co", "ltd", "limited", "inc", "incorporated", "corp", "corporation", "company", "llc", "llp", "plc",
        "gmbh", "ag", "sa", "srl", "bv", "nv", "pty", "pte", "kg", "ohg", "oy", "ab", "as", "aps", "spa", "group",
        "holdings", "holding", "the", "and", "of",
    ]
)  # fmt: skip
_PLAIN_HAN = re.compile("[一-鿿]+")  # Most names: there is nothing in them to clean, to fold or to part.
_SHORTEST_CORE = 2
_BRANCH_OF = re.compile("((?:有限责任|有限|股份|集团)公司|公司|集团|银行|商行|店).*$")
_REGION_ENDING = re.compile("(?:壮族|回族|维吾尔)?自治区$|(?:[^族]{1,3}族)*自治州$|(?:省|市|地区|盟)$")
_TRADES = (
    "科技|技术|信息|网络|软件|电子|电器|机械|设备|制造|贸易|商贸|实业|投资|置业|房地产|建筑|建材|建设|装饰|工程|物流|运输|汽车|销售|服务|餐饮|酒店|食品|农业|生物|医药|医疗"
    "|器械|化工|能源|环保|材料|纺织|服装|家具|文化|传媒|广告|教育|咨询|人力资源|物业|管理|旅游|金属|制品|发展|电力|电气|通信|国际|进出口|产业|开发|租赁|印刷|包装"
)
_SHORT_NAME = re.compile(f"[^·\\s]{{2,}}(?:{_TRADES})")  # 新和文化传媒, as people call a firm.
_NO_NAME = re.compile(f"(?:{_TRADES})*(?:{_LEGAL_FORMS})*.?")  # What is left says what a firm does, not who it is.


class Organization(NamedTuple):
    """What an organization's name says; the fields are the columns of `CLEANED`."""

    name: str | None
    name_match: str | None
    name_sound: str | None
    org_core: str | None


def looks_like_one(value: str) -> bool:
    """Whether a name is that of an organization.

    >>> [name for name in ("华信科技有限公司", "张伟", "Smith & Co., Ltd", "城东小卖店") if looks_like_one(name)]
    ['华信科技有限公司', 'Smith & Co., Ltd', '城东小卖店']
    >>> [name for name in ("成都蜀嘉", "智越工程咨询(成都)", "黄石子涵", "阿里木江") if looks_like_one(name)]
    ['成都蜀嘉', '智越工程咨询(成都)']
    """
    if value.isascii():
        return _LATIN_WORDS.search(value) is not None and not _NAMED_AFTER.search(value)
    simple = text.simplify(value).strip()
    found = _HAN_WORDS.search(simple)
    if found is None:
        bare = _BRACKETED.sub("", simple)  # Of 智越工程咨询(成都) people write the city, too.
        return (
            _LATIN_WORDS.search(simple) is not None
            or _SHORT_NAME.fullmatch(bare) is not None
            or _is_called_after_region(simple)
        )
    # 何部, 陈店 and 李建行 are people: one last character is no proof in a name as short as a person's.
    return not (len(simple) <= 3 and _FINAL.fullmatch(found[0]))


def _is_called_after_region(simple: str) -> bool:
    """Whether a name begins with a province, a city or a district, and more than one character follows: 成都蜀嘉."""
    return "·" not in simple and any(
        simple.startswith(region) and len(simple) >= len(region) + 2 and region not in _LIKE_PEOPLE
        for region in _regions().get(simple[:2], ())
    )


_LIKE_PEOPLE = frozenset(
    ["安康", "安阳", "江苏", "黄石", "吕梁", "岳阳", "沈阳", "邵阳", "阳江", "金华", "吉安", "阿里", "林芝"]
)
"""Divisions that may begin a person's name: they are two surnames, of both parents, or the start of another name."""

_NAMED_AFTER = re.compile(
    r"\b(?:bank|school|college|trust|group|council)-\w|\w-(?:bank|school|college)\b", re.IGNORECASE
)


def clean(value: str) -> Organization:
    """The name of an organization, its form for matching, and its core without region, brackets and legal form.

    >>> clean("浙江省華信科技（杭州）有限責任公司")[1:]
    ('浙江省华信科技杭州有限责任公司', 'hua xin ke ji', '华信科技')
    >>> clean("Smith & Sons Trading Co., Ltd.")[1:]
    ('smith sons trading co ltd', None, 'smith sons trading')
    """
    if _PLAIN_HAN.fullmatch(value) and value not in text.PLACEHOLDERS:
        return _chinese(value, text.simplify(value))
    name = text.filled(value)
    if name is None:
        return Organization(None, None, None, None)
    name = text.unlabelled(name)
    folded = text.fold_latin(text.simplify(name))
    words = [word for word in _SIGNS.split(folded) if word]
    if not words:
        return Organization(None, None, None, None)
    if not people.HAS_HAN.search(folded):
        telling = [word for word in words if word not in _LATIN_LEGAL]
        return Organization(name, " ".join(words), None, " ".join(telling or words))
    bare = _SIGNS.sub("", _BRACKETED.sub("", folded)) or _SIGNS.sub("", folded)
    return _chinese(name, _joined(words), bare)


def _chinese(name: str, match: str, bare: str | None = None) -> Organization:
    """A name with Han characters, its form for matching, and that without what stands in brackets."""
    core = _core(bare or match)
    return Organization(name, match, " ".join(sounds.syllables(core)), core)


def _joined(words: list[str]) -> str:
    """The words with no blank beside a Han character, and one between two Latin words."""
    whole = words[0]
    for before, word in itertools.pairwise(words):
        parted = before[-1].isascii() and word[0].isascii()
        whole += (" " if parted else "") + word
    return whole


def _core(bare: str) -> str:
    core = _without_region(bare)
    while found := _LEGAL.search(core):
        head: str = core[: found.start()]
        if _BRANCH.search(found[0]):
            # 华信科技有限公司杭州分公司: the branch stands behind the legal form of the whole.
            head = _BRANCH_OF.sub(r"\1", head)
        if len(head) < _SHORTEST_CORE:
            break
        core = head
    return core


def _without_region(name: str) -> str:
    """The name without the provinces, cities and districts it begins with, if that leaves a name.

    >>> _without_region("浙江省杭州市西湖区翠苑小学"), _without_region("嘉兴家具有限公司")
    ('翠苑小学', '嘉兴家具有限公司')
    """
    regions = _regions()
    begun, more = 0, True
    while more:
        more = False
        for region in regions.get(name[begun : begun + 2], ()):
            if name.startswith(region, begun):
                begun, more = begun + len(region), True
                break
    return name if begun == 0 or _NO_NAME.fullmatch(name, begun) else name[begun:]


@functools.cache
def _regions() -> dict[str, list[str]]:
    """The names of divisions as they stand before a firm's name, by their first two characters, the longest first.

    Provinces and cities stand there in full or short; a short district, as 新和, may as well be the name itself.
    """
    names = set()
    for row in places.divisions().to_pylist():
        names.add(row["name"])
        if row["level"] != "district":
            names.add(_REGION_ENDING.sub("", row["name"]))
    names -= {"市辖区", "省直辖县级行政区划", "自治区直辖县级行政区划"}
    regions: dict[str, list[str]] = {}
    for name in sorted(names, key=len, reverse=True):
        if len(name) > 1:
            regions.setdefault(name[:2], []).append(name)
    return regions


def columns(names: pa.Array) -> dict[str, pa.Array]:
    """The columns of `CLEANED` from one column of names, dirty as they came."""
    return distinct.spread(names, clean, CLEANED)
