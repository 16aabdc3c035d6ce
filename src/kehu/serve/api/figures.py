"""Figures: counts for charts."""

from typing import Annotated, Literal

from fastapi import Depends, Path, Query
from starlette.responses import Response

from kehu.analyse import report
from kehu.analyse.crosses import Cross
from kehu.analyse.figures import Figure
from kehu.flows.analysis import figures as flow
from kehu.flows.analysis import profile
from kehu.model.languages import Language
from kehu.model.people import Permission
from kehu.serve import problems
from kehu.serve.api.segments import reader
from kehu.serve.given import Parts
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs
from kehu.store.quality import Quality
from kehu.store.tallies import Cut

Days = Annotated[int, Query(ge=1, le=3660, description="So many days, today among them (UTC)")]
"""How far back a figure goes."""

router = Router(prefix="/figures", tags=["figures"])


@router.get(
    "/quality",
    summary="Quality over time",
    responses=problems.documented(422),
)
def quality(
    parts: Parts,
    who: Annotated[Who, needs(Permission.ANALYSE)],
    channel: Annotated[str | None, Query(max_length=64, description="Only what came by this channel")] = None,
    days: Days = profile.DAYS,
) -> Quality:
    """How many rows broke which rule, by day and channel, and how full and valid the attributes of the others were."""
    told = profile.quality(parts.database, at=parts.clock(), days=days, channel=channel or None)
    seen = reader(parts, who)
    return told if seen.sees_persons else profile.protected(told, seen.smallest)


Wish = Annotated[str | None, Query(max_length=64)]
Month = Annotated[str | None, Query(pattern=r"^([0-9]{4}-(0[1-9]|1[0-2]))?$", description="A month: 2026-11")]


async def cut(
    category: Annotated[str | None, Query(max_length=64, description="A category; `-` for none stated")] = None,
    province: Wish = None,
    channel: Wish = None,
    since: Month = None,
    until: Month = None,
) -> Cut:
    """What is counted; an empty text is no wish."""
    return Cut(
        category=category or None, province=province or None, channel=channel or None, since=since or None,
        until=until or None,
    )  # fmt: skip


@router.get(
    "/{name}",
    summary="One figure",
    response_model=Figure | Cross,
    responses=problems.documented(404, 422) | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def one(
    parts: Parts,
    who: Annotated[Who, needs(Permission.ANALYSE)],
    name: Annotated[str, Path(max_length=32, description=f"One of {', '.join(flow.NAMES)}")],
    wanted: Annotated[Cut, Depends(cut)],
    form: Annotated[Literal["json", "csv"], Query(description="How it is written")] = "json",
) -> Figure | Cross | Response:
    """How many customers, contacts or tickets of each kind, as last counted; of all of them, or of those wanted."""
    told = shown(parts, who, wanted, names=(name,)).figures[0]
    if form == "csv":
        text = report.written(told, report.Format.CSV, Language.EN)
        named = {"content-disposition": f'attachment; filename="{name}.csv"'}
        return Response("\ufeff" + text + "\n", media_type="text/csv; charset=utf-8", headers=named)
    return told


def shown(parts: Parts, who: Who, wanted: Cut, *, names: tuple[str, ...] = flow.NAMES) -> flow.Dashboard:
    """Figures as somebody may know them."""
    return flow.shown(
        parts.database, wanted, at=parts.clock(), zone=parts.face.zone, reader=reader(parts, who), names=names,
        may_wait=False,
    )  # fmt: skip


def choices(parts: Parts, who: Who) -> flow.Choices:
    """What figures can be filtered by."""
    zone, seen = parts.face.zone, reader(parts, who)
    return flow.choices(parts.database, at=parts.clock(), zone=zone, reader=seen, may_wait=False)
