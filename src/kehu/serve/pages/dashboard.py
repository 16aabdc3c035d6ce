"""Analysis (数据分析): every figure with its chart and its table; a click leads to the customers behind it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote_plus

from fastapi import Depends, Request
from starlette.responses import Response

from kehu.analyse import charts, document
from kehu.analyse.crosses import Cross, Drawn
from kehu.analyse.figures import ORDINAL, REST, Figure
from kehu.errors import UncountedError
from kehu.flows.analysis import figures as flow
from kehu.model.languages import Language
from kehu.model.people import Permission
from kehu.serve import face
from kehu.serve.api import figures as api
from kehu.serve.given import Parts
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs
from kehu.store.tallies import Cut

router = Router()

Part = Literal["customers", "contacts", "quality", "movement"]

FILTERS = frozenset({"category", "province", "channel"})
"""Figures whose slices are filters of the list of customers."""
WIDE = frozenset({"province", "new", "reason", "completeness", "validity", "retention", "journey"})
"""Figures that take the room of two."""
TALL = 12
"""More lying bars than these need more room."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A figure on the page."""

    figure: Figure | Cross
    chart: dict[str, Any]
    drawn: str
    """pie, bars, tiles, heat, stacked or flow: how it is drawn."""
    is_empty: bool
    is_wide: bool
    is_tall: bool
    """It has more bars than usually."""
    leads_to: str | None
    """Where a click on a slice leads, up to its code; None: nowhere."""
    links: dict[str, str]
    """Code -> the address of its customers; of a cross, row and column parted by a stroke."""
    csv: str
    """The address of its table as a file."""
    knows_filter: bool
    """Else it is of all, whatever the filter says."""


@dataclass(frozen=True, kw_only=True)
class DashboardPage:
    """What the page shows."""

    cards: tuple[Card, ...]
    at: datetime | None
    """When they were counted; None: not yet."""
    part: str
    parts: dict[str, str]
    """Every part of the dashboard and its address, with the filter as it is."""
    cut: Cut
    choices: flow.Choices
    crosses: tuple[str, ...] = tuple(Drawn)


@router.get("/dashboard")
def dashboard(
    request: Request,
    parts: Parts,
    who: Annotated[Who, needs(Permission.ANALYSE)],
    cut: Annotated[Cut, Depends(api.cut)],
    part: Part = "customers",
) -> Response:
    """A part of the figures, of all customers or of those that are wanted."""
    language, leads, chosen = face.language_of(request), who.may(Permission.FIND), vars(cut)
    try:
        told, choices = api.shown(parts, who, cut, names=flow.PARTS[part]), api.choices(parts, who)
    except UncountedError:
        told, choices = None, flow.Choices(categories=(), provinces=(), channels=())
    page = DashboardPage(
        cards=_cards(told, language, chosen, leads=leads) if told else (),
        at=told.at if told else None,
        part=part,
        parts={one: face.query("/dashboard", part=one if one != "customers" else None, **chosen) for one in flow.PARTS},
        cut=cut,
        choices=choices,
    )
    return parts.face.page(request, "dashboard.html", page)


def _cards(told: flow.Dashboard, language: Language, chosen: dict[str, str | None], *, leads: bool) -> tuple[Card, ...]:
    """The figures as cards, those that tell something first."""
    cards = (_card(figure, language, chosen, leads=leads) for figure in told.figures)
    return tuple(sorted(cards, key=lambda card: card.is_empty))


def _card(figure: Figure | Cross, language: Language, chosen: dict[str, str | None], *, leads: bool) -> Card:
    csv = face.query(f"/api/v1/figures/{figure.name}", **chosen, form="csv")
    if isinstance(figure, Cross):
        drawn, chart = figure.kind.drawn.value, charts.crossed(figure, language)
        codes, is_empty = [figure.code(cell.row, cell.column) for cell in figure.cells], not figure.cells
    else:
        drawn = "pie" if figure.name in document.PIES else "tiles" if document.is_map(figure) else "bars"
        chart = {"pie": charts.pie, "tiles": charts.tiles, "bars": charts.bars}[drawn](figure, language)
        codes, is_empty = [part.code for part in figure.slices if part.code != REST], not figure.total
    start = _leads_to(figure.name, chosen)
    return Card(
        figure=figure,
        chart=chart,
        drawn=drawn,
        is_empty=is_empty,
        is_wide=figure.name in WIDE,
        is_tall=drawn == "bars" and figure.name not in ORDINAL and len(codes) > TALL,
        leads_to=start if leads else None,
        links={code: f"{start}{quote_plus(code)}" for code in codes if code} if leads else {},
        csv=csv,
        knows_filter=_knows_filter(figure.name, chosen),
    )


def _leads_to(name: str, chosen: dict[str, str | None]) -> str:
    """The address of the customers behind a figure, up to the code of a part."""
    others = {} if name in flow.OF_ALL else {one: value for one, value in chosen.items() if one != name}
    if name in FILTERS:
        return _open(face.query("/customers", **{one: value for one, value in others.items() if one in FILTERS}), name)
    return _open(face.query("/customers", **others, figure=name), "code")


def _open(address: str, name: str) -> str:
    """An address that goes on with the value of a parameter."""
    return f"{address}{'&' if '?' in address else '?'}{name}="


def _knows_filter(name: str, chosen: dict[str, str | None]) -> bool:
    if name in flow.OF_LOADS:
        return not any(chosen[side] for side in ("category", "province"))
    return name not in flow.OF_ALL
