"""The people of the town, in households: spouses, children, twins, grandparents, and what is true of each."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kehu.collect.town import customers, draw, naming, numbers

Days = npt.NDArray[np.datetime64]

HOUSEHOLD_SIZES = (0.45, 0.25, 0.18, 0.08, 0.04)
"""How many households have one, two, … customers."""
TWINS = 0.10
"""How many second children were born on the day of the first."""
NAMESAKES = 0.001
"""How many people have the name and the birth date of somebody else."""
SCRIPTS = (0.955, 0.025, 0.020)
"""Chinese, minority and Latin names."""
MOVED = 0.12
"""How many households moved while the town was looking."""
CHANGED = 0.15
"""How many people changed their number."""
RECYCLED = 0.20
"""How many of the numbers given back were sold again."""
STUDENT_AGES = (14, 24)
EMPLOYED = 0.06
"""How many people work for an organization of the town."""
PERMITS = (0.965, 0.012, 0.008, 0.005, 0.010)
"""Resident IDs, permits of Hong Kong and Macau, of Taiwan, officer cards, and passports of Chinese people."""
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
    year = _years(birth)
    surname = _surnames(rng, head, place, male)
    first, second = naming.given(rng, male, year)
    first[twin] = first[np.flatnonzero(twin) - 1]
    _namesakes(rng, birth, male, surname, first, second)
    script, name, short, sound = _names(rng, male, surname, first, second)

    home = household * 2
    moved = draw.hits(rng, MOVED, int(household[-1]) + 1)[household]
    move_day = _span(rng, int(household[-1]) + 1)[household]
    area = addresses["district_code"].to_numpy()
    # Most people were born where they live; the others anywhere, and a household shares the place.
    birthplace = np.where(draw.hits(rng, 0.6, size)[head], home, rng.integers(len(area), size=size)[head])
    id_type, id_number = _certificates(rng, script, area[birthplace], birth, male, twin)
    phone, old_phone, phone_since, since = _phones(rng, size)
    age = customers.LAST_DAY.astype("datetime64[Y]").astype(np.int64) + 1970 - year
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
            "phone_2": draw.absent(numbers.landlines(rng, area[home] // 10_000), ~draw.hits(rng, 0.06, size)),
            "old_phone": old_phone,
            "phone_since": phone_since,
            "since": since,
            "address": pa.array(home),
            "old_address": pa.array(np.where(moved, home + 1, home)),
            "address_since": customers.days(np.where(moved, move_day, customers.FIRST_DAY)),
            "category": _categories(rng, age),
            "head": pa.array(head),
            "proxy": pa.array(np.where(mate == np.arange(size), stranger, mate)),
            "employer": pa.array(
                employers[rng.integers(len(employers), size=size)]
                if len(employers)
                else np.zeros(size, dtype=np.int64),
                mask=~(draw.hits(rng, EMPLOYED, size) & (age > 22) & (age < 62)) | (len(employers) == 0),
            ),
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


def _birth_days(rng: np.random.Generator, year: draw.Numbers) -> Days:
    first = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    birth: Days = first + rng.integers(365, size=len(year)).astype("timedelta64[D]")
    return birth


def _years(day: Days) -> draw.Numbers:
    return day.astype("datetime64[Y]").astype(np.int64) + 1970


def _surnames(rng: np.random.Generator, head: draw.Numbers, place: draw.Numbers, male: draw.Mask) -> draw.Numbers:
    """Rows of surnames: children have the father's, a grandfather has his child's, the others their own."""
    own = naming.surnames(rng, len(head))
    spouse = np.minimum(head + 1, len(head) - 1)
    father = np.where(male[head], own[head], own[spouse])
    return np.where((place == 2) | (place == 3), father, np.where((place == 4) & male, own[head], own))


def _namesakes(rng: np.random.Generator, birth: Days, male: draw.Mask, *names: draw.Numbers) -> None:
    """Give some people the name, the gender and the birth date of somebody of another household."""
    size = len(birth)
    count = int(size * NAMESAKES)
    pairs = rng.permutation(size)[: 2 * count].reshape(2, count)
    for column in (birth, male, *names):
        column[pairs[0]] = column[pairs[1]]


def _names(
    rng: np.random.Generator, male: draw.Mask, surname: draw.Numbers, first: draw.Numbers, second: draw.Numbers
) -> tuple[draw.Numbers, pa.Array, pa.Array, pa.Array]:
    """For every person the script, the name, what a title follows, and the sound for an e-mail address."""
    script = draw.weighted(rng, SCRIPTS, len(male))
    short, name, sound = naming.chinese(surname, first, second)
    for code, names in ((1, naming.minority), (2, naming.latin)):
        where = script == code
        family, full, spoken = names(rng, male[where])
        short, name, sound = (
            draw.patched(column, where, values) for column, values in ((short, family), (name, full), (sound, spoken))
        )
    return script, name, short, sound


def _certificates(
    rng: np.random.Generator, script: draw.Numbers, area: draw.Numbers, birth: Days, male: draw.Mask, twin: draw.Mask
) -> tuple[pa.Array, pa.Array]:
    """The type and the number of everybody's certificate, no two the same; twins have neighbouring ones."""
    size = len(birth)
    twins = np.flatnonzero(twin)
    area = area.copy()
    area[twins] = area[twins - 1]
    year = birth.astype("datetime64[Y]")
    month = birth.astype("datetime64[M]")
    date = _years(birth) * 10_000 + ((month - year).astype(np.int64) + 1) * 100 + (birth - month).astype(np.int64) + 1
    fixed = (area * 10**8 + date) * 1000
    orders = rng.integers(1, 490, size=size) * 2 + male
    body = fixed + orders
    body[twins] = fixed[twins] + (orders[twins - 1] // 2 * 2) + 2 + male[twins]
    while True:
        _, first = np.unique(body, return_index=True)
        again = np.ones(size, dtype=np.bool_)
        again[first] = False
        if not again.any():
            break
        body[again] = fixed[again] + rng.integers(1, 490, size=int(again.sum())) * 2 + male[again]
    number = numbers.resident_ids(body)
    which = draw.weighted(rng, PERMITS, size)
    which[script == 1], which[script == 2] = 0, 4
    serial = draw.text(draw.distinct(size, lambda count: rng.integers(10**7, 10**8, size=count)))
    letters = draw.words(rng, list("CEGHJKLMPRT"), size)
    forms = (draw.glue("H", serial), serial, draw.glue("军字第", serial, "号"), draw.glue(letters, serial))
    for code, form in enumerate(forms, start=1):
        number = draw.picked(which == code, form, number)
    types = ["resident_id", "hk_macau_permit", "taiwan_permit", "officer_card", "passport"]
    return pa.array(types).take(pa.array(which)), number


def _span(rng: np.random.Generator, size: int) -> Days:
    """Days while the town was looking."""
    length = int((customers.LAST_DAY - customers.FIRST_DAY).astype(np.int64))
    return customers.FIRST_DAY + rng.integers(length, size=size).astype("timedelta64[D]")


def _phones(rng: np.random.Generator, size: int) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
    """Everybody's phone, the one before, since when, and the first day as a customer.

    A number that was given back is sold again after ninety days, to somebody who becomes a customer with it.
    """
    both = numbers.mobiles(rng, 2 * size)
    phone, old = both[:size].copy(), both[size:]
    changed = draw.hits(rng, CHANGED, size)
    since = _span(rng, size)
    since[draw.hits(rng, 0.5, size)] = customers.FIRST_DAY
    phone_since = since.copy()
    rest = (customers.LAST_DAY - since).astype(np.int64)
    phone_since[changed] += (rest * rng.random(size))[changed].astype("timedelta64[D]")
    free = np.flatnonzero(changed & (phone_since + 120 < customers.LAST_DAY) & draw.hits(rng, RECYCLED, size))
    takers = rng.permutation(np.flatnonzero(~changed))[: len(free)]
    free = free[: len(takers)]
    phone[takers] = old[free]
    since[takers] = phone_since[takers] = phone_since[free] + 90
    texts = draw.text(phone), pa.array(old, mask=~changed).cast(pa.string())
    return *texts, customers.days(phone_since), customers.days(since)


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
