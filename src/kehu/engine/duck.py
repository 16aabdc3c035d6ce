"""The engine for one machine: keys are joined by sorting, and beyond what memory holds well by DuckDB, which spills."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa

from kehu.engine import sharing
from kehu.engine.engine import Pairing, Stage
from kehu.engine.workshop import Workshop
from kehu.model import links

if TYPE_CHECKING:
    import duckdb

WORTH_A_PROCESS = 100_000
"""Fewer rows are not worth starting processes for."""

HALF = "50%"
"""Of the machine's memory; the other half is for the records that the keys were made of."""


SORTED = 100_000_000
"""More keys, as ten million records have, are joined by DuckDB: it takes twice as long, but may spill."""


class Duck:
    """An engine of its own threads and memory; nothing outlives a call.

    Args:
        threads: How many threads work, or processes where Python itself does; 0 takes every core.
        memory_limit: What DuckDB may hold in memory before it spills, as it writes sizes: `2GB`, `50%`.
        spill_folder: Where it spills, in a folder of its own that goes with the call; else where temporary files go.
        sorted_keys: Up to so many keys are joined by sorting them.
    """

    def __init__(
        self,
        *,
        threads: int = 1,
        memory_limit: str = HALF,
        spill_folder: str | None = None,
        sorted_keys: int = SORTED,
    ) -> None:
        self.threads = threads or os.cpu_count() or 1
        self._sorted_keys = sorted_keys
        self._config = {"threads": str(self.threads), "memory_limit": memory_limit, "preserve_insertion_order": "false"}
        self._spill_folder = spill_folder

    def map(self, stage: Stage, table: pa.Table) -> pa.Table:
        """What a stage makes of a table, in as many processes as there are threads; see `engine.Engine.map`."""
        with self.started(stage, rows=table.num_rows) as mapped:
            return mapped(table)

    @contextmanager
    def started(self, stage: Stage, *, rows: int) -> Iterator[Stage]:
        """A stage whose helpers load it already; see `engine.Engine.started`."""
        if self.threads == 1 or rows < WORTH_A_PROCESS:
            yield stage
        else:
            with Workshop(stage, helpers=self.threads - 1) as workshop:
                yield workshop.make

    def pairs(self, keys: pa.Table, *, limits: Sequence[int]) -> Pairing:
        """Every pair of records that share a key, once; see `engine.Engine.pairs`."""
        if keys.num_rows <= self._sorted_keys:
            return sharing.pairs(keys, limits=limits, threads=self.threads)
        return self._joined(keys, limits=limits)

    def _joined(self, keys: pa.Table, *, limits: Sequence[int]) -> Pairing:
        """The same by DuckDB."""
        bounds = pa.table({"kind": pa.array(range(len(limits)), pa.int32()), "most": pa.array(limits, pa.int64())})
        with self._database() as db:
            db.register("keys", keys)
            db.register("bounds", bounds)
            # Most keys have one record: they are dropped before anything is sorted or joined.
            db.execute(
                """
                create temp table shared as
                select key, count(*) as records, (key & $kind)::int as kind from keys group by key having count(*) > 1
                """,
                {"kind": links.KIND},
            )
            hot = db.sql(
                """
                select key, records from shared join bounds using (kind) where records > most
                order by records desc, key
                """
            ).to_arrow_table()
            pairs = db.sql(
                """
                with spread as (
                    select k.key, k.record
                    from keys k join (select key from shared join bounds using (kind) where records <= most) using (key)
                )
                select distinct l.record as record_l, r.record as record_r
                from spread l join spread r on l.key = r.key and l.record < r.record
                """
            ).to_arrow_table()
        return Pairing(pairs.cast(links.PAIRS), hot)

    @contextmanager
    def _database(self) -> "Iterator[duckdb.DuckDBPyConnection]":
        """A database in memory. By itself DuckDB would spill into the folder that somebody happens to stand in."""
        import duckdb  # noqa: PLC0415 - few have so many records that they need it, and it takes its time to load

        with (
            TemporaryDirectory(prefix="kehu-", dir=self._spill_folder) as folder,
            duckdb.connect(config={**self._config, "temp_directory": folder}) as db,
        ):
            yield db
