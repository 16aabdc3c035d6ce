"""English persons of history, born from 1400 to 1950: about ten records of each, many of them badly off.

The columns are those of Splink's `historical_50k`: a whole name, given name and surname, birth date, birth place,
postcode and gender. The persons are made up; short forms come from kehu's own list, which helps kehu.
"""

import random
from dataclasses import dataclass, field

import pyarrow as pa

from kehu.model import nicknames

RECORDS_PER_PERSON = (5, 5, 5, 6, 6, 7, 7, 8, 8, 8, 8, 8, 6, 5, 4, 3, 2, 2, 1, 1)
"""How many of a hundred persons have one, two, … twenty records."""

MEN = """john thomas william robert richard henry edward george james charles francis edmund ralph walter hugh nicholas
roger samuel joseph peter arthur philip david andrew anthony alexander benjamin matthew christopher daniel stephen
frederick alfred albert ernest harold herbert sidney stanley leonard cecil reginald percy gerald oliver humphrey giles
gilbert ambrose bartholomew simon lawrence michael patrick isaac jonathan nathaniel augustus theodore rupert evelyn
"""
WOMEN = """elizabeth mary anne margaret jane catherine alice joan sarah frances martha dorothy susanna eleanor ellen
agnes isabella charlotte caroline emily emma harriet louisa florence edith beatrice constance violet victoria helen
rebecca rachel lucy matilda maria ada mabel gertrude winifred barbara bridget cecilia georgiana henrietta
"""
SURNAMES = """smith jones taylor brown williams wilson johnson davies robinson wright thompson evans walker white
roberts green hall wood jackson clarke harris lewis turner hill scott cooper ward moore morris baker king harrison
morgan allen martin lee parker cook bennett shaw carter hughes bell murphy miller cox richardson marshall gray webb
stewart campbell hamilton douglas gordon murray russell howard stanley percy neville talbot cavendish grey seymour
herbert paget spencer villiers fitzroy lennox hastings courtenay clifford fiennes wyndham pelham walpole
"""
FRONTS = "ash bar beck black brad brock burn cal car chet chol cock col cran dal dun east ed elm far fen frank gains"
FRONTS += " glen grim had hamp hart hath hazel hol horn huns kel kirk lang lin long mar mel mil mor nor oak os pen"
FRONTS += " pres rad red rich rock rush sal sed shel south stan strat sud swin thorn tod ver wal wat wes whit win wood"
BACKS = "bury burn by combe cott den field ford ham hurst ington land ley low man mere more ridge shaw son stead stock"
BACKS += " stone ston thorpe ton wall ward well wick wold worth"
PLACES = """bath bedford birmingham bradford brighton bristol bury cambridge canterbury carlisle cheltenham chester
chichester colchester coventry derby devon dorset durham ely essex exeter gloucester guildford halifax hereford hull
huntingdon ipswich kendal kent lancaster leeds leicester lincoln liverpool london ludlow manchester newcastle norfolk
northampton norwich nottingham oldham oxford penzance plymouth portsmouth preston reading rochester rugby salisbury
sheffield shrewsbury southampton stafford stockport sunderland surrey taunton truro wakefield warwick wells
westminster winchester windsor wolverhampton worcester york
"""
TITLES = ("sir", "dr", "rev", "lady", "lord")
TYPED = "abcdefghijklmnopqrstuvwxyz"

COLUMNS = ("record_id", "name", "given_name", "surname", "birth_date", "gender", "city", "postcode")


