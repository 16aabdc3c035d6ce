"""Loads: what each run of a channel read, and what became of it."""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from kehu.model.people import Permission
from kehu.serve.given import After, Parts
from kehu.serve.pages.filters import Channel, Filters
from kehu.serve.threads import Router
from kehu.serve.who import needs
from kehu.store import loads, views

router = Router(dependencies=[needs(Permission.OPERATE)])


@dataclass(frozen=True, kw_only=True)
class LoadsPage:
    """What the page shows."""

    page: views.Page[loads.Load]
    filters: Filters
    after: int | None


@router.get("/loads")
def listed(request: Request, parts: Parts, channel: Channel = None, after: After = None) -> Response:
    """A page of the loads."""
    with parts.database.read() as tx:
        page = LoadsPage(
            page=views.loads_page(tx, channel=channel or None, after=after),
            filters=Filters(channel=channel or None, channels=loads.channels(tx)),
            after=after,
        )
    return parts.face.page(request, "loads.html", page)
