"""A drop folder as a channel: CSV, XLSX, JSON and Parquet files, also packed; each known by its content."""

import fnmatch
import hashlib
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, field_validator

from kehu.collect import flatten
from kehu.collect.formats import packed, reading, text
from kehu.errors import SourceError
from kehu.model.records import BadRow, Batch

_LOOK_BYTES = 4 << 20
"""A sample judges the encoding of a file by its first bytes."""

FORGET_AFTER = 10_000
"""Of files no longer in the folder, the cursor remembers this many; one that comes back later is read again."""


class FilesSource(BaseModel):
    """A drop folder, as `kehu.toml` describes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path = Field(description="The drop folder, relative to the folder of kehu.toml.")
    pattern: tuple[str, ...] = Field(
        default=("*",), description="Which names are read, such as *.csv, also a list; capitals make no difference."
    )
    encoding: str | None = Field(
        default=None, description="Encoding of text files; found for each file where it is not set."
    )
    delimiter: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="What separates values; found for each file where not set.",
    )
    skip_lines: int = Field(default=0, ge=0, description="Lines of titles above the line of column heads.")
    sheets: tuple[str, ...] = Field(default=(), description="Sheets of a workbook to read; the first where empty.")
    records_at: str = Field(default="", description="Dotted path of the list of records in a JSON file.")
    settle_s: float = Field(
        default=2.0,
        ge=0,
        description="A file changed more recently than this many seconds is looked at again; if it still grows, it is "
        "left for the next run.",
    )
    max_unpacked_mb: int = Field(
        default=1024, gt=0, description="A packed file or workbook that unpacks to more megabytes is refused."
    )
    batch_rows: int = Field(default=200_000, gt=0, description="At most so many rows are handed on in one batch.")

    @field_validator("pattern", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        return value if value is None else text.known(value)


@dataclass(frozen=True, kw_only=True)
class _Drop:
    """A file in the folder, as the listing shows it."""

    path: Path
    name: str
    size: int
    changed_ns: int

    @property
    def signature(self) -> str:
        """The same as long as name, size and time of change are."""
        told = f"{self.name}|{self.size}|{self.changed_ns}".encode("utf-8", "surrogateescape")
        return _short(hashlib.blake2b(told, digest_size=6).digest())


@dataclass(kw_only=True)
class _Known:
    """What a cursor remembers: the content of files that were read, and how far the one in hand is."""

    signatures: dict[str, str] = field(default_factory=dict)
    """Hash of the content -> signature under which it was last seen; the oldest first."""
    part: tuple[str, int, int] | None = None
    """Hash of a file read in part, the document in it, and its rows that are done."""

    @classmethod
    def of(cls, cursor: str | None, channel: str) -> "_Known":
        if cursor is None:
            return cls()
        try:
            read = json.loads(cursor)
            signatures = dict(pair.split(".") for pair in read["known"])
            part = read.get("part")
            return cls(signatures=signatures, part=None if part is None else (part[0], part[1], part[2]))
        except (ValueError, KeyError, TypeError, IndexError):
            raise SourceError(f"channel {channel!r}: its stored cursor is not one of a drop folder") from None

    def cursor(self, present: set[str]) -> str:
        gone = [content for content, signature in self.signatures.items() if signature not in present]
        forgotten = set(gone[:-FORGET_AFTER])
        known = [f"{content}.{seen}" for content, seen in self.signatures.items() if content not in forgotten]
        written: dict[str, object] = {"known": known}
        if self.part:
            written["part"] = self.part
        return json.dumps(written, separators=(",", ":"))


class FilesChannel:
    """Reads the files of a drop folder, each content once."""

    def __init__(
        self,
        name: str,
        source: FilesSource,
        *,
        folder: Path,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._source = source
        self._folder = folder / source.path
        self._clock = clock
        self._sleep = sleep
        self._options = reading.Options(
            encoding=source.encoding,
            delimiter=source.delimiter,
            skip_lines=source.skip_lines,
            sheets=source.sheets,
            records_at=source.records_at,
            limit=source.max_unpacked_mb << 20,
        )

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        """The rows of every file whose content is new, in the order of their names.

        A file that cannot be read becomes one bad row, and the others are read; so is a file that changes while it is
        read. Files still being written wait for the next run.
        """
        known = _Known.of(after, self.name)
        drops = self._drops()
        present = {drop.signature for drop in drops}
        fresh = [drop for drop in drops if drop.signature not in set(known.signatures.values())]
        closed: list[str] = []
        for drop in self._settled(fresh):
            try:
                content = _content(drop)
                if content in known.signatures:
                    known.signatures[content] = drop.signature
                elif content is not None:
                    yield from self._file(drop, content, known, present)
            except OSError as why:
                closed.append(f"{drop.name} ({why.strerror})")
        if closed:
            raise SourceError(f"channel {self.name!r}: cannot open {', '.join(closed)}; the other files are read")

    def sample(self, rows: int) -> Batch:
        """The first rows of the first file that has any."""
        bad: list[BadRow] = []
        for drop in self._drops():
            options = replace(self._options, look_only=_LOOK_BYTES)
            try:
                for document in packed.documents(drop.path, drop.name, options.limit):
                    for piece in reading.pieces(document, options):
                        if piece.rows.num_rows:
                            return Batch(rows=piece.rows.slice(0, rows), cursor=None, bad=(*bad, *piece.bad))
                        bad.extend(piece.bad)
            except (SourceError, OSError) as why:
                bad.append(_unreadable(drop, why))
        return Batch(rows=flatten.positioned({}, pa.array([], pa.string())), cursor=None, bad=tuple(bad))

    def _drops(self) -> list[_Drop]:
        if not self._folder.is_dir():
            raise SourceError(f"channel {self.name!r}: there is no folder {self._folder}; make it, or mend path")
        drops: list[_Drop] = []
        for path in self._folder.rglob("*"):
            name = path.relative_to(self._folder).as_posix()
            if self._is_wanted(name) and path.is_file():
                state = path.stat()
                drops.append(_Drop(path=path, name=name, size=state.st_size, changed_ns=state.st_mtime_ns))
        return sorted(drops, key=lambda drop: drop.name)

    def _is_wanted(self, name: str) -> bool:
        """Whether the patterns ask for a name; hidden files and the lock files of Excel never are."""
        if any(part.startswith((".", "~$")) for part in name.split("/")):
            return False
        return any(
            fnmatch.fnmatchcase(name.lower(), pattern.lower())
            for pattern in self._source.pattern
            if name.count("/") == pattern.count("/")
        )

    def _settled(self, drops: list[_Drop]) -> Iterator[_Drop]:
        """The files nobody is writing: those at rest first, then the young ones that stayed as they were."""
        young: list[_Drop] = []
        for drop in drops:
            if abs(self._clock() - drop.changed_ns / 1e9) < self._source.settle_s:
                young.append(drop)
            else:
                yield drop
        if young:
            self._sleep(self._source.settle_s)
            yield from (drop for drop in young if _is_same(drop))

    def _file(self, drop: _Drop, content: str, known: _Known, present: set[str]) -> Iterator[Batch]:
        """One file in batches; the cursor of the last says that the whole file is read."""
        in_hand = _Batcher(self._source.batch_rows)
        at, skip = (known.part[1], known.part[2]) if known.part and known.part[0] == content else (0, 0)
        try:
            for number, document in enumerate(packed.documents(drop.path, drop.name, self._options.limit)):
                if number < at:
                    continue
                for piece in reading.pieces(document, self._options, skip=skip if number == at else 0):
                    if in_hand.is_full_with(piece.rows.num_rows + len(piece.bad)):
                        yield in_hand.batch(known.cursor(present))
                    in_hand.add(piece.rows, piece.bad)
                    known.part = (content, number, piece.done)
            if not _is_same(drop):
                in_hand.add_bad(_changed(drop))
        except SourceError as why:
            in_hand.add_bad(_unreadable(drop, why))
        known.part = None
        known.signatures[content] = drop.signature
        if in_hand:
            yield in_hand.batch(known.cursor(present))


class _Batcher:
    """Gathers pieces until they are a batch."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tables: list[pa.Table] = []
        self._bad: list[BadRow] = []
        self._count = 0

    def __bool__(self) -> bool:
        return self._count > 0

    def is_full_with(self, count: int) -> bool:
        return self._count > 0 and self._count + count > self._limit

    def add(self, rows: pa.Table, bad: tuple[BadRow, ...]) -> None:
        if rows.num_rows:
            self._tables.append(rows)
        self._bad.extend(bad)
        self._count += rows.num_rows + len(bad)

    def add_bad(self, row: BadRow) -> None:
        self._bad.append(row)
        self._count += 1

    def batch(self, cursor: str) -> Batch:
        empty = flatten.positioned({}, pa.array([], pa.string()))
        rows = pa.concat_tables(self._tables, promote_options="default") if self._tables else empty
        batch = Batch(rows=rows, cursor=cursor, bad=tuple(self._bad))
        self._tables, self._bad, self._count = [], [], 0
        return batch


def _content(drop: _Drop) -> str | None:
    """The hash of a file's content, or None where it changed meanwhile."""
    with drop.path.open("rb") as stream:
        content = _short(hashlib.file_digest(stream, "sha256").digest()[:16])
    return content if _is_same(drop) else None


def _is_same(drop: _Drop) -> bool:
    try:
        state = drop.path.stat()
    except FileNotFoundError:
        return False
    return (state.st_size, state.st_mtime_ns) == (drop.size, drop.changed_ns)


def _short(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _unreadable(drop: _Drop, why: Exception) -> BadRow:
    return BadRow(position=drop.name, raw="", reason=f"the file cannot be read: {why}")


def _changed(drop: _Drop) -> BadRow:
    return BadRow(position=drop.name, raw="", reason="the file was changed while it was read; it is read again")
