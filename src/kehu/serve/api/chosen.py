"""Chosen customers, taken out as a file."""

from typing import Annotated

from pydantic import Field
from starlette.responses import FileResponse, Response

from kehu.flows.analysis import chosen as flow
from kehu.model.people import Permission
from kehu.serve import problems, taken
from kehu.serve.api.segments import TakenOut
from kehu.serve.given import GREATEST, Given, Parts
from kehu.serve.threads import Router
from kehu.serve.who import Who, needs

router = Router(prefix="/customers", tags=["customers"])

Taker = Annotated[Who, needs(Permission.FIND, Permission.EXPORT)]

MOST = 1_000
"""So many can be chosen at once; more are a segment."""

Ids = Annotated[list[Annotated[int, Field(ge=1, le=GREATEST)]], Field(min_length=1, max_length=MOST)]


class Chosen(TakenOut):
    """Which customers are taken out, and why."""

    ids: Ids = Field(description="The numbers of the customers", examples=[[17, 23]])


@router.post(
    "/export",
    summary="Take chosen customers out",
    response_class=FileResponse,
    responses=problems.documented(422, 503)
    | {200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)
def export(parts: Parts, who: Taker, wanted: Chosen) -> Response:
    """The customers as a file, masked as their taker sees them; whoever may not be on such a list is left out."""
    return taken_out(parts, who, wanted)


def taken_out(parts: Given, who: Who, wanted: Chosen) -> Response:
    """The file; who took it out, what for and for whom is noted first."""
    return taken.sent(
        f"customers.{wanted.form}",
        lambda path: flow.export(
            parts.database, wanted.ids, path, why=wanted.why, by=who.by(parts.clock()), sight=who.sight
        ),
    )
