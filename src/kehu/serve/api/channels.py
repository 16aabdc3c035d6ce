"""The channels: what each brought last, when it is read next, and the run in progress."""

from kehu.flows import board
from kehu.flows.board import Board
from kehu.model.people import Permission
from kehu.serve.given import Parts
from kehu.serve.threads import Router
from kehu.serve.who import needs

router = Router(prefix="/channels", tags=["loads"], dependencies=[needs(Permission.OPERATE)])


@router.get("", summary="How the channels stand")
def listed(parts: Parts) -> Board:
    """Every channel that the settings describe or that ever brought something, and the run in progress, if any."""
    return board.board(parts.database, parts.sources, at=parts.clock())
