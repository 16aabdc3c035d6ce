"""How fast a few records find their customers among many stored ones: an increment, and single arrivals.

    .venv/bin/python benchmarks/increment.py --records 1000000 --new 10000 --arrivals 1000

The store is prepared once in a folder and grows by what each run brings: every run takes the next records of a town
that is larger than the store, drawn in any order, so that most of them meet records of their customers there.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import servers
from rich.console import Console
from rich.table import Table

from kehu.collect.town import town
from kehu.engine.duck import Duck
from kehu.engine.few import Few
from kehu.flows import arrive, run
from kehu.flows.arrive import OURS, Desk
from kehu.flows.intake import Feed
from kehu.model.records import POSITION, Batch
from kehu.resolve import model as models
from kehu.store import database, loads
from kehu.store.database import Database
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

SEED = 2026
"""Not one of those that the shipped model was learned from."""
SPARE = 0.25
"""The town has so many more records than the store is prepared with."""
PIECE = 50_000
"""Rows of a batch, as the file channels hand them on."""
DATABASES = ("sqlite", "mariadb", "postgresql")
TRUST = {"hall": 3, "online": 2, "calls": 1}


@dataclass(frozen=True)
class Given:
    """A channel that holds these rows."""

    name: str
    rows: pa.Table

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        del after
        for start in range(0, self.rows.num_rows, PIECE):
            yield Batch(rows=self.rows.slice(start, PIECE), cursor=None)

    def sample(self, rows: int) -> Batch:
        return Batch(rows=self.rows.slice(0, rows), cursor=None)


@dataclass(frozen=True, kw_only=True)
class Measured:
    database: str
    stored: int
    increments: dict[int, float]
    """Seconds by the number of new records."""
    waits: np.ndarray
    """Seconds of each single arrival, one after the other."""
    sustained: float
    """Arrivals a second while several ask at once."""
    sustained_waits: np.ndarray


def main() -> None:
    options = _options()
    console = Console(stderr=True)
    options.dir.mkdir(parents=True, exist_ok=True)
    options.dir.chmod(0o755)
    rows = _town(options.dir, options.records, console)
    measured = []
    for kind in options.databases:
        folder = options.dir / f"{kind}-{options.records}"
        folder.mkdir(exist_ok=True)
        with servers.url(kind, folder) as where:
            store = database.connect(where, folder=folder, vault=Vault(keyring.made()))
            database.migrate(store)
            measured.append(_measure(store, kind, rows, folder, options, console))
            store.close()
    Console(width=None if sys.stdout.isatty() else 150).print(_table(measured))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000, help="how many are stored before")
    parser.add_argument("--new", type=int, nargs="*", default=[1_000, 10_000], help="increments of so many records")
    parser.add_argument("--arrivals", type=int, default=1_000, help="single arrivals, twice: alone and several at once")
    parser.add_argument("--at-once", type=int, default=8, help="how many ask at the same time")
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument("--dir", type=Path, default=Path("/tmp/kehu-increment"), help="where the stores are kept")
    return parser.parse_args()


def _town(folder: Path, records: int, console: Console) -> pa.Table:
    """The town in an order of its own, made unless it is there."""
    path = folder / f"town-{records}.parquet"
    if not path.exists():
        size = int(records * (1 + SPARE))
        console.print(f"[dim]inventing {size:,} records …[/]")
        made = town.make(size, seed=SEED).records
        order = np.random.default_rng(SEED).permutation(made.num_rows)
        pq.write_table(made.take(pa.array(order)).combine_chunks(), path)
    return pq.read_table(path)


def _measure(
    store: Database, kind: str, rows: pa.Table, folder: Path, options: argparse.Namespace, console: Console
) -> Measured:
    with store.read() as tx:
        place = loads.totals(tx).read
    if place < options.records:
        console.print(f"[dim]{kind}: preparing a store of {options.records:,} records …[/]")
        begun = time.perf_counter()
        _run(store, rows.slice(place, options.records - place), folder)
        console.print(f"[dim]{kind}: prepared in {time.perf_counter() - begun:.1f} s[/]")
        place = options.records
    stored, increments = place, {}
    for size in options.new:
        begun = time.perf_counter()
        _run(store, rows.slice(place, size), folder)
        increments[size], place = time.perf_counter() - begun, place + size
        console.print(f"[dim]{kind}: {size:,} new records in {increments[size]:.2f} s[/]")
    desk = _desk(folder)
    sent = [_sent(row) for row in rows.slice(place, 2 * options.arrivals + 20).to_pylist()]
    for row in sent[:20]:
        arrive.one(store, desk, row)
    half = 20 + options.arrivals
    waits = np.array([_timed(store, desk, row) for row in sent[20:half]])
    begun = time.perf_counter()
    with ThreadPoolExecutor(options.at_once) as many:
        busy = np.array(list(many.map(lambda row: _timed(store, desk, row), sent[half:])))
    return Measured(
        database=kind,
        stored=stored,
        increments=increments,
        waits=waits,
        sustained=len(busy) / (time.perf_counter() - begun),
        sustained_waits=busy,
    )


def _run(store: Database, rows: pa.Table, folder: Path) -> None:
    """What `kehu run` does with new rows of the three channels."""
    feeds = []
    for channel in pc.unique(rows["channel"]).to_pylist():
        theirs = rows.filter(pc.equal(rows["channel"], channel)).drop_columns(["channel"])
        theirs = theirs.append_column(POSITION, pa.array([f"row {place}" for place in range(theirs.num_rows)]))
        feeds.append(Feed(channel=Given(channel, theirs), mapping=OURS, sparse=True))
    done = run.whole(
        store,
        feeds,
        Duck(threads=2),
        models.shipped(),
        raw_in=folder / "raw",
        home="CN",
        trust=TRUST,
        hot_key_limit=100,
        clock=lambda: datetime.now(UTC),
    )
    if done.failures:
        raise SystemExit(str(done.failures))


def _desk(folder: Path) -> Desk:
    return Desk(
        engine=Few(),
        model=models.shipped(),
        home="CN",
        trust=TRUST,
        hot_key_limit=100,
        mappings={},
        rules={},
        raw_in=folder / "raw",
        clock=lambda: datetime.now(UTC),
    )


def _sent(row: dict[str, str | None]) -> dict[str, str | None]:
    return {name: value for name, value in row.items() if value is not None}


def _timed(store: Database, desk: Desk, row: arrive.Row) -> float:
    begun = time.perf_counter()
    arrive.one(store, desk, row)
    return time.perf_counter() - begun


def _table(measured: list[Measured]) -> Table:
    table = Table("database")
    for head in ("stored", "increments", "one alone: p50", "p95", "p99", "at once: per second", "p50", "p95"):
        table.add_column(head, justify="right", no_wrap=True)
    for one in measured:
        table.add_row(
            one.database,
            f"{one.stored:,}",
            "  ".join(f"{size:,}: {seconds:.1f} s" for size, seconds in one.increments.items()),
            *(f"{1000 * np.quantile(one.waits, share):.1f} ms" for share in (0.5, 0.95, 0.99)),
            f"{one.sustained:.0f}",
            *(f"{1000 * np.quantile(one.sustained_waits, share):.1f} ms" for share in (0.5, 0.95)),
        )
    return table


if __name__ == "__main__":
    main()
