"""Rows in quarantine, with every reason and the row as it came; they are mended and replayed here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Form, Query, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from kehu.errors import SettingsError
from kehu.flows import mend
from kehu.model.people import Permission
from kehu.serve import face
from kehu.serve.api.quarantine import Mends
from kehu.serve.given import After, Desk, Number, Parts
from kehu.serve.looks import looked
from kehu.serve.pages.filters import Channel, Filters
from kehu.serve.threads import Router
from kehu.serve.who import needs
from kehu.store import loads, quality, quarantine, views
from kehu.store.quarantine import State

router = Router(dependencies=[needs(Permission.MEND), looked()])

ALL = "all"
FIELD = "value:"
"""How the fields of the form begin that hold a row's values; what follows is the channel's own column."""

Rule = Annotated[str | None, Query(max_length=64)]
Wanted = Annotated[State | Literal["all", ""], Query()]
Reason = Annotated[str, Form(min_length=1, max_length=2_000)]
Told = Annotated[int | None, Query(ge=0)]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A row in quarantine, ready to be read."""

    row: quarantine.BadRow
    fields: tuple[tuple[str, str], ...]
    """Its columns and what stood in them; empty where it was not read into columns."""


@dataclass(frozen=True, kw_only=True)
class QuarantinePage:
    """What the list shows."""

    rows: tuple[Shown, ...]
    following: int | None
    total: int
    filters: Filters
    rule: str | None
    rules: tuple[str, ...]
    state: str
    states: tuple[str, ...]
    after: int | None
    can_replay: bool
    replayed: mend.Replayed | None
    """What became of the rows that were just replayed."""


@dataclass(frozen=True, kw_only=True)
class RowPage:
    """What the page of one row shows."""

    row: quarantine.BadRow
    fields: tuple[tuple[str, str], ...]
    broken: frozenset[str]
    """The columns among them that a rule complains of."""
    can_mend: bool
    customer_id: int | None
    is_still_bad: bool
    """It was replayed a moment ago, and breaks a rule as before."""


@router.get("/quarantine")
def listed(
    request: Request,
    parts: Parts,
    channel: Channel = None,
    rule: Rule = None,
    state: Wanted = State.OPEN,
    after: After = None,
    accepted: Told = None,
    duplicate: Told = None,
    bad: Told = None,
) -> Response:
    """A page of the rows in quarantine."""
    wanted = None if state == ALL else State(state or State.OPEN)
    with parts.database.read() as tx:
        found = views.quarantine_page(
            tx, channel=channel or None, rule=rule or None, state=wanted, after=after, limit=25
        )
        page = QuarantinePage(
            rows=tuple(Shown(row=row, fields=_fields(row.raw)) for row in found.rows),
            following=found.following,
            total=quarantine.count(tx, channel=channel or None, rule=rule or None, state=wanted),
            filters=Filters(channel=channel or None, channels=loads.channels(tx)),
            rule=rule or None,
            rules=tuple(sorted({*quality.rules(tx), *([rule] if rule else [])})),
            state=str(wanted or ALL),
            states=(*State, ALL),
            after=after,
            can_replay=parts.desk is not None and wanted in (None, State.OPEN),
            replayed=_replayed(accepted, duplicate, bad),
        )
    return parts.face.page(request, "quarantine.html", page)


