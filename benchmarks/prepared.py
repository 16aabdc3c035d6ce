"""Stores of a made-up town for benchmarks: prepared once in a folder, and found there by the next run."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import servers
from rich.console import Console

from kehu.collect.town import town
from kehu.engine.duck import Duck
from kehu.flows import run
from kehu.flows.arrive.arrive import OURS
from kehu.flows.intake.intake import Feed
from kehu.model.records import POSITION, Batch
from kehu.resolve import model as models
from kehu.store import database, loads
from kehu.store.database import Database
from kehu.store.sealing import keyring
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault

SEED = 2026
"""Not one of those that the shipped model was learned from."""
SPARE = 0.25
"""The town has so many more records than the store is prepared with."""
PIECE = 50_000
"""Rows of a batch, as the file channels hand them on."""
DATABASES = ("sqlite", "mariadb", "postgresql")
TRUST = {"hall": 3, "online": 2, "calls": 1}


@dataclass(frozen=True)
class Given:
    """A channel that holds these rows."""

    name: str
    rows: pa.Table

    def batches(self, *, after: str | None) -> Iterator[Batch]:
        del after
        for start in range(0, self.rows.num_rows, PIECE):
            yield Batch(rows=self.rows.slice(start, PIECE), cursor=None)

    def sample(self, rows: int) -> Batch:
        return Batch(rows=self.rows.slice(0, rows), cursor=None)


@contextlib.contextmanager
def store(
    kind: str, folder: Path, rows: pa.Table, *, records: int, console: Console
) -> Iterator[tuple[Database, Path]]:
    """A store of this kind that holds at least the first so many rows, and the folder it lives in."""
    home = folder / f"{kind}-{records}"
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)
    with servers.url(kind, home) as where:
        opened = database.connect(where, folder=home, vault=Vault(keys(home)))
        database.migrate(opened)
        here = held(opened)
        if here < records:
            console.print(f"[dim]{kind}: preparing a store of {records:,} records …[/]")
            begun = time.perf_counter()
            bring(opened, rows.slice(here, records - here), home)
            console.print(f"[dim]{kind}: prepared in {time.perf_counter() - begun:.1f} s[/]")
        yield opened, home
        opened.close()


def held(opened: Database) -> int:
    """How many of the town's rows the store has read."""
    with opened.read() as tx:
        return loads.totals(tx).read


def rows(folder: Path, records: int, console: Console) -> pa.Table:
    """The town in an order of its own, a quarter larger than the stores, made unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"town-{records}.parquet"
    if not path.exists():
        size = int(records * (1 + SPARE))
        console.print(f"[dim]inventing {size:,} records …[/]")
        made = town.make(size, seed=SEED).records
        order = np.random.default_rng(SEED).permutation(made.num_rows)
        pq.write_table(made.take(pa.array(order)).combine_chunks(), path)
    return pq.read_table(path)


def bring(opened: Database, rows: pa.Table, folder: Path) -> None:
    """What `kehu run` does with new rows of the three channels."""
    feeds = []
    for channel in pc.unique(rows["channel"]).to_pylist():
        theirs = rows.filter(pc.equal(rows["channel"], channel)).drop_columns(["channel"])
        theirs = theirs.append_column(POSITION, pa.array([f"row {place}" for place in range(theirs.num_rows)]))
        feeds.append(Feed(channel=Given(channel, theirs), mapping=OURS, sparse=True))
    done = run.whole(
        opened,
        feeds,
        Duck(threads=2),
        models.shipped(),
        raw_in=folder / "raw",
        home="CN",
        trust=TRUST,
        hot_key_limit=100,
        clock=lambda: datetime.now(UTC),
    )
    if done.failures:
        raise SystemExit(str(done.failures))


def keys(home: Path) -> Keyring:
    """The key of the store stays beside it: with another one it could not be read again."""
    path = home / "kehu.key"
    if not path.exists():
        keyring.write(path, keyring.made())
    return keyring.read(path)
