"""Which reader a document needs, told by its first bytes; its name only tells JSON from CSV."""

from collections.abc import Iterator
from dataclasses import dataclass

from kehu.collect.formats import json, packed, parquet, text, xlsx
from kehu.collect.formats.csv import pieces as csv
from kehu.collect.formats.piece import Document, Piece
from kehu.errors import UnreadableError

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_PACKED = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zX")
_JSON_NAMES = (".json", ".jsonl", ".ndjson")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the settings of a channel say about its files."""

    encoding: str | None = None
    delimiter: str | None = None
    skip_lines: int = 0
    sheets: tuple[str, ...] = ()
    records_at: str = ""
    limit: int
    look_only: int | None = None
    """Judge the encoding by so many bytes: enough for a sample, not for reading."""


def pieces(document: Document, options: Options, *, skip: int = 0) -> Iterator[Piece]:
    """The rows of a document of any kind.

    Args:
        document: A file, or one that was packed.
        options: From the settings.
        skip: How many of its lines or rows a run before this one has read.

    Raises:
        UnreadableError: It cannot be read; the message names it.
    """
    with document.open() as stream:
        magic = stream.read(4)
    if not magic:
        return
    if magic.startswith(_WORKBOOKS):
        if magic.startswith(b"PK") and document.path is None:
            with packed.as_file(document) as path:
                if not packed.is_workbook(path):
                    raise UnreadableError(
                        f"{document.name}: is packed twice; unpack it once",
                        zh=f"{document.name}：被压缩了两次，请先解压一次",
                    )
        yield from xlsx.pieces(
            document, sheets=options.sheets, skip_lines=options.skip_lines, limit=options.limit, skip=skip
        )
    elif magic == b"PAR1":
        yield from parquet.pieces(document, skip=skip)
    elif magic.startswith(_PACKED):
        raise UnreadableError(
            f"{document.name}: is packed in a way kehu does not unpack; use gzip or zip, once",
            zh=f"{document.name}：kehu 不能解压这种压缩方式，请用 gzip 或 zip 压缩一次",
        )
    else:
        yield from _text(document, options, skip)


def _text(document: Document, options: Options, skip: int) -> Iterator[Piece]:
    codec = text.encoding_of(document, stated=options.encoding, upto=options.look_only)
    if not document.name.lower().endswith(_JSON_NAMES):
        yield from csv.pieces(document, codec, delimiter=options.delimiter, skip_lines=options.skip_lines, skip=skip)
    elif json.is_lines(document, codec):
        yield from json.lines(document, codec, skip=skip)
    else:
        yield from json.whole(document, codec, records_at=options.records_at, limit=options.limit, skip=skip)
