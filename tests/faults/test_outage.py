"""Promises 1 and 9 over HTTP: the database is away for a while, under those who push records and those who look.

Clients do as the answers tell them: they come again after a 503 and send the same again. In the end everything that was
sent is stored, each once, and nobody had to start anything but the database.
"""

import contextlib
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from kehu.flows.upkeep import verify
from kehu.flows.upkeep.verify import Rules
from kehu.resolve.survivorship import DEFAULT
from kehu.store import database, loads, records
from kehu.store.database import Database
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

PATIENCE_S = 120
READERS = 18
"""More than a store opens connections: whoever gets none must be told so, too."""
RULES = Rules(trust={}, survivorship=DEFAULT)

Server = Any
"""`conftest.Server`, which cannot be imported from here."""


def stopped(server: Server, away_s: float) -> None:
    """It is shut down as for maintenance: who is at work is sent away."""
    server.stop()
    time.sleep(away_s)
    server.start()


def killed(server: Server, away_s: float) -> None:
    """It loses its power."""
    server.kill()
    time.sleep(away_s)
    server.start()


def frozen(server: Server, away_s: float) -> None:
    """It answers nobody, though its port is open, and goes on as if nothing had been."""
    os.killpg(server.process.pid, signal.SIGSTOP)
    time.sleep(away_s)
    os.killpg(server.process.pid, signal.SIGCONT)


class Clients:
    """Some who push records, one by one and in batches, and some who look; each goes on until it is told to stop."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._numbers = itertools.count()
        self._over = threading.Event()
        self.sent: set[str] = set()
        self.acknowledged: set[str] = set()
        self.seen = 0
        """How often somebody looked and saw."""
        self.refused: dict[str, int] = {"push": 0, "look": 0}
        self.wrong: list[str] = []
        """Answers that nobody should get."""
        work = [self._one, self._one, self._batch, *[self._look] * READERS]
        self._threads = [threading.Thread(target=self._until_over, args=(one,)) for one in work]
        for thread in self._threads:
            thread.start()

    def _until_over(self, work: Callable[[httpx.Client], None]) -> None:
        with httpx.Client(base_url=f"{self._address}/api/v1", timeout=PATIENCE_S) as client:
            try:
                while not self._over.is_set():
                    work(client)
            except httpx.TransportError as why:
                self.wrong.append(repr(why))

    def _asked(self, client: httpx.Client, what: str, path: str, body: dict[str, Any]) -> None:
        """Ask until it is answered."""
        while True:
            answer = client.post(path, json=body)
            if answer.status_code == 200:
                return
            wait_s = answer.headers.get("retry-after", "")
            if answer.status_code != 503 or not wait_s.isdigit() or answer.json()["status"] != 503:
                self.wrong.append(f"{path}: {answer.status_code}, Retry-After {wait_s!r}: {answer.text[:200]}")
                self._over.set()
                return
            self.refused[what] += 1
            # Not quite as long as it is told, so that a short outage is met more than once.
            time.sleep(min(int(wait_s), 0.5))

    def _row(self) -> dict[str, str]:
        number = next(self._numbers)
        self.sent.add(f"k{number}")
        return {"channel": "app", "record_id": f"k{number}", "name": "张伟", "phone": f"139{number:08d}"}

    def _one(self, client: httpx.Client) -> None:
        row = self._row()
        self._asked(client, "push", "/records", row)
        self.acknowledged.add(row["record_id"])

    def _batch(self, client: httpx.Client) -> None:
        rows = [self._row() for _ in range(3)]
        self._asked(client, "push", "/records/batch", {"records": rows})
        self.acknowledged.update(row["record_id"] for row in rows)

    def _look(self, client: httpx.Client) -> None:
        self._asked(client, "look", "/customers/search", {"q": "zhangwei"})
        self.seen += 1
        time.sleep(0.2)

    def wait_for_more(self) -> None:
        """Until more was acknowledged, and seen."""
        deadline = time.monotonic() + PATIENCE_S
        acknowledged, seen = len(self.acknowledged) + 10, self.seen + READERS
        while not self.wrong and (len(self.acknowledged) < acknowledged or self.seen < seen):
            assert time.monotonic() < deadline, f"nobody is served any more: {self.refused}"
            time.sleep(0.05)

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)


@contextlib.contextmanager
def served(folder: Path, where: str) -> Iterator[tuple[str, Database]]:
    """`kehu serve` on a new store: where it answers, and the store itself."""
    (folder / "kehu.toml").write_text(
        f'[kehu]\nstore = "{where}"\n[serve]\nopen_at_first = true\nsearches_per_minute = 0\n', encoding="utf-8"
    )
    keyring.write(folder / "kehu.key", keyring.made())
    store = replace(database.connect(where, folder=folder), vault=Vault(keyring.live(folder / "kehu.key")))
    database.migrate(store)
    command = [str(Path(sys.executable).with_name("kehu")), "serve", "--config", str(folder), "--port", "0"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            yield next(filter(None, (re.search(r"http://[\d.]+:\d+", line) for line in process.stdout)))[0], store
            assert process.poll() is None, "the program itself has died"
        finally:
            process.kill()
            store.close()


@pytest.mark.parametrize(
    ("away", "away_s"),
    [
        pytest.param(stopped, 3, id="stopped"),
        pytest.param(stopped, 30, marks=pytest.mark.faults, id="stopped long"),
        pytest.param(killed, 30, marks=pytest.mark.faults, id="killed"),
        pytest.param(frozen, 45, marks=pytest.mark.faults, id="frozen"),
    ],
)
@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_promise_9_a_database_that_is_away_costs_clients_patience_and_nothing_else(
    own_server: Callable[[str], Server], tmp_path: Path, kind: str, away: Callable[[Server, float], None], away_s: float
) -> None:
    server = own_server(kind)
    server.start()
    engine = sa.create_engine(server.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE kehu"))
    where = sa.make_url(server.url).set(database="kehu").render_as_string(hide_password=False)
    with served(tmp_path, where) as (address, store):
        clients = Clients(address)
        try:
            clients.wait_for_more()
            away(server, away_s)
            clients.wait_for_more()
        finally:
            clients.end()
        assert clients.wrong == []
        # Whoever meets a shut door is told so at once; whoever meets silence may have been heard after all.
        assert away is frozen or (clients.refused["push"] and clients.refused["look"])
        assert clients.acknowledged == clients.sent
        with store.read() as tx:
            stored = records.read(tx, columns=("record_id",))["record_id"].to_pylist()
            totals = loads.totals(tx)
        assert sorted(stored) == sorted(clients.sent)
        # What was sent again, and had been stored before its answer was lost, counts as a duplicate.
        assert totals.read == totals.accepted + totals.duplicate
        assert totals.accepted == len(stored)
        assert verify.verify(store, RULES, seal=None).findings == ()
