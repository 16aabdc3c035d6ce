"""A crew: processes that clean batches while the next are read.

Each helper is sent rows with our column names and answers with what became of them; which processes work, and how
many, changes nothing in the result. A helper hears no Ctrl-C and ends when its pipe does, so none outlives its run.
"""

import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import accumulate
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Self

import pyarrow as pa

from kehu.engine import memory
from kehu.errors import KehuError
from kehu.model.records import CLEAN, Batch
from kehu.process import clean, households, mapping

WORTH_A_CREW = 40_000
"""A load of fewer rows is cleaned before helpers would be ready."""
SURELY_WORTH = 16 << 20
"""With so many bytes waiting, there will be so many rows: helpers get ready while the first are read."""
PIECE = 25_000
"""So many rows are sent to a helper at once: enough to have values in common, few enough to keep all of them busy."""
AHEAD = 150_000
"""About so many rows are read while some are waited for; it bounds the memory."""

_STATED = "stated."
_HASH = "hash"


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """What became of the rows of a batch."""

    flat: pa.Table
    """The rows with our column names, dirty as they came."""
    clean: pa.Table
    """`CLEAN`."""
    stated: pa.Table | None
    """What they say beside their customer; None where they have no such column."""
    hashes: pa.Array
    """The fingerprint of each row."""


Flat = Callable[[Batch], pa.Table]
"""Gives the rows of a batch our column names."""


def cleaned(flat: pa.Table, *, home: str, zone: str) -> Cleaned:
    """Clean rows here and now."""
    return _cleaned(flat, households.filled(flat), home=home, zone=zone)


def cleaned_as_one(tables: Sequence[pa.Table], *, home: str, zone: str) -> list[Cleaned]:
    """Clean the rows of several tables with the same columns; that costs little more than those of one."""
    if len(tables) < 2:
        return [cleaned(flat, home=home, zone=zone) for flat in tables]
    made = cleaned(pa.concat_tables(tables).combine_chunks(), home=home, zone=zone)
    ends = list(accumulate(flat.num_rows for flat in tables))
    return [
        Cleaned(
            flat=flat,
            clean=made.clean.slice(end - flat.num_rows, flat.num_rows),
            stated=None if made.stated is None else made.stated.slice(end - flat.num_rows, flat.num_rows),
            hashes=made.hashes.slice(end - flat.num_rows, flat.num_rows),
        )
        for flat, end in zip(tables, ends, strict=True)
    ]


def _cleaned(flat: pa.Table, columns: tuple[str, ...], *, home: str, zone: str) -> Cleaned:
    records = clean.clean(flat, home=home, zone=zone)
    stated = households.clean(flat, records, home=home, zone=zone, columns=columns)
    return Cleaned(flat=flat, clean=records, stated=stated, hashes=mapping.fingerprints(flat))


def cleaned_ahead(
    batches: Iterator[Batch], flat: Flat, *, home: str, zone: str, threads: int, waiting: int = 0
) -> Generator[tuple[Batch, Cleaned | None]]:
    """Every batch with what became of its rows, in order; None for one without rows.

    Where the rows are many, as many helpers as threads clean them while the next are read. What goes wrong in reading
    is raised behind the batches that were read before it.

    Args:
        batches: What is read.
        flat: Gives them our column names.
        home: The country whose numbers and addresses are at home.
        zone: The time zone of times that state no offset.
        threads: How many helpers there may be.
        waiting: About how many bytes there are to read, where that is known before.
    """
    with ExitStack() as stack:
        crew = stack.enter_context(Crew(threads)) if threads > 1 and waiting >= SURELY_WORTH else None
        ahead: deque[tuple[Batch, pa.Table, Order | None]] = deque()
        count, failure = 0, None
        while True:
            try:
                if (batch := next(batches, None)) is None:
                    break
                given = flat(batch) if batch.rows.num_rows else pa.table({})
            except KehuError as why:
                failure = why
                break
            count += given.num_rows
            if crew is None and threads > 1 and count >= WORTH_A_CREW:
                crew = stack.enter_context(Crew(threads))
            if crew is None:
                yield batch, cleaned(given, home=home, zone=zone) if given.num_rows else None
                continue
            ahead.append((batch, given, crew.order(given, home=home, zone=zone) if given.num_rows else None))
            while len(ahead) > 1 and sum(rows.num_rows for _, rows, _ in ahead) > AHEAD:
                yield _done(*ahead.popleft())
        while ahead:
            yield _done(*ahead.popleft())
        if failure is not None:
            raise failure


