"""Routes that are answered on one thread each."""

import asyncio
import threading
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, Form
from starlette.testclient import TestClient

from kehu.serve.threads import Router


async def _where() -> str:
    return threading.current_thread().name


def _application() -> FastAPI:
    router = Router()

    @router.get("/where")
    def where(first: Annotated[str, Depends(_where)]) -> list[str]:
        """Where it runs."""
        return [first, threading.current_thread().name]

    @router.post("/form")
    def form(name: Annotated[str, Form()]) -> str:
        return name

    @router.get("/waits")
    async def waits() -> str:
        await asyncio.sleep(0)
        return "never"

    application = FastAPI()
    application.include_router(router, prefix="/here")
    return application


def test_what_a_route_depends_on_runs_where_its_handler_does_and_not_in_the_loop() -> None:
    application = _application()

    @application.get("/loop")
    async def loop() -> str:
        return threading.current_thread().name

    with TestClient(application) as client:
        first, second = client.get("/here/where").json()
        assert first == second
        assert client.get("/loop").json() != first
        assert client.post("/here/form", data={"name": "张伟"}).json() == "张伟"


def test_the_description_tells_the_handler_and_not_what_is_around_it() -> None:
    told = _application().openapi()["paths"]["/here/where"]["get"]
    assert (told["summary"], told["description"]) == ("Where", "Where it runs.")
    assert "parameters" not in told


def test_a_handler_that_waits_for_the_loop_is_a_mistake_that_is_told() -> None:
    with TestClient(_application()) as client, pytest.raises(RuntimeError, match="waited"):
        client.get("/here/waits")
