"""Segments (客群): built by clicks, counted while they are built, saved, looked into and taken out.

The builder holds groups of questions. A group is about the customer (all, any or none of its questions hold), or about
one kind of thing that the customer has (at least so many for which all hold, or none). Without scripts each change is a
button.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Form, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from kehu.errors import ConflictError, SettingsError
from kehu.flows import segments as flow
from kehu.model import segments as model
from kehu.model.people import Permission
from kehu.model.segments import Kind, Segment, Thing
from kehu.serve.api import segments as api
from kehu.serve.api.segments import TakenOut
from kehu.serve.conditions import Sayer
from kehu.serve.face import language_of
from kehu.serve.given import After, Number, Parts, Sees
from kehu.serve.who import Who, needs
from kehu.store import views

router = APIRouter()

Analyst = Annotated[Who, needs(Permission.ANALYSE)]

CUSTOMER = "customer"
ABOUT = (CUSTOMER, *Thing)
QUESTIONS: dict[Kind, tuple[str, ...]] = {
    Kind.CODE: ("one_of", "known"),
    Kind.TEXT: ("one_of", "begins", "known"),
    Kind.NUMBER: ("between", "known"),
    Kind.AGE: ("between", "known"),
    Kind.DAY: ("after", "before", "known"),
    Kind.TIME: ("after_days", "after", "before", "known"),
    Kind.TRUTH: ("true", "false", "known"),
}
"""What may be asked of a column; `after_days` is `after` with days_ago."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A question, as the form holds it."""

    column: str
    asked: str
    value: str = ""
    to: str = ""

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


@dataclass(frozen=True, kw_only=True)
class BuilderPage:
    """What the builder shows."""

    draft: Draft
    segment_id: int | None
    counted: flow.Counted | None
    complaint: str | None = None
    foreign: str | None = None
    """The conditions as JSON, where the form cannot hold them."""
    say: Sayer
    about: tuple[str, ...] = ABOUT


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """What the list shows."""

    page: views.Page[flow.Shown]
    after: int | None


@dataclass(frozen=True, kw_only=True)
class MembersPage:
    """What the page of one segment shows."""

    segment: flow.Shown
    counted: flow.Counted
    page: views.Page[views.Customer] | None
    """None: they may not see persons."""
    after: int | None
    say: Sayer


@dataclass(frozen=True, kw_only=True)
class FactorsPage:
    """What the page tells why somebody is meant."""

    segment: flow.Shown
    customer_id: int
    factors: tuple[flow.Factor, ...]
    say: Sayer


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=2_000)


Filled = Annotated[FormData, Depends(_form)]


@router.get("/segments")
def listed(request: Request, parts: Parts, who: Analyst, after: After = None) -> Response:
    """The saved segments."""
    return parts.face.page(request, "segments.html", ListPage(page=api.listed(parts, who, after, 50), after=after))


@router.get("/segments/new")
def new(request: Request, parts: Parts, who: Analyst) -> Response:  # noqa: ARG001  (the rule)
    """An empty builder."""
    return parts.face.page(request, "segment_builder.html", _page(request, Draft(), None))


@router.post("/segments/new")
def build(request: Request, parts: Parts, who: Analyst, form: Filled) -> Response:
    """A step of building a segment: another line, a count, or the segment saved."""
    return _built(request, parts, who, form, None)


@router.get("/segments/{segment_id}")
def one(request: Request, parts: Parts, who: Analyst, sight: Sees, segment_id: Number, after: After = None) -> Response:
    """A segment, how many it means, and who."""
    seen = api.reader(parts, who)
    found = flow.one(parts.database, segment_id, reader=seen)
    wanted, today = model.parsed(found.condition), api.today(parts)
    page = MembersPage(
        segment=found,
        counted=flow.count(parts.database, wanted, today, reader=seen),
        page=flow.members(parts.database, wanted, today, sight=sight, after=after) if seen.sees_persons else None,
        after=after,
        say=_say(request),
    )
    return parts.face.page(request, "segment.html", page)


@router.get("/segments/{segment_id}/edit")
def edit(request: Request, parts: Parts, who: Analyst, segment_id: Number) -> Response:
    """The builder, with a segment in it."""
    found = flow.one(parts.database, segment_id, reader=api.reader(parts, who))
    draft = _drafted(found)
    page = _page(request, draft or Draft(name=found.name, groups=()), segment_id)
    if draft is None:
        page = replace(page, foreign=str(found.condition))
    return parts.face.page(request, "segment_builder.html", page)


