"""Drafts of segments: what the builder's form holds, and the tree of conditions that it means.

A draft holds groups of questions. A group is about the customer (all, any or none of its questions hold), or about one
kind of thing that the customer has (at least so many for which all hold, or none). A tree that came by another way may
be one that no draft holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

from starlette.datastructures import FormData

from kehu.flows.analysis.segments import Shown
from kehu.model import segments as model
from kehu.model.segments import Kind, Segment, Thing

CUSTOMER = "customer"
ABOUT = (CUSTOMER, *Thing)
QUESTIONS: dict[Kind, tuple[str, ...]] = {
    Kind.CODE: ("one_of", "known"),
    Kind.TEXT: ("one_of", "begins", "known"),
    Kind.NUMBER: ("between", "known"),
    Kind.AGE: ("between", "known"),
    Kind.DAY: ("after", "before", "known"),
    Kind.TIME: ("after_days", "before_days", "after", "before", "known"),
    Kind.TRUTH: ("true", "false", "known"),
}
"""What may be asked of a column; `after_days` is `after` with days_ago, `before_days` is `before` with it."""
DAYS = {"after_days": "after", "before_days": "before"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A question, as the form holds it."""

    column: str
    asked: str
    value: str = ""
    to: str = ""

    @property
    def values(self) -> list[str]:
        """What was listed, parted by commas."""
        return [one.strip() for one in self.value.replace("，", ",").split(",") if one.strip()]

    @property
    def questions(self) -> tuple[str, ...]:
        """What may be asked of the column."""
        return ("known",) if self.column in model.PERSONAL else QUESTIONS[model.COLUMNS[self.column]]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Questions about the customer, or about one kind of thing."""

    about: str = CUSTOMER
    mode: str = "all"
    at_least: int = 1
    lines: tuple[Line, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """What may be asked about."""
        return tuple(name for name in model.COLUMNS if name.startswith(f"{self.about}."))

    @property
    def modes(self) -> tuple[str, ...]:
        """How its questions hang together."""
        return ("all", "any", "none") if self.about == CUSTOMER else ("all", "none")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What the form holds."""

    name: str = ""
    top: str = "all"
    groups: tuple[Group, ...] = (Group(lines=(Line(column="customer.category", asked="one_of"),)),)
    with_each_run: bool = False


def read(form: FormData) -> Draft:
    """What the form holds; fields are called `g0.about`, `g0.l1.column`."""

    def text(name: str, otherwise: str = "") -> str:
        return str(form.get(name, otherwise)).strip()

    groups = []
    for g in range(_many(form, "groups")):
        about = text(f"g{g}.about", CUSTOMER)
        blank = Group(about=about if about in ABOUT else CUSTOMER)
        lines = tuple(_lines(form, g, blank))
        mode = text(f"g{g}.mode", "all")
        at_least = text(f"g{g}.at_least", "1")
        groups.append(
            replace(
                blank,
                mode=mode if mode in blank.modes else "all",
                at_least=int(at_least) if at_least.isdecimal() and 0 < int(at_least) <= 1_000_000 else 1,
                lines=lines,
            )
        )
    top = text("top", "all")
    return Draft(
        name=text("name"), top=top if top in ("all", "any") else "all", groups=tuple(groups),
        with_each_run=bool(form.get("with_each_run")),
    )  # fmt: skip


def _lines(form: FormData, g: int, group: Group) -> Iterator[Line]:
    for at in range(_many(form, f"g{g}.lines")):
        column = str(form.get(f"g{g}.l{at}.column", ""))
        line = Line(column=column if column in group.columns else group.columns[0], asked="")
        asked = str(form.get(f"g{g}.l{at}.is", ""))
        values = [str(value).strip() for value in form.getlist(f"g{g}.l{at}.value") if str(value).strip()]
        yield replace(
            line,
            asked=asked if asked in line.questions else line.questions[0],
            value=", ".join(values),
            to=str(form.get(f"g{g}.l{at}.to", "")).strip(),
        )


def _many(form: FormData, name: str) -> int:
    told = str(form.get(name, "0"))
    return min(int(told), 50) if told.isdecimal() else 0


