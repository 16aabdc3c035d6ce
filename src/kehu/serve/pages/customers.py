"""The list of customers, and the search."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Form, Query, Request
from starlette.responses import Response

from kehu.analyse.figures import Figure
from kehu.flows.insight import insight, overview
from kehu.flows.users.pace import Asked
from kehu.model.codes import Flaw
from kehu.model.people import Permission
from kehu.serve import face
from kehu.serve.api.customers import filter_of
from kehu.serve.given import After, Parts, Sees
from kehu.serve.pace import paced
from kehu.serve.threads import Router
from kehu.serve.who import needs
from kehu.store import views

router = Router(dependencies=[needs(Permission.FIND)])

Wish = Annotated[str | None, Query(max_length=64)]


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """What the list shows."""

    listed: insight.Listed
    category: str | None
    channel: str | None
    province: str | None
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
    category: Wish = None,
    channel: Wish = None,
    province: Wish = None,
    flaw: Wish = None,
    after: After = None,
) -> Response:
    """A page of the list."""
    lacking = Flaw(flaw) if flaw in set(Flaw) else None
    wanted = replace(filter_of(category, channel, province), flaw=lacking)
    with parts.database.read() as tx:
        channels = tuple(found.name for found in views.channels(tx))
        provinces = views.provinces(tx)
    page = ListPage(
        listed=insight.listed(parts.database, wanted, after=after),
        category=category or None,
        channel=channel or None,
        province=province or None,
        flaw=lacking,
        flaws=tuple(Flaw),
        after=after,
        categories=overview.category(parts.database),
        channels=channels,
        provinces=provinces,
    )
    return parts.face.page(request, "list_rows.html" if face.is_piece(request) else "list.html", page)


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
