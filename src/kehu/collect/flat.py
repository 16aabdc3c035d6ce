"""Flat files: records with our own column names, in Parquet or CSV, and partitions of them."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq

from kehu.errors import SettingsError, SourceError
from kehu.model.records import FLAT_COLUMNS

PARQUET = frozenset({".parquet", ".pq"})
"""How the names of Parquet files end."""

BYTES_A_ROW = 150
"""What a row of a CSV file takes, about."""


@dataclass(frozen=True)
class Flat:
    """What a file holds."""

    records: pa.Table
    """Those of `FLAT_COLUMNS` that it has, as text."""
    unknown: tuple[str, ...]
    """Its other columns, which nobody reads."""


def read(path: Path) -> Flat:
    """The flat records of a file.

    Raises:
        SourceError: The file cannot be read, or a `record_id` is missing or stands twice.
        SettingsError: The file has no column `record_id`, or none of the columns we know.
    """
    table = read_any(path)
    known = [name for name in FLAT_COLUMNS if name in table.column_names]
    if "record_id" not in known:
        raise SettingsError(f"{path}: there is no column record_id (has: {', '.join(table.column_names)})")
    if len(known) == 1:
        raise SettingsError(
            f"{path}: none of its columns is one of ours; rename them to: {', '.join(FLAT_COLUMNS[1:])}"
        )
    flat = table.select(known).cast(pa.schema([(name, pa.string()) for name in known]))
    ids = flat.column("record_id")
    if ids.null_count:
        raise SourceError(f"{path}: {ids.null_count} of {len(ids)} rows have no record_id")
    if not _rising(ids) and (twice := len(ids) - len(ids.unique())) > 0:
        raise SourceError(f"{path}: {twice} rows repeat the record_id of another row; every record needs its own")
    return Flat(flat, tuple(name for name in table.column_names if name not in known))


def _rising(ids: pa.ChunkedArray) -> bool:
    """Whether each is greater than the one before, so that none stands twice; that is soon seen."""
    return bool(pc.all(pc.less(ids[:-1], ids[1:])).as_py())


def rows(path: Path) -> int:
    """About how many rows a file has, without reading it; 0 where `read` will say why it cannot be read."""
    try:
        if path.suffix.lower() in PARQUET:
            return int(pq.read_metadata(path).num_rows)
        return path.stat().st_size // BYTES_A_ROW
    except (OSError, pa.ArrowInvalid):
        return 0


def read_any(path: Path) -> pa.Table:
    """The table of a Parquet file, or of a CSV file as text.

    Raises:
        SourceError: The file is not there, or is not what its name says.
    """
    try:
        if path.suffix.lower() in PARQUET:
            return pq.read_table(path)
        header = pv.open_csv(path).schema.names
        as_text = pv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=True, null_values=[""]
        )
        table = pv.read_csv(path, convert_options=as_text, parse_options=pv.ParseOptions(newlines_in_values=True))
    except FileNotFoundError as error:
        raise SourceError(f"{path}: there is no such file") from error
    except (OSError, pa.ArrowInvalid) as error:
        # pyarrow shows the row, which may hold somebody's certificate.
        why = re.sub(r"(?s)(columns, got \d+): .*", r"\1", str(error))
        if path.suffix.lower() not in PARQUET and not _is_utf8(path):
            why = "it is not in UTF-8; save it as UTF-8, or as Parquet"
        raise SourceError(f"{path}: cannot be read as {path.suffix or 'a file without a suffix'}: {why}") from None
    return table.rename_columns([name.strip() for name in table.column_names])


def _is_utf8(path: Path) -> bool:
    """Whether a file that could not be read is at least written in UTF-8."""
    told = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                told.decode(piece)
            told.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    except OSError:
        pass
    return True


def require_place(path: Path, *, beside: Path) -> None:
    """Refuse to begin what could not be written in the end, or would be written over what it was made of.

    Args:
        path: The file to be written.
        beside: The file to be read.

    Raises:
        SettingsError: It is the file to be read, a folder, or in a folder that is not there.
    """
    if path.is_dir():
        raise SettingsError(f"--out {path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise SettingsError(f"--out {path}: there is no folder {path.parent}; make it first")
    if path.exists() and beside.exists() and path.samefile(beside):
        raise SettingsError(f"--out {path} is the file that is read; name another")


def write(table: pa.Table, path: Path) -> None:
    """Write a Parquet file, whole or not at all.

    Raises:
        SourceError: It cannot be written there.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        pq.write_table(table, partial)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise SourceError(f"{path}: cannot be written ({error.strerror})") from error
