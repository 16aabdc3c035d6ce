"""Raw batches: what a channel gave, kept as it came, before anything is made of it."""

import os
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kehu.errors import SourceError
from kehu.model.records import POSITION, Batch

HASH = "source_hash"
"""Column of a raw file: the fingerprint of the row's content, as the store has it; null for an unread row."""

UNREAD = "source_unread"
"""Column of a raw file: the text of a row that could not be read into columns; null for the others."""


def keep(batch: Batch, path: Path, *, hashes: pa.Array) -> None:
    """Write a batch as Parquet; whole and safe on the disk, or not at all.

    Args:
        batch: The batch.
        path: The file; its folder is made.
        hashes: The fingerprint of each row of the batch (binary 16).

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
    half = path.with_suffix(".half")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with half.open("wb") as stream:
            pq.write_table(table, stream, compression="zstd")
            stream.flush()
            os.fsync(stream.fileno())
        half.replace(path)
        _sync(path.parent)
    except OSError as why:
        forget(half)
        raise SourceError(f"{path}: the raw batch cannot be kept: {why.strerror or why}") from None


def forget(path: Path) -> None:
    """Take a raw file away, as far as it can be: its batch was not stored."""
    with suppress(OSError):
        path.unlink()


def _sync(folder: Path) -> None:
    """Make a rename in a folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
