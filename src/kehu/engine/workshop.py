"""A stage at work in several processes: pieces of a table go out by pipe, and what is made of them comes back.

`multiprocessing` would run the caller's script a second time, and a notebook has none; this asks nothing of the caller.
"""

import importlib
import itertools
import queue
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

import pyarrow as pa

from kehu.engine import memory
from kehu.engine.engine import Stage
from kehu.model import arrow

PIECE = 50_000
"""How many rows are made at once: few enough that all processes end nearly together."""

Pieces = queue.SimpleQueue[tuple[int, pa.Table]]
"""What is still to be made, with its place in the table."""


class Workshop:
    """A stage, and helpers that load it while the caller still reads the table.

    Args:
        stage: What is made of tables.
        helpers: How many processes work beside the caller's own.
    """

    def __init__(self, stage: Stage, *, helpers: int) -> None:
        self._stage = stage
        self._helpers = [_Helper(stage) for _ in range(helpers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for helper in self._helpers:
            helper.dismiss()

    def make(self, table: pa.Table) -> pa.Table:
        """What the stage makes of a table, in its order. A workshop makes one table and closes."""
        pieces: Pieces = queue.SimpleQueue()
        for place, start in enumerate(range(0, table.num_rows, PIECE)):
            pieces.put((place, table.slice(start, PIECE)))
        done: dict[int, pa.Table] = {}
        with ThreadPoolExecutor(2 * len(self._helpers) or 1) as waiting:
            # Each helper is fed and emptied by two threads: with one, both ends of a full pipe would wait for ever.
            handed = [waiting.submit(helper.feed, pieces, table.schema) for helper in self._helpers]
            handed += [waiting.submit(helper.collect, done) for helper in self._helpers]
            try:
                for place, piece in _taken(pieces):
                    done[place] = self._stage(piece)
            finally:
                for _ in _taken(pieces):  # Where one piece failed, nobody needs to begin another.
                    pass
            for one in handed:
                one.result()
        return pa.concat_tables(done[place] for place in sorted(done)) if done else self._stage(table)


class _Helper:
    """A process that makes piece after piece."""

    def __init__(self, stage: Stage) -> None:
        self._stage = f"{stage.__module__}.{stage.__qualname__}"
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process is
        command = [sys.executable, "-m", "kehu.engine.workshop", stage.__module__, stage.__qualname__]
        self._process = subprocess.Popen(  # noqa: S603 - our own
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said
        )
        self._places: list[int] = []

    def feed(self, pieces: Pieces, schema: pa.Schema) -> None:
        """Hand it pieces as long as there are any; the next one waits in the pipe while it works."""
        assert self._process.stdin is not None
        try:
            with self._process.stdin as pipe, pa.ipc.new_stream(pipe, schema) as stream:
                for place, piece in _taken(pieces):
                    self._places.append(place)
                    stream.write_table(piece)
        except OSError as error:
            raise self._failure() from error

    def collect(self, done: dict[int, pa.Table]) -> None:
        """Take what it makes, by place."""
        try:
            with pa.ipc.open_stream(self._process.stdout) as stream:
                for number, batch in enumerate(stream):
                    done[self._places[number]] = pa.Table.from_batches([batch])
        except (OSError, pa.ArrowInvalid) as error:
            raise self._failure() from error

    def dismiss(self) -> None:
        """End the process, whatever it does."""
        with self._process, self._said:
            self._process.kill()

    def _failure(self) -> RuntimeError:
        """What the process complained of; it has ended, or its pipes would stand."""
        code = self._process.wait()
        self._said.seek(0)
        return RuntimeError(f"{self._stage} ended with code {code}:\n{self._said.read().decode(errors='replace')}")


def _taken(pieces: Pieces) -> Iterator[tuple[int, pa.Table]]:
    """The pieces that nobody else takes."""
    while True:
        try:
            place, piece = pieces.get_nowait()
        except queue.Empty:
            return
        yield place, piece.combine_chunks()


def _serve(stage: Stage) -> None:
    """Make every table that comes by standard input."""
    with pa.ipc.open_stream(sys.stdin.buffer) as given:
        tables = (pa.Table.from_batches([batch]) for batch in given)
        made = (stage(table).combine_chunks() for table in itertools.chain([given.schema.empty_table()], tables))
        empty = next(made)  # It tells the schema, and loads what the stage needs before its first piece.
        with pa.ipc.new_stream(sys.stdout.buffer, empty.schema) as answers:
            for table in made:
                answers.write_table(table)


if __name__ == "__main__":
    memory.keep()
    arrow.without_pandas()
    module, name = sys.argv[1:]
    _serve(getattr(importlib.import_module(module), name))
