"""Hot values: phones, e-mails and certificates that so many records share that they tell of nobody who he is.

They are found from the data: an agent's phone, a placeholder in a field that must be filled, a firm's mailbox. Records
that share one are not compared for it, and a hot phone or e-mail counts as not known. That is the one bound by which
what is joined depends on how much is stored, so it is told: with each run, and as a whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from kehu.model import masks
from kehu.resolve import keys
from kehu.resolve.keys import NAMED
from kehu.store import keys as stored
from kehu.store import records
from kehu.store.database import Database, Transaction

SHOWN = 50
"""So many hot values are told, those of most records first."""

SEEN = 5
"""So many records with a key are looked at to find which of their values it is."""


@dataclass(frozen=True, kw_only=True)
class HotValue:
    """A value that too many records share."""

    column: str
    """phone, email or id_number."""
    records: int
    """How many records have it."""
    value: str | None = field(metadata=masks.told_by("column"))
    """The value; None where the records that had it are gone."""


def values(database: Database, *, hot_key_limit: int) -> tuple[HotValue, ...]:
    """The hot values of the store, those of most records first. It reads every key once."""
    limits = keys.limits(hot_key_limit=hot_key_limit)
    with database.read() as tx:
        return _told(tx, stored.hottest(tx, list(NAMED), limits=limits, most=SHOWN))


def of(database: Database, some: Sequence[int]) -> tuple[HotValue, ...]:
    """What these hot keys are keys of, those of most records first."""
    if not some:
        return ()
    with database.read() as tx:
        return _told(tx, stored.sharers(tx, pa.array(sorted(set(some)), pa.uint64())))


def named(hot: pa.Table) -> tuple[int, ...]:
    """Those of hot keys (`store.keys.HOT`) that are keys of one value, which people know."""
    return tuple(key for key in hot.column("key").to_pylist() if keys.kind_of(key).number in NAMED)


def _told(tx: Transaction, hot: pa.Table) -> tuple[HotValue, ...]:
    found = hot.sort_by([("records", "descending"), ("key", "ascending")]).slice(0, SHOWN).to_pylist()
    return tuple(
        HotValue(column=columns[0], records=row["records"], value=_value(tx, row["key"], columns))
        for row in found
        for columns in [NAMED[keys.kind_of(row["key"]).number]]
    )


def _value(tx: Transaction, key: int, columns: Sequence[str]) -> str | None:
    """The value that all records of a key have in one of these columns or another."""
    some = stored.some_of(tx, key, most=SEEN)
    rows = records.read(tx, some, columns=tuple(columns)).to_pylist()
    shared = [{value for value in row.values() if value is not None} for row in rows]
    common = set.intersection(*shared) if shared else set()
    # Two certificates that differ in their check digit share a key: either will do.
    return min(common or {value for one in shared for value in one}, default=None)
