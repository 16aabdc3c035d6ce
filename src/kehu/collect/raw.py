"""Raw batches: what a channel gave, kept as it came, in closed files, before anything is made of it."""

import fcntl
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect import closed
from kehu.collect.closed import Wrap
from kehu.errors import SourceError
from kehu.model.records import POSITION, Batch

HASH = "source_hash"
"""Column of a raw file: the fingerprint of the row's content, which the store keys; null for an unread row."""

UNREAD = "source_unread"
"""Column of a raw file: the text of a row that could not be read into columns; null for the others."""


def keep(batch: Batch, path: Path, *, hashes: pa.Array, wrap: Wrap) -> None:
    """Write a batch as Parquet; whole and safe on the disk, or not at all.

    Args:
        batch: The batch.
        path: The file; its folder is made.
        hashes: The fingerprint of each row of the batch (binary 16).
        wrap: Who keeps the key of the file.

    Raises:
        SourceError: It cannot be written.
    """
    rows = batch.rows.append_column(HASH, hashes).append_column(UNREAD, pa.nulls(batch.rows.num_rows, pa.string()))
    unread = pa.table(
        {
            POSITION: pa.array([row.position for row in batch.bad], pa.string()),
            UNREAD: pa.array([row.raw for row in batch.bad], pa.string()),
        }
    )
    # The cursor stands in the file, so what is kept can be laid beside the loads of the store.
    table = pa.concat_tables([rows, unread], promote_options="default")
    table = table.replace_schema_metadata({"kehu.cursor": batch.cursor or ""})
    _write(table, path, wrap)


def _write(table: pa.Table, path: Path, wrap: Wrap) -> None:
    half = path.with_suffix(".half")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with half.open("wb") as stream:
            closed.write(table, stream, wrap)
            stream.flush()
            os.fsync(stream.fileno())
        half.replace(path)
        _sync(path.parent)
    except OSError as why:
        forget(half)
        raise SourceError(f"{path}: the raw batch cannot be kept: {why.strerror or why}") from None


def files(folder: Path, channel: str, load: int | None = None) -> Iterator[Path]:
    """The raw files of a channel, or of one of its loads."""
    below = folder / channel
    yield from sorted(below.glob("*/*.parquet" if load is None else f"{load:06d}/*.parquet"))


def contents(path: Path, wanted: Mapping[str, Sequence[str | None]], *, wrap: Wrap) -> list[str]:
    """What tells the content of some rows from any other; the same content tells the same in every file.

    Args:
        path: A raw file.
        wanted: Positions of rows, and the keys that the rows there may have (None: it could not be read). Where several
            rows stand at one position, those are taken that name the key.
        wrap: Who keeps the key of the file.
    """
    marks = closed.read(path, wrap, columns=[POSITION, HASH, UNREAD])
    there = np.flatnonzero(pc.is_in(marks[POSITION], value_set=pa.array(list(wanted), pa.string())).to_numpy())
    if not len(there):
        return []
    named = _contents(marks)
    rows = closed.read(path, wrap).take(pa.array(there)).to_pylist()
    at = [row[POSITION] for row in rows]
    return [
        named[place]
        for place, row in zip(there.tolist(), rows, strict=True)
        if at.count(row[POSITION]) == 1 or any(key is None or key in row.values() for key in wanted[row[POSITION]])
    ]


def every(folder: Path) -> list[Path]:
    """All raw files."""
    return sorted(folder.glob("*/*/*.parquet"))


def closed_by(folder: Path, *, wrap: Wrap) -> Counter[int]:
    """How many raw files each key closed; open ones, as an older kehu kept them, do not count."""
    return Counter(number for path in every(folder) if (number := closed.number(path, wrap)) is not None)


def close_anew(path: Path, *, wrap: Wrap) -> bool:
    """Write a raw file anew where its key is not wrapped as it would be today; returns whether it was.

    Args:
        path: The file.
        wrap: Who keeps the keys, old ones too.

    Raises:
        SourceError: It cannot be read or written; it is as it was.
    """
    with _alone(path.parent):
        if not path.exists() or closed.number(path, wrap) == wrap.number:
            return False
        _write(closed.read(path, wrap), path, wrap)
        return True


def purge(path: Path, are_gone: Callable[[Sequence[str]], Sequence[bool]], *, wrap: Wrap) -> int:
    """Write a raw file anew without some rows, or take it away where none is left; returns how many went.

    Args:
        path: The file.
        are_gone: Of the `contents` of rows, which shall not stay.
        wrap: Who keeps the key of the file.

    Raises:
        SourceError: It cannot be written; it is as it was.
    """
    with _alone(path.parent):
        if not path.exists():
            return 0
        gone = np.asarray(are_gone(_contents(closed.read(path, wrap, columns=[HASH, UNREAD]))), bool)
        if not gone.any():
            return 0
        if gone.all():
            forget(path)
            return len(gone)
        _write(closed.read(path, wrap).filter(pa.array(~gone)), path, wrap)
        return int(gone.sum())


def _contents(marks: pa.Table) -> list[str]:
    """The fingerprint of each row, or the text of one that could not be read."""
    return [
        text if mark is None else mark.hex()
        for mark, text in zip(marks[HASH].to_pylist(), marks[UNREAD].to_pylist(), strict=True)
    ]


def forget(path: Path) -> None:
    """Take a raw file away, as far as it can be: its batch was not stored."""
    with suppress(OSError):
        path.unlink()


@contextmanager
def kept_with_batches() -> Iterator[list[Path]]:
    """A list for the raw files that a transaction's batches are kept in; where the block raises, they are taken away.

    The block must end before its transaction: whether a commit whose answer was lost was done, nobody knows. A file too
    many is written over by the next load, which gets the same number; one too few would be lost for ever.
    """
    kept: list[Path] = []
    try:
        yield kept
    except BaseException:
        for path in kept:
            forget(path)
        raise


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Be the only one who writes files of a folder anew: else what was purged from one might be brought back."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    """Make a rename in a folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
