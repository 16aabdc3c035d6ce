"""What arrived of a customer: its records, those of a load and channel together."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from kehu.store import asking
from kehu.store.database import Transaction
from kehu.store.dictionary.households import interaction
from kehu.store.dictionary.records import member, record

SHOWN = 50
"""So many loads are told of."""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Records of a customer that came with one load of a channel."""

    at: datetime
    load_id: int
    channel: str
    records: int
    record_id: str
    """The key of one of them."""


def of_customer(tx: Transaction, customer_id: int) -> tuple[Arrival, ...]:
    """The arrivals of a living customer, the newest loads first."""
    return tuple(Arrival(**row._asdict()) for row in asking.told(tx, _OF_CUSTOMER, customer=customer_id))


def contact_at(tx: Transaction, number: int) -> datetime | None:
    """When the contact began that a record tells of; None where it tells of none."""
    at: datetime | None = tx.scalar(sa.select(interaction.c.started_at).where(interaction.c.record == number))
    return at


_OF_CUSTOMER = (
    sa.select(
        sa.func.min(record.c.received_at).label("at"),
        record.c.load_id,
        record.c.channel,
        sa.func.count().label("records"),
        sa.func.min(record.c.record_id).label("record_id"),
    )
    .join(member, member.c.record == record.c.record)
    .where(member.c.customer_id == sa.bindparam("customer"))
    .group_by(record.c.load_id, record.c.channel)
    .order_by(record.c.load_id.desc(), record.c.channel)
    .limit(SHOWN)
)
