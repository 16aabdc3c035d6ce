"""Why two records are one customer, or two."""

from fastapi import Request

from kehu.flows.insight import explaining
from kehu.model.people import Permission
from kehu.serve import problems
from kehu.serve.given import Number, Parts, Sees
from kehu.serve.looks import looked
from kehu.serve.restricted import require_free
from kehu.serve.threads import Router
from kehu.serve.who import needs

router = Router(prefix="/records", tags=["records"], dependencies=[needs(Permission.FIND), looked()])


@router.get(
    "/{record_l}/{record_r}/explanation",
    summary="Why two records are one customer, or two",
    responses=problems.documented(403, 404, 409, 422),
)
def explanation(
    request: Request, parts: Parts, sight: Sees, record_l: Number, record_r: Number
) -> explaining.Explanation:
    """Levels, weights and frequencies, and the verdict with its reason, in zh and en. Records stand by number."""
    told = explaining.explanation(
        parts.database, record_l, record_r, model=parts.weighing, hot_key_limit=parts.hot_key_limit
    )
    require_free(request, (told.record_l.customer_id, told.record_r.customer_id))
    return sight.of(told)
