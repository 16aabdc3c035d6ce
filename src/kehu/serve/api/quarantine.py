"""Quarantine: rows that broke a rule."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from kehu.flows import mend
from kehu.model.people import Permission
from kehu.serve import problems
from kehu.serve.given import After, Desk, Limit, Number, Parts, Sees
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs
from kehu.store import quarantine, views

Mends = Annotated[Who, needs(Permission.MEND)]

router = Router(prefix="/quarantine", tags=["quarantine"], dependencies=[needs(Permission.MEND)])


@router.get("", summary="List rows in quarantine", responses=problems.documented(422))
def listed(
    parts: Parts,
    sight: Sees,
    channel: Annotated[str | None, Query(max_length=64, description="Only rows of this channel")] = None,
    rule: Annotated[str | None, Query(max_length=64, description="Only rows that broke this rule")] = None,
    state: Annotated[quarantine.State, Query(description="What became of them")] = quarantine.State.OPEN,
    after: After = None,
    limit: Limit = 50,
) -> views.Page[quarantine.BadRow]:
    """A page of the rows that wait to be mended, in the order they came."""
    with parts.database.read() as tx:
        return sight.of(views.quarantine_page(tx, channel=channel, rule=rule, state=state, after=after, limit=limit))


class Dismissal(BaseModel):
    """Why nobody will mend a row."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(
        min_length=1,
        max_length=2_000,
        description="Why; it is kept in the audit trail",
        examples=["the hall sent it again"],
    )


class Mended(BaseModel):
    """What to put in place of what came."""

    model_config = ConfigDict(extra="forbid")

    values: dict[str, str] = Field(
        default={},
        max_length=100,
        alias="set",
        description="Values by the channel's own columns",
        examples=[{"联系电话": "13912345678"}],
    )


@router.post("/{quarantine_id}/replay", summary="Replay a row", responses=problems.documented(404, 422, 503))
def replay(parts: Parts, desk: Desk, who: Mends, quarantine_id: Number, mended: Mended | None = None) -> mend.One:
    """Judge a row again, as the settings are now, or with mended values; a good one becomes a record at once."""
    return mend.replay_one(
        parts.database, desk, quarantine_id, mended=mended.values if mended else {}, by=who.by(parts.clock())
    )


@router.post("/{quarantine_id}/dismiss", summary="Dismiss a row", responses=problems.documented(404, 422))
def dismiss(parts: Parts, who: Mends, quarantine_id: Number, why: Dismissal) -> mend.One:
    """Close an open row as it is; one that is not open stays what it is."""
    mend.dismiss(parts.database, [quarantine_id], reason=why.reason, by=who.by(parts.clock()))
    return mend.found(parts.database, quarantine_id)
