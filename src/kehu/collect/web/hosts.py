"""Which hosts a channel may speak to: the configured ones, each resolved once and kept to that address."""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass

import httpx

from kehu.errors import SourceError

_CARRIERS = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
"""IPv6 prefixes whose addresses lead to the IPv4 address in their last 32 bits (NAT64)."""

_DEFAULT_PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host that may be spoken to."""

    scheme: str
    name: str
    port: int
    addresses: tuple[str, ...]

    def answers(self, url: httpx.URL) -> bool:
        """Whether a URL leads to this very host and port by the same scheme."""
        return (url.scheme, url.host, _port(url)) == (self.scheme, self.name, self.port)


def web(url: str) -> str:
    """The URL, if it is one of the web and holds no password.

    Raises:
        ValueError: It is none, or holds one.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as why:
        raise ValueError(f"is no URL ({why})") from None
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ValueError("must start with http:// or https:// and name a host")
    if parsed.userinfo:
        raise ValueError('must hold no password; use auth = { kind = "basic", … }')
    return url


def resolved(channel: str, url: str, *, allow_private: bool) -> Host:
    """Look a host up, and refuse it if its address may not be spoken to.

    Raises:
        SourceError: The host is not found, or an address of it is private and not allowed.
    """
    parsed = httpx.URL(url)
    port = _port(parsed)
    try:
        found = socket.getaddrinfo(parsed.host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise SourceError(f"channel {channel!r}: host {parsed.host!r} is not found; mend url, or try later") from None
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not is_allowed(address, allow_private=allow_private):
            way_out = "this kind is never spoken to" if allow_private else "set allow_private = true if that is right"
            raise SourceError(f"channel {channel!r}: host {parsed.host!r} has the inner address {address}; {way_out}")
    return Host(scheme=parsed.scheme, name=parsed.host, port=port, addresses=addresses)


def is_allowed(address: str, *, allow_private: bool) -> bool:
    """Whether an address is public, or a private or loopback one where those are allowed.

    Link-local addresses, where clouds keep their machines' secrets, are never allowed. IPv6 addresses that carry an
    IPv4 address are judged by that one: `ipaddress` calls `64:ff9b::7f00:1` global, though it may lead to 127.0.0.1.

    >>> is_allowed("127.0.0.1", allow_private=False), is_allowed("127.0.0.1", allow_private=True)
    (False, True)
    >>> is_allowed("64:ff9b::7f00:1", allow_private=False), is_allowed("2002:7f00:1::", allow_private=False)
    (False, False)
    >>> is_allowed("169.254.169.254", allow_private=True)
    False
    """
    judged = _carried(ipaddress.ip_address(address.partition("%")[0]))
    if judged.is_link_local or judged.is_multicast or judged.is_unspecified:
        return False
    if judged.is_reserved and not judged.is_loopback:
        return False
    return judged.is_global or allow_private


def _carried(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, if it is of that kind."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if any(address in carrier for carrier in _CARRIERS):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _port(url: httpx.URL) -> int:
    return url.port or _DEFAULT_PORTS.get(url.scheme, 0)


class PinnedTransport(httpx.BaseTransport):
    """Sends requests to the allowed hosts only, at the addresses that were found first.

    A name is not looked up again, so it cannot be turned to an inner address between the check and the request. TLS
    still checks the certificate against the name.
    """

    def __init__(self, channel: str, hosts: Iterable[Host], inner: httpx.BaseTransport) -> None:
        self._channel = channel
        self._hosts = tuple(hosts)
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, trying the addresses of its host in turn."""
        host = next((host for host in self._hosts if host.answers(request.url)), None)
        if host is None:
            asked = f"{request.url.scheme}://{request.url.netloc.decode()}"
            allowed = ", ".join(f"{host.scheme}://{host.name}:{host.port}" for host in self._hosts)
            raise SourceError(f"channel {self._channel!r}: was sent on to {asked}, but only {allowed} is configured")
        for address in host.addresses[:-1]:
            try:
                return self._inner.handle_request(_pinned(request, host, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return self._inner.handle_request(_pinned(request, host, host.addresses[-1]))

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def _pinned(request: httpx.Request, host: Host, address: str) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,  # With the Host of the name.
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host.name},
    )
