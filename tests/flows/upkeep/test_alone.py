"""Alone: one run at a time, in real stores and real processes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from kehu.errors import ConflictError
from kehu.flows.progress import SILENT
from kehu.flows.upkeep.alone import alone
from kehu.store import contents, leases
from kehu.store.database import Database
from kehu.store.leases import Lease

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def now() -> datetime:
    return NOW


def dump(store: Database) -> list[str]:
    with store.read() as tx:
        return list(contents.lines(tx))


def held_by(store: Database, host: str, process: int, expires_at: datetime) -> None:
    with store.begin() as tx:
        held = Lease(name="run", token="x", host=host, process=process, taken_at=NOW, expires_at=expires_at)
        leases.take(tx, held, is_gone=lambda _: False)


@contextmanager
def finished_process() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    yield process.pid


def test_a_second_run_is_told_who_is_at_work(store: Database) -> None:
    with alone(store, "run", clock=now):
        told = pytest.raises(ConflictError, match=r"process \d+ on .* since 2026-11-22 08:30:00 UTC")
        with told, alone(store, "run", clock=now):
            pytest.fail("two at a time")
        with alone(store, "report", clock=now):
            pass
    with alone(store, "run", clock=now):
        pass


def test_a_lease_leaves_no_trace_also_where_the_work_fails(store: Database) -> None:
    before = dump(store)
    with pytest.raises(KeyboardInterrupt), alone(store, "run", clock=now):
        raise KeyboardInterrupt
    assert dump(store) == before


def test_a_lease_of_another_machine_runs_out(store: Database) -> None:
    held_by(store, "elsewhere", 1, NOW + timedelta(seconds=1))
    with pytest.raises(ConflictError), alone(store, "run", clock=now):
        pytest.fail("it is held")
    with alone(store, "run", clock=lambda: NOW + timedelta(seconds=1)):
        pass


def test_the_lease_of_a_killed_run_of_this_machine_is_taken_at_once(store: Database) -> None:
    with alone(store, "run", clock=now), store.read() as tx:
        host = tx.exec_driver_sql("SELECT host FROM lease").scalar()
    with finished_process() as process:
        held_by(store, str(host), process, NOW + timedelta(hours=1))
    with alone(store, "run", clock=now):
        pass


def test_a_run_at_work_renews_its_lease(store: Database) -> None:
    times = iter([NOW, *[NOW + timedelta(minutes=number) for number in range(1, 10_000)]])
    with alone(store, "run", clock=lambda: next(times), beat_s=0.01):
        for _ in range(1000):
            with store.read() as tx:
                expires = leases._held(tx, "run")
            assert expires is not None
            if expires.expires_at > NOW + timedelta(minutes=5):
                return
    pytest.fail("it was never renewed")


def test_a_run_that_lost_its_lease_goes_no_step_further(store: Database) -> None:
    with alone(store, "run", clock=now, beat_s=0.01) as guard:
        progress = guard.watched(SILENT)
        progress.step("store")
        with store.begin() as tx:
            tx.exec_driver_sql("UPDATE lease SET token = 'another'")
        assert guard.is_lost.wait(20)
        with pytest.raises(ConflictError, match="taken its place"):
            progress.step("store")
    with store.begin() as tx:
        held = leases._held(tx, "run")
    assert held is not None
    assert held.token == "another"
