"""How fast a complete store is made, and what the store has of that: SQLite, PostgreSQL and MariaDB in one run.

    .venv/bin/python benchmarks/store.py --records 1000000

Each database gets a new project: three channels that are CSV files of a made-up town, read, cleaned, matched and
stored as `kehu run` does it, in a process of its own. Then it runs again with nothing new, and again after the largest
file was delivered anew, whole, with some changed rows. In the same run the rows of the finished store are written into
bare tables, and some thousand of its records by an ORM, each with a commit of its own.

`x ORM` compares the rows a second that the store writes while it is at work; `run x ORM` has all rows of the store by
all seconds of the run, in which files were read and people were matched, too.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bare
import memory
import prepared
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import servers
from rich.console import Console
from rich.table import Table

from kehu.collect.town import town
from kehu.store import database

HERE = Path(__file__).resolve().parent
CHANNELS = ("online", "calls", "hall")
CHANGED = 0.001
"""The share of the records that comes with another address."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the program."""

    seconds: float
    peak_mb: int
    places: list[tuple[str, str, float]]
    """Step, function of the store (nothing: outside of it), seconds."""
    counts: dict[str, int]

    @property
    def in_store(self) -> float:
        """The seconds in which the store was at work, but for counting the figures of the dashboard afterwards."""
        return sum(spent for step, place, spent in self.places if place and step != "figures")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One database."""

    kind: str
    first: Run
    again: Run
    changed: Run
    bare: dict[str, tuple[int, float]]
    """Rows and seconds of each bare table."""
    one_by_one: float
    """Rows a second of the ORM."""

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(rows for rows, _ in self.bare.values())

    @property
    def bare_seconds(self) -> float:
        """The seconds of all bare tables."""
        return sum(seconds for _, seconds in self.bare.values())


def main() -> None:
    options = _options()
    told = Console(stderr=True)
    with _folder(options.dir) as folder:
        files = _files(folder / f"town-{options.records}", options.records, told)
        measured = [_measured(kind, folder, files, options, told) for kind in options.databases]
    console = Console(width=None if sys.stdout.isatty() else 150)
    for one in measured:
        console.print(_stages(one, options.records))
    console.print(_table(measured, options.records))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--databases", nargs="+", choices=prepared.DATABASES, default=prepared.DATABASES)
    parser.add_argument("--one-by-one", type=int, default=3_000, help="so many records for the ORM")
    parser.add_argument("--dir", type=Path, help="where everything is made; its files are kept for the next run")
    return parser.parse_args()


@contextlib.contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def _files(folder: Path, records: int, told: Console) -> Path:
    """A folder with the file of each channel, made unless it is there."""
    if not folder.exists():
        told.print(f"[dim]inventing {records:,} records …[/]")
        rows = town.make(records, seed=prepared.SEED).records
        half = folder.with_suffix(".half")
        for channel in CHANNELS:
            (half / channel).mkdir(parents=True)
            mine = rows.filter(pc.equal(rows["channel"], channel)).drop_columns(["channel"])
            pv.write_csv(mine, half / channel / f"{channel}.csv")
        half.rename(folder)
    return folder


def _measured(kind: str, folder: Path, files: Path, options: argparse.Namespace, told: Console) -> Measured:
    home = folder / kind
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    home.chmod(0o755)
    shutil.copytree(files, home / "drops")
    with servers.url(kind, home) as where:
        _settings(home, files)
        first = _run(home, where, "a first load", told)
        again = _run(home, where, "nothing new", told)
        _deliver_anew(home / "drops/hall/hall.csv", int(options.records * CHANGED))
        changed = _run(home, where, "the hall's file anew", told)
        store = database.connect(where, folder=home)
        into = store if kind != "sqlite" else database.connect("sqlite:///bare.db", folder=home)
        told.print(f"[dim]{kind}: the same rows into bare tables …[/]")
        written = bare.write(store, into)
        one_by_one = bare.one_by_one(store, into, options.one_by_one)
        for opened in {store.engine: store, into.engine: into}.values():
            opened.close()
    shutil.rmtree(home)
    return Measured(kind=kind, first=first, again=again, changed=changed, bare=written, one_by_one=one_by_one)


def _settings(home: Path, files: Path) -> None:
    """A project whose channels hand over our own columns."""
    lines = ["[kehu]"]
    for channel in CHANNELS:
        with (files / channel / f"{channel}.csv").open(encoding="utf-8") as file:
            heads = file.readline().strip().replace('"', "").split(",")
        lines += [f"[channels.{channel}]", 'type = "files"', f'path = "drops/{channel}"', "settle_s = 0"]
        lines += [f"trust = {prepared.TRUST[channel]}", f"[channels.{channel}.mapping]"]
        lines += [f'{head} = "{head}"' for head in heads]
    (home / "kehu.toml").write_text("\n".join(lines), encoding="utf-8")


def _run(home: Path, where: str, what: str, told: Console) -> Run:
    """What `kehu run` does, in a process of its own."""
    begun = time.perf_counter()
    words = [sys.executable, "-m", "ways.run", str(home)]
    # A process of its own starts it: Linux counts the memory of whoever starts a program as the program's.
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, cwd=HERE, env=os.environ | {"KEHU_STORE": where}
    ) as process:
        peak = memory.peak(process)
        seconds = time.perf_counter() - begun
        assert process.stdout is not None
        said = process.stdout.read()
    if process.returncode:
        sys.exit(f"{what}: it failed with exit code {process.returncode}")
    answer: dict[str, Any] = json.loads(said)
    told.print(f"[dim]{home.name}: {what}: {seconds:.1f} s[/]")
    counts = {name: answer[name] for name in ("read", "accepted", "changed")}
    places = [(step, place, spent) for step, place, spent in answer["places"]]
    return Run(seconds=seconds, peak_mb=peak >> 20, places=places, counts=counts)


def _deliver_anew(file: Path, many: int) -> None:
    """Write the same file whole, with so many rows that have another address."""
    heads = pv.read_csv(file).schema.names
    as_text = pv.ConvertOptions(strings_can_be_null=True, column_types=dict.fromkeys(heads, pa.string()))
    rows = pv.read_csv(file, convert_options=as_text)
    step = max(1, rows.num_rows // many)
    moved = pa.array([place % step == 0 and place // step < many for place in range(rows.num_rows)])
    place = rows.column_names.index("address")
    address = pc.if_else(moved, pa.scalar("浙江省杭州市西湖区文三路138号"), rows["address"])
    pv.write_csv(rows.set_column(place, "address", address), file)


def _stages(one: Measured, records: int) -> Table:
    """The seconds of the first load, by step, and what the store has of them."""
    table = Table("step", title=f"{one.kind}: a first load of {records:,} records, in seconds")
    for head in ("together", "outside the store", "in the store"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("of which")
    inside: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for step, place, spent in one.first.places:
        inside[step][place] += spent
    for step, places in inside.items():
        outside = places.pop("", 0.0)
        stored = sum(places.values())
        largest = sorted(places.items(), key=lambda pair: -pair[1])[:5]
        table.add_row(
            step, f"{outside + stored:.1f}", f"{outside:.1f}", f"{stored:.1f}",
            ", ".join(f"{place} {spent:.1f}" for place, spent in largest if spent >= 0.05),
        )  # fmt: skip
    return table


def _table(measured: list[Measured], records: int) -> Table:
    table = Table("database", title=f"{records:,} records from files to a complete store")
    heads = ("run s", "store s", "rows", "rows/s", "bare s", "x bare", "ORM rows/s", "x ORM", "run x ORM", "peak MB")
    for head in (*heads, "nothing new s", "changed", "s"):
        table.add_column(head, justify="right", no_wrap=True)
    for one in measured:
        rate = one.rows / one.first.in_store
        table.add_row(
            one.kind, f"{one.first.seconds:.1f}", f"{one.first.in_store:.1f}", f"{one.rows:,}", f"{rate:,.0f}",
            f"{one.bare_seconds:.1f}", f"{one.first.in_store / one.bare_seconds:.2f}", f"{one.one_by_one:,.0f}",
            f"{rate / one.one_by_one:,.0f}", f"{one.rows / one.first.seconds / one.one_by_one:,.0f}",
            f"{one.first.peak_mb:,}", f"{one.again.seconds:.1f}",
            f"{one.changed.counts['changed']:,}", f"{one.changed.seconds:.1f}",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    main()
