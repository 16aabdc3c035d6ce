"""Analysis (数据分析): every figure with its chart and its table; a click leads to the customers behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from kehu.analyse import charts, document
from kehu.analyse.figures import REST, Figure
from kehu.flows import insight
from kehu.model.languages import Language
from kehu.model.people import Permission
from kehu.serve import face
from kehu.serve.api import figures as api
from kehu.serve.api.customers import filter_of
from kehu.serve.given import Parts
from kehu.serve.who import Who, needs
from kehu.store import views

router = APIRouter()

Wish = Annotated[str | None, Query(max_length=64)]

LEADS = frozenset({"category", "province", "channel"})
"""Figures whose slices are filters of the list of customers."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A figure on the page."""

    figure: Figure
    chart: dict[str, Any]
    is_pie: bool
    leads_to: str | None
    """Where a click on a slice leads, up to its code; None: nowhere."""
    links: dict[str, str]
    """Code -> the address of its customers."""
    csv: str
    """The address of its table as a file."""


@dataclass(frozen=True, kw_only=True)
class DashboardPage:
    """What the page shows."""

    cards: tuple[Card, ...]
    at: datetime
    category: str | None
    channel: str | None
    province: str | None
    categories: Figure
    channels: tuple[str, ...]
    provinces: tuple[str, ...]


@router.get("/dashboard")
def dashboard(
    request: Request,
    parts: Parts,
    who: Annotated[Who, needs(Permission.ANALYSE)],
    category: Wish = None,
    channel: Wish = None,
    province: Wish = None,
) -> Response:
    """The figures of all customers, or of those that are wanted."""
    told = api.shown(parts, who, filter_of(category, channel, province))
    chosen = {"category": category or None, "channel": channel or None, "province": province or None}
    language = face.language_of(request)
    with parts.database.read() as tx:
        channels = tuple(one.name for one in views.channels(tx))
        provinces = views.provinces(tx)
    page = DashboardPage(
        cards=tuple(_card(figure, language, chosen, leads=who.may(Permission.FIND)) for figure in told.figures),
        at=told.at,
        category=category,
        channel=channel,
        province=province,
        categories=insight.category(parts.database),
        channels=channels,
        provinces=provinces,
    )
    return parts.face.page(request, "dashboard.html", page)


def _card(figure: Figure, language: Language, chosen: dict[str, str | None], *, leads: bool) -> Card:
    is_pie = figure.name in document.PIES
    draw: Callable[[Figure, Language], dict[str, Any]] = charts.pie if is_pie else charts.bars
    others = {name: value for name, value in chosen.items() if name != figure.name and value is not None}
    leads = leads and figure.name in LEADS
    start = face.query("/customers", **others)
    start += f"{'&' if '?' in start else '?'}{figure.name}="
    known = [part.code for part in figure.slices if part.code != REST]
    return Card(
        figure=figure,
        chart=draw(figure, language),
        is_pie=is_pie,
        leads_to=start if leads else None,
        links={code: face.query("/customers", **others, **{figure.name: code}) for code in known} if leads else {},
        csv=face.query(f"/api/v1/figures/{figure.name}", **chosen, form="csv"),
    )
