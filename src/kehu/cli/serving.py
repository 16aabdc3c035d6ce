"""`kehu serve` and `kehu report`: the application, and a figure as text."""

import socket
from collections.abc import Callable
from contextlib import closing
from typing import Annotated, Any, cast

import typer
import uvicorn

from kehu import settings as reading
from kehu import wiring
from kehu.analyse.report import Format
from kehu.cli import options, screen
from kehu.errors import SettingsError
from kehu.flows import insight
from kehu.model.languages import Language
from kehu.settings import Settings

Application = Callable[..., Any]
"""Makes the application over an open store: `serve.app.create`, which this room must not import."""

SHUTDOWN_S = 3
"""How long requests that are on their way may take once the application is told to stop."""


def serve(
    context: typer.Context,
    config: options.Config = None,
    host: Annotated[
        str | None,
        typer.Option(
            "--host", help="The address to listen on: loopback only, until there is a sign-in.", show_default=False
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="The port to listen on; 0 takes a free one.", show_default=False),
    ] = None,
) -> None:
    """Serve the pages and the interface for machines, until Ctrl-C.

    Example: kehu serve --port 8500
    """
    settings = reading.load(config)
    run(
        cast("Application", context.obj),
        settings,
        host=host or settings.serve.host,
        port=settings.serve.port if port is None else port,
    )


def run(application: Application, settings: Settings, *, host: str, port: int, spare: bool = False) -> None:
    """Serve until Ctrl-C or SIGTERM; `spare` takes another port where this one is taken."""
    with wiring.store(settings) as database, closing(_listener(host, port, spare=spare)) as listener:
        app = application(database, clock=wiring.now, model=wiring.model(settings))
        config = uvicorn.Config(app, access_log=False, log_level="warning", timeout_graceful_shutdown=SHUTDOWN_S)
        address = f"[{host}]" if ":" in host else host
        screen.stdout.print(f"kehu is at http://{address}:{listener.getsockname()[1]}/ (Ctrl-C stops it)")
        uvicorn.Server(config).run(sockets=[listener])


def _listener(host: str, port: int, *, spare: bool) -> socket.socket:
    """A socket that listens before anything is said about it, so the address that is printed is true."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for wanted in (port, 0) if spare else (port,):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, wanted))
        except OSError as why:
            listener.close()
            refused = SettingsError(
                f"{host} port {wanted} cannot be listened on ({why.strerror}); choose another --port"
            )
            continue
        listener.listen(128)
        return listener
    raise refused


def report(
    config: options.Config = None,
    form: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.MERMAID,
    language: Annotated[Language, typer.Option("--language", help="The language of titles and labels.")] = Language.ZH,
) -> None:
    """Print the customers by category: a mermaid pie chart, JSON or CSV.

    Example: kehu report --format mermaid --language en > categories.md
    """
    with wiring.store(reading.load(config)) as database:
        screen.print_text(insight.report(database, form, language))
