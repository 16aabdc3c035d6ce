"""Segments (客群): built by clicks, counted while they are built, saved, looked into and taken out.

Without scripts each change of the builder is a button; what its form holds is a draft (`drafts`).
"""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Form, Query, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from kehu.errors import ConflictError, SettingsError
from kehu.flows.analysis import segments as flow
from kehu.model import segments as model
from kehu.model.people import Permission
from kehu.serve import drafts
from kehu.serve.api import segments as api
from kehu.serve.api.segments import TakenOut
from kehu.serve.conditions import Sayer
from kehu.serve.drafts import ABOUT, Draft
from kehu.serve.face import language_of
from kehu.serve.given import After, Number, Parts, Sees
from kehu.serve.looks import looked
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs
from kehu.store import loads, views

router = Router()

Analyst = Annotated[Who, needs(Permission.ANALYSE)]


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
    earlier: tuple[flow.Version, ...]
    """What it meant before, the newest first."""
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


Chosen = Annotated[str | None, Query(pattern=r"^[0-9]{0,18}$", description="The number of a segment")]

MOST = 500
"""So many segments can be chosen from."""


@dataclass(frozen=True, kw_only=True)
class OverlapPage:
    """What the page about two segments shows."""

    segments: tuple[flow.Shown, ...]
    one: flow.Shown | None
    other: flow.Shown | None
    overlap: flow.Overlap | None
    """None while fewer than two are chosen."""


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=2_000)


Filled = Annotated[FormData, Depends(_form)]


@router.get("/segments")
def listed(request: Request, parts: Parts, who: Analyst, after: After = None) -> Response:
    """The saved segments."""
    return parts.face.page(request, "segments.html", ListPage(page=api.listed(parts, who, after, 50), after=after))


@router.get("/segments/overlap")
def overlap(request: Request, parts: Parts, who: Analyst, one: Chosen = None, other: Chosen = None) -> Response:
    """How many customers two segments share."""
    seen, found = api.reader(parts, who), None
    first, second = (flow.one(parts.database, int(number), reader=seen) if number else None for number in (one, other))
    if first and second:
        found = flow.overlap(
            parts.database, model.parsed(first.condition), model.parsed(second.condition), api.today(parts), reader=seen
        )
    listed = flow.listed(parts.database, limit=MOST, reader=seen)
    page = OverlapPage(segments=tuple(listed), one=first, other=second, overlap=found)
    return parts.face.page(request, "segment_overlap.html", page)


@router.get("/segments/new")
def new(request: Request, parts: Parts, who: Analyst) -> Response:  # noqa: ARG001  (the rule)
    """An empty builder."""
    return parts.face.page(request, "segment_builder.html", _page(request, parts, Draft(), None))


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
        earlier=flow.versions(parts.database, segment_id)[1:],
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
    draft = drafts.drafted(found)
    page = _page(request, parts, draft or Draft(name=found.name, groups=()), segment_id)
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


@router.get("/segments/{segment_id}/members/{customer_id}", dependencies=[needs(Permission.FIND), looked()])
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
    draft = drafts.changed(drafts.read(form), str(form.get("do", "count")))
    counted, complaint = None, None
    try:
        wanted = drafts.segment(draft)
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
    page = replace(_page(request, parts, draft, segment_id), counted=counted, complaint=complaint)
    return parts.face.page(request, "segment_builder.html", page, status=422 if complaint else 200)


def _page(request: Request, parts: Parts, draft: Draft, segment_id: int | None) -> BuilderPage:
    with parts.database.read() as tx:
        say = Sayer(language=language_of(request), channels=loads.channels(tx))
    return BuilderPage(draft=draft, segment_id=segment_id, counted=None, say=say)


def _say(request: Request) -> Sayer:
    return Sayer(language=language_of(request))