@dataclass(frozen=True, kw_only=True)
class Rates:
    """The share of records that suffer each error."""

    given_missing: float = 0.02
    given_short: float = 0.16
    given_initial: float = 0.05
    given_second: float = 0.03
    surname_missing: float = 0.02
    surname_other: float = 0.10
    """Of those who had another surname, by marriage or by title, that share of their records bears it, times three."""
    letter: float = 0.07
    """One letter of a name is wrong, for each of the two."""
    turned: float = 0.02
    birth_missing: float = 0.20
    birth_january: float = 0.08
    birth_day: float = 0.06
    birth_year: float = 0.03
    birth_digit: float = 0.04
    place_missing: float = 0.25
    place_other: float = 0.12
    postcode_missing: float = 0.22
    postcode_other: float = 0.25
    postcode_letter: float = 0.03
    gender_missing: float = 0.20
    gender_wrong: float = 0.01
    words_lost: float = 0.0
    """The whole name has lost some of its words; the first that is left is taken for the given name, the last for the
    surname, also where it is of a title: thomas chudleigh, for thomas clifford, 1st baron clifford of chudleigh."""
    of_lands: float = 0.0
    """Of persons: they have a title of lands, and it stands behind the name."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """What is true of somebody."""

    given: str
    second: str
    surname: str
    other_surname: str
    title: str
    birth: tuple[int, int, int]
    place: str
    other_place: str
    postcodes: tuple[str, ...]
    is_man: bool
    rank: str = field(default="")


def make(records: int, *, seed: int, rates: Rates | None = None) -> tuple[pa.Table, pa.Table]:
    """So many flat records, in no order, and the true person of each."""
    rng, rates = random.Random(seed), rates or Rates()
    rows: list[tuple[tuple[str | None, ...], int]] = []
    before: Person | None = None
    number = 0
    while len(rows) < records:
        person = _person(rng, before if rng.random() < 0.12 else None, rates)
        times = rng.choices(range(1, 21), RECORDS_PER_PERSON)[0]
        rows += [(_typed(rng, person, rates), number) for _ in range(times)]
        before, number = person, number + 1
    rng.shuffle(rows)
    rows = rows[:records]
    ids = [f"h{place:07d}" for place in range(len(rows))]
    flat = {"record_id": ids} | {name: [row[at] for row, _ in rows] for at, name in enumerate(COLUMNS[1:])}
    truth = {"record_id": ids, "customer_id": [str(person) for _, person in rows]}
    texts = [(name, pa.string()) for name in COLUMNS]
    return pa.table(flat, pa.schema(texts)), pa.table(truth)


def _person(rng: random.Random, father: Person | None, rates: Rates) -> Person:
    """Somebody; a child has the surname, the place and a postcode of its father, and mostly a name of the family."""
    is_man = rng.random() < 0.75
    names = (MEN if is_man else WOMEN).split()
    weights = [1.0 / (at + 2) for at in range(len(names))]
    given, second = rng.choices(names, weights, k=2)
    surname = _surname(rng)
    place, other_place = rng.sample(PLACES.split(), 2)
    area = f"{place[:2]}{rng.randint(1, 40)}"
    postcodes = tuple(f"{area} {rng.randint(1, 9)}{rng.choice(TYPED)}{rng.choice(TYPED)}" for _ in range(4))
    year = rng.choices((rng.randint(1400, 1700), rng.randint(1700, 1850), rng.randint(1850, 1950)), (2, 3, 5))[0]
    if father:
        surname, place, postcodes = father.surname, father.place, (father.postcodes[0], *postcodes[1:])
        year = father.birth[0] + rng.randint(18, 45)
        if is_man and father.is_man and rng.random() < 0.35:
            given = father.given
    has_other = rng.random() < (0.10 if is_man else 0.45)
    return Person(
        given=given,
        second=second if rng.random() < 0.45 else "",
        surname=surname,
        other_surname=_surname(rng) if has_other else "",
        title=rng.choice(TITLES) if rng.random() < 0.15 else "",
        rank=_rank(rng, surname, place, rates) if is_man else "",
        birth=(year, rng.randint(1, 12), rng.randint(1, 28)),
        place=place,
        other_place=other_place,
        postcodes=postcodes,
        is_man=is_man,
    )


def _rank(rng: random.Random, surname: str, place: str, rates: Rates) -> str:
    if rates.of_lands and rng.random() < rates.of_lands:
        rank = rng.choice(("baron", "viscount", "earl"))
        return f"{rng.randint(1, 9)}th {rank} {surname} of {place}" if rng.random() < 0.5 else f"{rank} of {place}"
    return f"{rng.randint(1, 9)}th baronet" if rng.random() < 0.06 else ""


def _surname(rng: random.Random) -> str:
    if rng.random() < 0.45:
        common = SURNAMES.split()
        return rng.choices(common, [1.0 / (at + 4) for at in range(len(common))])[0]
    return rng.choice(FRONTS.split()) + rng.choice(BACKS.split())


def _typed(rng: random.Random, person: Person, rates: Rates) -> tuple[str | None, ...]:
    """What a record says of somebody: the values of `COLUMNS` but for the first."""

    def hits(rate: float) -> bool:
        return rng.random() < rate

    given: str | None = person.given
    surname: str | None = person.surname
    if hits(rates.given_short):
        given = rng.choice(_short(person.given))
    elif hits(rates.given_initial):
        given = person.given[0]
    elif person.second and hits(rates.given_second):
        given = person.second
    if person.other_surname and hits(3 * rates.surname_other):
        surname = person.other_surname
    given = _slipped(rng, given) if hits(rates.letter) else given
    surname = _slipped(rng, surname) if hits(rates.letter) else surname
    if hits(rates.turned):
        given, surname = surname, given
    given = None if hits(rates.given_missing) else given
    surname = None if hits(rates.surname_missing) else surname
    middle = person.second if hits(0.5) else person.second[:1] if hits(0.3) else ""
    title, rank = (person.title if hits(0.5) else ""), (f", {person.rank}" if person.rank and hits(0.4) else "")
    whole = " ".join(part for part in (title, given, middle, surname) if part) + rank
    if rates.words_lost and hits(rates.words_lost):
        words = whole.replace(",", "").split(" ")
        words = words[:1] + [word for word in words[1:] if not hits(0.4)]
        whole = " ".join(words)
        given, surname = words[0] or None, words[-1] if len(words) > 1 else None
    place = person.other_place if hits(rates.place_other) else person.place
    gender = person.is_man != hits(rates.gender_wrong)
    return (
        whole or None,
        given,
        surname,
        _birth(rng, person.birth, rates),
        None if hits(rates.gender_missing) else ("male" if gender else "female"),
        None if hits(rates.place_missing) else place,
        _postcode(rng, person.postcodes, rates),
    )


def _birth(rng: random.Random, true: tuple[int, int, int], rates: Rates) -> str | None:
    year, month, day = true
    chance = rng.random()
    for rate, error in (
        (rates.birth_missing, None),
        (rates.birth_january, (year, 1, 1)),
        (rates.birth_day, (year, month, rng.randint(1, 28))),
        (rates.birth_year, (year + rng.choice((-2, -1, 1, 2)), month, day)),
        (rates.birth_digit, (year // 100 * 100 + rng.randint(0, 99), month, day)),
    ):
        if chance < rate:
            return None if error is None else "{:04d}-{:02d}-{:02d}".format(*error)
        chance -= rate
    return f"{year:04d}-{month:02d}-{day:02d}"


def _postcode(rng: random.Random, true: tuple[str, ...], rates: Rates) -> str | None:
    if rng.random() < rates.postcode_missing:
        return None
    postcode = rng.choice(true[1:]) if rng.random() < rates.postcode_other else true[0]
    if rng.random() < rates.postcode_letter:
        return postcode[:-1] + rng.choice(TYPED)
    return postcode


def _short(given: str) -> list[str]:
    """The short forms of a name; itself where it has none."""
    for family in nicknames._FORMS.split(";"):  # noqa: SLF001 - the list itself, for want of another.
        long, *short = family.split()
        if long == given:
            return short
    return [given]


def _slipped(rng: random.Random, name: str | None) -> str | None:
    """A name with one letter wrong, left out, doubled, or changed with its neighbour."""
    if not name or len(name) < 3:
        return name
    at = rng.randrange(1, len(name))
    other = rng.choice(TYPED)
    forms = (
        name[:at] + other + name[at + 1 :],
        name[:at] + name[at + 1 :],
        name[:at] + name[at] + name[at:],
        name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :],
    )
    return rng.choice(forms)
