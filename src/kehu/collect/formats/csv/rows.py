"""The rows of some lines of a CSV file, and how two readings of different lines become one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect import flatten
from kehu.collect.formats.csv.shape import Shape
from kehu.model.records import BadRow, Reason


@dataclass(frozen=True, kw_only=True)
class Bad:
    """A line that is no row."""

    line: int
    raw: str
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What was read."""

    table: pa.Table
    """Text columns."""
    lines: npt.NDArray[np.int64]
    """The line each row begins in."""
    bad: Sequence[Bad] = ()


def together(parts: Sequence[Rows], shape: Shape) -> tuple[pa.Table, tuple[BadRow, ...]]:
    """The rows and bad rows of all parts in the order of their lines, with their positions.

    Rows without any value are left out: blank lines, and the bare commas a spreadsheet leaves behind.
    """
    table = pa.concat_tables([part.table for part in parts])
    lines = np.concatenate([part.lines for part in parts])
    if len(parts) > 1:
        order = np.argsort(lines)
        table, lines = table.take(order), lines[order]
    positions = pc.binary_join_element_wise(pa.scalar(shape.name), pa.array(lines).cast(pa.string()), ":")
    rows = flatten.positioned(dict(zip(shape.columns, table.columns, strict=True)), positions)
    if table.num_rows and all(column.null_count for column in table.columns):
        filled = pc.is_valid(table.column(0))
        for column in table.columns[1:]:
            filled = pc.or_(filled, pc.is_valid(column))
        rows = rows.filter(filled)
    bad = sorted((row for part in parts for row in part.bad), key=lambda row: row.line)
    return rows, tuple(BadRow(position=f"{shape.name}:{row.line}", raw=row.raw, reason=row.reason) for row in bad)


def wrong_width(shape: Shape, line: int, raw: str, width: int) -> Bad:
    """A line with too many or too few values."""
    heads = len(shape.columns)
    reason = Reason(
        zh=f"该行有 {width} 个值，表头有 {heads} 列", en=f"the row has {width} values, the heads name {heads}"
    )
    return Bad(line=line, raw=raw, reason=reason)
