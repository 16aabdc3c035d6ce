"""How fast `kehu resolve` is, beside Splink 5 on the same records in the same run: one table.

    .venv/bin/python benchmarks/resolve.py --records 1000000 --threads 2

A flat Parquet file in, a partition out, cleaning included on both sides. Each peer runs in a process of its own, bound
to as many cores as it has threads; its time is from start to end of that process, its memory the most it ever held.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from kehu.collect.town import town
from kehu.flows import partition
from kehu.resolve.evaluate import Score

HERE = Path(__file__).resolve().parent
SEED = 2026
"""Not one of those that the shipped model was learned from."""
COMMANDS = {"kehu": ["-m", "kehu", "resolve", "{source}", "--out", "{out}", "--threads", "{threads}", "--json"],
            "Splink": ["-m", "peers.splink_town", "{source}", "{out}", "--threads", "{threads}"]}  # fmt: skip
"""What Python runs for each peer, in the folder of this file; the last line it prints is a JSON report."""


@dataclass(frozen=True, kw_only=True)
class Run:
    peer: str
    threads: int
    seconds: float
    peak_mb: int
    steps: dict[str, float]
    score: Score


def main() -> None:
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else 150)
    with _folder(options.dir) as folder:
        source, truth = _town(folder, options.records, console)
        runs = []
        for threads in options.threads:
            for peer in options.peers:
                console.print(f"[dim]{peer}, {threads} threads …[/]")
                runs.append(_run(peer, threads, source, truth, folder / "out.parquet"))
    console.print(_table(runs, options.records))
    for sentence in _sentences(runs):
        console.print(sentence)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, nargs="+", default=[2], help="several: once with each")
    parser.add_argument("--peers", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    parser.add_argument("--dir", type=Path, help="where the records are kept for the next run; else a folder that goes")
    return parser.parse_args()


def _folder(kept: Path | None) -> contextlib.AbstractContextManager[Path]:
    if kept is None:
        return _temporary()
    kept.mkdir(parents=True, exist_ok=True)
    return contextlib.nullcontext(kept.resolve())


@contextlib.contextmanager
def _temporary() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _town(folder: Path, records: int, console: Console) -> tuple[Path, Path]:
    """The files of the records and of their truth, made unless they are there."""
    source, truth = folder / f"town-{records}.parquet", folder / f"town-{records}-truth.parquet"
    if not truth.exists():
        console.print(f"[dim]inventing {records:,} records …[/]")
        made = town.make(records, seed=SEED)
        pq.write_table(made.records, source)
        pq.write_table(made.truth, truth)
    return source, truth


def _run(peer: str, threads: int, source: Path, truth: Path, out: Path) -> Run:
    """One peer, once, in a fresh process."""
    words = [word.format(source=source, out=out, threads=threads) for word in COMMANDS[peer]]
    measured = [sys.executable, "-m", "peers.measured", str(threads), sys.executable, *words]
    answer = subprocess.run(measured, check=False, cwd=HERE, stdout=subprocess.PIPE, text=True)
    if answer.returncode:
        sys.exit(f"{peer} failed with exit code {answer.returncode}")
    told = json.loads(answer.stdout)
    return Run(
        peer=peer,
        threads=threads,
        seconds=told["seconds"],
        peak_mb=told["peak_mb"],
        steps=json.loads(told["said"])["seconds"],
        score=partition.evaluate_files(out, truth),
    )


def _table(runs: list[Run], records: int) -> Table:
    table = Table("peer", title=f"{records:,} town records, flat Parquet in, partition out")
    for head in ("threads", "seconds", "records/s", "peak MB", "precision", "recall", "F1"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("seconds of each step")
    for run in runs:
        score = run.score
        table.add_row(
            run.peer, str(run.threads), f"{run.seconds:.1f}", f"{records / run.seconds:,.0f}", f"{run.peak_mb:,}",
            f"{score.precision:.4f}", f"{score.recall:.4f}", f"{score.f1:.4f}",
            "  ".join(f"{step} {took:.1f}" for step, took in run.steps.items()),
        )  # fmt: skip
    return table


def _sentences(runs: list[Run]) -> Iterator[str]:
    """What the runs say of each other."""
    by = {(run.peer, run.threads): run.seconds for run in runs}
    for (peer, threads), seconds in by.items():
        if peer == "kehu" and ("Splink", threads) in by:
            yield f"kehu takes {seconds / by['Splink', threads]:.2f} x the time of Splink, with {threads} threads"
        if threads > 1 and (peer, 1) in by:
            yield f"{peer} with {threads} threads takes {seconds / by[peer, 1]:.2f} x its time with one"


if __name__ == "__main__":
    main()
