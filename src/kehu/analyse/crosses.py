"""Crosses: counts or shares by two things at once, such as tickets by kind and outcome."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from kehu.analyse.figures import NONE, REST, place_of, rounded
from kehu.model import tickets
from kehu.model.languages import Language


class Drawn(StrEnum):
    """How a cross is drawn."""

    HEAT = "heat"
    """Cells, the darker the more."""
    STACKED = "stacked"
    """A bar a row, its parts on top of each other."""
    FLOW = "flow"
    """Bands from the rows to the columns (sankey)."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a cross is about."""

    title: tuple[str, str]
    """zh and en."""
    row: tuple[str, str]
    """What its rows are."""
    column: tuple[str, str]
    """What its columns are."""
    drawn: Drawn
    is_percent: bool = False
    """Its values are shares, which do not add up."""
    nobody: frozenset[str] = frozenset()
    """Columns behind which no customers stand."""


KINDS: dict[str, Kind] = {
    "sla": Kind(
        title=("工单时限", "Tickets by kind and outcome"), row=("工单类型", "Kind"), column=("结果", "Outcome"),
        drawn=Drawn.STACKED,
    ),
    "completeness": Kind(
        title=("各渠道属性完整率", "Filled attributes by channel"), row=("属性", "Attribute"),
        column=("渠道", "Channel"),
        drawn=Drawn.HEAT, is_percent=True,
    ),
    "validity": Kind(
        title=("各渠道属性有效率", "Valid attributes by channel"), row=("属性", "Attribute"),
        column=("渠道", "Channel"),
        drawn=Drawn.HEAT, is_percent=True,
    ),
    "load": Kind(
        title=("批次明细（含重复）", "Loads: new, held already, in quarantine"), row=("批次", "Load"),
        column=("结果", "Outcome"), drawn=Drawn.STACKED, nobody=frozenset({"held", "quarantined"}),
    ),
    "recency": Kind(
        title=("最近接触与频次", "Recency and frequency"), row=("距今月数", "Months since the last contact"),
        column=("接触次数", "Contacts"), drawn=Drawn.HEAT,
    ),
    "retention": Kind(
        title=("首次接触后的留存（百分比）", "Who came again, in percent"),
        row=("首次接触于几个月前", "First came, months ago"),
        column=("之后第几个月", "Months later"), drawn=Drawn.HEAT, is_percent=True,
    ),
    "journey": Kind(
        title=("首次与下次接触渠道", "First and next channel"), row=("首次渠道", "First channel"),
        column=("下次渠道", "Next channel"), drawn=Drawn.FLOW,
    ),
}  # fmt: skip
"""Name of a cross -> what it is about."""

