"""The people of the town, in households: spouses, children, twins, grandparents, and what is true of each."""

import numpy as np
import pyarrow as pa

from kehu.collect.town import customers, draw, held, naming, numbers

HOUSEHOLD_SIZES = (0.45, 0.25, 0.18, 0.08, 0.04)
"""How many households have one, two, … customers."""
TWINS = 0.10
"""How many second children were born on the day of the first."""
GROWN = 16
ONE_PHONE_CHILDREN, ONE_PHONE_GROWN, ONE_PHONE_TWINS = 0.50, 0.02, 0.50
"""How many children, and how many others, have only the phone of the head of the household, and how many twins one."""
NAMESAKES = 0.001
"""How many people have the name and the birth date of somebody else."""
SCRIPTS = (0.955, 0.025, 0.020)
"""Chinese, minority and Latin names."""
MOVED = 0.12
"""How many households moved while the town was looking."""
LANDLINES = 0.06
"""How many households have a landline."""
STUDENT_AGES = (14, 24)
EMPLOYED = 0.06
"""How many people work for an organization of the town."""
MAILS = ("qq.com", "163.com", "126.com", "139.com", "sina.com", "foxmail.com", "outlook.com", "gmail.com")
MAIL_WEIGHTS = (45, 18, 8, 10, 4, 4, 5, 6)


