"""A store of so many customers for benchmarks, prepared once in a folder and found there by the next run.

The customers are those of made-up towns, as the truth has them: their golden values, contact media and search terms are
made and written by the code that `kehu run` writes them with, without collecting and matching their records first.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import prepared
import pyarrow as pa
import pyarrow.compute as pc
import servers
from rich.console import Console

from kehu.collect.town import town
from kehu.flows.identify import states
from kehu.process import clean
from kehu.store import customers, database, records, sequence
from kehu.store.database import Database
from kehu.store.sealing.vault import Vault

TOWN_RECORDS = 200_000
"""A town of so many records has some 73,000 customers."""


@contextlib.contextmanager
def store(kind: str, home: Path) -> Iterator[Database]:
    """The store of this kind that lives in a folder, with our tables."""
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)
    with servers.url(kind, home) as where:
        opened = database.connect(where, folder=home, vault=Vault(prepared.keys(home)))
        database.migrate(opened)
        try:
            yield opened
        finally:
            opened.close()


def fill(opened: Database, size: int, console: Console) -> None:
    """Let a store hold at least so many customers, unless it does."""
    with opened.read() as tx:
        held = customers.next_id(tx) - 1
    if held < size:
        console.print(f"[dim]{opened.engine.dialect.name}: preparing a store of {size:,} customers …[/]")
    begun, number = time.perf_counter(), 0
    while held < size:
        number += 1
        with opened.begin() as tx:
            there = customers.next_id(tx) - 1
            if there > held:
                raise SystemExit(f"{opened.name}: it was left half prepared; take its folder away")
            rows = _rows(number, first=there + 1)
            rows = rows.filter(pc.less_equal(rows["customer_id"], size))
            at = datetime.now(UTC)
            with states.making(tx, rows, trust=prepared.TRUST) as state:
                written = states.write(tx, state, at=at, why="benchmark")
            sequence.take(tx, "customer", written.created)
            held += written.created
    if number:
        console.print(f"[dim]prepared in {time.perf_counter() - begun:.1f} s[/]")


def _rows(number: int, *, first: int) -> pa.Table:
    """The records of one town (`store.records.RECORDS`), their customers numbered from `first`."""
    made = town.make(TOWN_RECORDS, seed=prepared.SEED + number)
    table = clean.clean(made.records)
    many = table.num_rows
    who = np.unique(made.truth["customer_id"].to_numpy(zero_copy_only=False), return_inverse=True)[1]
    told = {
        "record": pa.array(np.arange(number * TOWN_RECORDS, number * TOWN_RECORDS + many)),
        **{name: table[name] for name in table.column_names},
        "version": pa.repeat(1, many),
        "current": pa.repeat(True, many),
        "origin": pa.repeat(1, many),
        "load_id": pa.repeat(1, many),
        "received_at": pa.repeat(datetime.now(UTC), many),
        "source_position": pa.nulls(many, pa.string()),
        "customer_id": pa.array(first + who),
    }
    return pa.table(told).cast(records.RECORDS)


def cool(home: Path) -> None:
    """Let the files of a store that nobody has open be read from the disk again."""
    for path in home.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
