"""Why two records are one customer, or two."""

from fastapi import APIRouter

from kehu.flows import explaining
from kehu.model.people import Permission
from kehu.serve import problems
from kehu.serve.given import Number, Parts, Sees
from kehu.serve.looks import looked
from kehu.serve.who import needs

router = APIRouter(prefix="/records", tags=["records"], dependencies=[needs(Permission.FIND), looked()])


@router.get(
    "/{record_l}/{record_r}/explanation",
    summary="Why two records are one customer, or two",
    responses=problems.documented(404, 409, 422),
)
def explanation(parts: Parts, sight: Sees, record_l: Number, record_r: Number) -> explaining.Explanation:
    """Levels, weights and frequencies, and the verdict with its reason, in zh and en. Records stand by number."""
    return sight.of(explaining.explanation(parts.database, record_l, record_r, model=parts.weighing))
