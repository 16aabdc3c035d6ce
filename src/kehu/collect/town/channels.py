"""The town's records put into three real channels, each as an operator has it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kehu.collect.town import calls, draw, hall, online
from kehu.collect.town.town import Town

APPLICATIONS = Path("town/applications.jsonl")
CALLS = Path("calls.db")
HALL = Path("hall")
TRUTH = Path("truth.parquet")
"""Where a channel and the truth stand in the folder of a project."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How many rows a channel holds; their sum is what is read from it."""

    records: int
    """Records of the town."""
    duplicates: int
    """Rows that say again what another row says."""
    bad: int
    """Rows that nobody can use."""


def write(town: Town, folder: Path) -> dict[str, Delivery]:
    """Put the town's records into its channels below a folder, beside the truth; channels of before are replaced.

    The truth is a table of `channel`, `key` (the channel's own key of the record) and `customer_id`.
    """
    for path in (folder / APPLICATIONS, folder / CALLS, folder / TRUTH):
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / HALL, ignore_errors=True)
    (folder / HALL).mkdir()
    delivered: dict[str, Delivery] = {}
    for number, (name, channel, path) in enumerate(
        (("online", online, APPLICATIONS), ("calls", calls, CALLS), ("hall", hall, HALL))
    ):
        rng = np.random.default_rng([town.seed, number])
        mine = pc.equal(town.records["channel"], name)
        records, visits = town.records.filter(mine), town.visits.filter(mine)
        again = draw.hits(rng, town.rates.duplicate, len(records)) & (name != "calls")  # Its table has a primary key.
        bad = round(len(records) * town.rates.bad_row)
        channel.write(rng, records, visits, folder / path, again=again, bad=bad)
        delivered[name] = Delivery(records=len(records), duplicates=int(again.sum()), bad=bad)
    truth = pa.table(
        {"channel": town.records["channel"], "key": town.truth["record_id"], "customer_id": town.truth["customer_id"]}
    )
    pq.write_table(truth, folder / TRUTH)
    return delivered
