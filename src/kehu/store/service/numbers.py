"""The numbers that a customer ever had: what was tied to one that was merged away is its survivor's."""

import sqlalchemy as sa

from kehu.store.database import Transaction
from kehu.store.tables import customer

MOST = 1_000
"""So many numbers of one customer are followed."""


def of_customer(tx: Transaction, customer_id: int) -> list[int]:
    """The number of a living customer, and those that were merged into it, however long ago."""
    found, newest = [customer_id], [customer_id]
    while newest and len(found) < MOST:
        into = sa.select(customer.c.customer_id).where(customer.c.merged_into.in_(newest))
        newest = list(tx.execute(into.limit(MOST)).scalars())
        found += newest
    return found
