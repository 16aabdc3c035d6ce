"""What every handler is given: the parts that the application was made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Depends, Path, Query, Request

from kehu.errors import StoreError
from kehu.flows import arrive
from kehu.flows.service import sla
from kehu.flows.sight import Sight
from kehu.resolve.model import Model
from kehu.serve.face import Face
from kehu.serve.who import Gate, who_asks
from kehu.store.database import Database
from kehu.store.sealing.vault import Vault

GREATEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Given:
    """The parts of the application."""

    database: Database
    clock: Callable[[], datetime]
    face: Face
    model: Model | None
    """What weighed the links."""
    desk: arrive.Desk | None
    """What arriving records need."""
    gate: Gate | None = None
    """How people come in; None lets everybody do everything."""
    smallest_group: int = 10
    """Groups of fewer customers are not told to those who may not see persons."""
    service: sla.Clock = field(default_factory=lambda: sla.Tickets().clock(UTC))
    """When tickets are due."""

    @property
    def vault(self) -> Vault:
        """What seals and opens.

        Raises:
            StoreError: There is none.
        """
        if self.database.vault is None:
            raise StoreError("this application was started without keys: it opens and notes nothing")
        return self.database.vault

    @property
    def weighing(self) -> Model:
        """The model that weighed the links.

        Raises:
            StoreError: There is none.
        """
        if self.model is None:
            raise StoreError("this application was started without a model: it cannot weigh records")
        return self.model

    @property
    def home(self) -> str:
        """The country whose numbers are at home."""
        return self.desk.home if self.desk else "CN"


async def _given(request: Request) -> Given:
    parts: Given = request.app.state.given
    return parts


Parts = Annotated[Given, Depends(_given)]
"""A handler's argument: the parts of the application."""


async def _desk(parts: Parts) -> arrive.Desk:
    if parts.desk is None:
        raise StoreError("this application was started to be read only: it takes no records")
    return parts.desk


Desk = Annotated[arrive.Desk, Depends(_desk)]
"""A handler's argument: what arriving records need."""

Number = Annotated[int, Path(ge=1, le=GREATEST, description="The number, as lists and links give it")]
"""A number in an address."""

After = Annotated[
    int | None, Query(ge=0, le=GREATEST, description="The `following` of the page before; none for the first page")
]
"""Where a page starts."""

AsOf = Annotated[
    datetime | date | None,
    Query(description="A time, or a day for its end; without an offset in the zone of the pages. None: now"),
]
"""A time in the past."""

Limit = Annotated[int, Query(ge=1, le=200, description="How many rows at most")]
"""How long a page is."""


def _sight(request: Request) -> Sight:
    return who_asks(request).sight


Sees = Annotated[Sight, Depends(_sight)]
"""A handler's argument: what whoever asks may see. Pages are masked as they are drawn; answers to machines by this."""


def _author(request: Request) -> str:
    return who_asks(request).login


Author = Annotated[str, Depends(_author)]
"""A handler's argument: who asks."""
