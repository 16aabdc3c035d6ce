"""What databases are told of a table that grew, so that they find its rows by the right index."""

import sqlalchemy as sa

from kehu.store import drivers
from kehu.store.database import Database, Transaction
from kehu.store.dictionary.customers import customer
from kehu.store.dictionary.households import interaction, subscription
from kehu.store.dictionary.records import member

GROWN = 1.0
"""PostgreSQL looks at a table again once it has grown by this share; how many rows there are it sees by itself."""

LOOKED_AT = 400
"""So many rows of an index SQLite looks at to tell how it is spread."""

FROM_INDEXES = (customer, interaction, member, subscription)
"""What segments are counted from, by indexes alone."""

UNSEEN, FEWEST = 0.02, 1_000
"""From so large a share of rows on, and from so many, that are new or changed PostgreSQL looks at a table's pages."""


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
            tx.exec_driver_sql(f"ANALYZE {name} ({_keys(tx, table)})")
    elif tx.dialect.name == "sqlite":
        tx.exec_driver_sql(f"PRAGMA analysis_limit = {LOOKED_AT}")
        tx.exec_driver_sql(f"ANALYZE {drivers.quoted(tx, table.name)}")


def _keys(tx: Transaction, table: sa.Table) -> str:
    """The columns by which rows are found, those of keys and indexes, as SQL lists them."""
    constraints = [one for one in table.constraints if isinstance(one, sa.PrimaryKeyConstraint | sa.UniqueConstraint)]
    found = {column.name for one in (*constraints, *table.indexes) for column in one.columns}
    return ", ".join(drivers.quoted(tx, name) for name in sorted(found))


_ROWS_KNOWN = sa.text("SELECT reltuples FROM pg_class WHERE oid = CAST(:name AS regclass)")


def settle(database: Database) -> None:
    """Let PostgreSQL note on which pages everybody sees every row, and how its keys are spread.

    It does so by itself minutes later, or much later. Until then each row that an index tells is looked up in its page
    as well: a segment takes up to four times as long. By itself it waits for a fifth of the rows to change, but a
    fiftieth of them may stand on every fourth page. And of a column that was empty it believes that it still is.
    """
    if database.engine.dialect.name != "postgresql":
        return
    # Outside a transaction, as it must be.
    with database.glance() as tx:
        for table in FROM_INDEXES:
            name = drivers.quoted(tx, table.name)
            if tx.scalar(_ROWS_UNSEEN, {"name": name, "share": UNSEEN, "fewest": FEWEST}):
                tx.exec_driver_sql(f"VACUUM (SKIP_LOCKED, ANALYZE) {name} ({_keys(tx, table)})")


_ROWS_UNSEEN = sa.text(
    "SELECT n_ins_since_vacuum + n_dead_tup > greatest(:fewest, :share * n_live_tup) FROM pg_stat_user_tables"
    " WHERE relid = CAST(:name AS regclass)"
)
