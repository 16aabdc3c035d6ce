"""An operator unlike the town's: four cities only, other errors, another way of working.

Its phones are handed on to strangers after a while, families and dormitories call from one phone, all staff of a firm
leave the firm's contact phone, most calls know a title (张先生) and no certificate, names are written in traditional
characters or as foreigners say them, and firms by what everybody calls them.
"""

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import opencc
import pyarrow as pa
import pypinyin

from kehu.collect.town import naming, numbers
from kehu.model import glyphs

CITIES = (
    ("广东省", "广州市", "440106", ("天河区", "越秀区", "海珠区", "番禺区")),
    ("四川省", "成都市", "510107", ("武侯区", "锦江区", "青羊区", "双流区")),
    ("甘肃省", "兰州市", "620102", ("城关区", "七里河区", "安宁区")),
    ("上海市", "上海市", "310115", ("浦东新区", "静安区", "徐汇区", "闵行区")),
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

COLUMNS = ("channel", "name", "id_type", "id_number", "phone", "birth_date", "gender", "email", "address", "updated_at")


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
    email: str
    homes: tuple[tuple[str, ...], ...]
    short: tuple[str, ...] = field(default=())


def make(records: int, *, seed: int) -> tuple[pa.Table, pa.Table]:
    """So many flat records, in no order, and the true customer of each."""
    rng = random.Random(seed)
    customers = _customers(rng, np.random.default_rng(seed), records)
    convert = opencc.OpenCC("s2hk")
    agents = [_mobile(rng) for _ in range(max(records // 8_000, 2))]
    rows: list[tuple[list[str | None], int]] = []
    for number, customer in enumerate(customers):
        times = rng.choices(range(1, 9), RECORDS_PER_CUSTOMER)[0]
        rows += [(_typed(rng, customer, agents, convert), number) for _ in range(times)]
        if len(rows) >= records:
            break
    rng.shuffle(rows)
    rows = rows[:records]
    ids = [f"o{place:07d}" for place in range(len(rows))]
    flat = {"record_id": ids} | {name: [row[at] for row, _ in rows] for at, name in enumerate(COLUMNS)}
    truth = {"record_id": ids, "customer_id": [str(number) for _, number in rows]}
    return pa.table(flat, pa.schema([(name, pa.string()) for name in flat])), pa.table(truth)


def _customers(rng: random.Random, nprng: np.random.Generator, records: int) -> list[Customer]:
    """More customers than needed, households together."""
    size = records // 2
    male = nprng.random(size) < 0.5
    year = nprng.integers(1945, 2008, size=size)
    first, second = naming.given(nprng, male, year)
    surname = naming.surnames(nprng, size)
    made: list[Customer] = []
    free: list[str] = []  # Numbers that were given up: strangers get them.
    at = 0
    while at < size - 8:
        if rng.random() < 0.07:
            made.append(_firm(rng))
            at += 1
            continue
        members = rng.choices((1, 2, 3, 4), (48, 24, 20, 8))[0]
        home, next_home = _home(rng), _home(rng)
        homes = (home, next_home) if rng.random() < 0.2 else (home, home)
        family_phone = _mobile(rng)
        own = surname[at : at + members].copy()
        own[2:] = own[0]
        families, names, sounds = (
            part.to_pylist() for part in naming.chinese(own, first[at : at + members], second[at : at + members])
        )
        shared_day = None
        for place in range(members):
            number = at + place
            birth = dt.date(int(year[number]), 1, 1) + dt.timedelta(days=rng.randrange(365))
            if place == 3 and rng.random() < 0.10:
                birth = shared_day or birth  # Twins.
            shared_day = birth
            phone = free.pop() if free and rng.random() < 0.12 else _mobile(rng)
            later = _mobile(rng) if rng.random() < 0.22 else phone
            if later != phone and rng.random() < 0.6:
                free.append(phone)
            if place and rng.random() < 0.08:
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
                    certificate=_resident_id(rng, birth, male=bool(male[number])),
                    phones=(phone, later),
                    changed=FIRST + dt.timedelta(days=rng.randrange(2500)),
                    family_phone=family_phone,
                    email=_email(rng, sounds[place], birth) if rng.random() < 0.5 else "",
                    homes=homes,
                )
            )
        at += members
    return _employed(rng, made)


def _employed(rng: random.Random, made: list[Customer]) -> list[Customer]:
    """Some people leave the contact phone of a firm."""
    firms = [one for one in made if one.is_firm]
    return [
        one
        if one.is_firm or rng.random() > 0.05
        else Customer(**{**one.__dict__, "family_phone": rng.choice(firms).phones[0]})
        for one in made
    ]


def _firm(rng: random.Random) -> Customer:
    _, city, area, _ = home = rng.choice(CITIES)
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
        homes=(_home(rng, home), _home(rng, home)) if rng.random() < 0.1 else (_home(rng, home),) * 2,
        short=(brand + trade, brand + trade[:2], f"{region}{brand}", f"{brand}公司", brand + trade + "公司"),
    )


def _typed(rng: random.Random, one: Customer, agents: list[str], convert: opencc.OpenCC) -> list[str | None]:
    channel = rng.choices(("app", "line", "shop"), (40, 25, 35))[0]
    day = FIRST + dt.timedelta(days=rng.randrange((LAST - FIRST).days))
    spoken = channel == "line"

    def hits(rate: float) -> bool:
        return rng.random() < rate

    name: str | None = one.name
    if one.is_firm:
        name = rng.choice(one.short) if hits(0.35) else name
    elif spoken and hits(0.35):
        name = one.surname + ("先生" if one.is_man else "女士")
    elif hits(0.02):
        name = one.english
    elif hits(0.02):
        name = " ".join(pypinyin.lazy_pinyin(one.name)).title()
    if name == one.name and hits(0.04):
        name = _confused(rng, name, glyphs.homophones() if spoken or hits(0.6) else glyphs.look_alikes())
    name = convert.convert(name) if name and hits(0.06) else name
    name = None if hits(0.01) else name
    certificate: str | None = one.certificate
    if hits({"app": 0.10, "line": 0.85, "shop": 0.25}[channel]):
        certificate = None
    elif hits(0.02):
        certificate = _one_digit(rng, one.certificate)
    old = day < one.changed
    phone: str | None = one.phones[0 if old else -1]
    if not spoken:
        if one.family_phone and hits(0.05):
            phone = one.family_phone
        elif hits(0.015):
            phone = rng.choice(agents)
        elif hits(0.012):
            phone = _one_digit(rng, phone or "")
        elif hits(0.03):
            phone = one.phones[0]
    elif one.family_phone and hits(0.08):
        phone = one.family_phone
    phone = None if hits(0.05) else phone
    birth: str | None = None if one.is_firm or hits(0.75 if spoken else 0.4) else one.birth
    if birth and hits(0.015):
        birth = f"{birth[:8]}{rng.randint(1, 28):02d}"
    home = one.homes[0 if hits(0.5) else 1]
    return [
        channel,
        name,
        None if certificate is None or hits(0.3) else ("营业执照" if one.is_firm else "身份证"),
        certificate,
        phone,
        birth,
        None if one.is_firm or hits(0.3) else ("男" if one.is_man else "女"),
        one.email if one.email and channel == "app" and not hits(0.3) else None,
        _address(rng, home) if not hits(0.75 if spoken else 0.2) else None,
        f"{day.isoformat()}T12:00:00+08:00",
    ]


def _address(rng: random.Random, home: tuple[str, ...]) -> str:
    province, city, district, road, house, estate, building, unit, room = home
    front = rng.choice((province + city + district, city + district, district, city.removesuffix("市") + district))
    back = rng.choice((f"{building}栋{unit}单元{room}室", f"{building}-{unit}-{room}", f"{building}座{room}", ""))
    return front + road + house + "号" + (estate if rng.random() < 0.8 else "") + back


def _home(rng: random.Random, city: tuple[str, str, str, tuple[str, ...]] | None = None) -> tuple[str, ...]:
    province, town, _, districts = city or rng.choice(CITIES)
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


def _resident_id(rng: random.Random, birth: dt.date, *, male: bool) -> str:
    area = rng.choice(CITIES)[2]
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
