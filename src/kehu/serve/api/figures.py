"""Figures: counts for charts."""

from fastapi import APIRouter

from kehu.analyse.figures import Figure
from kehu.flows import insight
from kehu.serve.given import Parts

router = APIRouter(prefix="/figures", tags=["figures"])


@router.get("/category", summary="Customers by category")
def category(parts: Parts) -> Figure:
    """How many living customers each category has."""
    return insight.category(parts.database)
