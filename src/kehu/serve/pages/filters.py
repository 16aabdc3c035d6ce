"""What the lists of loads, of quality and of the quarantine are filtered by."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

Channel = Annotated[str | None, Query(max_length=64)]
"""A channel in an address; empty for all of them."""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What was chosen, and what there is to choose from."""

    channel: str | None
    channels: tuple[str, ...]
