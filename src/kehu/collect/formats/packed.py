"""What a file holds: itself, or the files packed in a gzip or zip; the unpacked size is bounded."""

import gzip
import io
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from kehu.collect.formats.piece import Document
from kehu.errors import UnreadableError

DAMAGED = (EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, gzip.BadGzipFile, NotImplementedError)
"""What the unpackers raise on a damaged file."""

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"


class Bounded(io.RawIOBase):
    """A stream that refuses to give more bytes than agreed."""

    def __init__(self, stream: BinaryIO, name: str, limit: int) -> None:
        self._stream = stream
        self._name = name
        self._limit = limit
        self._left = limit

    def readable(self) -> bool:
        """It can be read, not written."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # RawIOBase types any buffer.
        """Fill the buffer, or refuse."""
        try:
            chunk = self._stream.read(len(buffer))
        except DAMAGED as why:
            raise _damaged(self._name, why) from None
        self._left -= len(chunk)
        if self._left < 0:
            raise too_large(self._name, self._limit)
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        """Close the packed stream with it."""
        self._stream.close()
        super().close()


def too_large(name: str, limit: int) -> UnreadableError:
    """A file unpacks to more than the limit: that, and what to do."""
    return UnreadableError(
        f"{name}: unpacks to more than {limit >> 20} MB; raise max_unpacked_mb if that is right",
        zh=f"{name}：解压后超过 {limit >> 20} MB；如属正常，请调高 max_unpacked_mb",
    )


def _damaged(name: str, why: Exception) -> UnreadableError:
    return UnreadableError(f"{name}: is damaged and cannot be unpacked ({why})", zh=f"{name}：已损坏，无法解压")


def documents(path: Path, name: str, limit: int) -> Iterator[Document]:
    """The documents of a file in the order of their names: one, or what a zip holds.

    Args:
        path: Where it lies.
        name: How positions name it.
        limit: The bytes it may unpack to.

    Raises:
        UnreadableError: It is damaged, encrypted, or unpacks to more than the limit.
    """
    with path.open("rb") as stream:
        magic = stream.read(4)
    if magic[:2] == _GZIP:
        yield Document(name=name.removesuffix(".gz"), open=lambda: _gzip(path, name, limit))
    elif magic == _ZIP and not is_workbook(path):
        yield from _members(path, name, limit)
    else:
        yield Document(name=name, open=lambda: path.open("rb"), path=path)


def is_workbook(path: Path) -> bool:
    """Whether a zip is a workbook of a spreadsheet."""
    try:
        with zipfile.ZipFile(path) as packed:
            return "[Content_Types].xml" in packed.namelist()
    except DAMAGED:
        return False


def _gzip(path: Path, name: str, limit: int) -> BinaryIO:
    return io.BufferedReader(Bounded(cast("BinaryIO", gzip.open(path)), name, limit), 1 << 20)


def _members(path: Path, name: str, limit: int) -> Iterator[Document]:
    try:
        with zipfile.ZipFile(path) as packed:
            members = [member for member in packed.infolist() if not member.is_dir()]
    except DAMAGED as why:
        raise _damaged(name, why) from None
    if any(member.flag_bits & 1 for member in members):
        raise UnreadableError(
            f"{name}: is encrypted; unpack it before it is dropped here",
            zh=f"{name}：已加密，请先解压再放入此文件夹",
        )
    if sum(member.file_size for member in members) > limit:
        raise too_large(name, limit)
    for member in sorted(members, key=_member_name):
        inside = _member_name(member)
        if not inside.startswith("__MACOSX/"):
            title = f"{name}/{inside}"
            yield Document(name=title, open=lambda m=member, t=title: _member(path, m, t, limit))  # type: ignore[misc]


def _member_name(member: zipfile.ZipInfo) -> str:
    """The name as it was meant: Chinese systems write GBK where the standard says code page 437."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


def _member(path: Path, member: zipfile.ZipInfo, name: str, limit: int) -> BinaryIO:
    try:
        with zipfile.ZipFile(path) as packed:  # The opened member keeps the file open by itself.
            stream = packed.open(member)
    except DAMAGED as why:
        raise _damaged(name, why) from None
    return io.BufferedReader(Bounded(cast("BinaryIO", stream), name, limit), 1 << 20)


@contextmanager
def as_file(document: Document) -> Iterator[Path]:
    """A path under which a reader finds the document that must jump about in it; packed ones are unpacked there."""
    if document.path is not None:
        yield document.path
        return
    with tempfile.NamedTemporaryFile(prefix="kehu-") as unpacked:
        with document.open() as stream:
            shutil.copyfileobj(stream, unpacked, 1 << 20)
        unpacked.flush()
        yield Path(unpacked.name)
