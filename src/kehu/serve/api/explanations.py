"""Why two records are one customer, or two."""

from fastapi import APIRouter

from kehu.flows import explaining
from kehu.serve import problems
from kehu.serve.given import Number, Parts

router = APIRouter(prefix="/records", tags=["records"])


@router.get(
    "/{record_l}/{record_r}/explanation",
    summary="Why two records are one customer, or two",
    responses=problems.documented(404, 409, 422),
)
def explanation(parts: Parts, record_l: Number, record_r: Number) -> explaining.Explanation:
    """Levels, weights and frequencies, and the verdict with its reason, in zh and en. Records stand by number."""
    return explaining.explanation(parts.database, record_l, record_r, model=parts.weighing)
