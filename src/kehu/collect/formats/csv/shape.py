"""What a CSV file is like: its delimiter and its column heads, told by its first lines."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from kehu.collect import flatten
from kehu.errors import UnreadableError

DELIMITERS = (",", "\t", ";", "|")
"""What may stand between two values, if the settings name nothing."""

_HEAD_LINES = 50


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How the rows of a file are written."""

    name: str
    """The file, as positions name it."""
    delimiter: str
    columns: tuple[str, ...]


def of(name: str, block: bytes, *, delimiter: str | None, skip_lines: int) -> tuple[Shape, int, bytes]:
    """The shape of the file, how many lines its head takes, and the block after it.

    Args:
        name: The file, as positions name it.
        block: Its first lines.
        delimiter: Found in them where it is None.
        skip_lines: How many lines of titles stand above the heads.

    Raises:
        UnreadableError: A quote in the heads is never closed.
    """
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
        raise UnreadableError(
            f"{name}: line {skip_lines + 1}: a quote in the heads is opened and never closed",
            zh=f"{name}：第 {skip_lines + 1} 行：表头中有引号没有闭合",
        ) from None
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
