"""The application at work: it listens on an address of this machine until it is told to stop."""

import gc
import socket
from collections.abc import Callable, Collection
from contextlib import closing
from datetime import UTC, datetime, tzinfo

import uvicorn

from kehu.errors import SettingsError
from kehu.flows.arrive import arrive
from kehu.flows.board import Sources
from kehu.flows.privacy.erase import Room
from kehu.flows.service.sla import Clock
from kehu.flows.users.pace import Paces
from kehu.flows.users.people import Office
from kehu.flows.users.sign_on import Terms
from kehu.resolve.model import Model
from kehu.serve import app, door
from kehu.serve.heads import ShortHeads
from kehu.serve.vouching import Provider
from kehu.serve.who import Gate
from kehu.store.database import Database
from kehu.store.people.sessions import Limits

LITTER = 10_000
"""So many objects may come before some of them are looked through for circles: a page makes more than Python's 700."""
SHUTDOWN_S = 3
"""How long requests that are on their way may take once the application is told to stop."""


def serve(
    database: Database,
    *,
    model: Model,
    desk: arrive.Desk,
    room: Room,
    clock: Callable[[], datetime],
    host: str,
    port: int,
    zone: tzinfo = UTC,
    office: Office,
    limits: Limits,
    paces: Paces,
    terms: Terms | None = None,
    open_at_first: bool = False,
    secure: bool = False,
    hosts: Collection[str] = (),
    smallest_group: int = 10,
    service: Clock | None = None,
    sources: Sources | None = None,
    spare: bool = False,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        database: An open store; the caller closes it.
        model: What weighed the links.
        desk: What arriving records need.
        room: What erasing needs beside the desk.
        clock: Tells the time.
        host: The address to listen on; another than loopback only with `hosts`.
        port: The port to listen on; 0 takes a free one.
        zone: The time zone in which pages write times.
        office: Where our own users stand.
        limits: How long a session lasts.
        paces: How often somebody may ask.
        terms: With what identity provider people may come in.
        open_at_first: Until the first user is made, whoever reaches this machine may do everything.
        secure: Browsers come by HTTPS.
        hosts: The names under which browsers on other machines reach it.
        smallest_group: Groups of fewer customers are not told to those who may not see persons.
        service: When tickets are due; without it as the law and the default settings say.
        sources: The channels of the settings; without them pages tell of those that brought something.
        spare: Take another port where this one is taken.
        ready: Called with the address of the home page, once connections are taken.

    Raises:
        SettingsError: The host is not this machine alone and no hosts are named, or the port is taken.
    """
    door.require_hosts(host, hosts)
    # Behind a proxy everybody seems to be on this machine.
    gate = Gate(
        office=office,
        limits=limits,
        is_open_at_first=open_at_first and not hosts,
        is_secure=secure,
        provider=_provider(terms, clock) if terms else None,
        paces=paces,
    )
    application = app.create(
        database,
        clock=clock,
        model=model,
        desk=desk,
        room=room,
        zone=zone,
        gate=gate,
        hosts=hosts,
        smallest_group=smallest_group,
        service=service,
        sources=sources,
    )
    # The access log would hold what people look for; errors are logged.
    config = uvicorn.Config(
        application, access_log=False, log_level="warning", timeout_graceful_shutdown=SHUTDOWN_S, lifespan="off",
        http=ShortHeads,
    )  # fmt: skip
    with closing(_listener(host, port, spare=spare)) as listener, application.state.looks.together():
        shown = f"[{host}]" if ":" in host else host
        # The application stays as long as the process: no search for circles of objects need walk through it.
        gc.freeze()
        gc.set_threshold(LITTER)
        gc.enable()
        ready(f"http://{shown}:{listener.getsockname()[1]}/")
        uvicorn.Server(config).run(sockets=[listener])


def _listener(host: str, port: int, *, spare: bool) -> socket.socket:
    """A socket that takes connections before anybody is told of it."""
    try:
        return _bound(host, port)
    except OSError as why:
        if spare:
            return _bound(host, 0)
        raise SettingsError(f"port {port} of {host} cannot be listened on ({why.strerror}); choose another") from None


def _provider(terms: Terms, clock: Callable[[], datetime]) -> Provider:
    # Loaded only where somebody names one: it takes a tenth of a second.
    from kehu.serve import oidc  # noqa: PLC0415

    return oidc.Provider(terms=terms, clock=clock)


def _bound(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener
