"""Figures: counts by code, brought into the order and the shares in which people read them."""

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from kehu.model.codes import TEXTS, Category, Gender, Kind, StarLevel
from kehu.model.languages import Language

COUNTS = pa.schema([pa.field("value", pa.string()), pa.field("count", pa.int64(), nullable=False)])
"""One row a code, each code once; a null code counts those who state none."""

NONE = "-"
"""Stands for the null code where a text is needed: in an address, a file. No code is called so: it is a placeholder."""

REST = "*"
"""The code of the slice that holds all codes too rare for one of their own; it cannot be drilled into."""

NAMED_CODES = 9
"""More slices than these, a pie cannot show; the rarest then share the slice `REST`."""


@dataclass(frozen=True, kw_only=True)
class Slice:
    """One part of a whole."""

    code: str
    """The code counted here, `NONE` or `REST`."""
    customers: int
    """How many have it."""
    percent: float
    """Its part of the whole, in tenths of a percent; those of a figure add up to 100.0."""
    figure: str = "category"
    """The figure that it is part of: it says what the code is called."""

    def label(self, language: Language) -> str:
        """What the code is called; an operator's own code is its own name.

        >>> Slice(code="student", customers=1, percent=100.0).label(Language.ZH)
        '学生'
        """
        own = {NONE: ("未注明", "not stated"), REST: ("其余", "all the rest")}
        zh, en = own.get(self.code) or TEXTS_OF.get(self.figure, {}).get(self.code) or (self.code, self.code)
        return zh if language is Language.ZH else en


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A whole and its parts."""

    name: str
    """What is counted, as in the address of the figure: `category`."""
    slices: tuple[Slice, ...]
    """The parts, falling; other, the rest and the unstated last."""
    total: int
    """The whole."""

    def title(self, language: Language) -> str:
        """What the figure is called."""
        zh, en = TITLES[self.name]
        return zh if language is Language.ZH else en


TITLES: dict[str, tuple[str, str]] = {
    "category": ("用户类别比例", "Customers by category"),
    "star_level": ("客户星级", "Customers by star level"),
    "kind": ("个人与单位", "Persons and organizations"),
    "gender": ("性别", "Customers by gender"),
    "province": ("省份", "Customers by province"),
    "age": ("年龄", "Customers by age"),
    "channel": ("渠道", "Customers by channel"),
    "records": ("每位客户的记录数", "Records per customer"),
    "score": ("质量评分", "Customers by quality"),
    "numbers": ("每个证件的号码数（一证五户）", "Numbers per certificate"),
    "twice": ("重复记录（按渠道）", "Duplicates found by channel"),
    "reason": ("接触原因", "Contacts by reason"),
    "ticket": ("工单量（按月）", "Tickets by month"),
    "new": ("新增客户（按月）", "New customers by month"),
    "lost": ("流失客户（按月）", "Customers lost by month"),
    "tenure": ("在网年限", "Years as a holder"),
}
"""Name of a figure -> its zh and en title."""

ORDINAL = frozenset({"star_level", "age", "records", "score", "numbers", "new", "lost", "ticket", "tenure"})
"""Figures whose codes have an order of their own; the others begin with the greatest."""

MONTHLY = frozenset({"new", "lost", "ticket"})
"""Figures whose codes are months: there may be a hundred of them, one beside the other."""

LONGEST = 600
"""So many months are shown with those between them in which nothing was counted; of more, one is a wrong date."""

TEXTS_OF: dict[str, dict[str, tuple[str, str]]] = {
    "category": {str(code): TEXTS[code] for code in Category},
    "star_level": {str(code): TEXTS[code] for code in StarLevel},
    "kind": {str(code): TEXTS[code] for code in Kind},
    "gender": {str(code): TEXTS[code] for code in Gender},
}
"""Name of a figure -> what its codes are called."""

_LAST = {str(Category.OTHER): 1, REST: 2, NONE: 3}


def figure(name: str, counts: pa.Table, *, named: int = NAMED_CODES, smallest: int = 0) -> Figure:
    """Turn counts into a figure.

    >>> table = pa.table({"value": ["ordinary", "student", None], "count": [1, 2, 3]}, COUNTS)
    >>> [(part.code, part.percent) for part in figure("category", table).slices]
    [('student', 33.3), ('ordinary', 16.7), ('-', 50.0)]
    >>> [(part.code, part.customers) for part in figure("category", table, smallest=2).slices]
    [('*', 4), ('-', 4)]

    Args:
        name: What is counted; a key of `TITLES`.
        counts: One row a code, as `COUNTS` says.
        named: So many codes at most get a slice of their own, unless they have an order.
        smallest: Slices of fewer are told together as the rest, which then is no smaller either, and every count is
            rounded to a multiple of it: what is left when one figure is taken from another tells of no group.
    """
    told = counts.filter(pc.greater(counts["count"], 0))
    told = told.set_column(0, "value", pc.fill_null(told["value"], NONE))
    shown = _together(told if name in ORDINAL else _fold(told, named), smallest)
    many = [rounded(count, smallest) for count in shown["count"].to_pylist()]
    parts = [
        Slice(code=code, customers=count, percent=tenths / 10, figure=name)
        for code, count, tenths in zip(shown["value"].to_pylist(), many, _tenths(many), strict=True)
    ]
    if name in ORDINAL:
        known = list(TEXTS_OF.get(name, ()))
        parts.sort(key=lambda part: (_LAST.get(part.code, 0), _place_in(known, part.code), place_of(part.code)))
    else:
        parts.sort(key=lambda part: (_LAST.get(part.code, 0), -part.customers, part.code))
    return Figure(name=name, slices=tuple(parts), total=sum(many))


def spaced(figure: Figure) -> tuple[Slice, ...]:
    """The slices of a figure by month as an axis of time has them: a month that is not told has one of nought.

    >>> counts = pa.table({"value": ["2026-11", "2027-02", None], "count": [3, 4, 5]}, COUNTS)
    >>> [(part.code, part.customers) for part in spaced(figure("ticket", counts))]
    [('2026-11', 3), ('2026-12', 0), ('2027-01', 0), ('2027-02', 4), ('-', 5)]
    """
    told = {_month(part.code): part for part in figure.slices if part.code not in _LAST}
    if not told or max(told) - min(told) >= LONGEST:
        return figure.slices
    others = tuple(part for part in figure.slices if part.code in _LAST)
    between = (
        told.get(month)
        or Slice(code=f"{month // 12:04}-{month % 12 + 1:02}", customers=0, percent=0.0, figure=figure.name)
        for month in range(min(told), max(told) + 1)
    )
    return (*between, *others)


def _month(code: str) -> int:
    """A month as the number of those before it."""
    year, month = place_of(code)
    return year * 12 + month - 1


def _place_in(known: list[str], code: str) -> int:
    """Where a code stands among those that we know; an operator's own behind them."""
    return known.index(code) if code in known else len(known)


