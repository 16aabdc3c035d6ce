"""How the application serves agents: `kehu serve` over a prepared store, asked by many who think between two questions.

    .venv/bin/python benchmarks/serve.py --agents 200 --think 5 --seconds 60

Each agent searches as they type and opens a customer that they found; what it took is told as they see it. Before, the
same is asked one after the other, as pages and as a machine asks it, in turns with a bare FastAPI that answers the same
rows (`plain.py`): what that costs is told as seconds of a core that the application spent (its server of the database
apart).
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import prepared
import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from kehu.flows.users import people
from kehu.flows.users.people import By, Office
from kehu.model.people import Role
from kehu.serve.who import COOKIE
from kehu.store.database import Database
from kehu.store.dictionary.customers import customer
from kehu.store.people import sessions
from kehu.store.people.sessions import Limits

KEHU = Path(sys.executable).with_name("kehu")
DRAWN = 3_000
"""So many customers are looked for and at."""
ALONE = 400
"""So many are asked for one after the other, to see what one costs; once before, so that all of it is in memory."""
TURNS = 4
"""Ours and the bare one are asked for a part of them in turns: the machine is not equally fast all the time."""
KEPT_S = 4.0
"""A connection is closed after five seconds without a question."""
LIMITS = Limits(idle=timedelta(hours=1), whole=timedelta(hours=2))


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that was started for the benchmark."""

    port: int
    process: "subprocess.Popen[str]"
    ready_s: float
    """How long it took from its start until it answered."""

    def cpu_s(self) -> float:
        """Seconds of a core that it has used so far."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(told.read_text().split()[0]) for told in threads) / 1e9


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody to look for."""

    customer_id: int
    name: str


