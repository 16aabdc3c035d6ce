"""Promise 9 under overload: whoever finds the house full is refused at once, and is served when he comes again."""

import asyncio
from typing import Any

import httpx
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from kehu.serve.crowd import Crowd


def test_a_full_house_refuses_at_once_and_serves_again_when_there_is_room() -> None:
    """More come than there is room for, and none of those inside has an answer yet."""

    async def tried() -> tuple[list[Any], Any, Any]:
        may_go, is_full, waiting = asyncio.Event(), asyncio.Event(), list[str]()

        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] == "/slow":
                waiting.append(scope["path"])
                if len(waiting) == 3:
                    is_full.set()
                await may_go.wait()
            await PlainTextResponse("done")(scope, receive, send)

        transport = httpx.ASGITransport(Crowd(slow, most=3))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            inside = [asyncio.create_task(client.get("/slow")) for _ in range(3)]
            await is_full.wait()
            turned_away = [await client.get("/other") for _ in range(20)]
            alive = await client.get("/healthz")
            may_go.set()
            served = [(await task).status_code for task in inside]
            after = await client.get("/other")
        assert served == [200, 200, 200]
        return turned_away, alive, after

    turned_away, alive, after = asyncio.run(tried())
    assert {answer.status_code for answer in turned_away} == {503}
    assert {answer.headers["retry-after"] for answer in turned_away} == {"1"}
    assert {answer.headers["content-type"] for answer in turned_away} == {"application/problem+json"}
    assert (alive.status_code, after.status_code) == (200, 200)
