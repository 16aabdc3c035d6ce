"""All that a store holds, in one order: to compare two stores, or one store before and after."""

from collections.abc import Iterator

import sqlalchemy as sa

from kehu.store import sealed
from kehu.store.database import Transaction
from kehu.store.dictionary.whole import metadata


def lines(tx: Transaction) -> Iterator[str]:
    """One line a row of every table, ordered; two stores that hold the same under one key give the same lines.

    What is sealed is opened for it: no two sealed values are equal.
    """
    for table in metadata.sorted_tables:
        for row in sealed.rows(tx, sa.select(table).order_by(*table.primary_key)):
            yield f"{table.name} {tuple(row.values())!r}"
