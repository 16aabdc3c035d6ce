"""`kehu resolve`, `kehu train` and `kehu evaluate`: files in, files out, no store."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kehu import wiring
from kehu.cli import options, screen
from kehu.flows import partition
from kehu.resolve.model import Learned, Rates

Records = Annotated[
    Path, typer.Argument(metavar="IN", help="Flat records, Parquet or CSV, with our column names.", show_default=False)
]
Threads = Annotated[
    int, typer.Option("--threads", metavar="N", min=0, help="Threads to work with; 0 takes every core.")
]


def resolve(
    records: Records,
    out: Annotated[Path, typer.Option("--out", metavar="OUT", help="Parquet with record_id and customer_id.")],
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="M", help="A model to use as it is; else the shipped one is fitted to IN."),
    ] = None,
    threads: Threads = 0,
    *,
    json: options.Json = False,
) -> None:
    """Put every record of a flat file into one customer; no store, no settings.

    Example: kehu resolve records.parquet --out customers.parquet --json
    """
    with screen.watched() as progress:
        progress.task("resolve")
        report = partition.resolve_file(records, out, wiring.duck(threads), model=model, progress=progress.step)
    told = report.as_json()
    if json:
        screen.print_json(told)
    else:
        screen.stdout.print(f"{told['records']:,} records were {told['customers']:,} customers: {escape(str(out))}")


def train(
    records: Records,
    out: Annotated[Path, typer.Option("--out", metavar="MODEL.json", help="The model to write.")],
    threads: Threads = 0,
    *,
    json: options.Json = False,
) -> None:
    """Learn a model from records, without labels.

    Example: kehu train records.parquet --out model.json
    """
    with screen.watched() as progress:
        progress.task("train")
        model, report = partition.train_file(records, out, wiring.duck(threads), progress=progress.step)
    told = report.as_json()
    learned = model.training
    assert learned is not None
    if json:
        about = asdict(learned) | {"learned": model.learned, "warnings": learned.warnings()}
        screen.print_json(told | about | {"levels": {name: _rates(of) for name, of in model.rates.items()}})
        return
    screen.stdout.print(_learned(model.rates, learned))
    for warning in learned.warnings():
        screen.stdout.print(f"[yellow]{escape(warning)}[/]")
    screen.stdout.print(f"{escape(model.learned)}: {escape(str(out))}")


def _rates(levels: Mapping[str, Rates]) -> dict[str, dict[str, float]]:
    return {name: asdict(rates) | {"weight": _weight(rates)} for name, rates in levels.items()}


def _weight(rates: Rates) -> float:
    return round(math.log2(rates.same / rates.chance), 2)


def _learned(rates: Mapping[str, Mapping[str, Rates]], learned: Learned) -> Table:
    """How often each level is seen in each class of pairs, and among how many pairs it was seen."""
    table = Table("comparison", "level")
    for head in ("m: one customer", "kin", "u: chance", "weight", "pairs"):
        table.add_column(head, justify="right")
    for comparison, levels in rates.items():
        for level, of in levels.items():
            figures = (f"{of.same:.2g}", f"{of.kin:.2g}", f"{of.chance:.2g}", f"{_weight(of):+.1f}")
            table.add_row(comparison, level, *figures, f"{learned.seen[comparison][level]:,}")
        table.add_section()
    return table


def evaluate(
    found: Annotated[Path, typer.Argument(metavar="OUT", help="What `kehu resolve` wrote.", show_default=False)],
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="The same columns, true.", show_default=False)],
    *,
    json: options.Json = False,
) -> None:
    """Say how right a partition is, where the truth is known: precision, recall and F1, over pairs and B-cubed.

    Example: kehu evaluate customers.parquet truth.parquet --json
    """
    score = partition.evaluate_files(found, truth)
    if json:
        screen.print_json(asdict(score))
    else:
        screen.stdout.print(
            f"{score.records:,} records, {score.customers:,} customers (truth: {score.customers_true:,})\n"
            f"pairs    precision {score.precision:.4f}  recall {score.recall:.4f}  F1 {score.f1:.4f}\n"
            f"B-cubed  precision {score.b3_precision:.4f}  recall {score.b3_recall:.4f}  F1 {score.b3_f1:.4f}"
        )
