"""The encoding of a text file, found once for the whole file, and its lines as UTF-8."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from kehu.collect.formats import pairs
from kehu.collect.formats.piece import Document
from kehu.errors import UnreadableError

BLOCK_BYTES = 8 << 20
"""Text is handed on in blocks of about this size, cut at line ends."""

BLOCK_LINES = 50_000
"""A block of short lines is cut after so many."""

MAX_LINE_BYTES = 64 << 20
"""A text file with a longer line is none."""

_HEAD_BYTES = 1 << 16
_BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    b"\x84\x31\x95\x33": "gb18030",
}
_CONTROLS = bytes(set(range(32)) - {*b"\t\n\f\r\x1a\x1b"})
_UTF8_FOR_SURE = 50


def known(codec: str) -> str:
    """The codec, if it is one.

    Raises:
        ValueError: It is none.
    """
    try:
        codecs.lookup(codec)
    except LookupError:
        raise ValueError(f"{codec!r} is no encoding; name one such as utf-8, gb18030 or utf-16-le") from None
    return codec


def encoding_of(document: Document, *, stated: str | None = None, upto: int | None = None) -> str:
    """The one codec that reads every byte of the document, or of its first `upto` bytes where it is only looked at.

    In this order: the stated one, a byte order mark, UTF-8, GB18030. Never per row: 2 % of two-character names in GBK
    are also valid UTF-8. And a file that is UTF-8 for many characters and then breaks is damaged, not GB18030, which
    would turn most of it into other characters without complaint.

    Raises:
        UnreadableError: It is binary, or some line is in no encoding; the line is named.
    """
    with document.open() as stream:
        head = stream.read(_HEAD_BYTES)
    marked = next((codec for bom, codec in _BOMS.items() if head.startswith(bom)), None)
    if codec := stated or marked:
        if broken := _first_broken(document, codec, upto):
            line, _ = broken
            raise UnreadableError(
                f"{document.name}: line {line} is not {codec.upper()}; save the file again, or set encoding",
                zh=f"{document.name}：第 {line} 行不是 {codec.upper()}；请重新保存文件，或设置 encoding",
            )
        return codec
    if _is_binary(head):
        codec = _hint(head)
        raise UnreadableError(
            f"{document.name}: is binary, not a text file of rows"
            + (f'; if it is UTF-16, set encoding = "{codec}"' if codec else ""),
            zh=f"{document.name}：是二进制文件，不是逐行的文本文件"
            + (f'；如果是 UTF-16，请设置 encoding = "{codec}"' if codec else ""),
        )
    if head.lstrip()[:1] == b"<":  # What many portals give the name .xls.
        raise UnreadableError(
            f"{document.name}: is HTML or XML, not a table; save it as CSV or XLSX",
            zh=f"{document.name}：是 HTML 或 XML，不是表格；请另存为 CSV 或 XLSX",
        )
    if not (broken := _first_broken(document, "utf-8", upto)):
        return "utf-8"
    line, characters = broken
    if characters >= _UTF8_FOR_SURE:
        raise UnreadableError(
            f"{document.name}: line {line} is not UTF-8, as the lines before it are; save the file again",
            zh=f"{document.name}：第 {line} 行不是 UTF-8，而前面各行是；请重新保存文件",
        )
    if broken := _first_broken(document, "gb18030", upto):
        raise UnreadableError(
            f"{document.name}: line {broken[0]} is neither UTF-8 nor GB18030; set encoding, or save as UTF-8",
            zh=f"{document.name}：第 {broken[0]} 行既不是 UTF-8 也不是 GB18030；请设置 encoding，或另存为 UTF-8",
        )
    return "gb18030"


def _is_binary(head: bytes) -> bool:
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return b"\0" in head[:1024] or controls * 100 > len(head)


def _hint(head: bytes) -> str | None:
    """The codec to try where it looks like UTF-16 that only lacks its mark: in ASCII, every other byte is zero."""
    for codec, zeros, others in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if zeros.count(0) * 4 > len(zeros) and b"\0" not in others:
            return codec
    return None


def _first_broken(document: Document, codec: str, upto: int | None) -> tuple[int, int] | None:
    """The line of the first bytes that are not of the codec, and how many non-ASCII characters stand before them."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    line, characters, done = 1, 0, 0
    with document.open() as stream:
        while True:
            chunk = stream.read(1 << 20)
            done += len(chunk)
            if codec == "gb18030" and chunk and (lines := _whole_lines(decoder, chunk)) is not None:
                line += lines
                if upto is not None and done >= upto:
                    return None
                continue
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as broken:
                before = broken.object[: broken.start].decode(codec, "ignore")
                return line + before.count("\n"), characters + sum(not c.isascii() for c in before)
            if not chunk or (upto is not None and done >= upto):
                return None
            line += text.count("\n")
            if characters < _UTF8_FOR_SURE:
                characters += sum(not c.isascii() for c in text[:4096])


