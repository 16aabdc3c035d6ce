"""How long people wait for figures, counts of segments and lists, with a million customers.

    .venv/bin/python benchmarks/analyse.py --databases sqlite postgresql

The store is that of `prepared`, enriched until it stands for an operator's: a million customers with two million
records and contacts. Everything is asked for through the application, as a page or as JSON, over ASGI; lists are
written by the flow that pages and commands call.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import enriched
import prepared
from rich.console import Console
from rich.table import Table
from starlette.testclient import TestClient

from kehu.flows.analysis import figures, segments
from kehu.flows.analysis.segments import Purpose, Reader
from kehu.flows.insight import sight
from kehu.flows.users.people import By
from kehu.model import segments as model
from kehu.serve import app
from kehu.store.database import Database

CUTS = ("", "category=student", "channel=hall", "category=ordinary&province=广东省", "since=2026-01&until=2026-06")
AGES = {"column": "customer.age", "is": "between", "from": 18, "to": 60}
COUNTED = {
    "of customers": {"all": [
        {"column": "customer.category", "is": "one_of", "values": ["student", "ordinary"]}, AGES,
        {"column": "customer.province", "is": "one_of", "values": ["广东省", "浙江省", "四川省"]}]},
    "with contacts": {"all": [
        {"column": "customer.category", "is": "one_of", "values": ["student"]}, AGES,
        {"has": "interaction", "where": [
            {"column": "interaction.reason", "is": "one_of", "values": ["投诉"]},
            {"column": "interaction.at", "is": "after", "days_ago": 90}]}]},
    "with plans": {"all": [
        {"column": "customer.kind", "is": "one_of", "values": ["individual"]},
        {"not": {"column": "customer.email", "is": "known"}},
        {"has": "subscription", "where": [{"column": "subscription.plan", "is": "begins", "value": "宽带"}]}]},
}  # fmt: skip
"""Segments of three conditions."""
HALF = {"column": "customer.category", "is": "one_of", "values": ["ordinary"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000, help="how many are stored before they are doubled")
    parser.add_argument("--times", type=int, default=20, help="how often each question is asked")
    parser.add_argument("--databases", nargs="+", choices=prepared.DATABASES, default=["sqlite", "postgresql"])
    parser.add_argument("--dir", type=Path, default=Path("/tmp/kehu-analyse"), help="where the stores are kept")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    options = parser.parse_args()
    console = Console(stderr=True)
    rows = prepared.rows(options.dir, options.records, console)
    table = Table("database", "what", "p50", "p95", "told")
    for kind in options.databases:
        with prepared.store(kind, options.dir, rows, records=options.records, console=console) as (store, _):
            enriched.enrich(store, console)
            for name in options.only:
                for told in MEASURES[name](store, options.times):
                    table.add_row(kind, *told)
                    console.print(f"[dim]{kind}: {' · '.join(told)}[/]")
    Console(width=150).print(table)


Told = tuple[str, str, str, str]
"""What was asked, p50, p95, and what else there is to say."""


def _counting(store: Database, times: int) -> Iterator[Told]:
    """All figures counted anew, as after a run."""
    del times
    begun, before = time.perf_counter(), time.process_time()
    figures.refresh(store, at=datetime.now(UTC), zone=UTC)
    spent = time.process_time() - before
    yield "all figures counted and kept", f"{time.perf_counter() - begun:.1f} s", "", f"{spent:.1f} s CPU, {_memory()}"


def _looking(store: Database, times: int) -> Iterator[Told]:
    """Every part of the dashboard and every figure of the interface, for every cut."""
    with _client(store) as client:
        for part in figures.PARTS:
            asked = [f"/dashboard?part={part}&{cut}" for cut in CUTS]
            yield _timed(f"page: {part}", asked, times, client.get)
        asked = [f"/api/v1/figures/{name}?{cut}" for name in figures.NAMES for cut in CUTS]
        yield _timed("interface: one figure", asked, max(times // 5, 1), client.get)
        yield _timed("page: overview", ["/"], times, client.get)


def _meaning(store: Database, times: int) -> Iterator[Told]:
    """Counts of segments while they are built."""
    with _client(store) as client:
        for name, condition in COUNTED.items():
            body = {"condition": condition}
            yield _timed(f"segment: {name}", [body], times, lambda told: client.post(f"{API}/count", json=told))


def _taking(store: Database, times: int) -> Iterator[Told]:
    """Lists of about half a million customers."""
    del times
    on, by = segments.today(datetime.now(UTC), UTC), By(login="benchmark", at=datetime.now(UTC))
    with tempfile.TemporaryDirectory() as folder:
        for words, reader in (
            ("in clear", Reader(sees_persons=True, sight=sight.CLEAR, smallest=10)),
            ("masked", Reader(sees_persons=True, sight=sight.Sight(), smallest=10)),
            ("tokens", Reader(sees_persons=False, sight=sight.Sight(), smallest=10)),
        ):
            for form in ("csv", "parquet"):
                wanted = model.parsed(HALF)
                saved = segments.Shown(
                    segment_id=1, name="everybody", version=1, condition={}, with_each_run=False,
                    made_at=by.at, made_by="benchmark", sizes=(),
                )  # fmt: skip
                begun, before = time.perf_counter(), time.process_time()
                taken = segments.export(
                    store, saved, wanted, on, Path(folder) / f"list.{form}", by=by, reader=reader,
                    why=Purpose(purpose="benchmark", recipient="nobody"),
                )  # fmt: skip
                took, spent = time.perf_counter() - begun, time.process_time() - before
                many = taken.customers
                told = f"{many:,} rows, {many / took:,.0f} rows/s, {many / spent:,.0f} per CPU second, {_memory()}"
                yield f"list: {words}, {form}", f"{took:.1f} s", "", told


API = "/api/v1/segments"


def _client(store: Database) -> TestClient:
    return TestClient(
        app.create(store, clock=lambda: datetime.now(UTC)),
        base_url="http://127.0.0.1:8500",
        client=("127.0.0.1", 50000),
        headers={"accept-language": "zh"},
    )


def _timed(name: str, asked: list, times: int, ask: Callable) -> Told:
    """What it takes to answer once it was asked before; the longest of those first times is told beside it."""
    spent = []
    for question in asked + asked * times:
        begun = time.perf_counter()
        answer = ask(question)
        spent.append(time.perf_counter() - begun)
        if answer.status_code != 200:
            raise SystemExit(f"{question}: {answer.status_code} {answer.text[:200]}")
    first, spent = max(spent[: len(asked)]), spent[len(asked) :]
    p95 = statistics.quantiles(spent, n=20)[-1]
    told = f"{len(spent)} times; {1000 * first:.0f} ms at first"
    return name, f"{1000 * statistics.median(spent):.0f} ms", f"{1000 * p95:.0f} ms", told


def _memory() -> str:
    return f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB so far"


MEASURES = {"counting": _counting, "looking": _looking, "meaning": _meaning, "taking": _taking}


if __name__ == "__main__":
    main()
