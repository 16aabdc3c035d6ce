"""`kehu profile`: what stands in the records."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kehu import settings as reading
from kehu import wiring
from kehu.cli import options, screen
from kehu.flows import profile as profiles

SHOWN = 3


def profile(
    config: options.Config = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="C", help="Only the records of this channel.", show_default=False)
    ] = None,
    *,
    json: options.Json = False,
) -> None:
    """Show what stands in the records, column by column, and which rules the rows in quarantine broke.

    Certificates, phones, names and addresses are masked.

    Example: kehu profile --channel hall
    """
    with wiring.store(reading.load(config)) as database:
        found = profiles.profile(database, channel=channel)
    if json:
        screen.print_json(asdict(found))
        return
    table = Table("column", "filled", "distinct", "lengths", "commonest", "patterns", box=None, pad_edge=False)
    for one in found.columns:
        share = f"{one.filled / one.rows:.1%}" if one.rows else "-"
        lengths = "-" if one.shortest is None else f"{one.shortest}-{one.longest}"
        told = (", ".join(f"{it.value} ({it.rows:,})" for it in many[:SHOWN]) for many in (one.top, one.patterns))
        table.add_row(one.name, share, f"{one.distinct:,}", lengths, *(escape(words) for words in told))
    screen.print_table(table)
    for broken in found.broken:
        screen.stdout.print(f"{broken.day}  {escape(broken.channel)}  {escape(broken.rule)}  {broken.rows:,} rows")
