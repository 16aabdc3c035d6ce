"""The first page: how much there is, by category and by channel."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Request
from starlette.responses import Response

from kehu.analyse import charts
from kehu.analyse.figures import Figure
from kehu.flows.insight import overview
from kehu.serve import face
from kehu.serve.api.segments import reader
from kehu.serve.given import Parts
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs
from kehu.store import holdings

router = Router()


@dataclass(frozen=True, kw_only=True)
class HomePage:
    """What the first page shows."""

    counts: holdings.Counts
    channels: tuple[holdings.Channel, ...]
    figure: Figure
    chart: dict[str, Any]
    at: datetime | None
    """When customers were counted; None: just now."""


@router.get("/")
def home(request: Request, parts: Parts, who: Annotated[Who, needs()]) -> Response:
    """How much there is."""
    seen = reader(parts, who)
    found = overview.overview(parts.database, smallest=0 if seen.sees_persons else seen.smallest)
    chart = charts.pie(found.category, face.language_of(request))
    page = HomePage(counts=found.counts, channels=found.channels, figure=found.category, chart=chart, at=found.at)
    return parts.face.page(request, "home.html", page)
