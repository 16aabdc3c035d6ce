"""What databases are told of tables that grew."""

from datetime import datetime

import pyarrow as pa
import pytest
import sqlalchemy as sa

from kehu.store import bulk, planner
from kehu.store.database import Database
from kehu.store.dictionary.households import interaction

MANY = planner.FEWEST + 1


def _contacts(first: int, many: int, at: datetime) -> pa.Table:
    numbers = pa.array(range(first, first + many), pa.int64())
    moments = pa.array([at] * many, pa.timestamp("us", tz="UTC"))
    return pa.table({"record": numbers, "started_at": moments, "kind": pa.array(["call"] * many)})


def _leave_to_us(store: Database) -> None:
    """PostgreSQL's own daemon comes once a minute: it must not tell before kehu does."""
    if store.engine.dialect.name == "postgresql":
        with store.begin() as tx:
            tx.execute(sa.text("ALTER TABLE interaction SET (autovacuum_enabled = false)"))


def _pages(store: Database) -> tuple[int, int]:
    """How many pages contacts stand on, and on how many everybody sees every row, as it is known."""
    size = "pg_relation_size('interaction') / current_setting('block_size')::int"
    with store.read() as tx:
        return tuple(
            tx.execute(sa.text(f"SELECT {size}, relallvisible FROM pg_class WHERE relname = 'interaction'")).one()
        )


def test_once_settled_an_index_alone_tells_what_a_load_brought(store: Database, now: datetime) -> None:
    _leave_to_us(store)
    with store.begin() as tx:
        bulk.insert(tx, interaction, _contacts(1, MANY, now))
    # What is left of its connections tells how many rows it wrote when it goes.
    store.engine.dispose()
    planner.settle(store)
    if store.engine.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL knows such pages")
    there, seen = _pages(store)
    assert there == seen > 0
    with store.begin() as tx:
        bulk.insert(tx, interaction, _contacts(MANY + 1, 5, now))
    store.engine.dispose()
    planner.settle(store)
    with store.read() as tx:
        told = tx.scalar(sa.text("SELECT n_ins_since_vacuum FROM pg_stat_user_tables WHERE relname = 'interaction'"))
    assert told == 5, "a few rows are left for later"


def test_once_settled_it_is_known_how_a_column_that_was_empty_is_filled(store: Database, now: datetime) -> None:
    _leave_to_us(store)
    with store.begin() as tx:
        bulk.insert(tx, interaction, _contacts(1, MANY, now))
    if store.engine.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL keeps a picture of values that is made anew later")
    with store.begin() as tx:
        tx.execute(interaction.update().values(reason="投诉"))
    assert "投诉" not in _known(store, "reason")
    store.engine.dispose()
    planner.settle(store)
    assert "投诉" in _known(store, "reason")


def _known(store: Database, column: str) -> str:
    """The most common values of a column of contacts, as the planner knows them."""
    query = sa.text(
        "SELECT CAST(most_common_vals AS text) FROM pg_stats WHERE tablename = 'interaction' AND attname = :column"
    )
    with store.read() as tx:
        return tx.scalar(query, {"column": column}) or ""
