"""How fast a few records find their customers among many stored ones: an increment, and single arrivals.

    .venv/bin/python benchmarks/increment.py --records 1000000 --new 10000 --arrivals 1000

The store is prepared once in a folder and grows by what each run brings: every run takes the next records of a town
that is larger than the store, drawn in any order, so that most of them meet records of their customers there.
"""

import argparse
import gc
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import prepared
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from kehu.engine.few import Few
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.model.arrow import without_pandas
from kehu.resolve import model as models
from kehu.serve.listening import LITTER
from kehu.store.database import Database

PACED_S = 30
"""So long records are sent at a rate."""


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    waits: np.ndarray
    """Seconds of each single arrival, one after the other."""
    effort: float
    """Seconds of our processor each of them takes; a server's come on top."""
    sustained: float
    """Arrivals a second while several ask at once."""
    sustained_waits: np.ndarray
    sustained_effort: float
    """Seconds of our processor each of those takes."""
    paced: float
    """Arrivals answered a second while so many are sent a second, whether or not the others are answered."""
    paced_waits: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Measured:
    database: str
    stored: int
    increments: dict[int, tuple[float, float]]
    """Seconds by the number of new records: of the clock, and of our processor."""
    arrivals: Arrivals | None
    """None where none were asked for."""


def main() -> None:
    without_pandas()  # As `kehu serve` does: the peers of other benchmarks install it.
    options = _options()
    console = Console(stderr=True)
    rows = prepared.rows(options.dir, options.records, console)
    measured = []
    for kind in options.databases:
        with prepared.store(kind, options.dir, rows, records=options.records, console=console) as (store, folder):
            measured.append(_measure(store, kind, rows, folder, options, console))
    Console(width=None if sys.stdout.isatty() else 190).print(_table(measured))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000, help="how many are stored before")
    parser.add_argument("--new", type=int, nargs="*", default=[1_000, 10_000], help="increments of so many records")
    parser.add_argument(
        "--arrivals", type=int, default=1_000, help="single arrivals: alone, several at once, at a rate; or 0"
    )
    parser.add_argument("--at-once", type=int, default=64, help="how many ask at the same time")
    parser.add_argument("--rate", type=int, default=200, help="how many are sent a second, for half a minute")
    parser.add_argument("--databases", nargs="+", choices=prepared.DATABASES, default=prepared.DATABASES)
    parser.add_argument("--dir", type=Path, default=Path("/tmp/kehu-increment"), help="where the stores are kept")
    return parser.parse_args()


def _measure(
    store: Database, kind: str, rows: pa.Table, folder: Path, options: argparse.Namespace, console: Console
) -> Measured:
    place = prepared.held(store)
    stored, increments = place, {}
    for size in options.new:
        begun, worked = time.perf_counter(), time.process_time()
        prepared.bring(store, rows.slice(place, size), folder)
        increments[size] = time.perf_counter() - begun, time.process_time() - worked
        place += size
        console.print(f"[dim]{kind}: {size:,} new records in {increments[size][0]:.2f} s[/]")
    arrived = _arrivals(store, folder, rows.slice(place), options) if options.arrivals else None
    return Measured(database=kind, stored=stored, increments=increments, arrivals=arrived)


def _arrivals(store: Database, folder: Path, rows: pa.Table, options: argparse.Namespace) -> Arrivals:
    desk = _desk(folder)
    half, whole = 20 + options.arrivals, 20 + 2 * options.arrivals
    sent = [_sent(row) for row in rows.slice(0, whole + PACED_S * options.rate).to_pylist()]
    for row in sent[:20]:
        arrive.one(store, desk, row)
    gc.freeze()  # As `serve` does.
    gc.set_threshold(LITTER)
    worked = time.process_time()
    waits = np.array([_timed(store, desk, row) for row in sent[20:half]])
    effort = (time.process_time() - worked) / len(waits)
    begun, worked = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(options.at_once) as many:
        busy = np.array(list(many.map(lambda row: _timed(store, desk, row), sent[half:whole])))
    sustained, worked = len(busy) / (time.perf_counter() - begun), time.process_time() - worked
    paced_waits = _paced(store, desk, sent[whole:], options.rate)
    return Arrivals(
        waits=waits,
        effort=effort,
        sustained=sustained,
        sustained_waits=busy,
        sustained_effort=worked / len(busy),
        paced=len(paced_waits) / (len(paced_waits) / options.rate + paced_waits[-1]),
        paced_waits=paced_waits,
    )


def _paced(store: Database, desk: Desk, rows: list[arrive.Row], rate: int) -> np.ndarray:
    """Seconds from when each of the rows is due until it is answered; the next does not wait for that."""
    begun = time.perf_counter()

    def wait(place: int, row: arrive.Row) -> float:
        arrive.one(store, desk, row)
        return time.perf_counter() - begun - place / rate

    answers = []
    with ThreadPoolExecutor(len(rows)) as many:
        for place, row in enumerate(rows):
            time.sleep(max(begun + place / rate - time.perf_counter(), 0))
            answers.append(many.submit(wait, place, row))
    return np.array([answer.result() for answer in answers])


def _desk(folder: Path) -> Desk:
    return Desk(
        engine=Few(),
        model=models.shipped(),
        home="CN",
        trust=prepared.TRUST,
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


def _told(arrivals: Arrivals) -> list[str]:
    return [
        *(f"{1000 * np.quantile(arrivals.waits, share):.1f} ms" for share in (0.5, 0.95, 0.99)),
        f"{1000 * arrivals.effort:.1f} ms",
        f"{arrivals.sustained:.0f}",
        *(f"{1000 * np.quantile(arrivals.sustained_waits, share):.1f} ms" for share in (0.5, 0.95)),
        f"{1000 * arrivals.sustained_effort:.1f} ms",
        f"{arrivals.paced:.0f}",
        *(f"{1000 * np.quantile(arrivals.paced_waits, share):.0f} ms" for share in (0.5, 0.95)),
    ]


def _table(measured: list[Measured]) -> Table:
    table = Table("database")
    heads = ("stored", "increments", "one alone: p50", "p95", "p99", "CPU", "at once: per second", "p50", "p95", "CPU")
    heads += ("at a rate: per second", "p50", "p95")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for one in measured:
        table.add_row(
            one.database,
            f"{one.stored:,}",
            "\n".join(f"{size:,}: {clock:.1f} s, CPU {cpu:.1f} s" for size, (clock, cpu) in one.increments.items()),
            *([] if one.arrivals is None else _told(one.arrivals)),
        )
    return table


if __name__ == "__main__":
    main()
