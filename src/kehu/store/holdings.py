"""How much the store holds, and what each channel brought: what stands above the lists."""

from dataclasses import dataclass

import sqlalchemy as sa

from kehu.store import customers as states
from kehu.store import loads
from kehu.store import quarantine as bad_rows
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.loads import load
from kehu.store.dictionary.records import fresh


@dataclass(frozen=True, kw_only=True)
class Channel:
    """What a channel brought so far."""

    name: str
    records: int
    quarantined: int
    """Rows of it that are in quarantine now."""
    last: loads.Load
    """Its newest load."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How much the store holds."""

    records: int
    customers: int
    quarantined: int
    """Rows in quarantine now."""
    waiting: int
    """Records that wait to be identified."""


def counts(tx: Transaction, *, customers: int | None = None) -> Counts:
    """How much the store holds; customers are counted unless somebody did.

    The records are told by the counts of the loads, because counting a wide table of millions would take a second.
    """
    brought = loads.totals(tx)
    return Counts(
        records=brought.accepted - brought.changed,
        customers=states.count(tx) if customers is None else customers,
        quarantined=bad_rows.count(tx),
        waiting=waiting(tx),
    )


def waiting(tx: Transaction) -> int:
    """How many records wait to be identified."""
    return tx.scalar(sa.select(sa.func.count()).select_from(fresh)) or 0


def channels(tx: Transaction) -> tuple[Channel, ...]:
    """Every channel that ever loaded, by name."""
    newest = sa.select(load.c.channel, sa.func.max(load.c.load_id)).group_by(load.c.channel).order_by(load.c.channel)
    found = []
    for name, number in tx.execute(newest).all():
        totals = loads.totals(tx, channel=name)
        last = loads.get(tx, number)
        found.append(
            Channel(
                name=name,
                records=totals.accepted - totals.changed,
                quarantined=bad_rows.count(tx, channel=name),
                last=last,
            )
        )
    return tuple(found)


def provinces(tx: Transaction) -> tuple[str, ...]:
    """Every province in which a customer lives."""
    query = sa.select(customer.c.province).where(customer.c.merged_into.is_(None), customer.c.province.is_not(None))
    return tuple(tx.execute(query.distinct().order_by(customer.c.province)).scalars())
