"""Rows in quarantine, with every reason and the row as it came."""

import json
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from kehu.serve.given import After, Parts
from kehu.store import quarantine, views

router = APIRouter()


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A row in quarantine, ready to be read."""

    row: quarantine.BadRow
    fields: tuple[tuple[str, str], ...]
    """Its columns and what stood in them; empty where it was not read into columns."""


@dataclass(frozen=True, kw_only=True)
class QuarantinePage:
    """What the page shows."""

    rows: tuple[Shown, ...]
    following: int | None
    total: int
    channel: str | None
    channels: tuple[str, ...]
    after: int | None


@router.get("/quarantine")
def listed(
    request: Request, parts: Parts, channel: Annotated[str | None, Query(max_length=64)] = None, after: After = None
) -> Response:
    """A page of the rows in quarantine."""
    with parts.database.read() as tx:
        found = views.quarantine_page(tx, channel=channel or None, after=after, limit=25)
        page = QuarantinePage(
            rows=tuple(Shown(row=row, fields=_fields(row.raw)) for row in found.rows),
            following=found.following,
            total=quarantine.count(tx, channel=channel or None),
            channel=channel or None,
            channels=tuple(one.name for one in views.channels(tx)),
            after=after,
        )
    return parts.face.page(request, "quarantine.html", page)


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
