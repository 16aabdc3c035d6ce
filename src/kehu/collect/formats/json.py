"""JSON and JSON Lines: nested records, every number with the digits it is written in."""

from collections.abc import Iterator

from kehu.collect import flatten
from kehu.collect.formats import text
from kehu.collect.formats.piece import PIECE_ROWS, Document, Piece
from kehu.errors import UnreadableError
from kehu.model.records import BadRow, Reason

_NO_JSON = Reason(zh="该行不是 JSON", en="the line is not JSON")


def is_lines(document: Document, codec: str) -> bool:
    """Whether every line is a record of its own: the name says so, or the second line begins a record like the first.

    A first record that is broken makes no document of the lines after it.
    """
    if document.name.lower().endswith((".jsonl", ".ndjson")):
        return True
    block = next(text.blocks(document, codec), b"").lstrip()
    line, _, rest = block.partition(b"\n")
    return line.startswith(b"{") and rest.lstrip().startswith(b"{")


def lines(document: Document, codec: str, *, skip: int = 0) -> Iterator[Piece]:
    """The records of a JSON Lines file; a line that is no JSON is a bad row."""
    line = 0
    for block in text.blocks(document, codec):
        records: list[object] = []
        positions: list[str] = []
        bad: list[BadRow] = []
        for row in block.decode().removesuffix("\n").split("\n"):
            line += 1
            if line <= skip or not row.strip():
                continue
            position = f"{document.name}:{line}"
            try:
                records.append(flatten.parse(row))
                positions.append(position)
            except ValueError:
                bad.append(BadRow(position=position, raw=row, reason=_NO_JSON))
        if records or bad:
            rows, unfit = flatten.table(records, positions)
            yield Piece(rows=rows, bad=(*bad, *unfit), done=line)


def whole(document: Document, codec: str, *, records_at: str, limit: int, skip: int = 0) -> Iterator[Piece]:
    """The records of a JSON document: a list at its top, or where `records_at` says.

    Raises:
        UnreadableError: It is not JSON, too large to hold, or has no list there.
    """
    size, parts = 0, []
    for block in text.blocks(document, codec):
        size += len(block)
        if size > limit:
            raise UnreadableError(
                f"{document.name}: has more than {limit >> 20} MB; write one record a line (.jsonl)",
                zh=f"{document.name}：超过 {limit >> 20} MB；请每行写一条记录（.jsonl）",
            )
        parts.append(block)
    if not size:
        return
    try:
        answer = flatten.parse(b"".join(parts))
    except ValueError as why:
        raise UnreadableError(f"{document.name}: is not JSON ({why})", zh=f"{document.name}：不是 JSON") from None
    records = flatten.records_at(answer, records_at, what=document.name)
    for start in range(0, len(records), PIECE_ROWS):
        some = records[start : start + PIECE_ROWS]
        if start + len(some) > skip:
            rows, bad = flatten.table(some, [f"{document.name}:{start + row}" for row in range(1, len(some) + 1)])
            yield Piece(rows=rows, bad=bad, done=start + len(some))