class Line:
    """A connection that is kept; as little of HTTP as it takes, so that asking costs less than answering."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.port = port
        self.asked = 0.0
        self.size = 0
        """Bytes of the last answer."""
        self.head = f"host: 127.0.0.1\r\naccept-language: zh\r\nsec-fetch-site: same-origin\r\n{cookie}"

    async def ask(self, method: str, path: str, body: bytes = b"", more: str = "accept: text/html\r\n") -> int:
        """The status of an answer, once all of it has come."""
        if time.perf_counter() - self.asked > KEPT_S:
            if self.asked:
                self.writer.close()
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"{method} {path} HTTP/1.1\r\n{self.head}{more}content-length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        told = await self.reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", told, re.IGNORECASE)
        self.size = int(found[1]) if found else 0
        await self.reader.readexactly(self.size)
        self.asked = time.perf_counter()
        return int(told[9:12])

    async def search(self, one: Person) -> int:
        """The piece of the page that comes while somebody types."""
        form = "accept: text/html\r\nhx-request: true\r\ncontent-type: application/x-www-form-urlencoded\r\n"
        return await self.ask("POST", "/search", urllib.parse.urlencode({"q": one.name}).encode(), form)

    async def customer(self, one: Person) -> int:
        """The page of a customer."""
        return await self.ask("GET", f"/customers/{one.customer_id}")

    async def told_search(self, one: Person, path: str = "/api/v1/customers/search") -> int:
        """The same search, as a machine asks it."""
        return await self.ask("POST", path, json.dumps({"q": one.name}).encode(), MACHINE)

    async def told_customer(self, one: Person) -> int:
        """The whole customer, as a machine asks for it."""
        return await self.ask("GET", f"/api/v1/customers/{one.customer_id}", more=MACHINE)


MACHINE = "accept: application/json\r\ncontent-type: application/json\r\n"

Asking = Callable[[Line, Person], Awaitable[int]]


def _bare(path: str) -> Asking:
    return lambda line, one: line.ask("GET", f"/{path}/{one.customer_id}", more=MACHINE)


OURS: dict[str, tuple[Asking, str]] = {
    "search": (Line.search, "search"),
    "customer": (Line.customer, "at sight"),
    "search, API": (Line.told_search, "search"),
    "customer, API": (Line.told_customer, "whole"),
}
"""What is asked of the application, and what of the bare one answers the same rows."""
BARE: dict[str, Asking] = {
    "row": _bare("row"),
    "search": lambda line, one: line.told_search(one, "/search"),
    "at sight": _bare("at-sight"),
    "whole": _bare("whole"),
}


def main() -> None:
    options = _options()
    console = Console(stderr=True)
    rows = prepared.rows(options.dir, options.records, console)
    table = Table(title=f"{options.agents} agents who think {options.think:g} s, {os.cpu_count()} cores")
    heads = (
        "database",
        "ready",
        "what",
        "asked",
        "p50",
        "p95",
        "p99",
        "CPU each",
        "bytes",
        "same rows, bare",
        "one row, bare",
    )
    for head in heads:
        table.add_column(head, justify="left" if head in ("database", "what") else "right")
    for kind in options.databases:
        with prepared.store(kind, options.dir, rows, records=options.records, console=console) as (store, home):
            _measure(store, kind, home, options, table)
    Console(width=None if sys.stdout.isatty() else 150).print(table)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000, help="how many records the store is prepared with")
    parser.add_argument("--agents", type=int, default=200, help="how many work at once")
    parser.add_argument("--think", type=float, default=5.0, help="seconds between two questions of an agent")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long they work")
    parser.add_argument("--databases", nargs="+", choices=prepared.DATABASES, default=["sqlite", "postgresql"])
    parser.add_argument("--dir", type=Path, default=Path("/tmp/kehu-stores"), help="where the stores are")
    return parser.parse_args()


def _measure(store: Database, kind: str, home: Path, options: argparse.Namespace, table: Table) -> None:
    who = _people(store)
    tokens = _signed_in(store, options.agents)
    url = store.engine.url.render_as_string(hide_password=False)
    with _serving(store, home) as ours, _plain(url) as bare:
        costs = asyncio.run(_alone(ours, bare, tokens[0], who))
        waits = asyncio.run(_together(ours, tokens, who, options))
    for what, (_, same) in OURS.items():
        cost, size = costs[what]
        beside = [f"{cost / costs[one][0]:.1f} x {costs[one][0] * 1000:.2f} ms" for one in (f"bare {same}", "bare row")]
        found = np.array(waits.get(what, [])) * 1000
        spread = [f"{np.percentile(found, share):.1f} ms" if len(found) else "" for share in (50, 95, 99)]
        asked = f"{len(found):,}" if len(found) else ""
        table.add_row(
            kind, f"{ours.ready_s:.1f} s", what, asked, *spread, f"{cost * 1000:.2f} ms", f"{size:,.0f}", *beside
        )


async def _alone(ours: Server, bare: Server, token: str, who: list[Person]) -> dict[str, tuple[float, float]]:
    """Seconds of a core that a question costs when nobody else asks, and the bytes of its answer, by what is asked."""
    cookie = f"cookie: {COOKIE}={token}\r\n"
    asked: dict[str, tuple[Server, Line, Asking]] = {
        **{what: (ours, Line(ours.port, cookie), ask) for what, (ask, _) in OURS.items()},
        **{f"bare {what}": (bare, Line(bare.port), ask) for what, ask in BARE.items()},
    }
    for what, (_, line, ask) in asked.items():
        for one in who[:ALONE]:
            status = await ask(line, one)
            assert status == 200, (what, status)
    spent: dict[str, float] = defaultdict(float)
    sizes: dict[str, int] = defaultdict(int)
    for turn in range(TURNS):
        for what, (server, line, ask) in asked.items():
            cpu = server.cpu_s()
            for one in who[turn * ALONE // TURNS : (turn + 1) * ALONE // TURNS]:
                await ask(line, one)
                sizes[what] += line.size
            spent[what] += server.cpu_s() - cpu
    return {what: (spent[what] / ALONE, sizes[what] / ALONE) for what in asked}


async def _together(
    server: Server, tokens: list[str], who: list[Person], options: argparse.Namespace
) -> dict[str, list[float]]:
    """How long each answer took, by what was asked."""
    waits: dict[str, list[float]] = defaultdict(list)
    until = time.perf_counter() + options.seconds
    drawn = random.Random(7)

    async def work(token: str) -> None:
        line = Line(server.port, f"cookie: {COOKIE}={token}\r\n")
        await asyncio.sleep(drawn.uniform(0, options.think))
        while time.perf_counter() < until:
            one = drawn.choice(who)
            for what in ("search", "customer"):
                begun = time.perf_counter()
                status = await OURS[what][0](line, one)
                waits[what].append(time.perf_counter() - begun)
                assert status == 200, (what, status)
                await asyncio.sleep(drawn.uniform(0.5, 1.5) * options.think)

    await asyncio.gather(*(work(token) for token in tokens))
    return waits


def _people(store: Database) -> list[Person]:
    with store.read() as tx:
        last = tx.scalar(sa.select(sa.func.max(customer.c.customer_id))) or 1
        numbers = random.Random(5).sample(range(1, last), min(DRAWN * 2, last - 1))
        wanted = sa.select(customer.c.customer_id, customer.c.name).where(
            customer.c.customer_id.in_(numbers), customer.c.merged_into.is_(None), customer.c.name.is_not(None)
        )
        found = [Person(customer_id=row.customer_id, name=row.name) for row in tx.execute(wanted)]
    random.Random(6).shuffle(found)
    return found[:DRAWN]


def _signed_in(store: Database, many: int) -> list[str]:
    """The tokens of so many sessions of one agent: hashing a password for each would measure that."""
    assert store.vault is not None
    office, at = Office(database=store, vault=store.vault), datetime.now(UTC)
    by, login = By(login="benchmark", at=at), f"agent-{time.time_ns()}"
    who, link = people.invite(office, login=login, name="", roles={Role.AGENT}, by=by)
    people.choose_password(office, link, "four words make one", by=by)
    with store.begin() as tx:
        return [sessions.start(tx, who.person_id, at=at, limits=LIMITS, whence=None, browser=None) for _ in range(many)]


@contextlib.contextmanager
def _serving(store: Database, home: Path) -> Iterator[Server]:
    """`kehu serve` over the store, as its folder's settings say."""
    url = store.engine.url.render_as_string(hide_password=False)
    text = f'[kehu]\nstore = "{url}"\n\n[serve]\nsearches_per_minute = 0\n'
    (home / "kehu.toml").write_text(text)
    with _started([str(KEHU), "serve", "--config", str(home), "--port", "0"]) as server:
        yield server


@contextlib.contextmanager
def _plain(url: str) -> Iterator[Server]:
    with _started([sys.executable, str(Path(__file__).with_name("plain.py")), url]) as server:
        yield server


@contextlib.contextmanager
def _started(command: list[str]) -> Iterator[Server]:
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = next(filter(None, (re.search(r"http://127\.0\.0\.1:(\d+)/", line) for line in process.stdout)), None)
        assert found, f"{command[0]} did not start"
        server = Server(port=int(found[1]), process=process, ready_s=0)
        with contextlib.suppress(OSError):
            asyncio.run(Line(server.port).ask("GET", "/readyz"))
        yield Server(port=server.port, process=process, ready_s=time.perf_counter() - begun)
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    if shutil.which(str(KEHU)) is None:
        raise SystemExit("make setup first")
    main()
