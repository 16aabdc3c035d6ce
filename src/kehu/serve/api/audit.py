"""The audit trail: who saw or changed what, when, why and from where."""

from typing import Annotated

from fastapi import Query

from kehu.model.people import Permission
from kehu.serve import problems
from kehu.serve.given import After, Limit, Moment, Parts
from kehu.serve.threads import Router
from kehu.serve.who import needs
from kehu.store import views
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Filter, Noted

router = Router(prefix="/audit", tags=["audit"], dependencies=[needs(Permission.AUDIT)])


@router.get("", summary="Read the audit trail", responses=problems.documented(422, 503))
def listed(
    parts: Parts,
    who: Annotated[
        str | None, Query(max_length=200, description="Only what they did: a login, `key NAME`", examples=["lihua"])
    ] = None,
    act: Annotated[Act | None, Query(description="Only this kind of act")] = None,
    what: Annotated[
        str | None, Query(max_length=200, description="Only to this: `customer 17`", examples=["customer 17"])
    ] = None,
    since: Annotated[
        Moment | None, Query(description="Not before, with its zone", examples=["2026-11-22T08:00Z"])
    ] = None,
    until: Annotated[Moment | None, Query(description="Before, with its zone")] = None,
    after: After = None,
    limit: Limit = 50,
) -> views.Page[Noted]:
    """A page of the entries, the newest first."""
    return page(parts, Filter(who=who, act=act, what=what, since=since, until=until), after=after, limit=limit)


def page(parts: Parts, wanted: Filter, *, after: int | None, limit: int) -> views.Page[Noted]:
    """The entries that are wanted, the newest first."""
    with parts.database.read() as tx:
        found = trail.page(tx, wanted, vault=parts.vault, before=after, limit=limit + 1)
    rows = tuple(found[:limit])
    return views.Page(rows=rows, following=rows[-1].audit_id if len(found) > limit else None)
