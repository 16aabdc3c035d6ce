"""The channels: what each brought last, when it is read next, the run in progress, and what a mapping makes of rows."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import Path, Request
from starlette.responses import Response

from kehu.errors import KehuError, NotFoundError
from kehu.flows import board
from kehu.flows.board import Running
from kehu.flows.intake.preview import Preview
from kehu.model import masks
from kehu.model.people import Permission
from kehu.model.records import POSITION
from kehu.process import proposal
from kehu.serve.given import Parts
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs
from kehu.store.audit.trail import Act, Entry

router = Router(dependencies=[needs(Permission.OPERATE)])

SHOWN_ROWS = 5
"""So many cleaned rows, and rows for the quarantine, are shown."""
SHOWN_COLUMNS = ("record_id", "kind", "name", "id_number", "phone", "birth_date", "city", "updated_at")
"""Of a cleaned row, these are shown."""

Name = Annotated[str, Path(max_length=64, description="The channel, as kehu.toml calls it")]


@dataclass(frozen=True, kw_only=True)
class ChannelsPage:
    """What the list shows."""

    board: board.Board
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RunPiece:
    """What the piece about the run in progress shows."""

    running: Running | None
    was_running: bool = True
    """Somebody saw it at work."""


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """A row that would go to quarantine."""

    position: str
    reasons: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """One of our columns: where it comes from, and what becomes of the first value that stands there."""

    ours: str
    source: str
    filled: int
    raw: str | None = field(metadata=masks.told_by("ours"))
    cleaned: str | None = field(metadata=masks.told_by("ours"))


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What the settings make of the first rows of a channel."""

    read: int
    accepted: int
    quarantined: int
    warned: int
    mapped: tuple[Mapped, ...]
    unused: tuple[str, ...]
    proposed: tuple[str, ...]
    """Lines for kehu.toml: what some of the unused columns seem to be."""
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    """The first of those that would be accepted."""
    faulty: tuple[Faulty, ...]
    """The first of those that would go to quarantine."""


@dataclass(frozen=True, kw_only=True)
class PreviewPage:
    """What the page of a channel shows."""

    channel: str
    looked: Looked | None
    failure: str | None
    """Why there is nothing to show."""


@router.get("/channels")
def listed(request: Request, parts: Parts) -> Response:
    """How every channel stands, and the run in progress."""
    at = parts.clock()
    page = ChannelsPage(board=board.board(parts.database, parts.sources, at=at), at=at)
    return parts.face.page(request, "channels.html", page)


@router.get("/channels/run")
def run(request: Request, parts: Parts) -> Response:
    """A piece of that page: the run in progress, which asks for itself again as long as there is one."""
    piece = RunPiece(running=board.running(parts.database, at=parts.clock()))
    return parts.face.page(request, "channels_run.html", piece)


@router.get("/channels/{channel}/preview")
def preview(
    request: Request, parts: Parts, who: Annotated[Who, needs(Permission.OPERATE, Permission.MEND)], channel: Name
) -> Response:
    """What the mapping makes of the first rows of a channel. They are shown as they came, so it is noted who looked."""
    known = board.board(parts.database, parts.sources, at=parts.clock())
    if parts.sources is None or channel not in {one.name for one in known.channels if one.source}:
        raise NotFoundError(known.complaint or f"kehu.toml describes no channel {channel!r}")
    request.app.state.looks.note(
        Entry(
            at=parts.clock(), who=who.login, act=Act.LOOK, what=f"channel {channel}", whence=who.whence,
            detail={"route": request.scope["route"].path, "clear": True},
        )
    )  # fmt: skip
    try:
        page = PreviewPage(channel=channel, looked=_looked(board.look(parts.sources, channel)), failure=None)
    except KehuError as why:  # What is wrong with the channel is what whoever looks wants to know.
        page = PreviewPage(channel=channel, looked=None, failure=str(why))
    return parts.face.page(request, "channel_preview.html", page)


def _looked(seen: Preview) -> Looked:
    columns = tuple(name for name in SHOWN_COLUMNS if seen.accepted[name].null_count < seen.accepted.num_rows)
    return Looked(
        read=seen.read,
        accepted=seen.accepted.num_rows,
        quarantined=seen.faulty.num_rows,
        warned=seen.warned,
        mapped=tuple(Mapped(**asdict(one)) for one in seen.mapped),
        unused=seen.unused,
        proposed=tuple(proposal.lines(list(seen.proposed))),
        columns=columns,
        rows=tuple(seen.accepted.slice(0, SHOWN_ROWS).select(columns).to_pylist()),
        faulty=tuple(
            Faulty(position=row[POSITION], reasons=tuple(json.loads(row["reasons"])))
            for row in seen.faulty.slice(0, SHOWN_ROWS).to_pylist()
        ),
    )
