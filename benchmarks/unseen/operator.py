"""An operator unlike the town's: four cities only, other errors, another way of working.

Its phones are handed on to strangers after a while, families and dormitories call from one phone, all staff of a firm
leave the firm's contact phone, most calls know a title (张先生) and no certificate, names are written in traditional
characters or as foreigners say them, and firms by what everybody calls them.
"""

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import opencc
import pyarrow as pa
import pypinyin

from kehu.collect.town import naming, numbers
from kehu.model import glyphs

City = tuple[str, str, str, tuple[str, ...]]
"""Province, city, area code, districts."""
CITIES: tuple[City, ...] = (
    ("广东省", "广州市", "440106", ("天河区", "越秀区", "海珠区", "番禺区")),
    ("四川省", "成都市", "510107", ("武侯区", "锦江区", "青羊区", "双流区")),
    ("甘肃省", "兰州市", "620102", ("城关区", "七里河区", "安宁区")),
    ("上海市", "上海市", "310115", ("浦东新区", "静安区", "徐汇区", "闵行区")),
)
OTHER_CITIES: tuple[City, ...] = (
    ("北京市", "北京市", "110105", ("朝阳区", "海淀区", "丰台区", "通州区")),
    ("湖北省", "武汉市", "420106", ("武昌区", "洪山区", "江汉区")),
    ("辽宁省", "沈阳市", "210102", ("和平区", "沈河区", "铁西区")),
    ("福建省", "厦门市", "350203", ("思明区", "湖里区", "集美区")),
    ("云南省", "昆明市", "530102", ("五华区", "盘龙区", "官渡区")),
    ("陕西省", "西安市", "610113", ("雁塔区", "碑林区", "未央区")),
    ("江苏省", "南京市", "320106", ("鼓楼区", "玄武区", "江宁区")),
)
ROADS = [
    f"{a}{b}"
    for a in "体龙水黄天锦人东西南北高玉红永新静陇雁滨"
    for b in ("育路", "江大道", "安街", "华路", "平巷", "门街")
]
ESTATES = [
    f"{a}{b}" for a in "锦翠金碧雅凤华丽骏珠滨" for b in ("绣花园", "苑小区", "城国际", "桂园", "景台", "江名邸")
]
BRANDS = [
    a + b
    for a in "粤蜀陇沪云天川广南鼎卓优智迅鹏"
    for b in ("科", "达", "通", "易", "联", "讯", "美", "嘉", "越", "航", "拓")
]
TRADES = [
    "通信技术", "计算机系统", "供应链管理", "餐饮服务", "跨境电子商务", "医疗器械", "国际货运代理", "工程咨询", "花卉",
    "教育科技", "汽车维修", "建材", "珠宝", "半导体", "财务咨询", "软件开发", "服饰", "酒店管理",
]  # fmt: skip
FORMS = ("有限公司", "有限公司", "有限公司", "股份有限公司", "有限责任公司", "(普通合伙)", "工作室", "分公司")
ENGLISH = [
    "David", "Jason", "Kevin", "Tony", "Eric", "Amy", "Vivian", "Cindy", "Coco", "Grace", "Jack", "Andy", "Leo", "Lily",
    "Helen", "Michelle", "Peter", "Sam",
]  # fmt: skip
RECORDS_PER_CUSTOMER = (34, 26, 16, 10, 6, 4, 2, 2)
FIRST, LAST = dt.date(2019, 1, 1), dt.date(2025, 12, 31)

NOBODYS_PHONES = ("13800138000", "13000000000", "00000000000", "13912345678", "无")
NOBODYS_CERTIFICATES = ("无", "000000000000000000", "123456789012345678", "111111111111111111", "-")
NOBODYS_NAMES = ("无", "test", "客户", "测试", "未知", "用户")

COLUMNS = ("channel", "name", "id_type", "id_number", "phone", "birth_date", "gender", "email", "address", "updated_at")