@router.post("/quarantine/replay")
def replay_all(
    parts: Parts,
    desk: Desk,
    who: Mends,
    channel: Annotated[str, Form(max_length=64)] = "",
    rule: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Replay every open row of the filter, and go back to what is left of it."""
    done = mend.replay(parts.database, desk, channel=channel or None, rule=rule or None, by=who.by(parts.clock()))
    told = {"accepted": done.accepted, "duplicate": done.duplicate, "bad": done.bad}
    return RedirectResponse(face.query("/quarantine", channel=channel, rule=rule, **told), status_code=303)


@router.get("/quarantine/{quarantine_id}")
def one(request: Request, parts: Parts, quarantine_id: Number) -> Response:
    """One row: why it lies here, what stood in it, and a form to mend it."""
    found = mend.found(parts.database, quarantine_id)
    return _page(request, parts, found, {}, is_still_bad=False)


async def _typed(request: Request) -> FormData:
    return await request.form(max_fields=1_000)


@router.post("/quarantine/{quarantine_id}/replay")
def replay(
    request: Request,
    parts: Parts,
    desk: Desk,
    who: Mends,
    quarantine_id: Number,
    typed: Annotated[FormData, Depends(_typed)],
) -> Response:
    """Replay a row with the values of the form; what is still bad is shown again, as it was typed."""
    values = {name.removeprefix(FIELD): str(value) for name, value in typed.items() if name.startswith(FIELD)}
    before = mend.found(parts.database, quarantine_id)
    came = dict(_columns(parts, before.row))
    mended = {name: value for name, value in values.items() if value != came.get(name, "")}
    done = mend.replay_one(parts.database, desk, quarantine_id, mended=mended, by=who.by(parts.clock()))
    if done.replayed.bad:
        return _page(request, parts, done, values, is_still_bad=True)
    return RedirectResponse(f"/quarantine/{quarantine_id}", status_code=303)


@router.post("/quarantine/{quarantine_id}/dismiss")
def dismiss(parts: Parts, who: Mends, quarantine_id: Number, reason: Reason) -> Response:
    """Close a row that nobody will mend."""
    mend.dismiss(parts.database, [quarantine_id], reason=reason, by=who.by(parts.clock()))
    return RedirectResponse(f"/quarantine/{quarantine_id}", status_code=303)


def _page(request: Request, parts: Parts, found: mend.One, typed: Mapping[str, str], *, is_still_bad: bool) -> Response:
    row, columns = found.row, _columns(parts, found.row)
    page = RowPage(
        row=row,
        fields=tuple((name, typed.get(name, value)) for name, value in columns),
        broken=_broken(parts, row),
        can_mend=parts.desk is not None and row.state is State.OPEN and bool(columns),
        customer_id=found.customer_id,
        is_still_bad=is_still_bad,
    )
    return parts.face.page(request, "quarantine_row.html", page)


def _columns(parts: Parts, row: quarantine.BadRow) -> tuple[tuple[str, str], ...]:
    """The columns of a row: what came, and behind it what its channel could have said."""
    came = _fields(row.raw)
    if not came or parts.desk is None:
        return came
    try:
        reads = mend.reads(parts.desk, row)
    except SettingsError:  # The channel is described no more: there is nothing to mend by.
        return came
    return came + tuple((name, "") for name in reads if name not in dict(came))


def _broken(parts: Parts, row: quarantine.BadRow) -> frozenset[str]:
    """The channel's own columns that the rules complain of."""
    ours = {name for reason in row.reasons for name in reason["column"].split(", ")}
    if parts.desk is None:
        return frozenset()
    try:
        return frozenset(name for name, fills in mend.reads(parts.desk, row).items() if fills & ours)
    except SettingsError:
        return frozenset()


def _replayed(accepted: int | None, duplicate: int | None, bad: int | None) -> mend.Replayed | None:
    if accepted is None or duplicate is None or bad is None:
        return None
    return mend.Replayed(rows=accepted + duplicate + bad, accepted=accepted, duplicate=duplicate, bad=bad)


def _fields(raw: str) -> tuple[tuple[str, str], ...]:
    """The columns of a raw row that is a JSON object.

    >>> _fields('{"姓名": "张伟", "phone": null}'), _fields("张伟,139")
    ((('姓名', '张伟'), ('phone', '')), ())
    """
    try:
        read = json.loads(raw)
    except ValueError:
        return ()
    if not isinstance(read, dict):
        return ()
    return tuple((name, "" if value is None else str(value)) for name, value in read.items())
