"""`kehu resolve` and `kehu evaluate`: files in, files out, no store."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from kehu.cli import options, screen
from kehu.engine import memory
from kehu.engine.duck import Duck
from kehu.flows import partition

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
    memory.keep()
    # Nothing is wired here: without settings there is nothing to choose, and the store would take a second to load.
    with screen.watched() as progress:
        progress.task("resolve")
        report = partition.resolve_file(records, out, Duck(threads=threads), model=model, progress=progress.step)
    tell_unknown(report)
    told = report.as_json()
    if json:
        screen.print_json(told)
    else:
        screen.stdout.print(f"{told['records']:,} records were {told['customers']:,} customers: {escape(str(out))}")


def tell_unknown(report: partition.Report) -> None:
    """Say which columns of a file were not read: one of them may be ours, but for its name."""
    if report.unknown:
        screen.stderr.print(f"not read, for these are no columns of ours: {escape(', '.join(report.unknown))}")


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
