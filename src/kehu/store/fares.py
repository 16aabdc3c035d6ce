"""How the store fares, for whoever watches it: a few numbers that are cheap to ask for, whatever its size."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from kehu.store.database import Transaction
from kehu.store.dictionary.loads import load, quarantine
from kehu.store.dictionary.records import fresh

LOAD_COUNTS = ("read", "accepted", "duplicate", "quarantined")
"""What is counted of the rows of each channel."""


@dataclass(frozen=True, kw_only=True)
class Fares:
    """How the store fares."""

    waiting: int
    """Records that wait to be identified."""
    open_rows: int
    """Rows in quarantine that wait to be mended."""
    rows: Mapping[tuple[str, str], int]
    """Rows so far, by channel and by what became of them (`LOAD_COUNTS`)."""
    finished: Mapping[str, datetime]
    """When the last load of each channel was done."""
    failed: Mapping[str, int]
    """How many loads of each channel failed or were interrupted."""


def fares(tx: Transaction) -> Fares:
    """How the store fares now."""

    def many(table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        return tx.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0

    sums = [sa.func.sum(load.c[name]).label(name) for name in LOAD_COUNTS]
    ended = sa.func.max(sa.case((load.c.state == "done", load.c.finished_at))).label("ended")
    failed = sa.func.sum(sa.case((load.c.state.in_(("failed", "interrupted")), 1), else_=0)).label("failed")
    rows = tx.execute(sa.select(load.c.channel, ended, failed, *sums).group_by(load.c.channel)).all()
    return Fares(
        waiting=many(fresh),
        open_rows=many(quarantine, quarantine.c.state == "open"),
        rows={(row.channel, name): int(row._mapping[name]) for row in rows for name in LOAD_COUNTS},  # noqa: SLF001  (public, by SQLAlchemy's manual)
        finished={row.channel: row.ended for row in rows if row.ended is not None},
        failed={row.channel: int(row.failed) for row in rows},
    )
