"""How right kehu is, beside Splink 5 and GoldenMatch, where the truth is known: one table.

    .venv/bin/python benchmarks/accuracy.py --data FOLDER

kehu runs as `kehu resolve` does, with the model it ships, fitted to the records without labels: one way for every set;
a second line shows it as a store runs until `kehu train --adopt`, with that model as it is. Splink runs with the
settings that its documentation gives for the set, and clusters at the probability its documentation uses; a second line
shows the best of other thresholds, which only somebody who knows the truth could choose. GoldenMatch runs with no
settings. Pairs are scored after grouping.
"""

import argparse
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from peers import goldenmatch_peer, splink_peer
from rich.console import Console
from rich.table import Table
from sets import TOWN_RECORDS, Set, published, towns, unseen

from kehu.engine.duck import Duck
from kehu.flows import partition
from kehu.process import clean
from kehu.resolve import evaluate
from kehu.resolve import model as models
from kehu.resolve.evaluate import Score

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Line:
    """A peer's result on a set."""

    peer: str
    score: Score
    seconds: float | None = None


def main() -> None:
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else 150)
    table = _table()
    for one in _sets(options, console):
        console.print(f"[dim]{one.name} …[/]")
        for line in _lines(one, options.goldenmatch, console):
            table.add_row(one.name if line.peer == "kehu" else "", *_cells(line))
        table.add_section()
    if not options.goldenmatch:
        console.print("[yellow]GoldenMatch is left out: name a Python that has it in GOLDENMATCH_PYTHON[/]")
    console.print(table)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, default=PROJECT.parent / "shared/data", help="where febrl/ and splink/ lie"
    )
    parser.add_argument("--records", type=int, default=TOWN_RECORDS, help="records of each town")
    parser.add_argument("--only", default="", help="only the sets whose name holds this")
    python = os.environ.get("GOLDENMATCH_PYTHON")
    parser.add_argument("--goldenmatch", type=Path, default=python, help="a Python that has goldenmatch")
    return parser.parse_args()


def _sets(options: argparse.Namespace, console: Console) -> Iterator[Set]:
    for one in published(options.data):
        if isinstance(one, str):
            console.print(f"[yellow]{one}[/]")
        elif options.only in one.name:
            yield one
    for one in itertools.chain(towns(options.records), unseen()):
        if options.only in one.name:
            yield one


def _lines(one: Set, goldenmatch: Path | None, console: Console) -> Iterator[Line]:
    for name, adapt in (("kehu", True), ("kehu, not fitted", False)):
        start = time.perf_counter()
        found = partition.resolve(one.flat, Duck(), models.shipped(), adapt=adapt).customers
        yield Line(name, evaluate.compare(found, one.truth), time.perf_counter() - start)
    yield from _splink(one)
    if goldenmatch:
        try:
            found, seconds = goldenmatch_peer.resolve(goldenmatch, one.flat, cleaned=one.kind == "town")
        except (OSError, subprocess.CalledProcessError) as error:
            console.print(f"[yellow]GoldenMatch gave up on {one.name}: {_last_words(error)}[/]", markup=True)
        else:
            yield Line("GoldenMatch", evaluate.compare(found, one.truth), seconds)


def _splink(one: Set) -> Iterator[Line]:
    start = time.perf_counter()
    tables = one.source or (splink_peer.town_columns(clean.clean(one.flat)),)
    thresholds = (splink_peer.THRESHOLD, *splink_peer.OTHER_THRESHOLDS)
    answer = splink_peer.resolve(tables, splink_peer.PLANS[one.kind](), thresholds=thresholds)
    scores = {threshold: _score(found, one) for threshold, found in answer.partitions.items()}
    yield Line(f"Splink, {splink_peer.THRESHOLD}", scores[splink_peer.THRESHOLD], time.perf_counter() - start)
    best = max(scores, key=lambda threshold: scores[threshold].f1)
    yield Line(f"Splink, best: {best}", scores[best])


def _score(found: pa.Table, one: Set) -> Score:
    return evaluate.compare(found, one.truth)


def _last_words(error: Exception) -> str:
    lines = getattr(error, "stderr", b"").decode(errors="replace").splitlines()
    return lines[-1] if lines else str(error)


def _table() -> Table:
    table = Table(title="Accuracy after grouping")
    for head in ("set", "peer"):
        table.add_column(head, no_wrap=True)
    for head in ("precision", "recall", "F1", "B³ precision", "B³ recall", "B³ F1", "seconds"):
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _cells(line: Line) -> list[str]:
    score = line.score
    of = (score.precision, score.recall, score.f1, score.b3_precision, score.b3_recall, score.b3_f1)
    return [line.peer, *(f"{share:.4f}" for share in of), "" if line.seconds is None else f"{line.seconds:.1f}"]


if __name__ == "__main__":
    main()