_TEXTS: dict[str, tuple[str, str]] = {
    "in_time": ("按时完成", "in time"), "late": ("超时", "late"), "open": ("未完成", "open"),
    "new": ("新记录", "new"), "changed": ("新版本", "new version"), "held": ("已有（重复）", "held already"),
    "quarantined": ("隔离", "in quarantine"), REST: ("其余", "all the rest"),
}  # fmt: skip
_ATTRIBUTES: dict[str, tuple[str, str]] = {
    "name": ("姓名", "name"), "phone": ("电话", "phone"), "id_number": ("证件号码", "certificate"),
    "birth_date": ("出生日期", "birth date"), "gender": ("性别", "gender"), "email": ("电子邮箱", "e-mail"),
    "address": ("地址", "address"), "category": ("客户类别", "category"),
    "star_level": ("客户星级", "star level"), "updated_at": ("更新时间", "changed at"),
}  # fmt: skip
_NO_NEXT = ("未再来", "came no more")
_ORDER = {
    code: place for place, code in enumerate(("in_time", "late", "open", "new", "changed", "held", "quarantined"))
}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A value of a cross."""

    row: str
    column: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Cross:
    """A table of values."""

    name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[Cell, ...]
    """Where nothing was counted, there is none."""

    @property
    def kind(self) -> Kind:
        """What it is about."""
        return KINDS[self.name]

    def title(self, language: Language) -> str:
        """What it is called."""
        return _said(self.kind.title, language)

    def row_words(self, language: Language) -> str:
        """What its rows are."""
        return _said(self.kind.row, language)

    def column_words(self, language: Language) -> str:
        """What its columns are."""
        return _said(self.kind.column, language)

    def label(self, code: str, language: Language, *, of_row: bool = False) -> str:
        """What a row or column is called; a code that has no words is its own name."""
        if self.name == "journey" and code == NONE:
            return _said(_NO_NEXT, language)
        if self.name == "sla" and of_row and code in set(tickets.TicketKind):
            return _said(tickets.TEXTS[tickets.TicketKind(code)], language)
        words = _ATTRIBUTES if self.name in ("completeness", "validity") else _TEXTS
        return _said(words[code], language) if code in words else code

    def code(self, row: str, column: str) -> str | None:
        """By what the customers behind a cell are found; None where nobody stands."""
        return None if column in self.kind.nobody else f"{row}|{column}"

    def value(self, row: str, column: str) -> float | None:
        """The value of a cell; None where nothing was counted."""
        return self._by_place.get((row, column))

    @property
    def _by_place(self) -> dict[tuple[str, str], float]:
        return {(cell.row, cell.column): cell.value for cell in self.cells}

    def table(self) -> list[tuple[str, list[float | None]]]:
        """Its rows, each with the values of all columns."""
        held = self._by_place
        return [(row, [held.get((row, column)) for column in self.columns]) for row in self.rows]


def _said(words: tuple[str, str], language: Language) -> str:
    return words[0] if language is Language.ZH else words[1]


def cross(name: str, counts: Iterable[tuple[str, str, int]], *, smallest: int = 0) -> Cross:
    """Counts as a cross, rows and columns in their own order.

    >>> cross("sla", [("fault", "late", 3), ("fault", "in_time", 40)], smallest=10).cells
    (Cell(row='fault', column='in_time', value=40),)

    Args:
        name: A key of `KINDS`.
        counts: Row, column and how many, each pair once.
        smallest: Smaller counts are left out, and others rounded to multiples of it.
    """
    told = [Cell(row=row, column=column, value=rounded(value, smallest)) for row, column, value in counts]
    told = sorted((one for one in told if one.value), key=lambda one: (_place(one.row), _place(one.column)))
    return Cross(
        name=name,
        rows=tuple(sorted({one.row for one in told}, key=_place)),
        columns=tuple(sorted({one.column for one in told}, key=_place)),
        cells=tuple(told),
    )


def shares(name: str, counts: Iterable[tuple[str, str, int]], *, of: str, smallest: int = 0) -> Cross:
    """Counts as shares of one column of their row, in percent; the column itself, a hundred percent, is left out.

    >>> shares("retention", [("3", "0", 200), ("3", "1", 50)], of="0").cells
    (Cell(row='3', column='1', value=25.0),)
    """
    held = cross(name, counts, smallest=smallest)
    wholes = {one.row: one.value for one in held.cells if one.column == of}
    cells = tuple(
        Cell(row=one.row, column=one.column, value=round(100 * one.value / wholes[one.row], 1))
        for one in held.cells
        if one.row in wholes and one.column != of
    )
    rows, columns = ({getattr(cell, side) for cell in cells} for side in ("row", "column"))
    return Cross(
        name=name,
        rows=tuple(row for row in held.rows if row in rows),
        columns=tuple(column for column in held.columns if column in columns),
        cells=cells,
    )


def percents(name: str, parts: Iterable[tuple[str, str, int, int]]) -> Cross:
    """Parts of wholes, in percent: row, column, part and whole.

    >>> percents("validity", [("phone", "hall", 3, 4)]).cells
    (Cell(row='phone', column='hall', value=75.0),)
    """
    told = list(parts)
    cells = tuple(
        Cell(row=row, column=column, value=round(100 * part / whole, 1)) for row, column, part, whole in told if whole
    )
    rows, columns = ({getattr(cell, side): None for cell in cells} for side in ("row", "column"))
    return Cross(name=name, rows=tuple(rows), columns=tuple(columns), cells=cells)


def totals(held: Cross) -> Counter[str]:
    """How much each row holds in all."""
    sums = Counter[str]()
    for one in held.cells:
        sums[one.row] += one.value  # type: ignore[assignment]  # a Counter adds up floats, too
    return sums


def _place(code: str) -> tuple[int, int, tuple[int, ...], str]:
    """Codes with an order of their own first, then by the numbers in them, then by their text; the unknown last."""
    return (code in (NONE, REST), _ORDER.get(code, 0), place_of(code) or (1 << 30,), code)
