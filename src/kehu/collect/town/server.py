"""The application server of the town: real HTTP on loopback, with pages, an API key and bad moments."""

import hashlib
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np

from kehu.errors import SourceError

HOST = "127.0.0.1"
MOST = 1000
"""The most applications a page."""
USUAL = 500
"""A page where no limit is asked for."""
HICCUPS_IN_A_ROW = 2
"""After so many bad moments in a row it answers."""


@dataclass(frozen=True, kw_only=True)
class Serving:
    """A server that answers."""

    port: int
    """The port it listens on."""
    reused: bool
    """Whether another process had started it before."""

    @property
    def url(self) -> str:
        """Where the applications are."""
        return f"http://{HOST}:{self.port}/applications"


@contextmanager
def serve(
    applications: Path, *, port: int = 0, api_key: str, hiccups: float = 0.05, seed: int = 1
) -> Iterator[Serving]:
    """Serve the applications of a file while the context lasts.

    Args:
        applications: JSON Lines, as `channels.write` makes them.
        port: The port of the loopback address; 0 takes a free one. Where a server of the same file listens already, it
            is used and left alone.
        api_key: What `X-API-Key` must say.
        hiccups: How often an answer is 429 or 500 instead; the same seed gives the same moments.
        seed: Where chance comes from.

    Raises:
        SourceError: The file is missing, or something else listens on the port.
    """
    if not applications.is_file():
        raise SourceError(f"there are no applications at {applications}: kehu demo makes them")
    fingerprint = hashlib.sha256(str(applications.resolve()).encode()).hexdigest()
    try:
        server = _Server(applications, fingerprint, port=port, api_key=api_key, hiccups=hiccups, seed=seed)
    except OSError as error:
        if not _is_living(port, fingerprint):
            raise SourceError(
                f"port {port} of {HOST} cannot be listened on ({error.strerror}), and no server of these applications "
                "answers there: choose another port"
            ) from error
        yield Serving(port=port, reused=True)
        return
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield Serving(port=server.server_address[1], reused=False)
        finally:
            server.shutdown()
            thread.join()


def _is_living(port: int, fingerprint: str) -> bool:
    """Whether a server of the same file answers on the port."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return isinstance(answer, dict) and answer.get("applications") == fingerprint


class _Server(ThreadingHTTPServer):
    """The server with what it serves: the file, and where in it every application begins."""

    daemon_threads = True
    block_on_close = False  # A client that keeps its connection open must not hold up the end.

    def __init__(
        self, applications: Path, fingerprint: str, *, port: int, api_key: str, hiccups: float, seed: int
    ) -> None:
        self.path = applications
        self.fingerprint = fingerprint
        self.api_key = api_key
        self._hiccups = hiccups
        self._chance = np.random.default_rng(seed)
        self._in_a_row = 0
        self._lock = threading.Lock()
        self._seen = (0, 0)
        self._starts: list[int] = [0]
        super().__init__((HOST, port), _Handler)

    def page(self, after: int, limit: int) -> tuple[list[bytes], int]:
        """The lines behind a place in the file, and how many the file has; it may grow between two pages."""
        with self._lock, self.path.open("rb") as file:
            state = self.path.stat()
            if (now := (state.st_mtime_ns, state.st_size)) != self._seen:
                sizes = np.fromiter((len(line) for line in file if line.endswith(b"\n")), dtype=np.int64)
                self._starts = [0, *np.cumsum(sizes).tolist()]
                self._seen = now
            total = len(self._starts) - 1
            begin, end = (min(place, total) for place in (after, after + limit))
            file.seek(self._starts[begin])
            return file.read(self._starts[end] - self._starts[begin]).splitlines(), total

    def hiccup(self) -> HTTPStatus | None:
        """What goes wrong with this request; mostly nothing."""
        with self._lock:
            struck = bool(self._chance.random() < self._hiccups) and self._in_a_row < HICCUPS_IN_A_ROW
            kind = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR)[int(self._chance.integers(2))]
            self._in_a_row = self._in_a_row + 1 if struck else 0
            return kind if struck else None


class _Handler(BaseHTTPRequestHandler):
    """GET /applications and GET /healthz."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/healthz":
            self._answer(HTTPStatus.OK, {"status": "ok", "applications": self.server.fingerprint})
        elif url.path != "/applications":
            self._answer(HTTPStatus.NOT_FOUND, {"error": "there is only /applications and /healthz"})
        elif self.headers.get("X-API-Key") != self.server.api_key:
            self._answer(HTTPStatus.UNAUTHORIZED, {"error": "the header X-API-Key is missing or wrong"})
        else:
            self._applications(parse_qs(url.query))

    def _applications(self, asked: dict[str, list[str]]) -> None:
        after, limit = asked.get("after", ["0"])[-1], asked.get("limit", [str(USUAL)])[-1]
        if not (after.isdecimal() and limit.isdecimal() and 1 <= int(limit) <= MOST):
            self._answer(HTTPStatus.BAD_REQUEST, {"error": f"after is a cursor, limit is 1 to {MOST}"})
        elif (hiccup := self.server.hiccup()) is not None:
            wait = {"Retry-After": "0"} if hiccup == HTTPStatus.TOO_MANY_REQUESTS else {}
            self._answer(hiccup, {"error": hiccup.phrase}, wait)
        else:
            lines, total = self.server.page(int(after), int(limit))
            # The page behind the last application is empty and has no next: whoever comes later starts there.
            following = json.dumps(str(int(after) + len(lines)) if lines else None)
            body = b'{"applications":[%b],"next":%b,"total":%d}' % (b",".join(lines), following.encode(), total)
            self._send(HTTPStatus.OK, body)

    def _answer(self, status: HTTPStatus, body: dict[str, str], headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(body).encode(), headers)

    def _send(self, status: HTTPStatus, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
