import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from kehu.collect.town import town
from kehu.errors import SourceError
from kehu.flows.intake import crew, intake
from kehu.flows.intake.intake import Feed
from kehu.flows.intake.judged import Judged
from kehu.model.records import POSITION, Batch
from kehu.process.mapping import Mapping

COLUMNS = ("record_id", "name", "id_number", "phone", "address", "birth_date", "updated_at", "msisdn", "role")
MAPPING = Mapping.model_validate({name: name for name in COLUMNS})
PEOPLE = town.make(6_000, seed=3).records


class Given:
    """A channel that hands on what it was given, and then may fail."""

    name = "hall"

    def __init__(self, batches: list[Batch], failure: Exception | None = None) -> None:
        self._batches = batches
        self._failure = failure

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        yield from self._batches
        if self._failure:
            raise self._failure

    def sample(self, rows: int) -> Batch:
        return self._batches[0]


def batch(start: int, rows: int) -> Batch:
    people = PEOPLE.slice(start, rows).select([name for name in COLUMNS if name in PEOPLE.column_names])
    size = people.num_rows
    people = people.append_column(
        "msisdn", pa.array(["139 1234 5678" if row < size // 3 else None for row in range(size)])
    )
    people = people.append_column("role", pa.array(["机主" if row > size // 2 else None for row in range(size)]))
    people = people.append_column(POSITION, pa.array([f"a.csv:{start + row}" for row in range(size)]))
    return Batch(rows=people, cursor=str(start + rows))


BATCHES = [batch(start, 1_500) for start in range(0, 6_000, 1_500)]
NOTHING = Batch(rows=pa.table({}), cursor="9")


@pytest.fixture(autouse=True)
def few_rows_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "WORTH_A_CREW", 2_000)
    monkeypatch.setattr(crew, "PIECE", 400)
    monkeypatch.setattr(crew, "AHEAD", 3_000)


def judged(feed: Feed, threads: int) -> list[Judged]:
    return list(intake.judged_batches(feed, after=None, home="CN", threads=threads))


def test_how_many_processes_clean_changes_nothing() -> None:
    feed = Feed(channel=Given([*BATCHES[:3], NOTHING, BATCHES[3]]), mapping=MAPPING)
    alone, together = judged(feed, 1), judged(feed, 2)
    assert len(alone) == len(together) == 5
    for one, other in zip(alone, together, strict=True):
        for name in ("clean", "faulty", "stated", "standing", "broke"):
            mine, its = getattr(one, name), getattr(other, name)
            assert (mine is None) == (its is None), name
            assert mine is None or (mine.schema.equals(its.schema) and mine.equals(its)), name
        assert one.hashes.equals(other.hashes)
        assert one.batch is other.batch


def test_what_was_read_before_an_error_comes_before_it() -> None:
    feed = Feed(channel=Given(BATCHES, SourceError("the line is dead")), mapping=MAPPING)
    batches = intake.judged_batches(feed, after=None, home="CN", threads=2)
    assert [next(batches).read for _ in BATCHES] == [1_500] * 4
    with pytest.raises(SourceError, match="the line is dead"):
        next(batches)


def test_few_rows_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "WORTH_A_CREW", 10_000)
    feed = Feed(channel=Given(BATCHES), mapping=MAPPING)
    for _ in intake.judged_batches(feed, after=None, home="CN", threads=2):
        assert helpers_of(os.getpid()) == []


def test_helpers_get_ready_where_much_is_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    class Weighed(Given):
        def waiting(self, *, after: str | None) -> int:
            return 17 << 20 if after is None else 0

    monkeypatch.setattr(crew, "WORTH_A_CREW", 10_000)
    feed = Feed(channel=Weighed(BATCHES), mapping=MAPPING)
    counts = []
    for after in (None, "6000"):
        with closing(intake.judged_batches(feed, after=after, home="CN", threads=2)) as batches:
            next(batches)
            counts.append(len(helpers_of(os.getpid())) > 0)
    assert counts == [True, False]


def test_a_run_that_is_given_up_leaves_no_helper() -> None:
    feed = Feed(channel=Given(BATCHES), mapping=MAPPING)
    batches = intake.judged_batches(feed, after=None, home="CN", threads=2)
    for _ in range(2):
        next(batches)
    assert len(helpers_of(os.getpid())) == 2
    batches.close()
    assert helpers_of(os.getpid()) == []


def test_a_helper_ends_with_its_run() -> None:
    script = (
        "import time; from kehu.flows.intake.crew import Crew; "
        "crew = Crew(2); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        run.stdout.readline()
        until = time.monotonic() + 20
        while len(helpers := helpers_of(run.pid)) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        run.send_signal(signal.SIGKILL)
    assert len(helpers) == 2
    until = time.monotonic() + 20
    while any(is_alive(helper) for helper in helpers) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(is_alive(helper) for helper in helpers)


def test_a_helper_that_fails_says_why() -> None:
    with crew.Crew(1) as one, pytest.raises(RuntimeError, match="No time zone found with key Nowhere"):
        one.order(pa.table({"record_id": ["1"]}), home="CN", zone="Nowhere").result(pa.table({}))


def helpers_of(parent: int) -> list[int]:
    """The helpers among the processes that a process, or one of its own, has started."""
    try:
        children = [
            int(child)
            for task in Path(f"/proc/{parent}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:  # It has ended in between.
        return []
    below = [each for child in children for each in (child, *helpers_of(child))]
    return [process for process in below if is_alive(process) and b"kehu.flows.intake.helper" in command_of(process)]


def command_of(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