def rounded(many: int, smallest: int) -> int:
    """A count as those are told it who may not see persons: to the next multiple of the smallest group, nought below.

    >>> [rounded(many, 10) for many in (9, 10, 14, 15, 123)]
    [0, 10, 10, 20, 120]
    """
    if smallest <= 1:
        return many
    return 0 if many < smallest else (many + smallest // 2) // smallest * smallest


def place_of(code: str) -> tuple[int, ...]:
    """Where a code stands by the numbers in it: 9 before 10+, 18-24 before 25-34."""
    return tuple(int(number) for number in re.findall(r"\d+", code))


def _together(counts: pa.Table, smallest: int) -> pa.Table:
    """The slices that are too small to tell, as one; where they are too small even so, the next one goes with them."""
    counts = counts.sort_by([("count", "ascending"), ("value", "ascending")])
    many = counts["count"].to_pylist()
    small = sum(count < smallest for count in many)
    while 0 < small < len(many) and sum(many[:small]) < smallest:
        small += 1
    if not small:
        return counts
    if sum(many[:small]) < smallest:
        return counts.slice(0, 0)
    rest = pa.table({"value": [REST], "count": [sum(many[:small])]}, schema=counts.schema)
    return pa.concat_tables([counts.slice(small), rest])


def _fold(counts: pa.Table, named: int) -> pa.Table:
    """Give the null code its text, and the rarest codes one row together where there are too many."""
    # What came as the rest already goes with the rarest.
    is_rest = pc.cast(pc.equal(counts["value"], REST), pa.int8())
    counts = counts.append_column("rest", is_rest)
    counts = counts.sort_by([("rest", "ascending"), ("count", "descending"), ("value", "ascending")]).drop_columns(
        "rest"
    )
    if counts.num_rows <= named:
        return counts
    rare = counts.slice(named - 1)
    rest = pa.table({"value": [REST], "count": [pc.sum(rare["count"]).as_py()]}, schema=counts.schema)
    return pa.concat_tables([counts.slice(0, named - 1), rest])


def _tenths(counts: list[int]) -> list[int]:
    """Tenths of a percent that add up to 1000, the greatest remainders rounded up (Hare and Niemeyer)."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    floors = [count * 1000 // total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda place: -(counts[place] * 1000 % total))
    for place in by_remainder[: 1000 - sum(floors)]:
        floors[place] += 1
    return floors
