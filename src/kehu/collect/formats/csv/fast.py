"""The lines that pyarrow can be trusted with: each of them one row."""

import csv

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv

from kehu.collect.formats.csv import rows
from kehu.collect.formats.csv.shape import Shape


def read(lines: bytes, numbers: npt.NDArray[np.int64], shape: Shape) -> rows.Rows | None:
    """The rows if every line is one row or a bad one; None if any row spans lines.

    Args:
        lines: Whole lines.
        numbers: The number of each.
        shape: How they are written.
    """
    if len(shape.columns) == 1 or not lines:  # pyarrow cannot tell an empty value from an empty line.
        return None
    # What pyarrow makes of a quote that is still open at the end looks like any other row.
    if b'"' in lines and is_open(lines[lines.rstrip(b"\n").rfind(b"\n") + 1 :].decode(), shape.delimiter):
        return None
    try:
        table, wrong = _parsed(lines, shape, threads=True)
        if wrong:  # Only a serial reading numbers the bad rows.
            table, wrong = _parsed(lines, shape, threads=False)
    except pa.ArrowInvalid:
        return None
    if table.num_rows + len(wrong) != len(numbers):
        return None
    at = [row.number - 1 for row in wrong]
    bad = [
        rows.wrong_width(shape, int(numbers[row.number - 1]), row.text, row.actual_columns)
        for row in wrong
        if row.text.strip()
    ]
    return rows.Rows(table=table, lines=np.delete(numbers, at), bad=bad)


def _parsed(lines: bytes, shape: Shape, *, threads: bool) -> tuple[pa.Table, list[arrow_csv.InvalidRow]]:
    wrong: list[arrow_csv.InvalidRow] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        wrong.append(row)
        return "skip"

    table = arrow_csv.read_csv(
        pa.BufferReader(lines),
        arrow_csv.ReadOptions(column_names=list(shape.columns), block_size=len(lines) + 1, use_threads=threads),
        arrow_csv.ParseOptions(
            delimiter=shape.delimiter,
            quote_char='"' if b'"' in lines else False,
            ignore_empty_lines=False,
            invalid_row_handler=note,
        ),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(shape.columns, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            check_utf8=False,
        ),
    )
    return table, wrong


def is_open(line: str, delimiter: str) -> bool:
    """Whether a quote is opened in a line and not closed.

    >>> is_open('1,"a', ","), is_open('1,5" pipe', ","), is_open('1,"a"', ",")
    (True, False, False)
    """
    try:
        for _ in csv.reader([line], delimiter=delimiter, strict=True):
            pass
    except csv.Error as why:
        return "unexpected end of data" in str(why)
    return False
