"""A drop folder as a channel: CSV, XLSX, JSON and Parquet files, also packed; each known by its content."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, field_validator

from kehu.collect import drops, flatten
from kehu.collect.formats import packed, reading, text
from kehu.collect.formats.piece import Piece
from kehu.errors import SourceError, UnreadableError
from kehu.model.records import BadRow, Batch, Reason

_LOOK_BYTES = 4 << 20
"""A sample judges the encoding of a file by its first bytes."""


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
    batch_rows: int = Field(default=50_000, gt=0, description="At most so many rows are handed on in one batch.")

    @field_validator("pattern", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        return value if value is None else text.known(value)


class FilesChannel:
    """Reads the files of a drop folder, each content once."""

    def __init__(
        self,
        name: str,
        source: FilesSource,
        *,
        folder: Path,
        mapped: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._source = source
        self._folder = folder / source.path
        self._mapped = mapped or {}
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
        read. Files still being written wait for the next run, and so does one that lacks a column of the mapping: the
        run fails when it has read the others.
        """
        known = drops.Known.of(after, self.name)
        signatures = self._signatures()
        fresh = known.without(signatures)
        run = _Run(known=known, present=set().union(*signatures.values()), limit=self._source.batch_rows)
        refused: list[str] = []
        for drop in self._settled(fresh):
            try:
                content = drop.content()
                if content in known.files:
                    known.files[content] = drop.signature
                elif content is not None and self._salted(content) not in known.files:
                    yield from self._file(drop, content, run)
            except OSError as why:
                refused.append(f"cannot open {drop.name} ({why.strerror})")
            except _OtherColumnsError as why:
                refused.append(str(why))
        yield from run.rest()
        if refused:
            raise SourceError(f"channel {self.name!r}: {'; '.join(refused)}; the other files are read")

    def waiting(self, *, after: str | None) -> int:
        """How large the files are that look new."""
        return sum(drop.size for drop in drops.Known.of(after, self.name).without(self._signatures()))

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
            except (UnreadableError, OSError) as why:
                bad.append(_unreadable(drop, why))
        return Batch(rows=flatten.positioned({}, pa.array([], pa.string())), cursor=None, bad=tuple(bad))

    def _drops(self) -> list[drops.Drop]:
        if not self._folder.is_dir():
            raise SourceError(f"channel {self.name!r}: there is no folder {self._folder}; make it, or mend path")
        return drops.listed(self._folder, self._source.pattern)

    def _signatures(self) -> dict[drops.Drop, set[str]]:
        """The files that lie there, each with what it may be known by."""
        return {drop: {drop.signature, self._salted(drop.signature)} for drop in self._drops()}

    def _salted(self, hashed: str) -> str:
        return drops.salted(hashed, repr(self._options))

    def _settled(self, found: list[drops.Drop]) -> Iterator[drops.Drop]:
        """The files nobody is writing: those at rest first, then the young ones that stayed as they were."""
        young: list[drops.Drop] = []
        for drop in found:
            if abs(self._clock() - drop.changed_ns / 1e9) < self._source.settle_s:
                young.append(drop)
            else:
                yield drop
        if young:
            self._sleep(self._source.settle_s)
            yield from (drop for drop in young if drop.is_same())

    def _file(self, drop: drops.Drop, content: str, run: "_Run") -> Iterator[Batch]:
        """Add one file to the run; its batches that are full."""
        at, skip = run.resume(content)
        known_as = content, drop.signature
        try:
            for number, document in enumerate(packed.documents(drop.path, drop.name, self._options.limit)):
                if number >= at:
                    for piece in reading.pieces(document, self._options, skip=skip if number == at else 0):
                        self._require_columns(piece, document.name)
                        yield from run.add(piece, document.name, part=(content, number, piece.done))
            if not drop.is_same():
                run.add_bad(_changed(drop))
        except UnreadableError as why:
            run.add_bad(_unreadable(drop, why))
            known_as = self._salted(content), self._salted(drop.signature)
        run.done(*known_as)

    def _require_columns(self, piece: Piece, document: str) -> None:
        has = piece.rows.column_names[:-1]
        for column, ours in self._mapped.items():
            if piece.rows.num_rows and column not in has:
                raise _OtherColumnsError(
                    f'column "{column}" is mapped to {ours} but is not in the file {document} (has: {", ".join(has)})'
                )


class _OtherColumnsError(Exception):
    """A file lacks a column that the mapping reads."""


class _Run:
    """Gathers pieces until they are a batch, and knows what to store with it."""

    def __init__(self, *, known: drops.Known, present: set[str], limit: int) -> None:
        self._known = known
        self._present = present
        self._limit = limit
        self._tables: list[pa.Table] = []
        self._bad: list[BadRow] = []
        self._count = 0
        self._document = ""

    def resume(self, content: str) -> tuple[int, int]:
        """The document in a file to go on with, and how many of its rows are done."""
        part = self._known.part
        return part[1:] if part and part[0] == content else (0, 0)

    def add(self, piece: Piece, document: str, *, part: tuple[str, int, int]) -> Iterator[Batch]:
        """Take a piece; the batch before it, where they do not go together.

        Small files of the same columns go into one batch. Documents of other columns do not: what one lacks would look
        like a value that is not there.
        """
        count = piece.rows.num_rows + len(piece.bad)
        other = self._tables and document != self._document and not self._fits(piece)
        if self._count and (other or self._count + count > self._limit):
            yield self._batch()
        if piece.rows.num_rows:
            self._tables.append(piece.rows)
        self._bad.extend(piece.bad)
        self._count += count
        self._document = document
        self._known.part = part

    def add_bad(self, row: BadRow) -> None:
        """Take a bad row that stands for a file."""
        self._bad.append(row)
        self._count += 1

    def done(self, content: str, signature: str) -> None:
        """A whole file is in hand."""
        self._known.part = None
        self._known.files[content] = signature

    def rest(self) -> Iterator[Batch]:
        """What is still in hand."""
        if self._count:
            yield self._batch()

    def _fits(self, piece: Piece) -> bool:
        return not piece.rows.num_rows or piece.rows.column_names == self._tables[-1].column_names

    def _batch(self) -> Batch:
        empty = flatten.positioned({}, pa.array([], pa.string()))
        rows = pa.concat_tables(self._tables, promote_options="default") if self._tables else empty
        batch = Batch(rows=rows, cursor=self._known.cursor(self._present), bad=tuple(self._bad))
        self._tables, self._bad, self._count = [], [], 0
        return batch


def _unreadable(drop: drops.Drop, why: UnreadableError | OSError) -> BadRow:
    zh = why.zh if isinstance(why, UnreadableError) else f"{drop.name}：无法打开"
    return BadRow(
        position=drop.name, raw="", reason=Reason(zh=f"文件无法读取：{zh}", en=f"the file cannot be read: {why}")
    )


def _changed(drop: drops.Drop) -> BadRow:
    reason = Reason(zh="文件在读取时被改动，将重新读取", en="the file was changed while it was read; it is read again")
    return BadRow(position=drop.name, raw="", reason=reason)
