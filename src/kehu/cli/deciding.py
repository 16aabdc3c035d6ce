"""`kehu decide`: merge customers, split one, pin a value, take a decision back, and see what was decided."""

import getpass
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kehu import wiring
from kehu.cli import options, screen
from kehu.flows.decide import decide
from kehu.flows.decide.decision import Answer
from kehu.settings import reading
from kehu.store import decisions

app = typer.Typer(
    help="Merge customers, split one, pin a value, take a decision back, and see what was decided.",
    no_args_is_help=True,
)

Customer = Annotated[int, typer.Argument(metavar="CUSTOMER", help="Its number.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept.", show_default=False)]
By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who decides; else who runs this.", show_default=False)
]


@app.command("merge")
def merge(
    customers: Annotated[
        list[int], typer.Argument(metavar="CUSTOMER CUSTOMER…", help="Their numbers.", show_default=False)
    ],
    reason: Reason,
    by: By = None,
    config: options.Config = None,
    *,
    json: options.Json = False,
) -> None:
    """Let customers be one; the number of the one with most records stays, the others lead to it.

    Example: kehu decide merge 17 23 --reason "same card, seen in the hall"
    """
    settings = reading.load(config)
    with wiring.store(settings) as database:
        _tell(
            decide.merge(database, wiring.desk(settings, database), customers, reason=reason, by=_name(by)), json=json
        )


@app.command("split")
def split(
    customer: Customer,
    records: Annotated[
        list[int], typer.Argument(metavar="RECORD…", help="Numbers of records that leave it.", show_default=False)
    ],
    reason: Reason,
    by: By = None,
    config: options.Config = None,
    *,
    json: options.Json = False,
) -> None:
    """Let some records of a customer be another customer; the smaller part gets a new number.

    Example: kehu decide split 17 40 41 --reason "her brother's phone"
    """
    settings = reading.load(config)
    with wiring.store(settings) as database:
        done = decide.split(database, wiring.desk(settings, database), customer, records, reason=reason, by=_name(by))
    _tell(done, json=json)


@app.command("pin")
def pin(
    customer: Customer,
    attribute: Annotated[str, typer.Argument(metavar="ATTRIBUTE", help="name, phone, …", show_default=False)],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="What it shall be.", show_default=False)],
    reason: Reason,
    by: By = None,
    config: options.Config = None,
    *,
    json: options.Json = False,
) -> None:
    """Let a customer have this value, whatever its records say; undoing the decision unpins it.

    Example: kehu decide pin 17 name 张玮 --reason "on the card"
    """
    settings = reading.load(config)
    with wiring.store(settings) as database:
        done = decide.pin(
            database, wiring.desk(settings, database), customer, attribute, value, reason=reason, by=_name(by)
        )
    _tell(done, json=json)


@app.command("undo")
def undo(
    decision: Annotated[int, typer.Argument(metavar="DECISION", help="Its number.", show_default=False)],
    reason: Reason,
    by: By = None,
    config: options.Config = None,
    *,
    json: options.Json = False,
) -> None:
    """Take a decision back: the customers are what they were, with the numbers they had.

    Example: kehu decide undo 4 --reason "two people after all"
    """
    settings = reading.load(config)
    with wiring.store(settings) as database:
        _tell(decide.undo(database, wiring.desk(settings, database), decision, reason=reason, by=_name(by)), json=json)


@app.command("list")
def listed(
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="So many decisions at most.")] = 50,
    config: options.Config = None,
    *,
    json: options.Json = False,
) -> None:
    """List what was decided, the newest first, undone decisions too.

    Example: kehu decide list --limit 20
    """
    with wiring.store(reading.load(config)) as database, database.read() as tx:
        found = decisions.page(tx, limit=limit)
    if json:
        screen.print_json({"rows": [asdict(one) for one in found]})
        return
    table = Table("decision", "kind", "customers before", "by", "why", "undone", box=None, pad_edge=False)
    for one in found:
        undone = f"{one.undone_by}: {one.undone_why or ''}" if one.undone_at else ""
        before = ", ".join(map(str, one.customers))
        cells = (str(one.decision_id), str(one.kind), before, one.decided_by, one.why, undone)
        table.add_row(*(escape(cell) for cell in cells))
    screen.print_table(table)


def _name(by: str | None) -> str:
    return by or getpass.getuser()


def _tell(done: Answer, *, json: bool) -> None:
    for warned in done.warnings:
        screen.stderr.print(f"[yellow]kehu:[/] {escape(warned.en)}")
    if json:
        screen.print_json(asdict(done))
        return
    now = ", ".join(map(str, done.customers))
    screen.stdout.print(f"decision {done.decision_id} ({done.kind}): its records belong to customer {now} now")
