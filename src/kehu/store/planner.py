"""What databases are told of a table that grew, so that they find its rows by the right index."""

import functools

import sqlalchemy as sa

from kehu.store import drivers
from kehu.store.database import Transaction

GROWN = 1.0
"""PostgreSQL looks at a table again once it has grown by this share; how many rows there are it sees by itself."""

LOOKED_AT = 400
"""So many rows of an index SQLite looks at to tell how it is spread."""


def tell(tx: Transaction, table: sa.Table, *, more: int | None = None) -> None:
    """Let the database look how many rows there are now; MariaDB and MySQL, which would commit here, look themselves.

    PostgreSQL would go on believing that the table is as small as it was. SQLite never knows: it takes every index for
    a good one, and walks the one of all customers who were never merged to find twenty of them.
    """
    if tx.dialect.name == "postgresql":
        name = drivers.quoted(tx, table.name)
        known = max(tx.scalar(_ROWS_KNOWN, {"name": name}) or 0, 0)
        if more is None or known == 0:
            tx.exec_driver_sql(f"ANALYZE {name}")
        elif more >= known * GROWN:
            # The other columns, which take long, it looks at by itself a minute later.
            tx.exec_driver_sql(f"ANALYZE {name} ({', '.join(drivers.quoted(tx, key) for key in _key_columns(table))})")
    elif tx.dialect.name == "sqlite":
        tx.exec_driver_sql(f"PRAGMA analysis_limit = {LOOKED_AT}")
        tx.exec_driver_sql(f"ANALYZE {drivers.quoted(tx, table.name)}")


@functools.cache
def _key_columns(table: sa.Table) -> tuple[str, ...]:
    """The columns by which rows are found: those of keys and indexes."""
    constraints = [one for one in table.constraints if isinstance(one, sa.PrimaryKeyConstraint | sa.UniqueConstraint)]
    found = [column.name for one in (*constraints, *table.indexes) for column in one.columns]
    return tuple(sorted(set(found)))


_ROWS_KNOWN = sa.text("SELECT reltuples FROM pg_class WHERE oid = CAST(:name AS regclass)")
