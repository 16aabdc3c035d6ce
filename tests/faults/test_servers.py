"""Promises 1, 3 and 9 where the database server dies under its writers, or is away for a while.

Whoever writes is refused in words, nothing that was acknowledged is lost, and once the server is back the same program
goes on by itself.
"""

import itertools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from kehu.engine.few import Few
from kehu.errors import StoreError
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.upkeep import verify
from kehu.flows.upkeep.verify import Rules
from kehu.resolve import model as models
from kehu.resolve.survivorship import DEFAULT
from kehu.store import database, records
from kehu.store.database import Database
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

CLOCK = datetime(2026, 1, 5, 8, tzinfo=UTC)
WRITERS = 3
PATIENCE_S = 60
RULES = Rules(trust={}, survivorship=DEFAULT)


class Writers:
    """Some who send records one after another, and go on whatever happens."""

    def __init__(self, store: Database, desk: Desk) -> None:
        self._store, self._desk = store, desk
        self._numbers = itertools.count()
        self._over = threading.Event()
        self.acknowledged: set[str] = set()
        self.sent: set[str] = set()
        self.refused: list[str] = []
        self.broken: list[BaseException] = []
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def _write(self) -> None:
        while not self._over.is_set():
            number = next(self._numbers)
            key = f"k{number}"
            self.sent.add(key)
            row = {"channel": "app", "record_id": key, "name": "张伟", "phone": f"139{number:08d}"}
            try:
                arrive.one(self._store, self._desk, row)
            except StoreError as why:
                self.refused.append(str(why))
                time.sleep(0.05)
            except BaseException as why:  # noqa: BLE001 - told below
                self.broken.append(why)
                return
            else:
                self.acknowledged.add(key)

    def wait_for(self, more: int) -> None:
        """Until so many more were acknowledged."""
        wanted, deadline = len(self.acknowledged) + more, time.monotonic() + PATIENCE_S
        while len(self.acknowledged) < wanted and not self.broken:
            assert time.monotonic() < deadline, f"nobody writes any more: {self.refused[-1:]}"
            time.sleep(0.02)

    def wait_for_refusal(self, after: int) -> None:
        """Until somebody was refused, beside so many before."""
        deadline = time.monotonic() + PATIENCE_S
        while len(self.refused) <= after and not self.broken:
            assert time.monotonic() < deadline, "nobody is told that the store is away"
            time.sleep(0.02)

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        assert self.broken == []


def made(server: Any, tmp_path: Path) -> Database:
    """A store on a server of our own."""
    engine = sa.create_engine(server.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE kehu"))
    url = sa.make_url(server.url).set(database="kehu").render_as_string(hide_password=False)
    store = replace(database.connect(url, folder=tmp_path), vault=Vault(keyring.made()))
    database.migrate(store)
    return store


def desk_in(folder: Path) -> Desk:
    ticks = itertools.count()  # Who belongs to whom is told once a moment: a clock that stands still has only one.
    return Desk(
        engine=Few(), model=models.shipped(), home="CN", trust={}, hot_key_limit=100, mappings={}, rules={},
        raw_in=folder / "raw", clock=lambda: CLOCK + timedelta(seconds=next(ticks)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kills", "away_s"),
    [pytest.param(1, 3, id="once"), pytest.param(5, 30, marks=pytest.mark.faults, id="often and long")],
)
@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_a_server_that_dies_under_its_writers_loses_nothing_and_they_go_on(
    own_server: Callable[[str], Any], tmp_path: Path, chance: random.Random, kind: str, kills: int, away_s: int
) -> None:
    server = own_server(kind)
    server.start()
    store = made(server, tmp_path)
    writers = Writers(store, desk_in(tmp_path))
    try:
        for number in range(kills):
            writers.wait_for(chance.randint(5, 30))
            before = len(writers.refused)
            server.kill()
            # Away for long once; while it is, everybody is refused in words.
            time.sleep(away_s if number == 0 else 0.5)
            writers.wait_for_refusal(before)
            server.start()
            writers.wait_for(10)
    finally:
        writers.end()
    with store.read() as tx:
        stored = set(records.read(tx, columns=("record_id",))["record_id"].to_pylist())
    assert writers.acknowledged <= stored <= writers.sent
    assert len(stored - writers.acknowledged) <= WRITERS * (kills + 1)  # What was in flight.
    assert all(why.startswith("store ") for why in writers.refused)
    assert verify.verify(store, RULES, seal=None).findings == ()
    store.close()
