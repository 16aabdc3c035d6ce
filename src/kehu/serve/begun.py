"""Routes whose addresses begin alike: nobody looks through them for an address that begins otherwise.

There are more than a hundred patterns, and FastAPI tries one after the other.
"""

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope


class Begun(APIRouter):
    """Routes that share the beginning of their addresses, which is the router's prefix."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether one of them is meant."""
        return super().matches(scope) if scope["path"].startswith(self.prefix) else (Match.NONE, {})
