"""What every handler is given: the parts that the application was made of."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from pydantic import AwareDatetime, BeforeValidator

from kehu.errors import StoreError
from kehu.flows import partition
from kehu.flows.arrive import arrive
from kehu.flows.board import Sources
from kehu.flows.insight.sight import Sight
from kehu.flows.privacy.erase import Room
from kehu.flows.service import sla
from kehu.resolve.model import Model
from kehu.serve.face import Face
from kehu.serve.who import Gate, asked_by
from kehu.store.database import Database
from kehu.store.sealing.vault import Vault

GREATEST = 2**53 - 1
"""No number is greater: every reader of JSON holds these exactly."""


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
    room: Room | None = None
    """What erasing needs beside the desk."""
    smallest_group: int = 10
    """Groups of fewer customers are not told to those who may not see persons."""
    sources: Sources | None = None
    """The channels of the settings."""
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
    def erasing(self) -> Room:
        """What erasing needs beside the desk.

        Raises:
            StoreError: There is none.
        """
        if self.room is None:
            raise StoreError("this application was started without the ledger of the erased: it erases nobody")
        return self.room

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
    def hot_key_limit(self) -> int:
        """How many records may share a value that still tells who they are."""
        return self.desk.hot_key_limit if self.desk else partition.HOT_KEY_LIMIT

    @property
    def home(self) -> str:
        """The country whose numbers are at home."""
        return self.desk.home if self.desk else "CN"


async def _given(request: Request) -> Given:
    parts: Given = request.app.state.given
    return parts


Parts = Annotated[Given, Depends(_given)]
"""A handler's argument: the parts of the application."""


async def _desk(request: Request) -> arrive.Desk:
    parts: Given = request.app.state.given
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


def _written(told: Any) -> Any:
    """A time in words: a bare number is none, though it may be read as seconds since 1970."""
    if isinstance(told, int | float) or (
        isinstance(told, str) and told.strip().lstrip("+-").replace(".", "", 1).isdigit()
    ):
        raise ValueError("a time is written as 2026-11-22T08:00Z")
    return told


Moment = Annotated[AwareDatetime, BeforeValidator(_written)]
"""A time that is sent to us."""


def _as_a_day(told: Any) -> Any:
    """A day where no hour is written; pydantic would read it as the moment at which it begins."""
    told = _written(told)
    if isinstance(told, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", told.strip()):
        return date.fromisoformat(told.strip())
    return told


AsOf = Annotated[
    datetime | date | None,
    BeforeValidator(_as_a_day),
    Query(description="A time, or a day for its end; without an offset in the zone of the pages. None: now"),
]
"""A time in the past."""

Limit = Annotated[int, Query(ge=1, le=200, description="How many rows at most")]
"""How long a page is."""


async def _sight(request: Request) -> Sight:
    return (await asked_by(request)).sight


Sees = Annotated[Sight, Depends(_sight)]
"""A handler's argument: what whoever asks may see. Pages are masked as they are drawn; answers to machines by this."""


async def _author(request: Request) -> str:
    return (await asked_by(request)).login


Author = Annotated[str, Depends(_author)]
"""A handler's argument: who asks."""
