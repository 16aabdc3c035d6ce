"""How much the store holds, by channel and by category: the first page."""

from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa

from kehu.analyse import figures
from kehu.analyse.figures import Figure
from kehu.store import figures as counts
from kehu.store import holdings, tallies
from kehu.store.database import Database, Transaction
from kehu.store.tallies import Cut


@dataclass(frozen=True, kw_only=True)
class Overview:
    """How much the store holds, by channel and by category."""

    counts: holdings.Counts
    channels: tuple[holdings.Channel, ...]
    category: Figure
    at: datetime | None
    """When customers were counted; None: just now."""


def overview(database: Database, *, smallest: int = 0) -> Overview:
    """How much the store holds; no group smaller than this. Of many customers what was counted last is told."""
    with database.read() as tx:
        at = _kept_at(tx)
        told = _by_category(tx, at)
        counted = None if at is None else figures.figure("category", told).total
        held = holdings.counts(tx, customers=counted)
        held = replace(held, customers=figures.rounded(held.customers, smallest))
        shown = figures.figure("category", told, smallest=smallest)
        return Overview(counts=held, channels=holdings.channels(tx), category=shown, at=at)


def category(database: Database) -> Figure:
    """The customers by category, counted as `overview` does."""
    with database.read() as tx:
        return figures.figure("category", _by_category(tx, _kept_at(tx)))


def _kept_at(tx: Transaction) -> datetime | None:
    """When the counts that are good enough were made; few customers are counted sooner than somebody notices."""
    return tallies.kept_at(tx) if tallies.are_many(tx) else None


def _by_category(tx: Transaction, at: datetime | None) -> pa.Table:
    if at is None:
        return counts.customers_by(tx, "category")
    return tallies.of(tallies.kept(tx, Cut(), ["category"]), "category", Cut())