def changed(draft: Draft, do: str) -> Draft:
    """The draft after a button was pressed: `group`, `line 0`, `drop 0`, `drop 0 1`."""
    word, *numbers = do.split(" ")
    places = [int(number) for number in numbers if number.isdecimal()]
    groups = list(draft.groups)
    match (word, places):
        case ("group", []):
            groups.append(Group(lines=(_first(Group()),)))
        case ("line", [g]) if g < len(groups):
            groups[g] = replace(groups[g], lines=(*groups[g].lines, _first(groups[g])))
        case ("drop", [g]) if g < len(groups):
            del groups[g]
        case ("drop", [g, at]) if g < len(groups):
            groups[g] = replace(groups[g], lines=groups[g].lines[:at] + groups[g].lines[at + 1 :])
    return replace(draft, groups=tuple(groups))


def _first(group: Group) -> Line:
    line = Line(column=group.columns[0], asked="")
    return replace(line, asked=line.questions[0])


def segment(draft: Draft) -> Segment:
    """The segment that a draft means.

    Raises:
        SettingsError: It is not complete.
    """
    return model.parsed({draft.top: [_tree(group) for group in draft.groups]})


def _tree(group: Group) -> dict[str, Any]:
    leaves = [_leaf(line) for line in group.lines]
    if group.about == CUSTOMER:
        inside: dict[str, Any] = {"any" if group.mode in ("any", "none") else "all": leaves}
    else:
        inside = {"has": group.about, "where": leaves}
        if group.mode != "none":
            inside["at_least"] = group.at_least
    return {"not": inside} if group.mode == "none" else inside


def _leaf(line: Line) -> dict[str, Any]:
    leaf: dict[str, Any] = {"column": line.column, "is": line.asked}
    match line.asked:
        case "one_of":
            leaf["values"] = line.values
        case "begins":
            leaf["value"] = line.value
        case "between":
            leaf |= {name: _number(text) for name, text in (("from", line.value), ("to", line.to)) if text}
        case "after_days" | "before_days":
            leaf |= {"is": DAYS[line.asked], "days_ago": _number(line.value)}
        case "after" | "before":
            leaf["day"] = line.value
    return leaf


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def drafted(found: Shown) -> Draft | None:
    """The draft of a saved segment; None where the form cannot hold it."""
    tree = cast("dict[str, Any]", found.condition)
    top = next((name for name in ("all", "any") if name in tree), None)
    if top is None:
        top, tree = "all", {"all": [tree]}
    groups = [_grouped(one) for one in tree[top]]
    if None in groups:
        return None
    return Draft(
        name=found.name, top=top, groups=tuple(one for one in groups if one), with_each_run=found.with_each_run
    )


def _grouped(tree: dict[str, Any]) -> Group | None:
    is_not, inside = "not" in tree, tree.get("not", tree)
    if "has" in inside:
        lines, at_least = _lines_of(inside.get("where", [])), inside.get("at_least", 1)
        if lines is None or (is_not and at_least != 1):
            return None
        return Group(about=inside["has"], mode="none" if is_not else "all", at_least=at_least, lines=lines)
    leaves = inside.get("any" if is_not else "all", inside.get("any"))
    if "column" in inside:
        leaves = [inside]
    if leaves is None or any("column" not in leaf for leaf in leaves):
        return None
    lines = _lines_of(leaves)
    mode = "none" if is_not else "any" if "any" in inside else "all"
    return None if lines is None else Group(mode=mode, lines=lines)


def _lines_of(leaves: list[dict[str, Any]]) -> tuple[Line, ...] | None:
    """The lines of questions; None where the form would give back others: it parts values by commas, and trims them."""
    lines = tuple(map(_lined, leaves))
    given = (_leaf(replace(line, value=line.value.strip())) for line in lines)
    return lines if all(line.asked in line.questions for line in lines) and list(given) == list(leaves) else None


def _lined(leaf: dict[str, Any]) -> Line:
    asked, value, to = leaf["is"], "", ""
    match asked:
        case "one_of":
            value = ", ".join(leaf["values"])
        case "begins":
            value = leaf["value"]
        case "between":
            value, to = (_plain(leaf.get(name)) for name in ("from", "to"))
        case "after" | "before" if "days_ago" in leaf:
            asked, value = f"{asked}_days", str(leaf["days_ago"])
        case "after" | "before":
            value = str(date.fromisoformat(leaf["day"]))
    return Line(column=leaf["column"], asked=asked, value=value, to=to)


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:.15g}"
