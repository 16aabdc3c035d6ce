"""The list of customers, and the search."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Form, Query, Request
from starlette.responses import Response

from kehu.analyse import parts as figure_parts
from kehu.analyse.figures import Figure
from kehu.flows.analysis import figures
from kehu.flows.insight import insight, overview
from kehu.flows.users.pace import Asked
from kehu.model.codes import Flaw
from kehu.model.languages import Language
from kehu.model.people import Permission
from kehu.serve import face
from kehu.serve.api.customers import filter_of
from kehu.serve.api.figures import cut
from kehu.serve.given import After, Parts, Sees
from kehu.serve.pace import paced
from kehu.serve.threads import Router
from kehu.serve.who import needs
from kehu.store import behind, holdings
from kehu.store.tallies import Cut

router = Router(dependencies=[needs(Permission.FIND)])

Wish = Annotated[str | None, Query(max_length=64)]


@dataclass(frozen=True, kw_only=True)
class Behind:
    """The part of a figure that somebody clicked."""

    figure: str
    code: str
    title: str
    """What the figure is called."""
    label: str
    """What the part is called."""
    is_lack: bool
    """Listed is who lacks what the figure tells of."""
    since: str | None
    until: str | None
    back: str
    """The address of the list without it."""


LACKS = frozenset({"completeness", "validity"})


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """What the list shows."""

    listed: insight.Listed
    behind: Behind | None
    cut: Cut
    chosen: dict[str, str | None]
    """What the addresses of its pages keep."""
    flaw: Flaw | None
    flaws: tuple[Flaw, ...]
    after: int | None
    categories: Figure
    channels: tuple[str, ...]
    provinces: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SearchPage:
    """What the search shows."""

    typed: str
    found: insight.Found | None
    """None where nothing was typed."""
    further: bool
    """Whether this is a page after the first."""


@router.get("/customers")
def listed(
    request: Request,
    parts: Parts,
    kept: Annotated[Cut, Depends(cut)],
    flaw: Wish = None,
    figure: Wish = None,
    code: Annotated[str | None, Query(max_length=300)] = None,
    after: After = None,
) -> Response:
    """A page of the list: of all customers, of those that are chosen, or of those behind a part of a figure."""
    lacking = Flaw(flaw) if flaw in set(Flaw) else None
    wanted = replace(filter_of(kept.category, kept.channel, kept.province), flaw=lacking)
    chosen = {"category": kept.category, "channel": kept.channel, "province": kept.province, "flaw": lacking}
    clicked = None
    if figure and code:
        zone, without = parts.face.zone, face.query("/customers", **chosen)
        part = figures.part(parts.database, figure, code, kept, at=parts.clock(), zone=zone)
        wanted = replace(wanted, part=part, channel=None if part.figure in behind.OF_CONTACTS else wanted.channel)
        clicked = _behind(part, face.language_of(request), back=without)
        chosen |= {"figure": figure, "code": code, "since": kept.since, "until": kept.until}
    with parts.database.read() as tx:
        channels = tuple(found.name for found in holdings.channels(tx))
        provinces = holdings.provinces(tx)
    page = ListPage(
        listed=insight.listed(parts.database, wanted, after=after),
        behind=clicked,
        cut=kept,
        chosen=chosen,
        flaw=lacking,
        flaws=tuple(Flaw),
        after=after,
        categories=overview.category(parts.database),
        channels=channels,
        provinces=provinces,
    )
    return parts.face.page(request, "list_rows.html" if face.is_piece(request) else "list.html", page)


def _behind(part: behind.Part, language: Language, *, back: str) -> Behind:
    title, label = figure_parts.called(part.figure, part.code, language)
    return Behind(
        figure=part.figure, code=part.code, title=title, label=label, is_lack=part.figure in LACKS,
        since=part.since, until=part.until, back=back,
    )  # fmt: skip


@router.get("/search")
def search(request: Request, parts: Parts) -> Response:
    """The search, before anything was typed."""
    return parts.face.page(request, "search.html", SearchPage(typed="", found=None, further=False))


@router.post("/search", dependencies=[paced(Asked.SEARCH)])
def found(
    request: Request,
    parts: Parts,
    sight: Sees,
    q: Annotated[str, Form(max_length=200)] = "",
    cursor: Annotated[str | None, Form(max_length=1000)] = None,
) -> Response:
    """Who may be meant: the whole page, or only the rows while somebody types."""
    people = insight.find(parts.database, q, sight=sight, cursor=cursor) if q.strip() else None
    page = SearchPage(typed=q.strip(), found=people, further=cursor is not None)
    piece = "search_rows.html" if cursor else "search_found.html"
    return parts.face.page(request, piece if face.is_piece(request) else "search.html", page)
