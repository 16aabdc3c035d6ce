"""Unsent: the statements that a transaction leaves for later, until something else is asked in it or it ends."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

WAITING = 200
"""When so many statements wait in a transaction they are done, whatever follows."""


def wait(tx: sa.Connection, statements: Sequence[Any]) -> list[Any]:
    """Let statements wait; returns all that wait now."""
    waiting: list[Any] = tx.get_execution_options()["once"].setdefault("unsent", [])
    waiting += statements
    return waiting


def taken(tx: sa.Connection) -> list[Any]:
    """What waits, in its order; it waits no longer."""
    waiting: list[Any] = tx.get_execution_options().get("once", _NOTHING).pop("unsent", [])
    return waiting


_NOTHING: dict[str, Any] = {}
