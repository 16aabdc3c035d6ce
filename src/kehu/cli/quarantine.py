"""`kehu quarantine`: the rows that broke a rule."""

import json as jsons
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kehu import wiring
from kehu.cli import options, screen
from kehu.errors import SettingsError
from kehu.flows import mend
from kehu.settings import reading
from kehu.store import quarantine
from kehu.store.quarantine import State

app = typer.Typer(help="The rows that broke a rule: list them, show one, replay or dismiss them.", no_args_is_help=True)


@app.command("list")
def listed(
    config: options.Config = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="C", help="Only those of this channel.", show_default=False)
    ] = None,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="R", help="Only those that broke this rule.", show_default=False)
    ] = None,
    state: Annotated[State, typer.Option("--state", help="What became of them.")] = State.OPEN,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="So many rows at most.")] = 50,
    after: Annotated[int, typer.Option("--after", min=0, help="Start behind the row of this number.")] = 0,
    *,
    json: options.Json = False,
) -> None:
    """List the rows in quarantine, in the order they came, each with the rules it broke.

    Example: kehu quarantine list --channel hall --limit 20
    """
    with wiring.store(reading.load(config)) as database, database.read() as tx:
        rows = quarantine.page(tx, channel=channel, rule=rule, state=state, limit=limit, after=after)
        total = quarantine.count(tx, channel=channel, rule=rule, state=state)
    if json:
        screen.print_json({"total": total, "rows": [asdict(row) for row in rows]})
        return
    table = Table("number", "channel", "record", "position", "reasons", box=None, pad_edge=False)
    for row in rows:
        reasons = "; ".join(reason["en"] for reason in row.reasons)
        cells = (str(row.quarantine_id), row.channel, row.record_id or "", row.source_position or "", reasons)
        table.add_row(*(escape(cell) for cell in cells))
    screen.print_table(table)
    screen.stdout.print(f"{len(rows)} of {total:,} rows in quarantine")


@app.command("show")
def show(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The row's number in the list.", show_default=False)],
    config: options.Config = None,
    *,
    json: options.Json = False,
) -> None:
    """Show one row in quarantine: where it stood, every rule it broke, and the row as it came.

    Example: kehu quarantine show 17
    """
    with wiring.store(reading.load(config)) as database, database.read() as tx:
        row = quarantine.get(tx, number)
    if json:
        screen.print_json(asdict(row))
        return
    screen.stdout.print(f"channel   {escape(row.channel)}, load {row.load_id}, {row.received_at:%Y-%m-%d %H:%M:%S} UTC")
    screen.stdout.print(f"position  {escape(row.source_position or '')}")
    screen.stdout.print(f"record    {escape(row.record_id or '(no key)')}")
    screen.stdout.print(f"state     {row.state}")
    for reason in row.reasons:
        screen.stdout.print(f"broke     {escape(reason['rule'])}: {escape(reason['en'])} ({escape(reason['zh'])})")
    screen.stdout.print("as it came:")
    screen.print_text(_pretty(row.raw))


@app.command("replay")
def replay(
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[NUMBER]…", help="Only these rows.", show_default=False)
    ] = None,
    config: options.Config = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="C", help="Only those of this channel.", show_default=False)
    ] = None,
    mended: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="COLUMN=VALUE", help="A value to put in place of what came.", show_default=False),
    ] = None,
    *,
    json: options.Json = False,
) -> None:
    """Judge open rows again, as kehu.toml is now, or with mended values; good ones become records of a new load.

    COLUMN is a column of the channel, as `kehu quarantine show` names it. Rows that are still bad stay, with the
    reasons they have now; the command then ends with 0 all the same. Doing it again changes nothing.

    Examples: kehu quarantine replay --channel hall · kehu quarantine replay 17 --set 客户姓名=张伟
    """
    settings = reading.load(config)
    values = dict(_parted(given) for given in mended or [])
    if values and not numbers:
        raise SettingsError("--set mends the rows whose numbers stand beside it; name them")
    with wiring.store(settings) as database:
        done = mend.replay(
            database,
            wiring.desk(settings, database),
            channel=channel,
            numbers=tuple(numbers or ()),
            mended=values,
            by=wiring.by(),
        )
    if json:
        screen.print_json(asdict(done))
        return
    screen.stdout.print(
        f"{done.rows:,} rows replayed: {done.accepted:,} are records now, {done.duplicate:,} were there already, "
        f"{done.bad:,} are still bad"
    )


@app.command("dismiss")
def dismiss(
    numbers: Annotated[list[int], typer.Argument(metavar="NUMBER…", help="Which rows.", show_default=False)],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept, sealed.", show_default=False)
    ],
    config: options.Config = None,
    *,
    json: options.Json = False,
) -> None:
    """Close open rows that nobody will mend. They stay, and the same row sent again lies closed as well.

    Example: kehu quarantine dismiss 17 18 --reason "the hall sent them again"
    """
    with wiring.store(reading.load(config)) as database:
        done = mend.dismiss(database, numbers, reason=reason, by=wiring.by())
    if json:
        screen.print_json({"dismissed": done})
        return
    screen.stdout.print(f"{done:,} rows dismissed")


def _parted(given: str) -> tuple[str, str]:
    column, found, value = given.partition("=")
    if not found or not column:
        raise SettingsError(f"--set {given}: write COLUMN=VALUE")
    return column, value


def _pretty(raw: str) -> str:
    try:
        return jsons.dumps(jsons.loads(raw), ensure_ascii=False, indent=2)
    except ValueError:
        return raw
