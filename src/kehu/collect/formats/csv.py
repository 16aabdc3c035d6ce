r"""CSV and TSV: pyarrow reads the blocks that are well formed, Python the few that are not.

A block is well formed when every line of it is one row. That is known by counting: pyarrow's rows and bad rows
together are as many as the lines. Where they are fewer, a quote spans lines: a value with a line break, or a
quote that was opened and never closed, which would swallow the rows after it without a word. Only then the block is
read again by hand, line by line.
"""

import csv
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from kehu.collect import flatten
from kehu.collect.formats import text
from kehu.collect.formats.piece import Document, Piece
from kehu.errors import SourceError
from kehu.model.records import BadRow

DELIMITERS = (",", "\t", ";", "|")
"""What may stand between two values, if the settings name nothing."""

MAX_ROW_LINES = 1000
"""A quoted value with more lines is taken for a quote that was never closed."""

_HEAD_LINES = 50


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How the rows of a file are written."""

    name: str
    """The file, as positions name it."""
    delimiter: str
    columns: tuple[str, ...]


def pieces(
    document: Document,
    codec: str,
    *,
    delimiter: str | None = None,
    skip_lines: int = 0,
    skip: int = 0,
    block_bytes: int = text.BLOCK_BYTES,
) -> Iterator[Piece]:
    """The rows of a CSV file under the heads of its first line.

    Args:
        document: The file.
        codec: From `text.encoding_of`.
        delimiter: Found in the first lines where it is None.
        skip_lines: How many lines of titles stand above the heads.
        skip: How many lines a run before this one has read.
        block_bytes: About how much is read at a time.

    Raises:
        SourceError: The line of heads cannot be read.
    """
    blocks = text.blocks(document, codec, size=block_bytes)
    if (first := next(blocks, None)) is None:
        return
    shape, line, first = _head(document.name, first, delimiter, skip_lines)
    open_row = b""
    for block in itertools.chain([first], blocks, [None]):
        last = block is None
        lines = open_row + (block or b"")
        if line < skip:
            lines, line = _skipped(lines, line, skip)
        rows, bad, open_row = _read(lines, shape, line=line + 1, last=last)
        line += _count(lines) - _count(open_row)
        if rows.num_rows or bad:
            yield Piece(rows=rows, bad=bad, done=line)


def _head(name: str, block: bytes, delimiter: str | None, skip_lines: int) -> tuple[Shape, int, bytes]:
    """The shape of the file, how many lines its head takes, and the block after it."""
    top = [line.decode() for line in block.split(b"\n", skip_lines + _HEAD_LINES)][: skip_lines + _HEAD_LINES]
    if len(top) > skip_lines and top[skip_lines].lower().startswith("sep=") and len(top[skip_lines]) == 5:
        delimiter = delimiter or top[skip_lines][4]
        skip_lines += 1
    while skip_lines < len(top) and not top[skip_lines].strip():
        skip_lines += 1
    delimiter = delimiter or found_delimiter(top[skip_lines:])
    reader = csv.reader((line + "\n" for line in top[skip_lines:]), delimiter=delimiter, strict=True)
    try:
        heads = next(reader, [])
    except csv.Error:
        raise SourceError(f"{name}: line {skip_lines + 1}: a quote in the heads is opened and never closed") from None
    taken = skip_lines + reader.line_num
    parts = block.split(b"\n", taken)
    shape = Shape(name=name, delimiter=delimiter, columns=tuple(flatten.unique(heads)))
    return shape, taken, parts[taken] if len(parts) > taken else b""


def found_delimiter(lines: Sequence[str]) -> str:
    r"""What separates the values: what cuts the most lines into as many values as the first.

    >>> found_delimiter(["单号\t姓名", "1\t王,明"])
    '\t'
    """

    def fit(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        if not widths or widths[0] < 2:
            return (0.0, 0)
        return (sum(width == widths[0] for width in widths) / len(widths), widths[0])

    return max(DELIMITERS, key=fit)


def _skipped(lines: bytes, line: int, skip: int) -> tuple[bytes, int]:
    count = _count(lines)
    if line + count <= skip:
        return b"", line + count
    return lines.split(b"\n", skip - line)[skip - line], skip


def _count(lines: bytes) -> int:
    return lines.count(b"\n") + (bool(lines) and not lines.endswith(b"\n"))


def _read(lines: bytes, shape: Shape, *, line: int, last: bool) -> tuple[pa.Table, tuple[BadRow, ...], bytes]:
    """The rows of some lines, the bad ones, and the lines of a row that goes on in the next block."""
    if not lines:
        return _table([[] for _ in shape.columns], [], shape), (), b""
    if len(shape.columns) > 1 and (read := _read_fast(lines, shape, line=line)):
        return *read, b""
    return _read_by_hand(lines, shape, line=line, last=last)


def _read_fast(lines: bytes, shape: Shape, *, line: int) -> tuple[pa.Table, tuple[BadRow, ...]] | None:
    """The rows and the bad ones if every line is one row, else None."""
    quoted = b'"' in lines
    if quoted and _is_open(lines[lines.rstrip(b"\n").rfind(b"\n") + 1 :].decode(), shape.delimiter):
        return None
    wrong: list[arrow_csv.InvalidRow] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        wrong.append(row)
        return "skip"

    def read(*, threads: bool) -> pa.Table:
        wrong.clear()
        return arrow_csv.read_csv(
            pa.BufferReader(lines),
            arrow_csv.ReadOptions(column_names=list(shape.columns), block_size=len(lines) + 1, use_threads=threads),
            arrow_csv.ParseOptions(
                delimiter=shape.delimiter,
                quote_char='"' if quoted else False,
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

    try:
        table = read(threads=True)
        if wrong:  # Only a serial read numbers the bad rows.
            table = read(threads=False)
    except pa.ArrowInvalid:
        return None
    if table.num_rows + len(wrong) != _count(lines):
        return None
    numbers = np.delete(np.arange(line, line + _count(lines)), [row.number - 1 for row in wrong])
    bad = tuple(
        _wrong_width(shape, line + row.number - 1, row.text, row.actual_columns) for row in wrong if row.text.strip()
    )
    positions = _positions(shape, pa.array(numbers))
    rows = flatten.positioned(dict(zip(shape.columns, table.columns, strict=True)), positions)
    return _without_blank(rows, shape), bad


def _without_blank(rows: pa.Table, shape: Shape) -> pa.Table:
    """Leave out rows without any value: blank lines, and the rows of bare commas a spreadsheet leaves behind."""
    if any(rows.column(number).null_count == 0 for number in range(len(shape.columns))):
        return rows
    filled = pc.is_valid(rows.column(0))
    for number in range(1, len(shape.columns)):
        filled = pc.or_(filled, pc.is_valid(rows.column(number)))
    return rows.filter(filled)


def _is_open(line: str, delimiter: str) -> bool:
    """Whether a quote is opened in a line and not closed."""
    try:
        for _ in csv.reader([line], delimiter=delimiter, strict=True):
            pass
    except csv.Error as why:
        return "unexpected end of data" in str(why)
    return False


def _read_by_hand(lines: bytes, shape: Shape, *, line: int, last: bool) -> tuple[pa.Table, tuple[BadRow, ...], bytes]:
    texts = lines.decode().removesuffix("\n").split("\n")
    rows: list[list[str]] = []
    numbers: list[int] = []
    bad: list[BadRow] = []
    at = 0
    while at < len(texts):
        taken = 1
        values = _values(texts[at], shape)
        if values is None:
            values, taken = _spanning(texts, at, shape)
            if values is None and taken == len(texts) - at < MAX_ROW_LINES and not last:
                open_row = "\n".join(texts[at:]) + "\n"
                return _table(list(zip(*rows, strict=True)), numbers, shape), tuple(bad), open_row.encode()
        if values is None:
            bad.append(_never_closed(shape, line + at, texts[at]))
            taken = 1
        elif len(values) != len(shape.columns) and any(values):
            bad.append(_wrong_width(shape, line + at, texts[at], len(values)))
        elif any(values):
            rows.append(values)
            numbers.append(line + at)
        at += taken
    return _table(list(zip(*rows, strict=True)), numbers, shape), tuple(bad), b""


def _values(row: str, shape: Shape) -> list[str] | None:
    """The values of a row, or None where a quote stays open."""
    if _is_open(row, shape.delimiter):
        return None
    try:
        return next(csv.reader([row], delimiter=shape.delimiter), [])
    except csv.Error:  # A value beyond the limit of the csv module, 131 072 characters.
        return [row]


def _spanning(texts: list[str], at: int, shape: Shape) -> tuple[list[str] | None, int]:
    """The values of a row that spans lines, and how many; None where the quote is never closed.

    A line inside that is a whole row of its own tells that the quote was forgotten, not that the value has lines.
    """
    upto = min(len(texts), at + MAX_ROW_LINES)
    for end in range(at + 1, upto):
        row = "\n".join(texts[at : end + 1])
        if (values := _values(row, shape)) is not None:
            return (values if len(values) == len(shape.columns) else None), end + 1 - at
        inside = _values(texts[end], shape)
        if inside is not None and len(inside) == len(shape.columns) > 2:
            return None, 1
    return None, upto - at


def _table(columns: Sequence[Sequence[str]], numbers: list[int], shape: Shape) -> pa.Table:
    filled = columns or [() for _ in shape.columns]
    arrays = {
        name: pa.array([value or None for value in values], pa.string())
        for name, values in zip(shape.columns, filled, strict=True)
    }
    return flatten.positioned(arrays, _positions(shape, pa.array(numbers, pa.int64())))


def _positions(shape: Shape, numbers: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(shape.name), numbers.cast(pa.string()), ":")


def _wrong_width(shape: Shape, line: int, raw: str, width: int) -> BadRow:
    reason = f"the row has {width} values, the heads name {len(shape.columns)}"
    return BadRow(position=f"{shape.name}:{line}", raw=raw, reason=reason)


def _never_closed(shape: Shape, line: int, raw: str) -> BadRow:
    return BadRow(position=f"{shape.name}:{line}", raw=raw, reason="a quote is opened and never closed")