@dataclass(frozen=True, kw_only=True)
class Rates:
    """How this operator lives and works. What is 0 here happens at others only."""

    cities: tuple[City, ...] = CITIES

    # Customers
    firms: float = 0.07
    branches: float = 0.0
    """Of firms: it has branch offices in other cities, each with a certificate of its own, and mostly with a phone."""
    together: tuple[int, ...] = (48, 24, 20, 8)
    """How many of a hundred households have one, two, three, four members."""
    grown: float = 0.0
    """Of households: the third is a grown son or daughter, the fourth its brother or sister."""
    twins: float = 0.10
    """Of the fourth members: born on the day of the third."""
    one_phone: float = 0.08
    """Of all members but the first: they have no phone but the first one's."""
    moved: float = 0.20
    new_phone: float = 0.22
    given_up: float = 0.60
    """Of the phones that were changed: a stranger gets it."""
    taken_over: float = 0.12
    """Of phones, as long as any was given up: it was a stranger's before."""
    dated: bool = False
    """Whether the stranger has it only after it was given up."""
    staff: float = 0.05
    """People who leave the contact phone of a firm."""
    with_email: float = 0.50

    # Records
    channels: tuple[int, int, int] = (40, 25, 35)
    """Of a hundred records how many come from the app, by a call, from a shop."""
    short_name: float = 0.35
    title: float = 0.35
    """Of calls: the name is a surname and a title."""
    english: float = 0.02
    spelled: float = 0.02
    surname_first: float = 0.0
    """Of names in Latin letters: as in ZHANG, Wei or ZHANG Wei."""
    slipped_name: float = 0.04
    traditional: float = 0.06
    no_name: float = 0.01
    no_certificate: tuple[float, float, float] = (0.10, 0.85, 0.25)
    slipped_certificate: float = 0.02
    of_family: float = 0.0
    """The certificate is of another member of the family, who stood at the counter."""
    family_phone: tuple[float, float] = (0.05, 0.08)
    """On forms, and by calls."""
    agent_phone: float = 0.015
    slipped_phone: float = 0.012
    old_phone: float = 0.03
    no_phone: float = 0.05
    no_birth: tuple[float, float] = (0.40, 0.75)
    """On forms, and by calls."""
    slipped_birth: float = 0.015
    no_gender: float = 0.30
    no_address: tuple[float, float] = (0.20, 0.75)
    placeholder: float = 0.0
    """Of each of name, certificate and phone: something that is none."""


@dataclass(frozen=True, kw_only=True)
class Customer:
    """What is true of somebody, or of a firm."""

    name: str
    surname: str
    english: str
    is_firm: bool
    is_man: bool
    birth: str
    certificate: str
    phones: tuple[str, ...]
    """The first is had until `changed`, the last after it."""
    changed: dt.date
    family_phone: str
    since: dt.date = FIRST
    """When the first phone came to them; they leave no record before."""
    email: str
    homes: tuple[tuple[str, ...], ...]
    short: tuple[str, ...] = field(default=())
    relatives: tuple[str, ...] = field(default=())
    """The certificates of the household."""


