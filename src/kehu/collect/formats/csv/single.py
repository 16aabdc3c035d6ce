"""The lines that are looked at one by one: values with line breaks, and quotes that were never closed."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kehu.collect.formats.csv import fast, rows
from kehu.collect.formats.csv.shape import Shape
from kehu.model.records import Reason

MAX_ROW_LINES = 1000
"""A quoted value with more lines is taken for a quote that was never closed."""

_OPEN = Reason(zh="有引号没有闭合", en="a quote is opened and never closed")


@dataclass(frozen=True, kw_only=True)
class Parted:
    """What came of looking at lines one by one."""

    rows: rows.Rows
    left: Sequence[int]
    """Places of the lines that were left for `fast`."""
    open_from: int | None
    """Place of the line where a row begins that goes on behind the last line."""


def read(texts: Sequence[str], numbers: npt.NDArray[np.int64], shape: Shape, *, last: bool, leave_even: bool) -> Parted:
    """The rows of lines, looked at one by one.

    Args:
        texts: The lines.
        numbers: The number of each.
        shape: How they are written.
        last: No other line follows.
        leave_even: Leave out the lines with an even number of quotes, most of which are rows by themselves.
    """
    found: list[list[str]] = []
    begins: list[int] = []
    bad: list[rows.Bad] = []
    left: list[int] = []
    open_from: int | None = None
    at = 0
    while at < len(texts):
        if leave_even and texts[at].count('"') % 2 == 0:
            left.append(at)
            at += 1
            continue
        taken, values = 1, _values(texts[at], shape)
        if values is None:
            values, taken = _spanning(texts, at, shape)
            if values is None and taken == len(texts) - at < MAX_ROW_LINES and not last:
                open_from = at
                break
        if values is None:
            bad.append(rows.Bad(line=int(numbers[at]), raw=texts[at], reason=_OPEN))
            taken = 1
        elif len(values) == len(shape.columns):
            found.append(values)
            begins.append(int(numbers[at]))
        elif any(values):
            bad.append(rows.wrong_width(shape, int(numbers[at]), texts[at], len(values)))
        at += taken
    columns = zip(*found, strict=True) if found else [() for _ in shape.columns]
    arrays = [pa.array([value or None for value in column], pa.string()) for column in columns]
    table = pa.table(arrays, names=list(shape.columns))
    return Parted(
        rows=rows.Rows(table=table, lines=np.array(begins, np.int64), bad=bad), left=left, open_from=open_from
    )


def _values(row: str, shape: Shape) -> list[str] | None:
    """The values of a row, or None where a quote stays open."""
    if fast.is_open(row, shape.delimiter):
        return None
    try:
        return next(csv.reader([row], delimiter=shape.delimiter), [])
    except csv.Error:  # A value beyond the limit of the csv module, 131 072 characters.
        return [row]


def _whole(row: str, shape: Shape) -> list[str] | None:
    """The values of a row that is beyond doubt one: the right width, and nothing behind a closing quote."""
    try:
        values = next(csv.reader([row], delimiter=shape.delimiter, strict=True), [])
    except csv.Error:
        return None
    return values if len(values) == len(shape.columns) else None


def _spanning(texts: Sequence[str], at: int, shape: Shape) -> tuple[list[str] | None, int]:
    """The values of a row that spans lines, and how many; None where the quote is never closed.

    A line inside that is a whole row of its own tells that the quote was forgotten, not that the value has lines.
    """
    upto = min(len(texts), at + MAX_ROW_LINES)
    for end in range(at + 1, upto):
        row = "\n".join(texts[at : end + 1])
        if not fast.is_open(row, shape.delimiter):
            return _whole(row, shape), end + 1 - at
        if len(shape.columns) > 2 and _whole(texts[end], shape):
            return None, 1
    return None, upto - at
