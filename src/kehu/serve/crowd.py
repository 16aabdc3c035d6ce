"""How many are served at a time: whoever comes when it is full is asked to come again, in place of waiting unseen.

Requests that pile up hold memory, and are answered when nobody waits for them any more. Who asks whether the
application lives and how it fares is always answered: to them a full house must not look like a dead one.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from kehu.serve import problems

MOST = 256
"""So many requests at a time: four times what the store takes in together, and what its threads serve in seconds."""

WAIT_S = 1
"""After so long there is room again."""

ALWAYS = ("/healthz", "/readyz", "/metrics", "/static/")
"""How the addresses begin that are always answered."""


class Crowd:
    """Serves so many at a time; the others are a 503 with Retry-After."""

    def __init__(self, app: ASGIApp, *, most: int = MOST) -> None:
        self.app = app
        self.most = most
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or ask for patience."""
        if scope["type"] != "http" or scope["path"].startswith(ALWAYS):
            await self.app(scope, receive, send)
            return
        if self._inside >= self.most:
            refusal = problems.response(503, "Too many ask at this moment; ask again in a moment.")
            refusal.headers["retry-after"] = str(WAIT_S)
            await refusal(scope, receive, send)
            return
        # One thread runs all of this, so nobody else counts meanwhile.
        self._inside += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._inside -= 1
