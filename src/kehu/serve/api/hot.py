"""Hot values: what so many records share that it says of nobody who he is."""

from pydantic import BaseModel

from kehu.flows.identify import hot
from kehu.flows.identify.hot import HotValue
from kehu.model.people import Permission
from kehu.serve.given import Desk, Parts, Sees
from kehu.serve.threads import Router
from kehu.serve.who import needs

router = Router(prefix="/hot-values", tags=["quality"], dependencies=[needs(Permission.OPERATE)])


class HotValues(BaseModel):
    """The hot values."""

    limit: int
    """A value that more records share is hot; a certificate that four times as many do."""
    rows: tuple[HotValue, ...]
    """Those of most records first."""


@router.get("", summary="Hot values")
def shown(parts: Parts, desk: Desk, sight: Sees) -> HotValues:
    """Phones, e-mails and certificates that too many records share: no record is joined with another for them."""
    found = hot.values(parts.database, hot_key_limit=desk.hot_key_limit)
    return HotValues(limit=desk.hot_key_limit, rows=sight.of(found))
