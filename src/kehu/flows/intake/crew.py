"""A crew: processes that clean batches while the next are read.

Each helper is sent rows with our column names and answers with what became of them; which processes work, and how
many, changes nothing in the result. A helper hears no Ctrl-C and ends when its pipe does, so none outlives its run.
"""

import fcntl
import os
import signal
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
from typing import Self

import pyarrow as pa

from kehu.errors import KehuError
from kehu.flows.intake import helper
from kehu.flows.intake.helper import Cleaned
from kehu.model import arrow
from kehu.model.records import CLEAN, Batch
from kehu.process import distinct, households

WORTH_A_CREW = 40_000
"""A load of fewer rows is cleaned before helpers would be ready."""
SURELY_WORTH = 16 << 20
"""With so many bytes waiting, there will be so many rows: helpers get ready while the first are read."""
PIECE = 50_000
"""So many rows are sent to a helper at once: enough to have values in common, few enough to keep all of them busy."""
AHEAD = 150_000
"""About so many rows are read while some are waited for; it bounds the memory."""

_PIPE_BYTES = 1 << 20


Flat = Callable[[Batch], pa.Table]
"""Gives the rows of a batch our column names."""


def cleaned(flat: pa.Table, *, home: str, zone: str) -> Cleaned:
    """Clean rows here and now."""
    return helper.cleaned(flat, households.filled(flat), home=home, zone=zone)


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
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the helpers are
        pipes = [(os.pipe(), os.pipe()) for _ in range(helpers)]
        theirs = [end for (asked, _), (_, told) in pipes for end in (asked, told)]
        self._process = subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-m", helper.__name__, *map(str, theirs)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            pass_fds=theirs,
            process_group=0,  # Ctrl-C is for the run alone, which then ends its helpers.
        )
        for end in theirs:
            os.close(end)
        self._helpers = [_Helper(asked, told, self._failure) for (_, asked), (told, _) in pipes]
        self._idle: SimpleQueue[_Helper] = SimpleQueue()
        for one in self._helpers:
            self._idle.put(one)
        self._threads = ThreadPoolExecutor(helpers, thread_name_prefix="crew")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        # Whatever they do: who waits for an answer is told so.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._threads.shutdown()
        self._process.wait()
        for one in self._helpers:
            one.close()
        self._said.close()

    def order(self, flat: pa.Table, *, home: str, zone: str) -> "Order":
        """Have rows cleaned."""
        # A piece may lack values in a column that the whole has: that is no reason to leave the column out.
        given = {helper.HOME: home, helper.ZONE: zone, helper.COLUMNS: " ".join(households.filled(flat))}
        flat = flat.replace_schema_metadata(given)
        pieces = [flat.slice(start, PIECE) for start in range(0, flat.num_rows, PIECE)]
        return Order([self._threads.submit(self._made, piece) for piece in pieces])

    def _made(self, piece: pa.Table) -> pa.Table:
        one = self._idle.get()
        try:
            return one.made(piece)
        finally:
            self._idle.put(one)

    def _failure(self) -> RuntimeError:
        """What the helpers complained of."""
        self._said.seek(0)
        return RuntimeError(f"a helper ended:\n{self._said.read().decode(errors='replace')}")


@dataclass(frozen=True)
class Order:
    """Rows that are being cleaned, piece by piece."""

    pieces: list[Future[pa.Table]]

    def result(self, flat: pa.Table) -> Cleaned:
        """What became of them; waits for it."""
        whole = pa.concat_tables(piece.result() for piece in self.pieces).combine_chunks()
        stated = [name for name in whole.column_names if name.startswith(helper.STATED)]
        return Cleaned(
            flat=flat,
            clean=arrow.typed(whole, CLEAN),
            stated=whole.select(stated).rename_columns([name.removeprefix(helper.STATED) for name in stated])
            if stated
            else None,
            hashes=distinct.one_chunk(whole.column(helper.HASH)),
        )


class _Helper:
    """The pipes to and from a process that cleans what it is sent."""

    def __init__(self, asked: int, told: int, failure: Callable[[], Exception]) -> None:
        for end in (asked, told):
            # As large as Linux lets anybody have it: a table has some megabytes.
            with suppress(OSError):
                fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._asked, self._told = os.fdopen(asked, "wb"), os.fdopen(told, "rb")
        self._failure = failure

    def made(self, piece: pa.Table) -> pa.Table:
        """What it makes of a table."""
        with suppress(OSError):
            helper.send(piece, self._asked)
            if (answer := helper.received(self._told)) is not None:
                return answer
        raise self._failure()

    def close(self) -> None:
        """Let go of its pipes, which nobody uses any more."""
        for pipe in (self._told, self._asked):
            # What a pipe still holds for a process that is gone is lost.
            with suppress(OSError):
                pipe.close()
