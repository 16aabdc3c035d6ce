"""The files of a drop folder: what lies there, and which of it was read before."""

import fnmatch
import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kehu.errors import SourceError

FORGET_AFTER = 10_000
"""Of files no longer in the folder, the cursor remembers this many; one that comes back later is read again."""


@dataclass(frozen=True, kw_only=True)
class Drop:
    """A file in the folder, as the listing shows it."""

    path: Path
    name: str
    """Its path below the folder, as positions name it."""
    size: int
    changed_ns: int

    @property
    def signature(self) -> str:
        """The same as long as name, size and time of change are, so that a known file need not be read to be known."""
        return _short(f"{self.name}|{self.size}|{self.changed_ns}".encode("utf-8", "surrogateescape"), 6)

    def is_same(self) -> bool:
        """Whether the file is still as the listing showed it."""
        try:
            state = self.path.stat()
        except FileNotFoundError:
            return False
        return (state.st_size, state.st_mtime_ns) == (self.size, self.changed_ns)

    def content(self) -> str | None:
        """The hash of what it holds; None where it changed meanwhile.

        Raises:
            OSError: It cannot be opened.
        """
        with self.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
        return _text(digest[:16]) if self.is_same() else None


def listed(folder: Path, patterns: Sequence[str]) -> list[Drop]:
    """The files whose names the patterns ask for, in the order of their names.

    Capitals make no difference. Hidden files and the lock files of Excel are never asked for.
    """
    drops: list[Drop] = []
    for path in _files(folder, {pattern.count("/") for pattern in patterns}):
        name = path.relative_to(folder).as_posix()
        if any(part.startswith((".", "~$")) for part in name.split("/")):
            continue
        fitting = (pattern for pattern in patterns if pattern.count("/") == name.count("/"))
        if any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for pattern in fitting):
            state = path.stat()
            drops.append(Drop(path=path, name=name, size=state.st_size, changed_ns=state.st_mtime_ns))
    return sorted(drops, key=lambda drop: drop.name)


def _files(folder: Path, depths: set[int]) -> Iterator[Path]:
    for depth in depths:
        yield from (path for path in folder.glob("/".join(["*"] * (depth + 1))) if path.is_file())


@dataclass(kw_only=True)
class Known:
    """What a cursor remembers: the files that were read, and how far the one in hand is."""

    files: dict[str, str] = field(default_factory=dict)
    """Hash of the content -> signature under which it was last seen; the oldest first."""
    part: tuple[str, int, int] | None = None
    """Hash of the file that is read in part, the document in it, and the rows of that which are done."""

    @classmethod
    def of(cls, cursor: str | None, channel: str) -> "Known":
        """What a stored cursor says.

        Raises:
            SourceError: It is none of a drop folder.
        """
        if cursor is None:
            return cls()
        try:
            read = json.loads(cursor)
            files = dict(pair.split(".") for pair in read["known"])
            part = read.get("part")
            return cls(files=files, part=None if part is None else (part[0], part[1], part[2]))
        except (ValueError, KeyError, TypeError, IndexError):
            raise SourceError(f"channel {channel!r}: its stored cursor is not one of a drop folder") from None

    def without(self, signatures: Mapping[Drop, set[str]]) -> list[Drop]:
        """The files that were never seen under any of their signatures."""
        seen = set(self.files.values())
        return [drop for drop, its in signatures.items() if not its & seen]

    def cursor(self, present: set[str]) -> str:
        """What to store, without the longest gone of the files whose signature is not present."""
        gone = [content for content, signature in self.files.items() if signature not in present]
        forgotten = set(gone[:-FORGET_AFTER])
        known = [f"{content}.{signature}" for content, signature in self.files.items() if content not in forgotten]
        written: dict[str, object] = {"known": known} | ({"part": self.part} if self.part else {})
        return json.dumps(written, separators=(",", ":"))


def salted(hashed: str, salt: str) -> str:
    """A hash that holds only as long as the salt is the same.

    A file that could not be read is known under its hash and the settings of its channel: with other settings it may
    be read, so then it is new.
    """
    return _short(f"{hashed}|{salt}".encode(), 12)


def _short(written: bytes, size: int) -> str:
    return _text(hashlib.blake2b(written, digest_size=size).digest())


def _text(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
