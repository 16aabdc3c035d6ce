"""What every reader of a file takes and gives: a document, and the pieces of rows read from it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from kehu.model.records import BadRow

PIECE_ROWS = 50_000
"""About as many rows as a reader puts into one piece."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """The bytes of one table: a file, or what lies packed inside one."""

    name: str
    """For people: `hall.csv`, `june.zip/hall.csv`."""
    open: Callable[[], BinaryIO]
    """A new stream from its first byte on; may not be able to seek."""
    path: Path | None = None
    """The file itself, where the document is not packed."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Some consecutive rows of a document."""

    rows: pa.Table
    """Text columns and `POSITION`."""
    bad: tuple[BadRow, ...]
    """Rows between them that could not be read."""
    done: int
    """How many lines or rows of the document are read so far: what to skip when resuming."""
