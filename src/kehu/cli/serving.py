"""`kehu serve`: the application."""

from pathlib import Path
from typing import Annotated, cast
from zoneinfo import ZoneInfo

import typer

from kehu import wiring
from kehu.cli import options, screen
from kehu.flows.board import Source, Sources
from kehu.flows.intake.preview import Preview, preview
from kehu.flows.service import tickets
from kehu.flows.upkeep import audit as sealing
from kehu.flows.users import people
from kehu.settings import reading
from kehu.settings.sections import Settings

SAMPLE_ROWS = 200
"""So many rows of a channel are looked at to show what its mapping makes of them."""


def serve(
    context: typer.Context,
    config: options.Config = None,
    host: Annotated[
        str | None,
        typer.Option(
            "--host", help="The address to listen on; another than loopback needs hosts in [serve].", show_default=False
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
        cast("options.Application", context.obj),
        settings,
        host=host or settings.serve.host,
        port=settings.serve.port if port is None else port,
    )


def run(application: options.Application, settings: Settings, *, host: str, port: int, spare: bool = False) -> None:
    """Serve the store of these settings until Ctrl-C or SIGTERM; `spare` takes another port where this one is taken."""
    terms = wiring.terms(settings)
    with wiring.store(settings) as database:
        office = wiring.office(database)
        open_at_first = settings.serve.open_at_first and not settings.serve.hosts
        link = None if open_at_first else people.first_link(office, by=wiring.by())
        with (
            sealing.sealed_now_and_then(database, wiring.seal(settings, database), clock=wiring.now),
            tickets.swept_now_and_then(database, clock=wiring.now),
        ):
            application(
                database,
                model=wiring.model(settings, database),
                desk=wiring.desk(settings, database),
                room=wiring.room(settings),
                clock=wiring.now,
                host=host,
                port=port,
                zone=ZoneInfo(settings.serve.zone),
                spare=spare,
                office=office,
                limits=wiring.limits(settings),
                paces=wiring.paces(settings),
                terms=terms,
                open_at_first=open_at_first,
                secure=settings.serve.secure,
                hosts=settings.serve.hosts,
                service=wiring.clock(settings),
                smallest_group=settings.analyse.smallest_group,
                sources=sources(settings.folder),
                ready=lambda url: _tell(url, link),
            )


def sources(config: Path) -> Sources:
    """The channels, for the pages about them; kehu.toml is read anew each time."""

    def described() -> tuple[Source, ...]:
        channels = reading.load(config).channels
        return tuple(Source(name=one.name, kind=one.kind, is_mapped=one.mapping is not None) for one in channels)

    def look(name: str) -> Preview:
        settings = reading.load(config)
        with wiring.town(settings) as secrets:
            feed = wiring.feed(settings, settings.channel(name), secrets=secrets)
            return preview(feed, rows=SAMPLE_ROWS, home=settings.kehu.home)

    return Sources(described=described, look=look)


def _tell(url: str, link: str | None) -> None:
    screen.stdout.print(f"kehu is at {url} (Ctrl-C stops it)")
    if link:
        screen.stdout.print(
            "nobody can let others in yet: choose the password of the administrator, within three days, at"
        )
        screen.stdout.print(f"  {url}welcome/{link}", soft_wrap=True)
