"""How fast kehu reads, maps, cleans and checks a hall's export, beside the limit and the seed's way: one table.

    .venv/bin/python benchmarks/intake.py --rows 1000000 5000000 --threads 2

A GBK file of 12 columns in, its rows in accepted and quarantined out. The limit is `pyarrow.csv.read_csv` on the same
file, which only parses it; the seed's way is a row loop over pandas, on the first rows. Each runs in a process of its
own, bound to as many cores as there are threads; memory is the most that it and its helpers ever held together.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import memory
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
LIMIT, SEED_WAY = "pyarrow.csv.read_csv alone", "the seed's way"


@dataclass(frozen=True, kw_only=True)
class Run:
    rows: int
    """Rows of the file."""
    way: str
    threads: int
    seconds: float
    read: int
    """Rows that were read; the seed's way reads the first only."""
    accepted: int | None
    quarantined: int | None
    peak_mb: int

    @property
    def rate(self) -> float:
        return self.read / self.seconds


def main() -> None:
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else 150)
    runs: list[Run] = []
    with _folder(options.dir) as folder:
        for rows in options.rows:
            file = folder / f"hall-{rows}.csv"
            if not file.exists():
                console.print(f"[dim]inventing {rows:,} rows …[/]")
                subprocess.run([sys.executable, "export.py", str(file), "--rows", str(rows)], check=True, cwd=HERE)
            ways = [("kehu", threads) for threads in options.threads] + [(LIMIT, max(options.threads)), (SEED_WAY, 1)]
            for way, threads in ways:
                console.print(f"[dim]{rows:,} rows: {way}, {threads} threads …[/]")
                runs.append(_run(way, threads, file, rows, options.sample))
    console.print(_table(runs))
    for sentence in _sentences(runs):
        console.print(sentence)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000], help="several: once with each")
    parser.add_argument("--threads", type=int, nargs="+", default=[2], help="several: kehu once with each")
    parser.add_argument("--sample", type=int, default=20_000, help="so many rows for the seed's way")
    parser.add_argument("--dir", type=Path, help="where the files are kept for the next run; else a folder that goes")
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


def _run(way: str, threads: int, file: Path, rows: int, sample: int) -> Run:
    """One way, once, in a fresh process; from its start to its end."""
    module = {LIMIT: "limit", SEED_WAY: "seed"}.get(way, "kehu")
    words = [sys.executable, "-m", f"ways.{module}", str(file), str(sample if way == SEED_WAY else threads)]
    start = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=HERE) as process:
        os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:threads])
        peak = memory.peak(process)
        seconds = time.perf_counter() - start
        assert process.stdout is not None
        said = process.stdout.read()
    if process.returncode:
        sys.exit(f"{way} failed with exit code {process.returncode}")
    return Run(rows=rows, way=way, threads=threads, seconds=seconds, peak_mb=peak >> 20, **json.loads(said))


def _table(runs: list[Run]) -> Table:
    table = Table("rows", "way", title="a hall's export of 12 columns in GBK, read, mapped, cleaned, checked and split")
    for head in ("threads", "rows done", "seconds", "rows/s", "x kehu", "peak MB", "accepted", "quarantined"):
        table.add_column(head, justify="right", no_wrap=True)
    for run in runs:
        kehu = max(one.rate for one in runs if one.way == "kehu" and one.rows == run.rows)
        split = ("" if count is None else f"{count:,}" for count in (run.accepted, run.quarantined))
        table.add_row(
            f"{run.rows:,}", run.way, str(run.threads), f"{run.read:,}", f"{run.seconds:.1f}", f"{run.rate:,.0f}",
            f"{run.rate / kehu:.3g}", f"{run.peak_mb:,}", *split,
        )  # fmt: skip
    return table


def _sentences(runs: list[Run]) -> Iterator[str]:
    """What the runs say of each other."""
    rates = {(run.rows, run.way): run.rate for run in runs}
    for run in runs:
        if run.way == "kehu":
            yield (
                f"{run.rows:,} rows, {run.threads} threads: kehu works at {run.rate / rates[run.rows, LIMIT]:.2f} x "
                f"the rate of {LIMIT}, and at {run.rate / rates[run.rows, SEED_WAY]:.0f} x the rate of {SEED_WAY}"
            )


if __name__ == "__main__":
    main()
