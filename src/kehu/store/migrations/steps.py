"""What the steps have in common: each looks before it makes, so a step that was killed half-way runs again."""

from typing import Any

import sqlalchemy as sa
from alembic import op

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""The type of numbers drawn from `sequence`."""


def create_table(name: str, *parts: Any, **options: Any) -> None:
    """Make a table unless it is there."""
    op.create_table(
        name, *parts, if_not_exists=True, mysql_engine="InnoDB", mariadb_engine="InnoDB",
        mysql_charset="utf8mb4", mariadb_charset="utf8mb4", **options
    )  # fmt: skip


def add_column(table: str, column: sa.Column[Any]) -> None:
    """Add a column unless it is there; MySQL has no IF NOT EXISTS for it."""
    if column.name not in {there["name"] for there in sa.inspect(op.get_bind()).get_columns(table)}:
        op.add_column(table, column)


def create_index(name: str, table: str, columns: list[str], *, unique: bool = False, **options: Any) -> None:
    """Make an index unless it is there; MySQL has no IF NOT EXISTS for it."""
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, columns, unique=unique, **options)


def drop_index(name: str, table: str) -> None:
    """Drop an index if it is there; MySQL has no IF EXISTS for it."""
    if name in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.drop_index(name, table)


def start_sequences(*names: str) -> None:
    """Start numbering at 1, for those that are not numbered yet."""
    sequence = sa.table("sequence", sa.column("name"), sa.column("next"))
    has = set(op.get_bind().scalars(sa.select(sequence.c.name)))
    op.bulk_insert(sequence, [{"name": name, "next": 1} for name in names if name not in has])
