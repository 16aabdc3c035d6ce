"""Health: whether the application lives, and whether it can work."""

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from kehu.serve import problems
from kehu.serve.given import Parts
from kehu.serve.who import open_to_all
from kehu.store import database

router = APIRouter(tags=["health"], dependencies=[Depends(open_to_all)])


class Health(BaseModel):
    """How the application is."""

    status: str


@router.get("/healthz", summary="Whether it lives")
async def lives() -> Health:
    """Answers as long as the process does."""
    return Health(status="alive")


@router.get("/readyz", summary="Whether it can work", responses=problems.documented(503))
def ready(parts: Parts) -> Health:
    """Answers once the store answers and has our schema."""
    database.check(parts.database)
    return Health(status="ready")