def _done(batch: Batch, flat: pa.Table, order: "Order | None") -> tuple[Batch, Cleaned | None]:
    return batch, None if order is None else order.result(flat)


class Crew:
    """Helpers, and what they are to do.

    Args:
        helpers: How many processes.
    """

    def __init__(self, helpers: int) -> None:
        self._helpers = [_Helper() for _ in range(helpers)]
        self._idle: SimpleQueue[_Helper] = SimpleQueue()
        for helper in self._helpers:
            self._idle.put(helper)
        self._threads = ThreadPoolExecutor(helpers, thread_name_prefix="crew")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for helper in self._helpers:
            helper.end()
        self._threads.shutdown()
        for helper in self._helpers:
            helper.close()

    def order(self, flat: pa.Table, *, home: str, zone: str) -> "Order":
        """Have rows cleaned."""
        # A piece may lack values in a column that the whole has: that is no reason to leave the column out.
        given = {"home": home, "zone": zone, "columns": " ".join(households.filled(flat))}
        flat = flat.replace_schema_metadata(given)
        pieces = [flat.slice(start, PIECE) for start in range(0, flat.num_rows, PIECE)]
        return Order([self._threads.submit(self._made, piece) for piece in pieces])

    def _made(self, piece: pa.Table) -> pa.Table:
        helper = self._idle.get()
        try:
            return helper.made(piece)
        finally:
            self._idle.put(helper)


@dataclass(frozen=True)
class Order:
    """Rows that are being cleaned, piece by piece."""

    pieces: list[Future[pa.Table]]

    def result(self, flat: pa.Table) -> Cleaned:
        """What became of them; waits for it."""
        whole = pa.concat_tables(piece.result() for piece in self.pieces).combine_chunks()
        stated = [name for name in whole.column_names if name.startswith(_STATED)]
        return Cleaned(
            flat=flat,
            clean=whole.select(CLEAN.names).cast(CLEAN),
            stated=whole.select(stated).rename_columns([name.removeprefix(_STATED) for name in stated])
            if stated
            else None,
            hashes=whole.column(_HASH).combine_chunks(),
        )


class _Helper:
    """A process that cleans what it is sent."""

    def __init__(self) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process is
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kehu.flows.crew"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            process_group=0,  # Ctrl-C is for the run alone, which then ends its helpers.
        )

    def made(self, piece: pa.Table) -> pa.Table:
        """What it makes of a table."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _send(piece, self._process.stdin)
            if (answer := _received(self._process.stdout)) is not None:
                return answer
        except OSError:
            pass
        code = self._process.wait()
        self._said.seek(0)
        raise RuntimeError(f"a helper ended with code {code}:\n{self._said.read().decode(errors='replace')}")

    def end(self) -> None:
        """End the process, whatever it does; who waits for its answer is told so."""
        self._process.kill()

    def close(self) -> None:
        """Let go of its pipes, which nobody uses any more."""
        # What a pipe still holds for a process that is gone is lost.
        with self._said, suppress(OSError), self._process:
            pass


def _send(table: pa.Table, pipe: IO[bytes]) -> None:
    """Write a table behind its length: the columns of two tables need not be the same, so it is a stream for each."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    packed = sink.getvalue()
    pipe.write(packed.size.to_bytes(8, "big"))
    pipe.write(packed)
    pipe.flush()


def _received(pipe: IO[bytes]) -> pa.Table | None:
    """The next table; None where no more come."""
    size = int.from_bytes(pipe.read(8), "big")
    packed = pipe.read(size)
    return pa.ipc.open_stream(packed).read_all() if size and len(packed) == size else None


def _answer(flat: pa.Table) -> pa.Table:
    """What became of rows, in one table."""
    given = {key.decode(): value.decode() for key, value in flat.schema.metadata.items()}
    made = _cleaned(flat, tuple(given["columns"].split()), home=given["home"], zone=given["zone"])
    answer = made.clean.append_column(_HASH, made.hashes)
    for field, column in zip(made.stated.schema, made.stated.columns, strict=True) if made.stated is not None else ():
        answer = answer.append_column(_STATED + field.name, column)
    return answer


def _work() -> None:
    """Answer every table that comes by standard input."""
    while (flat := _received(sys.stdin.buffer)) is not None:
        _send(_answer(flat), sys.stdout.buffer)


if __name__ == "__main__":
    memory.keep()
    _work()
