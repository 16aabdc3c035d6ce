"""The audit trail (审计): who saw or changed what, when, why and from where."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from kehu.model.people import Permission
from kehu.serve.api import audit
from kehu.serve.given import After, Parts
from kehu.serve.threads import Router
from kehu.serve.who import needs
from kehu.store import views
from kehu.store.audit.trail import Act, Filter, Noted

router = Router(dependencies=[needs(Permission.AUDIT)])

PAGE = 50

Wish = Annotated[str | None, Query(max_length=200)]
Day = Annotated[str | None, Query(max_length=10)]


@dataclass(frozen=True, kw_only=True)
class AuditPage:
    """What the page shows."""

    page: views.Page[Noted]
    person: str | None
    act: Act | None
    what: str | None
    since: date | None
    """The first day that is wanted."""
    until: date | None
    """The last one."""
    after: int | None
    acts: tuple[Act, ...] = tuple(Act)


@router.get("/audit")
def listed(
    request: Request,
    parts: Parts,
    who: Wish = None,
    act: Wish = None,
    what: Wish = None,
    since: Day = None,
    until: Day = None,
    after: After = None,
) -> Response:
    """A page of the entries, the newest first."""
    first, last = _day(since), _day(until)
    wanted = Filter(
        who=who or None,
        act=Act(act) if act in set(Act) else None,
        what=what or None,
        since=_midnight(parts, first),
        until=_midnight(parts, last and last + timedelta(days=1)),
    )
    found = audit.page(parts, wanted, after=after, limit=PAGE)
    page = AuditPage(
        page=found, person=wanted.who, act=wanted.act, what=wanted.what, since=first, until=last, after=after
    )
    return parts.face.page(request, "audit.html", page)


def _day(typed: str | None) -> date | None:
    """The day that an address names; what is none filters nothing.

    >>> _day("2026-11-22"), _day("soon"), _day(None)
    (datetime.date(2026, 11, 22), None, None)
    """
    try:
        return date.fromisoformat(typed or "")
    except ValueError:
        return None


def _midnight(parts: Parts, day: date | None) -> datetime | None:
    return datetime.combine(day, time.min, parts.face.zone) if day else None
