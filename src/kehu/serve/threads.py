"""Routes that are answered on one thread each, from the question who asks to the answer.

FastAPI takes a thread for each piece that may wait: for finding who asks, for the handler, for what it returns. Each
change of threads costs a tenth of what an answer costs, and waits for its turn where many ask. So the body is read
first; whatever is done then waits for our store only, and is done on one thread.
"""

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response

WITHOUT_BODY = frozenset({"GET", "HEAD"})


class OnOneThread(APIRoute):
    """A route whose dependencies and handler run on one thread; what they await is there already."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
        super().__init__(path, _awaited(endpoint), **given)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers its requests."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            if request.method not in WITHOUT_BODY:
                try:
                    await request.body()
                except ClientDisconnect:
                    raise HTTPException(400, "The body did not come to its end.") from None
            return await run_in_threadpool(_done, handler(request))

        return answer


class Router(APIRouter):
    """Such routes."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given, route_class=OnOneThread)


def _awaited(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The handler in a form that FastAPI takes no thread for."""
    if inspect.iscoroutinefunction(endpoint):
        return endpoint

    @functools.wraps(endpoint)
    async def called(**given: Any) -> Any:
        return endpoint(**given)

    return called


def _done(answering: Coroutine[Any, Any, Response]) -> Response:
    """The answer, which waits for nothing that only the loop of events could bring."""
    try:
        answering.send(None)
    except StopIteration as done:
        answer: Response = done.value
        return answer
    answering.close()
    raise RuntimeError("a handler waited for what only the loop of events brings")
