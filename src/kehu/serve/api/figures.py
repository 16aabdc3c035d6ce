"""Figures: counts for charts."""

from typing import Annotated

from fastapi import APIRouter, Query

from kehu.analyse.figures import Figure
from kehu.flows import insight, profile
from kehu.model.people import Permission
from kehu.serve import problems
from kehu.serve.given import Parts
from kehu.serve.who import needs
from kehu.store.quality import Quality

Days = Annotated[int, Query(ge=1, le=3660, description="So many days, today among them (UTC)")]
"""How far back a figure goes."""

router = APIRouter(prefix="/figures", tags=["figures"])


@router.get("/category", summary="Customers by category", dependencies=[needs(Permission.ANALYSE)])
def category(parts: Parts) -> Figure:
    """How many living customers each category has."""
    return insight.category(parts.database)


@router.get(
    "/quality",
    summary="Quality over time",
    responses=problems.documented(422),
    dependencies=[needs(Permission.OPERATE)],
)
def quality(
    parts: Parts,
    channel: Annotated[str | None, Query(max_length=64, description="Only what came by this channel")] = None,
    days: Days = profile.DAYS,
) -> Quality:
    """How many rows broke which rule, by day and channel, and how full and valid the attributes of the others were."""
    return profile.quality(parts.database, at=parts.clock(), days=days, channel=channel or None)
