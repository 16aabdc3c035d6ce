"""Export: customers, records or links as a file, read and written a piece at a time."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from kehu.analyse import sheets
from kehu.flows.progress import SILENT, Progress
from kehu.model import veils
from kehu.model.masks import MASKS
from kehu.store import exports
from kehu.store.audit import trail
from kehu.store.database import Database
from kehu.store.exports import What


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who takes values out, when and why: the trail tells of it before the first is written."""

    who: str
    """A login, or `cli:USER`."""
    at: datetime
    why: str | None = None


def export(
    database: Database, what: What, path: Path, *, asked: Asked, is_masked: bool = True, progress: Progress = SILENT
) -> int:
    """Write what the store holds to a file, whose name tells its form; returns how many rows.

    Memory stays that of two pieces, whatever the store holds.

    Args:
        database: The store.
        what: What is written.
        path: The file: `.csv`, `.xlsx` or `.parquet`.
        asked: Who asks for it, when and why.
        is_masked: Certificates, phones, e-mails, addresses and birth dates can be recognised, but not used.
        progress: Whoever wants to watch.

    Raises:
        SettingsError: The name of the file tells no form that we write.
        SourceError: The file cannot be written, or cannot hold so many rows.
    """
    form = sheets.form_of(path)
    schema = pa.schema([masked_field(field) if is_masked else field for field in exports.COLUMNS[what]])
    note(database, what, asked, is_masked=is_masked)
    with database.read() as tx:
        progress.task(f"export {what}", exports.count(tx, what))
        with sheets.opened(path, form, schema) as sheet:

            def write(piece: pa.RecordBatch) -> None:
                sheet.write(masked(piece, schema) if is_masked else piece)

            return poured(exports.batches(tx, what), write, progress)


def poured(pieces: Iterable[pa.RecordBatch], write: Callable[[pa.RecordBatch], None], progress: Progress) -> int:
    """Write every piece, each while the next is read; returns how many rows."""
    rows = 0
    with ThreadPoolExecutor(1, "kehu-write") as beside:
        writing: Future[None] | None = None
        for piece in pieces:
            if writing is not None:
                # Only one waits: memory stays that of two pieces, and what fails is told before more is read.
                writing.result()
            writing = beside.submit(write, piece)
            rows += piece.num_rows
            progress.advance(piece.num_rows)
        if writing is not None:
            writing.result()
    return rows


def note(database: Database, what: What, asked: Asked, *, is_masked: bool) -> None:
    """Tell the audit trail who takes out what, before the first value leaves."""
    if database.vault is None:  # A store without a vault has no trail.
        return
    detail: trail.Detail = {
        "masked": is_masked,
        "fields": [name for name in exports.COLUMNS[what].names if name in MASKS],
    }
    entry = trail.Entry(at=asked.at, who=asked.who, act=trail.Act.EXPORT, what=what.value, why=asked.why, detail=detail)
    with database.begin() as tx:
        trail.note(tx, entry, vault=database.vault)


def masked_field(field: pa.Field) -> pa.Field:
    """The field of a column whose values are masked: what is masked is a text."""
    return pa.field(field.name, pa.string(), nullable=field.nullable) if field.name in MASKS else field


def masked(piece: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A piece with its personal values masked."""
    columns = [
        veils.veiled(name, column) if name in MASKS else column
        for name, column in zip(piece.schema.names, piece.columns, strict=True)
    ]
    return pa.record_batch(columns, schema=schema)