def _whole_lines(decoder: codecs.IncrementalDecoder, chunk: bytes) -> int | None:
    """How many lines the next bytes of GB18030 end, found in half the time of decoding them; None where it must."""
    data = decoder.getstate()[0] + chunk
    if (whole := pairs.whole(data)) is None:
        return None
    decoder.reset()
    decoder.decode(data[whole:])  # The first half of a character waits for the other.
    return data.count(b"\n")


def blocks(document: Document, codec: str, *, size: int = BLOCK_BYTES) -> Iterator[bytes]:
    r"""The text as UTF-8 in blocks of whole lines that end in `\n`, without byte order mark.

    A carriage return that is not at a line end is a blank inside a value; only a file without any `\n` uses it
    as its line end (old spreadsheets on a Mac).
    """
    with document.open() as stream:
        decoder = codecs.getincrementaldecoder(codec)("strict")
        rest, first, carriage_ends = b"", True, False
        while True:
            chunk, final = _decoded(stream, decoder, size)
            if first:
                chunk, first = chunk.removeprefix("\ufeff"), False
                carriage_ends = "\n" not in chunk and "\r" in chunk
            if "\r" in chunk and carriage_ends:
                chunk = chunk.replace("\r", "\n")
            data = rest + chunk.encode("utf-8", "replace")
            if final:
                yield from _cut(_line_ends(data))
                return
            cut = data.rfind(b"\n") + 1
            if not cut and len(data) > MAX_LINE_BYTES:
                raise UnreadableError(
                    f"{document.name}: a line is longer than {MAX_LINE_BYTES >> 20} MB; is it a table?",
                    zh=f"{document.name}：有一行超过 {MAX_LINE_BYTES >> 20} MB；它是表格吗？",
                )
            rest = data[cut:]
            yield from _cut(_line_ends(data[:cut]))
            if (lines := data.count(b"\n")) > BLOCK_LINES:
                # What would be cut off of every block would make a small one each time.
                size = max(1, size * BLOCK_LINES // lines * 49 // 50)


def _decoded(stream: BinaryIO, decoder: codecs.IncrementalDecoder, size: int) -> tuple[str, bool]:
    chunk = stream.read(size)
    return decoder.decode(chunk, final=not chunk), not chunk


def _cut(data: bytes) -> Iterator[bytes]:
    """The block in parts of at most `BLOCK_LINES` lines; nothing where it is empty."""
    if data.count(b"\n") <= BLOCK_LINES:
        if data:
            yield data
        return
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + 1
    lines = -(-len(ends) // -(-len(ends) // BLOCK_LINES))  # As many in each part.
    start = 0
    for end in [*ends[lines - 1 :: lines].tolist(), len(data)]:
        if start < end:
            yield data[start:end]
        start = end


def _line_ends(data: bytes) -> bytes:
    if b"\r" not in data:
        return data
    signs = np.frombuffer(data, np.uint8)
    returns = np.flatnonzero(signs == ord("\r"))
    if returns[-1] + 1 < len(signs) and (signs[returns + 1] == ord("\n")).all():
        return data.translate(None, b"\r")  # Three times as fast, and what nearly all files want.
    return data.replace(b"\r\n", b"\n").replace(b"\r", b" ")
