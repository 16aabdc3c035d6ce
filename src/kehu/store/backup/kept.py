"""What of a store goes into a backup, and the type of each column in it."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from kehu.errors import StoreError
from kehu.store import bulk
from kehu.store.columns import Instant
from kehu.store.database import Transaction
from kehu.store.dictionary import audit, people
from kehu.store.dictionary.loads import lease, sequence, setting
from kehu.store.dictionary.whole import metadata

TRANSIENT = frozenset({lease, people.session, people.one_time_link, people.refusal, people.sign_on})
"""True of a running store only: restored, they would let people in whom it has shut out since."""

OF_EVERY_STORE = frozenset({sequence, setting, *TRANSIENT})
"""What an empty store has rows in."""


def tables(tx: Transaction) -> list[sa.Table]:
    """The tables that are there and belong into a backup; what a row refers to stands in an earlier one."""
    there = set(sa.inspect(tx).get_table_names())
    return [table for table in metadata.sorted_tables if table not in TRANSIENT and table.name in there]


def schema_of(table: sa.Table) -> pa.Schema:
    """A table's columns as Arrow has them."""
    return pa.schema([pa.field(column.name, _kind(column.type), nullable=column.nullable) for column in table.c])


def shaped(table: sa.Table, schema: pa.Schema) -> sa.Table:
    """The table with the columns that it had when the backup was made."""
    if schema.names == table.c.keys():
        return table
    if strange := set(schema.names) - set(table.c.keys()):
        raise StoreError(f"the backup has columns that {table.name} lacks: {', '.join(sorted(strange))}")
    # Without its indexes, of which some may not be there yet.
    return sa.Table(table.name, sa.MetaData(), *(table.c[name]._copy() for name in schema.names))  # noqa: SLF001


def _kind(type_: sa.types.TypeEngine[Any]) -> pa.DataType:
    if isinstance(type_, Instant):
        return pa.timestamp("us", tz="UTC")
    plain = type_.impl_instance if isinstance(type_, sa.types.TypeDecorator) else type_
    match plain:
        case sa.Boolean():
            return pa.bool_()
        case sa.Integer():
            return pa.int64()
        case sa.Float():
            return pa.float64()
        case sa.Date():
            return pa.date32()
        case sa.LargeBinary():
            return pa.binary(getattr(type_, "length", None) or -1)
        case sa.String():
            return pa.string()
        case _:
            raise AssertionError(f"{type_!r} has no type in a backup yet")


def rows(tx: Transaction, table: sa.Table) -> Iterator[pa.RecordBatch]:
    """All rows in the order of their keys, as they stand in the database: what is sealed stays so."""
    query = sa.select(*table.c).order_by(*table.primary_key)
    return bulk.batches(tx, query, schema_of(table), as_it_stands=True)


def count(tx: Transaction) -> int:
    """How many rows there are to be kept."""
    return sum(tx.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables(tx))


def is_empty(tx: Transaction) -> bool:
    """Whether nobody has kept anything in this store yet, or it has no tables at all."""
    there = set(sa.inspect(tx).get_table_names())
    return not any(
        tx.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()
        for table in metadata.sorted_tables
        if table not in OF_EVERY_STORE and table.name in there
    )


def clear(tx: Transaction) -> None:
    """Take every row out, but for who is at work."""
    there = set(sa.inspect(tx).get_table_names())
    for table in reversed(metadata.sorted_tables):
        if table is not lease and table.name in there:
            tx.execute(table.delete())


def number_on(tx: Transaction) -> None:
    """Let the database number the trail on behind what was put there."""
    if tx.dialect.name != "postgresql":  # The others look at what is there.
        return
    column = audit.audit.c.audit_id
    counter = sa.func.pg_get_serial_sequence(audit.audit.name, column.name)
    tx.execute(sa.select(sa.func.setval(counter, sa.func.max(column))).select_from(audit.audit))
