"""How often somebody may ask: `dependencies=[paced(Asked.SEARCH)]` on a route; too often is a 429 with Retry-After."""

from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request

from kehu.flows.users.pace import Asked, Pace
from kehu.serve.who import asked_by


@dataclass(frozen=True)
class Paced:
    """A rule of a route: whoever asks takes one out of their bucket."""

    asked: Asked

    async def __call__(self, request: Request) -> None:
        """Let them ask.

        Raises:
            TooManyError: The bucket is empty.
        """
        pace: Pace = request.app.state.pace
        pace.spend((await asked_by(request)).login, self.asked, at=request.app.state.given.clock())


def paced(asked: Asked) -> Any:
    """The dependency of a route that may be asked so often only."""
    return Depends(Paced(asked))
