"""`kehu explain`: why two records are one customer, or two."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kehu import wiring
from kehu.cli import options, screen
from kehu.cli.privacy import asked
from kehu.flows.insight import explaining
from kehu.flows.insight.explaining import Explanation, Party
from kehu.flows.privacy import restrict
from kehu.settings import reading

Record = Annotated[str, typer.Argument(metavar="RECORD", help="A record: its number, or CHANNEL:KEY.")]


def explain(
    record_l: Record,
    record_r: Record,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, where a customer's data is restricted; it is kept.")
    ] = "",
    config: options.Config = None,
    *,
    json: options.Json = False,
) -> None:
    """Tell why two stored records are one customer, or two: the verdict and every piece of evidence.

    Weights are log2 of odds: +10 is a thousand to one for one customer, −10 the same against. They add up.

    Examples: kehu explain 17 42 · kehu explain hall:H-2026-0451 calls:C-77 --json
    """
    settings = reading.load(config)
    with wiring.store(settings) as database:
        left, right = (explaining.number_of(database, told) for told in (record_l, record_r))
        told = explaining.explanation(
            database,
            left,
            right,
            model=wiring.model(settings, database),
            hot_key_limit=settings.resolve.hot_key_limit,
        )
        customers = {one.customer_id for one in (told.record_l, told.record_r) if one.customer_id is not None}
        restrict.require_use(database, customers, asked=asked(reason))
    if json:
        screen.print_json(asdict(told))
        return
    screen.stdout.print(f"{_party(told.record_l)} — {_party(told.record_r)}")
    screen.stdout.print(f"[bold]{escape(told.en)}[/] · {told.zh}")
    screen.print_table(_evidence(told))
    if told.frequencies:
        screen.print_table(_frequencies(told))
    keys = ", ".join(told.keys) or "none"
    if told.hot_keys:
        keys += f" (shared by too many to be compared by: {', '.join(told.hot_keys)})"
    screen.stdout.print(
        f"shared keys: {keys}; joined from {told.link_from:+.1f}, in doubt from {told.review_from:+.1f}"
    )


def _party(party: Party) -> str:
    customer = f"customer {party.customer_id}" if party.customer_id is not None else "waits to be identified"
    return f"record {party.record} ({escape(party.channel)}:{escape(party.record_id)}, {customer})"


def _evidence(told: Explanation) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("evidence")
    table.add_column("证据")
    table.add_column("weight", justify="right")
    for part in told.evidence:
        colour = "green" if part.weight > 0 else "red" if part.weight < 0 else "dim"
        table.add_row(escape(part.en), part.zh, f"[{colour}]{part.weight:+.1f}[/]")
    table.add_row("[bold]together[/]", "合计", f"[bold]{told.weight:+.1f}[/]")
    return table


def _frequencies(told: Explanation) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("shared value")
    table.add_column("one record in", justify="right")
    table.add_column("chance", justify="right")
    for one in told.frequencies:
        table.add_row(one.column, f"{one.one_in:,.0f}", f"{one.weight:+.1f}")
    return table
