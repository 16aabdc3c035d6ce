"""Sheets: tables written out for people and other programs, a piece at a time: CSV, XLSX or Parquet."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from kehu.errors import SettingsError, SourceError

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

XLSX_ROWS = 1_048_575
"""So many rows a sheet of Excel holds below its heads."""

FORMULA = r"^([=+\-@\t\r])"
"""How a text begins that a spreadsheet would run as a formula."""

SIGNS = b"=+-@\t\r"
"""The same as bytes."""

NUMBER = r"^[+\-]?[0-9][0-9 .]*$"
"""Of those the ones that are numbers and harmless: a phone abroad, +44 20 7946 0958."""


class Form(StrEnum):
    """How a table is written."""

    CSV = "csv"
    """UTF-8 with a mark that Excel knows it by; texts that a spreadsheet would run begin with an apostrophe."""
    XLSX = "xlsx"
    """A workbook of Excel; every text is a text there, also a number of 18 digits."""
    PARQUET = "parquet"
    """Parquet, with the types of the columns."""


class Writer(Protocol):
    """Takes a table piece by piece."""

    def write(self, piece: pa.RecordBatch) -> None:
        """Write the next rows."""


@contextmanager
def opened(path: Path, form: Form, schema: pa.Schema) -> Iterator[Writer]:
    """A file to write to; it is there, whole, when the block ends, and not at all where it fails.

    Raises:
        SourceError: It cannot be written.
    """
    half = path.with_name(f"{path.name}.half")
    try:
        with _WRITERS[form](half, schema) as writer:
            yield writer
        # Personal values: nobody else on this machine may read them.
        half.chmod(0o600)
        half.replace(path)
    except OSError as why:
        raise SourceError(f"{path}: cannot be written: {why.strerror or why}") from None
    finally:
        half.unlink(missing_ok=True)


def form_of(path: Path) -> Form:
    """The form that the name of a file asks for.

    >>> form_of(Path("customers.XLSX"))
    <Form.XLSX: 'xlsx'>

    Raises:
        SettingsError: It asks for none that we write.
    """
    ending = path.suffix.lower().removeprefix(".")
    if ending not in set(Form):
        raise SettingsError(f"{path}: kehu writes {', '.join(f'.{form}' for form in Form)}; end the name with one")
    return Form(ending)


def harmless(texts: pa.Array) -> pa.Array:
    """Texts that no spreadsheet runs: an apostrophe stands before what it would take for a formula.

    >>> harmless(pa.array(["=1+1", "张伟", "+44 20 7946 0958", "@sum"])).to_pylist()
    ["'=1+1", '张伟', '+44 20 7946 0958', "'@sum"]
    """
    if not _may_begin_so(texts):
        return texts
    defused = pc.replace_substring_regex(texts, FORMULA, r"'\1")
    return pc.if_else(pc.match_substring_regex(texts, NUMBER), texts, defused)


def _may_begin_so(texts: pa.Array) -> bool:
    """Whether any text begins with the sign of a formula: looked at as bytes, for there hardly is one."""
    offsets, data = texts.buffers()[1:]
    if data is None or not data.size:
        return False
    starts = np.frombuffer(offsets, np.int32, len(texts) + 1, texts.offset * 4)
    # Where a text is empty, or null, its start is that of the next one, which begins so or does not.
    first = np.frombuffer(data, np.uint8)[np.minimum(starts[:-1], data.size - 1)]
    return bool(np.isin(first, np.frombuffer(SIGNS, np.uint8)).any())


@contextmanager
def _csv(path: Path, schema: pa.Schema) -> Iterator[Writer]:
    told = pa.schema([(field.name, pa.string() if _is_moment(field.type) else field.type) for field in schema])
    with _private(path).open("wb") as stream:
        stream.write("\ufeff".encode())
        with pcsv.CSVWriter(stream, told) as sink:
            yield _Csv(sink, told)


class _Csv:
    def __init__(self, sink: pcsv.CSVWriter, schema: pa.Schema) -> None:
        self._sink, self._schema = sink, schema

    def write(self, piece: pa.RecordBatch) -> None:
        columns = [
            harmless(column) if pa.types.is_string(column.type) else _written(column) for column in piece.columns
        ]
        self._sink.write(pa.record_batch(columns, schema=self._schema))


@contextmanager
def _parquet(path: Path, schema: pa.Schema) -> Iterator[Writer]:
    with pq.ParquetWriter(_private(path), schema, compression="zstd") as sink:
        yield _Parquet(sink)


class _Parquet:
    def __init__(self, sink: pq.ParquetWriter) -> None:
        self._sink = sink

    def write(self, piece: pa.RecordBatch) -> None:
        self._sink.write_batch(piece)


@contextmanager
def _xlsx(path: Path, schema: pa.Schema) -> Iterator[Writer]:
    # With constant_memory a row leaves the memory when the next begins; without the others, texts become formulas.
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    import xlsxwriter  # noqa: PLC0415  (most programs write no sheet)

    with xlsxwriter.Workbook(_private(path), options) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, schema.names)
        yield _Xlsx(sheet, path)


class _Xlsx:
    def __init__(self, sheet: "Worksheet", path: Path) -> None:
        self._sheet, self._path, self._row = sheet, path, 0

    def write(self, piece: pa.RecordBatch) -> None:
        if self._row + piece.num_rows > XLSX_ROWS:
            raise SourceError(f"{self._path.stem}: a sheet holds {XLSX_ROWS:,} rows; write .csv or .parquet")
        columns = [_written(column).to_pylist() for column in piece.columns]
        for cells in zip(*columns, strict=True):
            self._row += 1
            self._sheet.write_row(self._row, 0, cells)


def _written(column: pa.Array) -> pa.Array:
    """Times as texts, of one form everywhere."""
    if pa.types.is_timestamp(column.type):
        # A cast takes a tenth of what strftime does, and writes a blank before the hour.
        texts = column.cast(pa.timestamp(column.type.unit)).cast(pa.string())
        return pc.binary_join_element_wise(pc.binary_replace_slice(texts, 10, 11, "T"), "Z", "")
    return column.cast(pa.string()) if pa.types.is_date(column.type) else column


def _is_moment(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _private(path: Path) -> Path:
    """The path of a new file that only its owner may read, from its first byte on."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    return path


_WRITERS = {Form.CSV: _csv, Form.XLSX: _xlsx, Form.PARQUET: _parquet}
