"""The numbers that a customer ever had: what was tied to one that was merged away is its survivor's."""

import sqlalchemy as sa

from kehu.store import asking
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.service import note, phone_call, ticket

MOST = 1_000
"""So many numbers of one customer are followed."""


def of_customer(tx: Transaction, customer_id: int) -> list[int]:
    """The number of a living customer, and those that were merged into it, however long ago."""
    once: dict[str, list[int]] = tx.get_execution_options().get("once", {})
    if (known := once.get(f"numbers of {customer_id}")) is not None:
        return known
    found, newest = [customer_id], [customer_id]
    while newest and len(found) < MOST:
        newest = [number for (number,) in asking.rows(tx, _MERGED_INTO, {"numbers": newest})]
        found += newest
    once[f"numbers of {customer_id}"] = found
    return found


_MERGED_INTO = (
    sa.select(customer.c.customer_id)
    .where(customer.c.merged_into.in_(sa.bindparam("numbers", expanding=True)))
    .limit(MOST)
)


def question_of(customer_id: int) -> asking.Put:
    """What `were_served` asks."""
    return asking.Put(_SERVED, {"number": customer_id})


def were_served(tx: Transaction, customer_id: int) -> bool:
    """Whether there is any ticket, call or note of a living customer: most have none, and this is asked at once."""
    return bool(asking.rows(tx, *question_of(customer_id)))


def _served() -> sa.Select[*tuple[int, ...]]:
    living = sa.cast(sa.bindparam("number", type_=sa.BigInteger), sa.BigInteger)
    mine = sa.select(living.label("number")).cte("mine", recursive=True)
    merged = sa.select(customer.c.customer_id).join(mine, customer.c.merged_into == mine.c.number)
    mine = mine.union(merged)
    tables = [
        sa.select(sa.literal(1)).join(table, table.c.customer_id == mine.c.number).select_from(mine)
        for table in (ticket, phone_call, note)
    ]
    return sa.select(sa.literal(1)).where(sa.or_(*(one.exists() for one in tables)))


_SERVED = _served()
