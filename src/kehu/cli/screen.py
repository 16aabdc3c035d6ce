"""What a command shows: progress and remarks on stderr, results on stdout."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

FILE_WIDTH = 240
"""Columns of a table that is written to a file or a pipe."""

stdout = Console(soft_wrap=True, highlight=False)
"""Results, for people."""
stderr = Console(stderr=True, soft_wrap=True, highlight=False)
"""Progress, remarks and errors."""


def print_table(table: Table) -> None:
    """Print a table, as wide as the terminal is."""
    console = stdout if stdout.is_terminal else Console(width=FILE_WIDTH, highlight=False)
    console.print(table)


def complain(why: Exception) -> None:
    """Say on stderr what kehu refuses."""
    stderr.print(f"[red]kehu:[/] {escape(str(why))}")


def print_text(text: str) -> None:
    """Print a text as it is: nothing in it is markup, no line is broken."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_json(answer: Mapping[str, Any]) -> None:
    """Print the one JSON object that `--json` promises, as one line."""
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


class Watched:
    """A `flows.progress.Progress` that draws bars on stderr and keeps the seconds of every step."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._name = ""
        self._step: str | None = None
        self._since = time.perf_counter()
        self.seconds: dict[tuple[str, str], float] = {}
        """Task and step -> the seconds spent in it."""

    def task(self, name: str, total: int | None = None) -> None:
        """Draw another bar."""
        self._finish_task()
        self._task, self._name = self._bars.add_task(name, total=total, step="", rows=""), name

    def step(self, name: str) -> None:
        """Say what is being done, and start to count its seconds."""
        self._finish_step()
        self._step = name
        if self._task is not None:
            self._bars.update(self._task, step=name)

    def advance(self, rows: int) -> None:
        """Move the bar."""
        if self._task is not None:
            self._bars.advance(self._task, rows)
            self._bars.update(self._task, rows=f"{self._done():,.0f} rows")

    def finish(self) -> None:
        """Close the open step and the open task."""
        self._finish_task()

    def _finish_step(self) -> None:
        now = time.perf_counter()
        if self._step is not None:
            key = (self._name, self._step)
            self.seconds[key] = self.seconds.get(key, 0.0) + now - self._since
        self._since, self._step = now, None

    def _finish_task(self) -> None:
        self._finish_step()
        if self._task is not None:
            self._bars.update(self._task, step="", total=self._done())
            self._task = None

    def _done(self) -> float:
        assert self._task is not None
        return self._bars.tasks[self._bars.task_ids.index(self._task)].completed


@contextmanager
def watched() -> Iterator[Watched]:
    """Bars on stderr while the block works; nothing is drawn where stderr is no terminal."""
    columns = (
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[rows]}"),
        TextColumn("[dim]{task.fields[step]}"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=stderr) as bars:
        progress = Watched(bars)
        yield progress  # Where the block fails, the task it failed in stays unfinished on the screen.
        progress.finish()