def make(rng: np.random.Generator, size: int, *, addresses: pa.Table, employers: draw.Numbers) -> pa.Table:
    """People for the table `customers.CUSTOMERS`, whose first rows they are.

    Args:
        rng: Where chance comes from.
        size: How many people.
        addresses: At least two for each person, so that every household finds one and may move.
        employers: Rows of organizations in the table that the people will stand in.
    """
    head, place = _households(rng, size)
    household = np.cumsum(place == 0) - 1
    members = np.bincount(household)[household]
    year = _birth_years(rng, head, place, members)
    male = _genders(rng, head, place)
    birth = _birth_days(rng, year)
    twin = (place == 3) & draw.hits(rng, TWINS, size)
    birth[twin] = birth[np.flatnonzero(twin) - 1]
    year = customers.years(birth)
    surname = _surnames(rng, head, place, male)
    first, second = naming.given(rng, male, year)
    first[twin] = first[np.flatnonzero(twin) - 1]
    _namesakes(rng, birth, male, surname, first, second)
    script = draw.weighted(rng, SCRIPTS, size)[head]
    name, short, sound = _names(rng, script, male, surname, first, second)

    home = household * 2
    moved = draw.hits(rng, MOVED, int(household[-1]) + 1)[household]
    move_day = customers.some_day(rng, int(household[-1]) + 1)[household]
    area = addresses["district_code"].to_numpy()
    # Most people were born where they live; the others anywhere, and a household shares the place.
    birthplace = np.where(draw.hits(rng, 0.6, size)[head], home, rng.integers(len(area), size=size)[head])
    id_type, id_number = held.certificates(rng, script=script, area=area[birthplace], birth=birth, male=male, twin=twin)
    age = customers.LAST_DAY.astype("datetime64[Y]").astype(np.int64) + 1970 - year
    phone, old_phone, phone_since, since = held.phones(rng, lender=_lenders(rng, head, age, twin))
    mate = np.where((members > 1) & (place == 0), np.arange(size) + 1, head)
    stranger = rng.integers(size, size=size)
    return pa.table(
        {
            "kind": draw.same("individual", size),
            "script": pa.array(["chinese", "minority", "latin"]).take(pa.array(script)),
            "name": name,
            "short_name": short,
            "email": _emails(rng, sound, year, phone),
            "male": pa.array(male),
            "birth": customers.days(birth),
            "id_type": id_type,
            "id_number": id_number,
            "phone": phone,
            "phone_2": _landlines(rng, head, area[home] // 10_000),
            "old_phone": old_phone,
            "phone_since": phone_since,
            "since": since,
            "address": pa.array(home),
            "old_address": pa.array(np.where(moved, home + 1, home)),
            "address_since": customers.days(np.where(moved, move_day, customers.FIRST_DAY)),
            "category": _categories(rng, age),
            "head": pa.array(head),
            "proxy": pa.array(np.where(mate == np.arange(size), stranger, mate)),
            "employer": _employers(rng, age, employers),
        },
        customers.CUSTOMERS,
    )


def _households(rng: np.random.Generator, size: int) -> tuple[draw.Numbers, draw.Numbers]:
    """For every person the head of the household and the place in it: 0 the head, 1 the spouse, 2 and 3 children, 4."""
    sizes = draw.weighted(rng, HOUSEHOLD_SIZES, size) + 1
    ends = np.cumsum(sizes)
    sizes = sizes[: np.searchsorted(ends, size) + 1]
    starts = np.cumsum(sizes) - sizes
    head = np.repeat(starts, sizes)[:size]
    return head, np.arange(size) - head


def _birth_years(
    rng: np.random.Generator, head: draw.Numbers, place: draw.Numbers, members: draw.Numbers
) -> draw.Numbers:
    """Years of birth that fit the places of a household."""
    size = len(head)
    today = int(customers.LAST_DAY.astype("datetime64[Y]").astype(np.int64)) + 1970
    alone = 18 + (64 * rng.beta(1.5, 2.4, size=size)).astype(np.int64)
    parent = rng.integers(36, 58, size=size)
    age = np.where(members >= 3, parent, alone)[head]
    spouse = age + rng.integers(-5, 6, size=size)
    elder = age - rng.integers(23, 30, size=size)
    younger = elder[np.maximum(np.arange(size) - 1, 0)] - rng.integers(1, 6, size=size)
    grandparent = age + rng.integers(22, 32, size=size)
    ages = np.select([place == 0, place == 1, place == 2, place == 3], [age, spouse, elder, younger], grandparent)
    years: draw.Numbers = today - np.clip(ages, 7, 96)
    return years


def _genders(rng: np.random.Generator, head: draw.Numbers, place: draw.Numbers) -> draw.Mask:
    """True for men; the spouse is of the other gender than the head."""
    male = draw.hits(rng, 0.52, len(head))
    return np.where(place == 1, ~male[head], male)


def _birth_days(rng: np.random.Generator, year: draw.Numbers) -> customers.Days:
    first = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    birth: customers.Days = first + rng.integers(365, size=len(year)).astype("timedelta64[D]")
    return birth


def _lenders(rng: np.random.Generator, head: draw.Numbers, age: draw.Numbers, twin: draw.Mask) -> draw.Numbers:
    """Whose phone everybody uses; mostly one's own."""
    rate = np.where(age < GROWN, ONE_PHONE_CHILDREN, ONE_PHONE_GROWN)
    lender = np.where(rng.random(len(head)) < rate, head, np.arange(len(head)))
    together = np.flatnonzero(twin & draw.hits(rng, ONE_PHONE_TWINS, len(head)))
    lender[together] = lender[together - 1]
    return lender


def _surnames(rng: np.random.Generator, head: draw.Numbers, place: draw.Numbers, male: draw.Mask) -> draw.Numbers:
    """Rows of surnames: children have the father's, a grandfather has his child's, the others their own."""
    own = naming.surnames(rng, len(head))
    spouse = np.minimum(head + 1, len(head) - 1)
    father = np.where(male[head], own[head], own[spouse])
    return np.where((place == 2) | (place == 3), father, np.where((place == 4) & male, own[head], own))


def _namesakes(rng: np.random.Generator, birth: customers.Days, male: draw.Mask, *names: draw.Numbers) -> None:
    """Give some people the name, the gender and the birth date of somebody of another household."""
    size = len(birth)
    count = int(size * NAMESAKES)
    pairs = rng.permutation(size)[: 2 * count].reshape(2, count)
    for column in (birth, male, *names):
        column[pairs[0]] = column[pairs[1]]


def _names(
    rng: np.random.Generator, script: draw.Numbers, male: draw.Mask, *chinese: draw.Numbers
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """For every person the name, what a title follows, and the sound for an e-mail address."""
    short, name, sound = naming.chinese(*chinese)
    for code, names in ((1, naming.minority), (2, naming.latin)):
        where = script == code
        family, full, spoken = names(rng, male[where])
        short, name, sound = (
            draw.patched(column, where, values) for column, values in ((short, family), (name, full), (sound, spoken))
        )
    return name, short, sound


def _landlines(rng: np.random.Generator, head: draw.Numbers, province: draw.Numbers) -> pa.Array:
    """The landline of the household; null for most."""
    own = draw.absent(numbers.landlines(rng, province), ~draw.hits(rng, LANDLINES, len(head)))
    return own.take(pa.array(head))


def _employers(rng: np.random.Generator, age: draw.Numbers, employers: draw.Numbers) -> pa.Array:
    """Where people work; null for most, and for all where there is no organization."""
    if not len(employers):
        return pa.nulls(len(age), pa.int64())
    works = draw.hits(rng, EMPLOYED, len(age)) & (age > 22) & (age < 62)
    return pa.array(rng.choice(employers, size=len(age)), mask=~works)


def _categories(rng: np.random.Generator, age: draw.Numbers) -> pa.Array:
    """Students by age, a few others, and the ordinary."""
    student = (age >= STUDENT_AGES[0]) & (age <= STUDENT_AGES[1]) & draw.hits(rng, 0.8, len(age))
    which = np.where(student, 1, np.where(draw.hits(rng, 0.03, len(age)), 2, 0))
    return pa.array(["ordinary", "student", "other"]).take(pa.array(which))


def _emails(rng: np.random.Generator, sound: pa.Array, year: draw.Numbers, phone: pa.Array) -> pa.Array:
    """An address for two of three people; the local part is the name, a number, or the phone."""
    size = len(year)
    tag = draw.text(rng.integers(1, 1000, size=size))
    account = draw.text(rng.integers(10**7, 4 * 10**9, size=size))
    born = draw.text(year % 100)
    forms = (draw.glue(sound, tag), draw.glue(sound, born), account, phone)
    local = draw.mixed(draw.weighted(rng, (3, 3, 5, 1), size), forms)
    address = draw.glue(local, draw.words(rng, MAILS, size, MAIL_WEIGHTS), separator="@")
    return draw.absent(address, ~draw.hits(rng, 0.66, size))
