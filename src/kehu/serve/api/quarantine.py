"""Quarantine: rows that broke a rule."""

from typing import Annotated

from fastapi import APIRouter, Query

from kehu.serve import problems
from kehu.serve.given import After, Limit, Parts
from kehu.store import quarantine, views

router = APIRouter(prefix="/quarantine", tags=["quarantine"])


@router.get("", summary="List rows in quarantine", responses=problems.documented(422))
def listed(
    parts: Parts,
    channel: Annotated[str | None, Query(max_length=64, description="Only rows of this channel")] = None,
    after: After = None,
    limit: Limit = 50,
) -> views.Page[quarantine.BadRow]:
    """A page of the rows that wait to be mended, in the order they came."""
    with parts.database.read() as tx:
        return views.quarantine_page(tx, channel=channel, after=after, limit=limit)
