"""All that a store holds, in one order: to compare two stores, or one store before and after."""

from collections.abc import Iterator

import sqlalchemy as sa

from kehu.store.database import Transaction
from kehu.store.dictionary.whole import metadata


def lines(tx: Transaction) -> Iterator[str]:
    """One line a row of every table, ordered; two stores that hold the same give the same lines."""
    for table in metadata.sorted_tables:
        for row in tx.execute(sa.select(table).order_by(*table.primary_key)):
            yield f"{table.name} {tuple(row)!r}"
