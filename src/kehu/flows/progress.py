"""How a flow tells how far it has come: tasks in a row, each with steps, counted in rows.

A flow never prints. It calls a `Progress`; the command line draws bars with it and keeps the seconds of every
step, the web application shows it, and `SILENT` throws it away.
"""

from typing import Protocol


class Progress(Protocol):
    """Somebody who wants to know how far a flow has come."""

    def task(self, name: str, total: int | None = None) -> None:
        """A new task begins (`online`, `identify`), and the one before is done; `total` rows where it is known."""

    def step(self, name: str) -> None:
        """The task begins a step, or comes back to it (`collect`, `process`, `store`)."""

    def advance(self, rows: int) -> None:
        """So many more rows of the task are done."""


class _Silent:
    """Tells nobody."""

    def task(self, name: str, total: int | None = None) -> None:
        del name, total

    def step(self, name: str) -> None:
        del name

    def advance(self, rows: int) -> None:
        del rows


SILENT: Progress = _Silent()
"""For callers who do not want to know."""