@router.post("/segments/{segment_id}/edit")
def rebuild(request: Request, parts: Parts, who: Analyst, segment_id: Number, form: Filled) -> Response:
    """A step of building another version of a segment."""
    return _built(request, parts, who, form, segment_id)


@router.post("/segments/{segment_id}/put-away")
def put_away(parts: Parts, who: Analyst, segment_id: Number) -> Response:
    """Take a segment out of use."""
    flow.put_away(parts.database, segment_id, by=who.by(parts.clock()))
    return RedirectResponse("/segments", status_code=303)


@router.get("/segments/{segment_id}/members/{customer_id}", dependencies=[needs(Permission.FIND)])
def factors(request: Request, parts: Parts, who: Analyst, segment_id: Number, customer_id: Number) -> Response:
    """Why somebody is meant."""
    page = FactorsPage(
        segment=flow.one(parts.database, segment_id, reader=api.reader(parts, who)),
        customer_id=customer_id,
        factors=api.factors(parts, who, segment_id, customer_id),
        say=_say(request),
    )
    return parts.face.page(request, "segment_factors.html", page)


@router.post("/segments/{segment_id}/export", dependencies=[needs(Permission.EXPORT)])
def export(
    parts: Parts,
    who: Analyst,
    segment_id: Number,
    asked: Annotated[TakenOut, Form()],
) -> Response:
    """The customers of a segment as a file."""
    return api.taken_out(parts, who, segment_id, asked)


def _built(request: Request, parts: Parts, who: Who, form: FormData, segment_id: int | None) -> Response:
    draft = _changed(_read(form), str(form.get("do", "count")))
    counted, complaint = None, None
    try:
        wanted = _segment(draft)
        if form.get("do") == "save":
            saved = flow.save(
                parts.database, wanted, name=draft.name, by=who.by(parts.clock()), segment_id=segment_id,
                with_each_run=draft.with_each_run, reader=api.reader(parts, who),
            )  # fmt: skip
            return RedirectResponse(f"/segments/{saved.segment_id}", status_code=303)
        counted = flow.count(parts.database, wanted, api.today(parts), reader=api.reader(parts, who))
    except (SettingsError, ConflictError) as why:
        # While somebody builds, what is not complete yet is no mistake.
        complaint = str(why) if form.get("do") == "save" else None
    page = replace(_page(request, draft, segment_id), counted=counted, complaint=complaint)
    return parts.face.page(request, "segment_builder.html", page, status=422 if complaint else 200)


def _page(request: Request, draft: Draft, segment_id: int | None) -> BuilderPage:
    return BuilderPage(draft=draft, segment_id=segment_id, counted=None, say=_say(request))


def _say(request: Request) -> Sayer:
    return Sayer(language=language_of(request))


def _read(form: FormData) -> Draft:
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


def _changed(draft: Draft, do: str) -> Draft:
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


def _segment(draft: Draft) -> Segment:
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
            leaf["values"] = [one.strip() for one in line.value.replace("，", ",").split(",") if one.strip()]
        case "begins":
            leaf["value"] = line.value
        case "between":
            leaf |= {name: _number(text) for name, text in (("from", line.value), ("to", line.to)) if text}
        case "after_days":
            leaf |= {"is": "after", "days_ago": _number(line.value)}
        case "after" | "before":
            leaf["day"] = line.value
    return leaf


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _drafted(found: flow.Shown) -> Draft | None:
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
        lines = [_lined(leaf) for leaf in inside.get("where", ())]
        if is_not and inside.get("at_least", 1) != 1:
            return None
        return Group(
            about=inside["has"], mode="none" if is_not else "all", at_least=inside.get("at_least", 1),
            lines=tuple(lines),
        )  # fmt: skip
    leaves = inside.get("any" if is_not else "all", inside.get("any"))
    if "column" in inside:
        leaves = [inside]
    if leaves is None or any("column" not in leaf for leaf in leaves):
        return None
    return Group(mode="none" if is_not else "any" if "any" in inside else "all", lines=tuple(map(_lined, leaves)))


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
            if asked == "after":
                asked, value = "after_days", str(leaf["days_ago"])
        case "after" | "before":
            value = str(date.fromisoformat(leaf["day"]))
    return Line(column=leaf["column"], asked=asked, value=value, to=to)


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:g}"
