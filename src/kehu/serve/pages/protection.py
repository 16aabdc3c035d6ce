"""What privacy officers answer for (个人信息保护): requests, receipts, what is due, what is held, and breaches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import Response

from kehu.errors import NotFoundError, SettingsError
from kehu.flows.privacy import retain, standing
from kehu.model import purposes
from kehu.model.people import Permission
from kehu.serve.api import privacy, protection
from kehu.serve.api.protection import Affected, Asks
from kehu.serve.given import After, Number, Parts
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs
from kehu.store import holdings
from kehu.store.dictionary.whole import metadata
from kehu.store.privacy.erasing import Receipt

router = Router(prefix="/privacy")

Officer = Annotated[Who, needs(Permission.PRIVACY)]

SHOWN = 100
"""So many of the affected are named on the page; `kehu affected` writes all of them."""


@dataclass(frozen=True, kw_only=True)
class ProtectionPage:
    """What the page of requests shows."""

    asked: standing.Asked
    due: retain.Due
    after: int | None


@dataclass(frozen=True, kw_only=True)
class ReceiptPage:
    """What a receipt shows."""

    receipt: Receipt


@dataclass(frozen=True, kw_only=True)
class HeldPage:
    """What is held, table by table."""

    tables: Mapping[str, purposes.Held]
    comments: Mapping[str, Mapping[str, str]]
    """What each column is, in the words of the data dictionary."""
    uses: Mapping[purposes.Use, tuple[str, str]]
    periods: Mapping[purposes.Period, tuple[str, str]]
    classes: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class AffectedPage:
    """What the page of a breach shows."""

    found: Affected | None
    channels: tuple[str, ...]
    complaint: str | None = None


@router.get("")
def listed(request: Request, parts: Parts, who: Officer, after: After = None) -> Response:
    """What people asked for, and what is kept longer than it may be."""
    page = ProtectionPage(
        asked=standing.of_everybody(parts.database, after=after),
        due=retain.due(parts.database, asked=privacy.asked(who, parts.clock(), ""), room=parts.erasing),
        after=after,
    )
    return parts.face.page(request, "protection.html", page)


@router.get("/receipts/{erasure_id}")
def receipt(request: Request, parts: Parts, who: Officer, erasure_id: Number) -> Response:  # noqa: ARG001  (the rule)
    """What proves that somebody was erased."""
    return parts.face.page(request, "receipt.html", ReceiptPage(receipt=protection.receipt_of(parts, erasure_id)))


@router.get("/columns")
def columns(request: Request, parts: Parts, who: Officer) -> Response:  # noqa: ARG001  (the rule)
    """Every stored column with its purpose, its class and how long it is kept."""
    page = HeldPage(
        tables=purposes.HELD,
        comments={
            name: {column.name: column.comment or "" for column in table.c} for name, table in metadata.tables.items()
        },
        uses=purposes.USES,
        periods=purposes.PERIODS,
        classes={kind.value: texts for kind, texts in purposes.CLASSES.items()},
    )
    return parts.face.page(request, "columns.html", page)


@router.get("/affected")
def breach(request: Request, parts: Parts, who: Officer) -> Response:  # noqa: ARG001  (the rule)
    """The form that says what leaked."""
    return parts.face.page(request, "affected.html", AffectedPage(found=None, channels=_channels(parts)))


@router.post("/affected")
def affected(
    request: Request,
    parts: Parts,
    who: Officer,
    reason: Annotated[str, Form(min_length=4, max_length=2_000)],
    channel: Annotated[str, Form(max_length=64)] = "",
    load_id: Annotated[str, Form(pattern=r"^\d{0,18}$")] = "",
    export: Annotated[str, Form(pattern=r"^\d{0,18}$")] = "",
    since: Annotated[date | str, Form()] = "",
    until: Annotated[date | str, Form()] = "",
) -> Response:
    """Who is affected."""
    wanted = Asks(
        channel=channel or None,
        load_id=int(load_id) if load_id else None,
        export=int(export) if export else None,
        since=_midnight(parts, since),
        until=_midnight(parts, since=until, days=1),
        reason=reason,
    )
    try:
        found = protection.affected_by(parts, who, wanted, limit=SHOWN)
    except (SettingsError, NotFoundError) as why:
        page = AffectedPage(found=None, channels=_channels(parts), complaint=str(why))
        return parts.face.page(request, "affected.html", page, status=422)
    return parts.face.page(request, "affected.html", AffectedPage(found=found, channels=_channels(parts)))


def _channels(parts: Parts) -> tuple[str, ...]:
    with parts.database.read() as tx:
        return tuple(found.name for found in holdings.channels(tx))


def _midnight(parts: Parts, since: date | str, *, days: int = 0) -> datetime | None:
    if not isinstance(since, date):
        return None
    return datetime.combine(since + timedelta(days=days), time.min, parts.face.zone)
