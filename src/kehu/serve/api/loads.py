"""Loads: what each run of a channel read."""

from typing import Annotated

from fastapi import Query

from kehu.model.people import Permission
from kehu.serve import problems
from kehu.serve.given import After, Limit, Parts
from kehu.serve.threads import Router
from kehu.serve.who import needs
from kehu.store import loads, views

router = Router(prefix="/loads", tags=["loads"], dependencies=[needs(Permission.OPERATE)])


@router.get("", summary="List loads", responses=problems.documented(422))
def listed(
    parts: Parts,
    channel: Annotated[str | None, Query(max_length=64, description="Only loads of this channel")] = None,
    after: After = None,
    limit: Limit = 50,
) -> views.Page[loads.Load]:
    """A page of the loads, the newest first."""
    with parts.database.read() as tx:
        return views.loads_page(tx, channel=channel, after=after, limit=limit)
