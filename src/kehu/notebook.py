"""kehu in a notebook: what the store holds, as Arrow tables that pandas and polars read; nothing is changed from here.

    >>> import kehu
    >>> with kehu.open("kehu.toml") as held:  # doctest: +SKIP
    ...     people = held.customers().to_pandas()
    ...     held.figure("category")

Personal values are masked, unless the notebook was opened with a reason; the audit trail tells of it then, before the
first is read.
"""

import getpass
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import pyarrow as pa

from kehu import wiring
from kehu.analyse.crosses import Cross
from kehu.flows.analysis import export, figures, segments
from kehu.flows.analysis.export import Asked
from kehu.flows.analysis.segments import Reader
from kehu.flows.insight import sight
from kehu.settings import reading
from kehu.store import exports
from kehu.store.exports import What
from kehu.store.tallies import Cut

CROSS = pa.schema([("row", pa.string()), ("column", pa.string()), ("value", pa.float64())])
"""A figure that counts by two things at once."""


class Held:
    """What a store holds; opened by `kehu.open`."""

    def __init__(self, config: Path | None, *, reason: str | None) -> None:
        self._settings = reading.load(config)
        self._reason = reason
        self._stack = ExitStack()
        self._database = self._stack.enter_context(wiring.store(self._settings))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store."""
        self._stack.close()

    def customers(self) -> pa.Table:
        """Living customers: their number, golden values, how many records, quality, newest change."""
        return self._table(What.CUSTOMERS)

    def records(self) -> pa.Table:
        """Records in force, cleaned, with the customer each belongs to."""
        return self._table(What.RECORDS)

    def links(self) -> pa.Table:
        """Pairs of records that were scored and matter, with their weight, state and reason."""
        return self._table(What.LINKS)

    def figure(self, name: str) -> pa.Table:
        """A figure of the dashboard as last counted: `code`, `customers`, `percent`; or `row`, `column`, `value`.

        Raises:
            NotFoundError: There is none of this name.
        """
        at, reader = wiring.now(), self._reader
        told = figures.shown(self._database, Cut(), at=at, zone=self._zone, reader=reader, names=(name,))
        [found] = told.figures
        if isinstance(found, Cross):
            cells = [{"row": cell.row, "column": cell.column, "value": cell.value} for cell in found.cells]
            return pa.Table.from_pylist(cells, schema=CROSS)
        columns = {
            "code": [part.code for part in found.slices],
            "customers": [part.customers for part in found.slices],
            "percent": [part.percent for part in found.slices],
        }
        schema = pa.schema([("code", pa.string()), ("customers", pa.int64()), ("percent", pa.float64())])
        return pa.table(columns, schema=schema)

    def segments(self) -> pa.Table:
        """The saved segments: `name`, `version`, `customers` (when last counted)."""
        found = segments.listed(self._database, limit=1000, reader=self._reader)
        columns = {
            "name": [one.name for one in found],
            "version": [one.version for one in found],
            "customers": [one.sizes[-1].customers if one.sizes else None for one in found],
        }
        schema = pa.schema([("name", pa.string()), ("version", pa.int64()), ("customers", pa.int64())])
        return pa.table(columns, schema=schema)

    def segment(self, name: str) -> pa.Table:
        """The customers that a saved segment means today, as `customers`.

        Raises:
            NotFoundError: There is none of this name.
        """
        today = segments.today(wiring.now(), self._zone)
        self._note(What.CUSTOMERS)
        schema = exports.COLUMNS[What.CUSTOMERS]
        with self._database.read() as tx:
            pieces = list(segments.batches(tx, name, today, tuple(schema.names)))
        return self._shown(pieces, schema)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self._settings.serve.zone)

    @property
    def _reader(self) -> Reader:
        return Reader(sees_persons=True, sight=sight.CLEAR if self._reason else sight.Sight(), smallest=0)

    def _table(self, what: What) -> pa.Table:
        self._note(what)
        with self._database.read() as tx:
            pieces = list(exports.batches(tx, what))
        return self._shown(pieces, exports.COLUMNS[what])

    def _note(self, what: What) -> None:
        if self._reason:
            asked = Asked(who=f"cli:{getpass.getuser()}", at=wiring.now(), why=self._reason)
            export.note(self._database, what, asked, is_masked=False)

    def _shown(self, pieces: list[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
        if self._reason:
            return pa.Table.from_batches(pieces, schema=schema)
        masked = pa.schema([export.masked_field(field) for field in schema])
        return pa.Table.from_batches([export.masked(piece, masked) for piece in pieces], schema=masked)
