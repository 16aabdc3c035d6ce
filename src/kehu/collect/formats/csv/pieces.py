r"""CSV and TSV: pyarrow reads the lines that are well formed, Python the few that are not.

A block is well formed when every line of it is one row. That is known by counting: pyarrow's rows and bad rows
together are as many as the lines. Where they are fewer, a quote spans lines: a value with a line break, or a
quote that was opened and never closed, which would swallow the rows after it without a word. Only then are the lines
with an odd number of quotes looked at one by one.
"""

import itertools
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from kehu.collect.formats import text
from kehu.collect.formats.csv import fast, rows, shape, single
from kehu.collect.formats.piece import Document, Piece
from kehu.model.records import BadRow


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
        UnreadableError: The line of heads cannot be read.
    """
    blocks = text.blocks(document, codec, size=block_bytes)
    if (first := next(blocks, None)) is None:
        return
    written, line, first = shape.of(document.name, first, delimiter=delimiter, skip_lines=skip_lines)
    open_row = b""
    for block in itertools.chain([first], blocks, [None]):
        lines = open_row + (block or b"")
        if line < skip:
            lines, line = _skipped(lines, line, skip)
        table, bad, open_row = _read(lines, written, line=line + 1, last=block is None)
        line += _count(lines) - _count(open_row)
        if table.num_rows or bad:
            yield Piece(rows=table, bad=bad, done=line)


def _skipped(lines: bytes, line: int, skip: int) -> tuple[bytes, int]:
    count = _count(lines)
    if line + count <= skip:
        return b"", line + count
    return lines.split(b"\n", skip - line)[skip - line], skip


def _count(lines: bytes) -> int:
    return lines.count(b"\n") + (bool(lines) and not lines.endswith(b"\n"))


def _read(lines: bytes, written: shape.Shape, *, line: int, last: bool) -> tuple[pa.Table, tuple[BadRow, ...], bytes]:
    """The rows of some lines, the bad ones, and the lines of a row that goes on in the next block."""
    numbers = np.arange(line, line + _count(lines))
    if quick := fast.read(lines, numbers, written):
        return *rows.together([quick], written), b""
    texts = lines.decode().removesuffix("\n").split("\n") if lines else []
    parts, parted = [], single.read(texts, numbers, written, last=last, leave_even=True)
    if parted.left:
        even = "".join(texts[at] + "\n" for at in parted.left).encode()
        if quick := fast.read(even, numbers[parted.left], written):
            parts.append(quick)
        else:
            parted = single.read(texts, numbers, written, last=last, leave_even=False)
    open_row = "" if parted.open_from is None else "\n".join(texts[parted.open_from :]) + "\n"
    return *rows.together([*parts, parted.rows], written), open_row.encode()