def make(records: int, *, seed: int, rates: Rates | None = None) -> tuple[pa.Table, pa.Table]:
    """So many flat records, in no order, and the true customer of each."""
    rng, rates = random.Random(seed), rates or Rates()
    customers = _customers(rng, np.random.default_rng(seed), records, rates)
    convert = opencc.OpenCC("s2hk")
    agents = [_mobile(rng) for _ in range(max(records // 8_000, 2))]
    rows: list[tuple[list[str | None], int]] = []
    for number, customer in enumerate(customers):
        times = rng.choices(range(1, 9), RECORDS_PER_CUSTOMER)[0]
        rows += [(_typed(rng, customer, agents, convert, rates), number) for _ in range(times)]
        if len(rows) >= records:
            break
    rng.shuffle(rows)
    rows = rows[:records]
    ids = [f"o{place:07d}" for place in range(len(rows))]
    flat = {"record_id": ids} | {name: [row[at] for row, _ in rows] for at, name in enumerate(COLUMNS)}
    truth = {"record_id": ids, "customer_id": [str(number) for _, number in rows]}
    return pa.table(flat, pa.schema([(name, pa.string()) for name in flat])), pa.table(truth)


def _customers(rng: random.Random, nprng: np.random.Generator, records: int, rates: Rates) -> list[Customer]:
    """More customers than needed, households together."""
    size = records // 2
    male = nprng.random(size) < 0.5
    year = nprng.integers(1945, 2008, size=size)
    first, second = naming.given(nprng, male, year)
    surname = naming.surnames(nprng, size)
    made: list[Customer] = []
    free: list[tuple[str, dt.date]] = []  # Numbers that were given up, and when: strangers get them.
    at = 0
    while at < size - 8:
        if rng.random() < rates.firms:
            firm = _firm(rng, rates)
            made.append(firm)
            if rates.branches and rng.random() < rates.branches:
                made += _branches(rng, firm, rates)
            at += 1
            continue
        members = rng.choices((1, 2, 3, 4), rates.together)[0]
        home, next_home = _home(rng, rates), _home(rng, rates)
        homes = (home, next_home) if rng.random() < rates.moved else (home, home)
        grown = bool(rates.grown) and rng.random() < rates.grown
        family_phone = _mobile(rng)
        own = surname[at : at + members].copy()
        own[2:] = own[0]
        families, names, sounds = (
            part.to_pylist() for part in naming.chinese(own, first[at : at + members], second[at : at + members])
        )
        shared_day = None
        for place in range(members):
            number = at + place
            of = int(year[number])
            if grown and place:  # The second is as old as the first, the others are their children.
                of = min(int(year[at]) + (rng.randrange(-4, 5) if place == 1 else rng.randrange(20, 36)), 2007)
            birth = dt.date(of, 1, 1) + dt.timedelta(days=rng.randrange(365))
            if place == 3 and rng.random() < rates.twins:
                birth = shared_day or birth
            shared_day = birth
            phone, since = free.pop() if free and rng.random() < rates.taken_over else (_mobile(rng), FIRST)
            later = _mobile(rng) if rng.random() < rates.new_phone else phone
            first_had = since if rates.dated and since > FIRST else None
            changed = FIRST + dt.timedelta(days=rng.randrange(2500)) if rates.dated else None
            if first_had and changed and changed < first_had:
                changed = first_had + (LAST - first_had) / 2
            if later != phone and rng.random() < rates.given_up:
                free.append(
                    (phone, min(changed + dt.timedelta(days=90), LAST - dt.timedelta(days=60)) if changed else FIRST)
                )
            if place and rng.random() < rates.one_phone:
                phone = later = family_phone
            if place == 0:
                family_phone = later
            made.append(
                Customer(
                    name=names[place],
                    surname=families[place],
                    english=f"{rng.choice(ENGLISH)} {_pinyin(families[place])}",
                    is_firm=False,
                    is_man=bool(male[number]),
                    birth=birth.isoformat(),
                    certificate=_resident_id(rng, birth, rates, male=bool(male[number])),
                    phones=(phone, later),
                    changed=changed or FIRST + dt.timedelta(days=rng.randrange(2500)),
                    since=first_had or FIRST,
                    family_phone=family_phone,
                    email=_email(rng, sounds[place], birth) if rng.random() < rates.with_email else "",
                    homes=homes,
                )
            )
        if rates.of_family:
            relatives = tuple(one.certificate for one in made[-members:])
            made[-members:] = [replace(one, relatives=relatives) for one in made[-members:]]
        at += members
    return _employed(rng, made, rates)


def _employed(rng: random.Random, made: list[Customer], rates: Rates) -> list[Customer]:
    """Some people leave the contact phone of a firm."""
    firms = [one for one in made if one.is_firm]
    return [
        one if one.is_firm or rng.random() > rates.staff else replace(one, family_phone=rng.choice(firms).phones[0])
        for one in made
    ]


def _firm(rng: random.Random, rates: Rates) -> Customer:
    _, city, area, _ = home = rng.choice(rates.cities)
    brand, trade = rng.choice(BRANDS) + (rng.choice("科信达源") if rng.random() < 0.2 else ""), rng.choice(TRADES)
    form = rng.choice(FORMS)
    region = city.removesuffix("市")
    full = f"{brand}{trade}({region}){form}" if rng.random() < 0.2 else f"{region}{brand}{trade}{form}"
    code = numbers.credit_codes(np.array([int(area)]), np.array([rng.randrange(10**7, 10**8)]), ["91"]).to_pylist()[0]
    phone = _mobile(rng)
    return Customer(
        name=full,
        surname="",
        english="",
        is_firm=True,
        is_man=False,
        birth="",
        certificate=code,
        phones=(phone, phone),
        changed=LAST,
        family_phone="",
        email="",
        homes=(_home(rng, rates, home), _home(rng, rates, home))
        if rng.random() < 0.1
        else (_home(rng, rates, home),) * 2,
        short=(brand + trade, brand + trade[:2], f"{region}{brand}", f"{brand}公司", brand + trade + "公司"),
    )


def _branches(rng: random.Random, firm: Customer, rates: Rates) -> list[Customer]:
    """The branch offices of a firm, in other cities: each is a customer by itself."""
    made = []
    brand = firm.short[0]
    for home in rng.sample(rates.cities, min(rng.choice((1, 1, 2, 3)), len(rates.cities))):
        region, code = home[1].removesuffix("市"), rng.randrange(10**7, 10**8)
        phone = firm.phones[0] if rng.random() < 0.2 else _mobile(rng)
        made.append(
            replace(
                firm,
                name=rng.choice((f"{firm.name}{region}分公司", f"{brand}{region}分公司")),
                certificate=numbers.credit_codes(np.array([int(home[2])]), np.array([code]), ["91"]).to_pylist()[0],
                phones=(phone, phone),
                homes=(_home(rng, rates, home),) * 2,
                short=(f"{brand}{region}分公司", f"{brand}({region})", f"{brand[:2]}{region}分公司"),
            )
        )
    return made


def _typed(
    rng: random.Random, one: Customer, agents: list[str], convert: opencc.OpenCC, rates: Rates
) -> list[str | None]:
    channel = rng.choices(("app", "line", "shop"), rates.channels)[0]
    day = one.since + dt.timedelta(days=rng.randrange((LAST - one.since).days))
    spoken = channel == "line"

    def hits(rate: float) -> bool:
        return rng.random() < rate

    name: str | None = one.name
    if one.is_firm:
        name = rng.choice(one.short) if hits(rates.short_name) else name
    elif spoken and hits(rates.title):
        name = one.surname + ("先生" if one.is_man else "女士")
    elif hits(rates.english):
        name = _ordered(rng, one.english.split(" ")[::-1], rates) if rates.surname_first else one.english
    elif hits(rates.spelled):
        name = " ".join(pypinyin.lazy_pinyin(one.name)).title()
        if rates.surname_first:
            given = "".join(pypinyin.lazy_pinyin(one.name.removeprefix(one.surname))).title()
            name = _ordered(rng, [_pinyin(one.surname), given], rates)
    if name == one.name and hits(rates.slipped_name):
        name = _confused(rng, name, glyphs.homophones() if spoken or hits(0.6) else glyphs.look_alikes())
    name = convert.convert(name) if name and hits(rates.traditional) else name
    name = None if hits(rates.no_name) else name
    certificate: str | None = one.certificate
    if hits(rates.no_certificate[("app", "line", "shop").index(channel)]):
        certificate = None
    elif hits(rates.slipped_certificate):
        certificate = _one_digit(rng, one.certificate)
    elif rates.of_family and channel == "shop" and one.relatives and hits(rates.of_family):
        certificate = rng.choice(one.relatives)
    old = day < one.changed
    phone: str | None = one.phones[0 if old else -1]
    if not spoken:
        if one.family_phone and hits(rates.family_phone[0]):
            phone = one.family_phone
        elif hits(rates.agent_phone):
            phone = rng.choice(agents)
        elif hits(rates.slipped_phone):
            phone = _one_digit(rng, phone or "")
        elif hits(rates.old_phone):
            phone = one.phones[0]
    elif one.family_phone and hits(rates.family_phone[1]):
        phone = one.family_phone
    phone = None if hits(rates.no_phone) else phone
    birth: str | None = None if one.is_firm or hits(rates.no_birth[spoken]) else one.birth
    if birth and hits(rates.slipped_birth):
        birth = f"{birth[:8]}{rng.randint(1, 28):02d}"
    if rates.placeholder:
        name = rng.choice(NOBODYS_NAMES) if hits(rates.placeholder) else name
        certificate = rng.choice(NOBODYS_CERTIFICATES) if hits(rates.placeholder) else certificate
        phone = rng.choice(NOBODYS_PHONES) if hits(rates.placeholder) else phone
    home = one.homes[0 if hits(0.5) else 1]
    return [
        channel,
        name,
        None if certificate is None or hits(0.3) else ("营业执照" if one.is_firm else "身份证"),
        certificate,
        phone,
        birth,
        None if one.is_firm or hits(rates.no_gender) else ("男" if one.is_man else "女"),
        one.email if one.email and channel == "app" and not hits(0.3) else None,
        _address(rng, home) if not hits(rates.no_address[spoken]) else None,
        f"{day.isoformat()}T12:00:00+08:00",
    ]


def _address(rng: random.Random, home: tuple[str, ...]) -> str:
    province, city, district, road, house, estate, building, unit, room = home
    front = rng.choice((province + city + district, city + district, district, city.removesuffix("市") + district))
    back = rng.choice((f"{building}栋{unit}单元{room}室", f"{building}-{unit}-{room}", f"{building}座{room}", ""))
    return front + road + house + "号" + (estate if rng.random() < 0.8 else "") + back


def _ordered(rng: random.Random, name: list[str], rates: Rates) -> str:
    """A name in Latin letters, surname and given name, as somebody may write it."""
    surname, given = name
    if rng.random() >= rates.surname_first:
        return f"{given} {surname}"
    return rng.choice((f"{surname.upper()} {given}", f"{surname}, {given}", f"{surname} {given}"))


def _home(rng: random.Random, rates: Rates, city: City | None = None) -> tuple[str, ...]:
    province, town, _, districts = city or rng.choice(rates.cities)
    house, building, unit = rng.randint(1, 400), rng.randint(1, 30), rng.randint(1, 4)
    room = rng.randint(1, 32) * 100 + rng.randint(1, 6)
    return (
        province, town, rng.choice(districts), rng.choice(ROADS), str(house), rng.choice(ESTATES), str(building),
        str(unit), str(room),
    )  # fmt: skip


def _email(rng: random.Random, sound: str, birth: dt.date) -> str:
    form = rng.choice((sound.replace(".", ""), f"{sound}{birth.year}", str(rng.randrange(10**7, 10**10))))
    return f"{form}@{rng.choice(('qq.com', '163.com', 'gmail.com', 'hotmail.com', '189.cn'))}"


def _mobile(rng: random.Random) -> str:
    return rng.choice(numbers.MOBILE.split()) + f"{rng.randrange(10**8):08d}"


def _resident_id(rng: random.Random, birth: dt.date, rates: Rates, *, male: bool) -> str:
    area = rng.choice(rates.cities)[2]
    body = f"{area}{birth:%Y%m%d}{rng.randrange(100):02d}{rng.randrange(5) * 2 + male}"
    found: str = numbers.resident_ids(np.array([int(body)])).to_pylist()[0]
    return found


def _pinyin(text: str) -> str:
    return "".join(pypinyin.lazy_pinyin(text)).title()


def _confused(rng: random.Random, name: str, others: Mapping[str, str]) -> str:
    at = rng.randrange(len(name))
    instead = others.get(name[at], name[at])
    return name[:at] + rng.choice(list(instead)) + name[at + 1 :]


def _one_digit(rng: random.Random, number: str) -> str:
    at = rng.randrange(3, len(number))
    return number[:at] + str(rng.randrange(10)) + number[at + 1 :]
