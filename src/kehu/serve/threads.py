"""Routes that are answered on one thread each, from the question who asks to the answer.

FastAPI takes a thread for each piece that may wait: for finding who asks, for the handler, for what it returns. Each
change of threads costs a tenth of what an answer costs, and waits for its turn where many ask. So the body is read
first; whatever is done then waits for our store only, and is done on one thread.

What a route depends on, and what takes nothing but the request (who asks, the parts of the application), is called
first, one after the other. FastAPI would look into each of them anew for parameters, which takes longer than they do.
"""

import functools
import inspect
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, ClassVar, get_args

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, HTTPException, Request, params
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from kehu.serve.restricted import is_free

WITHOUT_BODY = frozenset({"GET", "HEAD"})


class OnOneThread(APIRoute):
    """A route whose dependencies and handler run on one thread; what they await is there already."""

    threads: ClassVar[CapacityLimiter | None] = None
    """How many threads its requests may run on; None: all such routes share those of the loop, forty of them."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        dependencies: Sequence[params.Depends] | None = None,
        **given: Any,
    ) -> None:
        rules = dependencies or ()
        wanted = dict(_wanted(endpoint))
        self.first = (
            *((None, one.dependency) for one in rules if _is_plain(one)),
            *((name, one.dependency) for name, one in wanted.items()),
        )
        """What is called with the request alone, and the handler's argument that it gives, if it gives one."""
        super().__init__(
            path, _called(endpoint, wanted), dependencies=[one for one in rules if not _is_plain(one)], **given
        )

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers its requests."""
        handler = super().get_route_handler()
        first = [(name, _of_request(call)) for name, call in self.first]

        async def in_turn(request: Request) -> Response:
            found = {}
            for name, call in first:
                told = await call(request)
                if name is not None:
                    found[name] = told
            request.state.found = found
            return await handler(request)

        async def answer(request: Request) -> Response:
            if request.method not in WITHOUT_BODY:
                try:
                    await request.body()
                except ClientDisconnect:
                    raise HTTPException(400, "The body did not come to its end.") from None
            return await to_thread.run_sync(_done, in_turn(request), limiter=self.threads)

        return answer


class Router(APIRouter):
    """Such routes; those about a customer whose data is restricted open for privacy officers only."""

    def __init__(
        self,
        *,
        dependencies: Sequence[params.Depends] = (),
        route_class: type[OnOneThread] = OnOneThread,
        **given: Any,
    ) -> None:
        super().__init__(**given, dependencies=[Depends(is_free), *dependencies], route_class=route_class)


def _is_plain(one: params.Depends) -> bool:
    """Whether a dependency takes nothing but the request."""
    assert one.dependency is not None
    taken = inspect.signature(one.dependency).parameters.values()
    return inspect.iscoroutinefunction(_function(one.dependency)) and all(each.annotation is Request for each in taken)


def _function(call: Callable[..., Any]) -> Any:
    return call if inspect.isfunction(call) else type(call).__call__


def _of_request(call: Any) -> Callable[[Request], Coroutine[Any, Any, Any]]:
    if inspect.signature(call).parameters:
        return call  # type: ignore[no-any-return]  # it is plain
    return lambda _: call()


def _wanted(endpoint: Callable[..., Any]) -> Iterator[tuple[str, params.Depends]]:
    """The plain dependencies among the arguments of a handler."""
    for name, taken in inspect.signature(endpoint).parameters.items():
        told = [one for one in get_args(taken.annotation)[1:] if isinstance(one, params.Depends)]
        if told and _is_plain(told[-1]):  # Of several FastAPI takes the last.
            yield name, told[-1]


def _called(endpoint: Callable[..., Any], wanted: dict[str, params.Depends]) -> Callable[..., Any]:
    """The handler in a form that FastAPI takes no thread for, and gives only what it has to look for itself."""
    shape = inspect.signature(endpoint)
    takes_request = "request" in shape.parameters
    is_awaited = inspect.iscoroutinefunction(endpoint)

    @functools.wraps(endpoint)
    async def called(request: Request, **given: Any) -> Any:
        given |= request.state.found
        if takes_request:
            given["request"] = request
        return await endpoint(**given) if is_awaited else endpoint(**given)

    left = [
        one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for name, one in shape.parameters.items() if name not in wanted
    ]
    if not takes_request:
        left.append(inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request))
    called.__signature__ = shape.replace(parameters=left)  # type: ignore[attr-defined]  # inspect reads it
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
