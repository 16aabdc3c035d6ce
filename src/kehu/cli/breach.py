"""`kehu affected`: who is to be told of a breach."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from kehu import wiring
from kehu.cli import options, screen
from kehu.cli.privacy import Reason, asked
from kehu.flows.analysis import segments
from kehu.flows.privacy import affected as finding
from kehu.flows.privacy.affected import Breach
from kehu.flows.upkeep import audit as auditing
from kehu.settings import reading
from kehu.store.privacy.breaches import Leaked


def affected(
    out: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The file to write: .json, .csv, .xlsx or .parquet.", show_default=False),
    ],
    reason: Reason,
    *,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="C", help="What came by it leaked.", show_default=False)
    ] = None,
    load: Annotated[
        int | None, typer.Option("--load", metavar="N", help="What this load brought leaked.", show_default=False)
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option("--since", metavar="DAY", formats=["%Y-%m-%d"], help="Not before it.", show_default=False),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--until", metavar="DAY", formats=["%Y-%m-%d"], help="Before it.", show_default=False),
    ] = None,
    export: Annotated[
        int | None,
        typer.Option(
            "--export",
            metavar="N",
            help="A list that was taken out leaked: its entry in the audit trail.",
            show_default=False,
        ),
    ] = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Write whom a breach affects, how they are reached, and which of their values leaked.

    What leaked is a channel, a load, a stretch of time, or these together, or else a list that was taken out. It is
    written in clear, because they must be told; the audit trail says who asked, and why.

    Examples: kehu affected told.csv --channel hall --since 2026-10-01 --reason "stolen laptop" ·
    kehu affected told.json --export 412 --reason "list sent to a wrong address"
    """
    settings = reading.load(config)
    zone = ZoneInfo(settings.serve.zone)
    leaked = Leaked(
        channel=channel,
        load_id=load,
        since=since and since.replace(tzinfo=zone),
        until=until and until.replace(tzinfo=zone),
    )
    breach = Breach(records=None if leaked == Leaked() else leaked, export=export)
    with wiring.store(settings) as database:
        on = segments.today(wiring.now(), zone)
        told = finding.write(database, breach, out, asked=asked(reason), on=on)
        auditing.sealed(database, wiring.seal(settings, database), at=wiring.now())
    if json:
        screen.print_json({"file": str(out), **vars(told)})
        return
    screen.stdout.print(f"{told.customers:,} customers are affected: {escape(str(out))} says who, and by what")
    if told.quarantined:
        screen.stdout.print(f"{told.quarantined:,} rows in quarantine leaked, too; nobody knows whose they are")
