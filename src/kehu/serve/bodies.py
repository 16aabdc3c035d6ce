"""How long a body may be: what is longer is a 413, told like every other problem.

FastAPI has a limit of its own, but answers outside the door, in plain text and without the security headers.
"""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kehu.serve import problems


class Bounded:
    """Refuses bodies that are too long, before they are read to their end."""

    def __init__(self, app: ASGIApp, *, limit: int, longer: Mapping[str, int]) -> None:
        self.app = app
        self.limit = limit
        self.longer = longer
        """Paths whose bodies may be longer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or refuse its body."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        limit = self.longer.get(scope["path"], self.limit)
        told = Headers(scope=scope).get("content-length", "")
        if told.isdecimal() and int(told) > limit:
            await problems.response(413, _sentence(limit))(scope, receive, send)
            return
        left = limit

        async def receive_at_most() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, _sentence(limit))
            return message

        await self.app(scope, receive_at_most, send)


def _sentence(limit: int) -> str:
    return f"The body is longer than {limit // 1024} KiB."
