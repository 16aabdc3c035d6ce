"""`kehu profile`: what stands in the records, and how good what came was."""

from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kehu import wiring
from kehu.analyse.profile import Column
from kehu.cli import options, screen
from kehu.flows.analysis import profile as profiles
from kehu.settings import reading
from kehu.store.quality import Quality

SHOWN = 3


def profile(
    config: options.Config = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="C", help="Only what came by this channel.", show_default=False)
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=3660, help="So many days of quality, today among them (UTC).")
    ] = profiles.DAYS,
    *,
    json: options.Json = False,
) -> None:
    """Show what stands in the records, column by column, and the quality of what came in the last days.

    For each column how full it is, how varied, its commonest values, lengths and patterns; certificates, phones, names
    and addresses are masked. For each channel and day how many rows broke which rule, counted as they came.

    Example: kehu profile --channel hall --days 7
    """
    with wiring.store(reading.load(config)) as database:
        found = profiles.profile(database, at=wiring.now(), days=days, channel=channel)
    if json:
        screen.print_json(asdict(found))
        return
    _print_columns(found.columns)
    _print_quality(found.quality)


def _print_columns(columns: tuple[Column, ...]) -> None:
    table = Table("column", "filled", "distinct", "lengths", "commonest", "patterns", box=None, pad_edge=False)
    for one in columns:
        lengths = "-" if one.shortest is None else f"{one.shortest}-{one.longest}"
        told = (", ".join(f"{it.value} ({it.rows:,})" for it in many[:SHOWN]) for many in (one.top, one.patterns))
        table.add_row(
            one.name, _share(one.filled, one.rows), f"{one.distinct:,}", lengths, *(escape(words) for words in told)
        )
    screen.print_table(table)


def _print_quality(quality: Quality) -> None:
    screen.stdout.print(f"\nfrom {quality.since} to {quality.until} (UTC)")
    if not quality.days:
        screen.stdout.print("nothing came")
        return
    broken: dict[tuple[object, str], Counter[str]] = {}
    for one in quality.broken:
        broken.setdefault((one.day, one.channel), Counter())[f"{one.rule} ({one.severity})"] += one.rows
    days = Table("day", "channel", "read", "accepted", "quarantined", "broke", box=None, pad_edge=False)
    for day in quality.days:
        rules = ", ".join(f"{rule} {rows:,}" for rule, rows in sorted(broken.get((day.day, day.channel), {}).items()))
        counts = (f"{day.read:,}", f"{day.accepted:,}", f"{day.quarantined:,}")
        days.add_row(str(day.day), escape(day.channel), *counts, escape(rules))
    screen.print_table(days)
    filled = Table("channel", "attribute", "rows", "filled", "valid of those", box=None, pad_edge=False)
    for attribute in quality.filled:
        shares = (_share(attribute.filled, attribute.rows), _share(attribute.valid, attribute.filled))
        filled.add_row(escape(attribute.channel), attribute.attribute, f"{attribute.rows:,}", *shares)
    screen.print_table(filled)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"
