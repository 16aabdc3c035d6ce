"""The door of the application: which requests are heard, and what every answer says to the browser.

Unless the settings name the hosts under which browsers reach it, the door opens to this machine only: to requests that
come from a loopback address *and* name one as their host. The second half stops a foreign page whose name was
re-pointed at 127.0.0.1. Who asks, and what they may, is settled behind the door (`who`).
"""

import ipaddress
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kehu.errors import SettingsError
from kehu.serve import problems

SECURITY_HEADERS: dict[str, str] = {
    # style-src-attr: bars take their width, and ECharts its tooltip's place, from style attributes.
    "content-security-policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""What every answer tells the browser."""

# Pages differ by language and theme, and hold personal values: nobody else's cache may keep them.
_RAW = [
    (name.encode(), value.encode())
    for name, value in (SECURITY_HEADERS | {"cache-control": "private, no-cache"}).items()
]

LONGEST_HOST = 300
"""No name with its port is longer (RFC 1035 has 255); what is asked about it is remembered."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine, and always will.

    >>> [is_loopback(host) for host in ("127.0.0.1", "[::1]", "localhost", "localhost.example", "0.0.0.0", "::")]
    [True, True, True, False, False, False]
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


def require_hosts(host: str, hosts: Collection[str]) -> None:
    """Refuse to listen where others could knock, unless it is said under which names.

    Raises:
        SettingsError: The host is not this machine alone, and no hosts are named.
    """
    if not is_loopback(host) and not hosts:
        raise SettingsError(
            f'host {host} is not this machine alone: say in kehu.toml, [serve], hosts = ["…"], under which names '
            "browsers reach it"
        )


class Door:
    """Lets in who may come in, and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, *, hosts: Collection[str] = ()) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(one for one in _RAW if one[0] not in told)]
            await send(message)

        if refusal := _refusal(scope, self.hosts):
            await problems.response(*refusal)(scope, receive, send_with_headers)
        else:
            await self.app(scope, receive, send_with_headers)


def _refusal(scope: Scope, known: Collection[str]) -> tuple[int, str] | None:
    """The status and the sentence of a refusal; None lets the request in."""
    headers = Headers(scope=scope)
    hosts = headers.getlist("host")
    client = scope.get("client")  # None where the request came by a socket file.
    is_near = not client or is_loopback(client[0])
    if not is_near and not known:
        return 403, "This application answers this machine only."
    name = _name(hosts[0]) if len(hosts) == 1 and len(hosts[0]) <= LONGEST_HOST else ""
    if name.lower() not in known and not (is_near and is_loopback(name)):
        return 421, "This application answers to the names in its settings only, and to 127.0.0.1, localhost and [::1]."
    if scope["method"] not in SAFE_METHODS and not _from_our_pages(headers, hosts[0]):
        return 403, "This request comes from another site."
    return None


@lru_cache(maxsize=1024)
def _name(host: str) -> str:
    """The name or address in a Host header, without its port; empty where it cannot be read."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _from_our_pages(headers: Headers, host: str) -> bool:
    """Whether a request that changes something was sent by our own page, or by no browser at all."""
    if site := headers.get("sec-fetch-site"):
        return site in {"same-origin", "none"}
    if origin := headers.get("origin"):
        return urlsplit(origin).netloc == host
    return "cookie" not in headers
