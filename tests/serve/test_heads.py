"""A request's head that never ends is not kept in memory, whoever sends it."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from kehu.serve import heads

PIECE = 16 * 1024


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Tells how long a body was."""
    length, more = 0, True
    while more:
        message = await receive()
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    told = f"{len(scope['headers'])} {length}.".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(told))]})
    await send({"type": "http.response.body", "body": told})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(echo, log_level="critical", access_log=False, lifespan="off", http=heads.ShortHeads)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.fixture
def talk(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as own:
        yield own


@pytest.mark.parametrize("beginning", [b"GET /", b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: "], ids=["address", "header"])
def test_who_sends_a_head_without_end_is_cut_off(talk: socket.socket, beginning: bytes) -> None:
    def go_on() -> None:
        for _ in range(64 * heads.MOST // PIECE):
            talk.sendall(b"x" * PIECE)
            time.sleep(0.001)

    talk.sendall(beginning)
    with pytest.raises(ConnectionError):
        go_on()


def answer(talk: socket.socket) -> str:
    """One answer, which ends with a full stop."""
    told = b""
    while b"." not in told.partition(b"\r\n\r\n")[2]:
        told += talk.recv(4096)
    return told.decode()


def test_many_requests_with_long_bodies_are_read_on_one_connection(talk: socket.socket) -> None:
    for _ in range(3):
        body = b"b" * (3 * heads.MOST)
        talk.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert f"2 {len(body)}." in answer(talk)
    talk.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ")
    for _ in range(3):
        talk.sendall(b"x" * PIECE)
    talk.sendall(b"\r\n\r\n")
    assert "2 0." in answer(talk)
