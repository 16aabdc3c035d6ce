"""XLSX workbooks (and XLS): every cell as text, formulas as the values they last had."""

import zipfile
from collections.abc import Iterator, Sequence

import fastexcel
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect import flatten
from kehu.collect.formats import packed
from kehu.collect.formats.piece import PIECE_ROWS, Document, Piece
from kehu.errors import UnreadableError


def pieces(
    document: Document, *, sheets: Sequence[str] = (), skip_lines: int = 0, limit: int, skip: int = 0
) -> Iterator[Piece]:
    """The rows of a workbook's sheets, each under the heads of its first row.

    A workbook is read whole, so its unpacked size is bounded first: 490 kB may unpack to 1 GB.

    Args:
        document: The workbook.
        sheets: Names of the sheets to read; the first one where there are none.
        skip_lines: How many rows of titles stand above the heads.
        limit: The bytes it may unpack to.
        skip: How many rows a run before this one has read.

    Raises:
        UnreadableError: It is no workbook, too large, or lacks a sheet.
    """
    with packed.as_file(document) as path:
        if zipfile.is_zipfile(path):
            _check_size(str(path), document.name, limit)
        try:
            book = fastexcel.read_excel(path)
        except fastexcel.FastExcelError:
            raise UnreadableError(
                f"{document.name}: cannot be read as a workbook; save it again as XLSX",
                zh=f"{document.name}：无法作为工作簿读取，请重新另存为 XLSX",
            ) from None
        if missing := [sheet for sheet in sheets if sheet not in book.sheet_names]:
            has = ", ".join(book.sheet_names)
            raise UnreadableError(
                f"{document.name}: has no sheet {missing[0]!r} (has: {has})",
                zh=f"{document.name}：没有工作表 {missing[0]!r}（现有：{has}）",
            )
        done = 0
        for sheet in sheets or book.sheet_names[:1]:
            name = f"{document.name}/{sheet}" if len(sheets) > 1 else document.name
            cells = _with_rounded(_cells(book, sheet, document.name), book, sheet)
            heads, begin = _heads(cells, skip_lines)
            for first in range(begin, cells.num_rows, PIECE_ROWS):
                some = cells.slice(first, PIECE_ROWS)
                done += some.num_rows
                if done > skip:
                    yield Piece(rows=_rows(some, heads, name, first + 1), bad=(), done=done)


def _check_size(path: str, name: str, limit: int) -> None:
    """Bound what the workbook unpacks to: first what it says, then that it says the truth."""
    try:
        with zipfile.ZipFile(path) as book:
            if sum(member.file_size for member in book.infolist()) > limit:
                raise packed.too_large(name, limit)
            for member in book.infolist():
                with book.open(member) as stream:
                    while stream.read(1 << 20):  # A member longer than it says fails its checksum here.
                        pass
    except (*packed.DAMAGED, RuntimeError) as why:
        raise UnreadableError(
            f"{name}: is damaged or encrypted ({why}); save it again as XLSX",
            zh=f"{name}：已损坏或已加密，请重新另存为 XLSX",
        ) from None


def _cells(book: fastexcel.ExcelReader, sheet: str, name: str) -> pa.RecordBatch:
    try:
        return book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string", eager=True)
    except fastexcel.FastExcelError as why:
        if "empty" in str(why).lower():
            return pa.record_batch([], names=[])
        raise UnreadableError(
            f"{name}: sheet {sheet!r} cannot be read; save the workbook again",
            zh=f"{name}：工作表 {sheet!r} 无法读取，请重新保存工作簿",
        ) from None


def _with_rounded(cells: pa.RecordBatch, book: fastexcel.ExcelReader, sheet: str) -> pa.RecordBatch:
    """The cells, those of rounded numbers written as a spreadsheet shows them.

    A spreadsheet keeps 15 digits of a number and puts zeros behind them, so a certificate that is typed as one is the
    same for many people, and may even pass its check. Written 1.10101199003071E+17, nobody takes it for one.
    """
    for number, (name, column) in enumerate(zip(cells.schema.names, cells.columns, strict=True)):
        long = pc.fill_null(pc.match_substring_regex(column, r"^-?[1-9][0-9]{15,}0$"), False)
        if pc.any(long).as_py():
            # Asked for as true or false, only a number is one; a text of digits is neither.
            asked = book.load_sheet(
                sheet, header_row=None, skip_rows=0, use_columns=[name], dtypes="boolean", eager=True
            )
            rounded = pc.and_(long, pc.is_valid(asked.column(0)))
            shown = pa.array([f"{float(digits):.14E}" for digits in column.filter(rounded).to_pylist()], pa.string())
            cells = cells.set_column(number, name, pc.replace_with_mask(column, rounded, shown))
    return cells


def _heads(cells: pa.RecordBatch, skip_lines: int) -> tuple[list[str | None], int]:
    """The heads in the first row with any cell, and the place of the row below."""
    for place in range(skip_lines, cells.num_rows):
        heads: list[str | None] = [column[place].as_py() for column in cells.columns]
        if any(heads):
            return heads, place + 1
    return [], cells.num_rows


def _rows(cells: pa.RecordBatch, heads: list[str | None], name: str, first: int) -> pa.Table:
    numbers = pa.array(np.arange(first, first + cells.num_rows)).cast(pa.string())
    names = flatten.unique(heads)
    columns = {
        head: _plain(cells.column(number)) for number, head in enumerate(names) if _is_used(cells, heads, number)
    }
    filled = pa.array(np.zeros(cells.num_rows, dtype=bool))
    for column in columns.values():
        filled = pc.or_(filled, pc.is_valid(column))
    positions = pc.binary_join_element_wise(pa.scalar(name), numbers, ":")
    return flatten.positioned(columns, positions).filter(filled)


def _is_used(cells: pa.RecordBatch, heads: list[str | None], number: int) -> bool:
    """Leave out the columns beside the table that have neither head nor cells."""
    return bool(heads[number]) or cells.column(number).null_count < cells.num_rows


def _plain(cells: pa.Array) -> pa.Array:
    """The text of cells, where a day has no midnight behind it and a time of day no 1899 before it."""
    days = pc.replace_substring_regex(cells, r"^(\d{4}-\d\d-\d\d) 00:00:00$", r"\1")
    times = pc.replace_substring_regex(days, r"^1899-12-3[01] (\d\d:\d\d:\d\d)$", r"\1")
    return pc.if_else(pc.equal(times, ""), pa.scalar(None, pa.string()), times)
