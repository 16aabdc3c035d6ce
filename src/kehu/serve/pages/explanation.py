"""Why two records are one customer, or two: the verdict, what speaks for and against it, and both side by side."""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from kehu.flows.insight import explaining
from kehu.model.customers import GOLDEN_COLUMNS
from kehu.model.people import Permission
from kehu.serve.given import Number, Parts, Sees
from kehu.serve.looks import looked
from kehu.serve.restricted import require_free
from kehu.serve.threads import Router
from kehu.serve.who import needs
from kehu.store import views

router = Router(dependencies=[needs(Permission.FIND), looked()])


@dataclass(frozen=True, kw_only=True)
class ExplanationPage:
    """What the page of a pair shows."""

    told: explaining.Explanation
    sides: tuple[views.Record, views.Record]
    attributes: tuple[str, ...]
    """Those that one of the two states."""
    heaviest: float
    """The greatest evidence, which the bars are drawn to."""


@router.get("/explain/{record_l}/{record_r}")
def one(request: Request, parts: Parts, sight: Sees, record_l: Number, record_r: Number) -> Response:
    """A pair of records, by number."""
    told = explaining.explanation(
        parts.database, record_l, record_r, model=parts.weighing, hot_key_limit=parts.hot_key_limit
    )
    require_free(request, (told.record_l.customer_id, told.record_r.customer_id))
    with parts.database.read() as tx:
        known = views.records(tx, [told.record_l.record, told.record_r.record])
    left, right = known[told.record_l.record], known[told.record_r.record]
    page = ExplanationPage(
        told=told,
        sides=(left, right),
        attributes=tuple(
            name for name in GOLDEN_COLUMNS if getattr(left, name) is not None or getattr(right, name) is not None
        ),
        heaviest=max((abs(part.weight) for part in sight.of(told).evidence), default=1.0) or 1.0,
    )
    return parts.face.page(request, "explanation.html", page)
