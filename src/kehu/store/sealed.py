"""Sealed columns on their way into the database and out of it.

Which columns they are stands in their type (`columns.Sealed`). A value is bound to its table and column, and to the
first number of its row's key; a transaction brings along the vault of its store.

`bulk` seals what it inserts and opens what it reads by itself; statements of few rows are asked here:

    [row] = sealed.rows(tx, sa.select(quarantine).where(quarantine.c.quarantine_id == 7))
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa
import sqlalchemy as sa

from kehu.store import asking, fingerprints
from kehu.store.columns import Sealed, SealedWriting
from kehu.store.database import Transaction, vault_of
from kehu.store.sealing.vault import Wrap

Query: TypeAlias = sa.Select[*tuple[Any, ...]]
"""A SELECT of any columns."""

PIECE = 50_000
"""So many values are sealed at once: as Python has them they are several times as large."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where sealed values stand among the columns of an answer."""

    value: int
    row: int
    """Where the numbers stand that they are bound to."""
    column: str
    """What else they are bound to: `record.id_number`."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A statement that asks for all that is needed to open its answer."""

    statement: Query
    asked: int
    """So many columns were asked for; those behind them only help to open."""
    places: tuple[Place, ...]
    names: tuple[str, ...]
    """Those of the columns that were asked for."""


def is_sealed(column: sa.ColumnElement[Any]) -> bool:
    """Whether the values of a column stand sealed."""
    return isinstance(column.type, Sealed | SealedWriting)


def columns(table: sa.Table) -> list[sa.Column[str]]:
    """The columns of a table that are sealed."""
    return [column for column in table.c if is_sealed(column)]


def row_of(table: sa.FromClause) -> sa.ColumnElement[int]:
    """The number that a table's sealed values are bound to."""
    return table.c[next(iter(_origin(table).primary_key)).name]


def _origin(table: sa.FromClause) -> sa.Table:
    """The table that goes by another name in a statement, or goes by its own."""
    origin = table.element if isinstance(table, sa.Alias) else table
    assert isinstance(origin, sa.Table), "what is sealed is asked for by its own table"
    return origin


def wrap(tx: Transaction) -> Wrap:
    """What closes the files that stand beside the transaction's store."""
    return Wrap(vault_of(tx), fingerprints.number(tx))


def closed(tx: Transaction, table: sa.Table, rows: pa.Table) -> pa.Table:
    """Rows of a table as the database may hold them."""
    sealed = _sealed_names(table)
    for name in rows.column_names:
        if name in sealed:
            place, text = rows.schema.get_field_index(name), rows.select([row_of(table).name, name])
            pieces = [
                pa.array(
                    vault_of(tx).seal(
                        piece.column(name).to_pylist(),
                        column=f"{table.name}.{name}",
                        rows=piece.column(0).to_pylist(),
                        number=fingerprints.number(tx),
                    ),
                    pa.string(),
                )
                for piece in _pieces(text)
            ]
            rows = rows.set_column(place, name, pa.chunked_array(pieces, pa.string()))
    return rows


def close(tx: Transaction, table: sa.Table, told: dict[str, list[Any]]) -> None:
    """The same of few rows, in the columns that are told by name."""
    for name in _sealed_names(table).intersection(told):
        told[name] = vault_of(tx).seal(
            told[name],
            column=f"{table.name}.{name}",
            rows=told[row_of(table).name],
            number=fingerprints.number(tx),
        )


@functools.cache
def _sealed_names(table: sa.Table) -> frozenset[str]:
    return frozenset(column.name for column in columns(table))


def _pieces(rows: pa.Table) -> Iterator[pa.Table]:
    return (rows.slice(start, PIECE) for start in range(0, rows.num_rows, PIECE))


@functools.lru_cache(maxsize=256)
def plan(statement: Query) -> Plan:
    """A statement, made so that its answer can be opened; its sealed columns come as they stand."""
    wanted: list[sa.ColumnElement[Any]] = list(statement.selected_columns)
    asked, places = len(wanted), []
    for at, column in enumerate(wanted[:asked]):
        inner = column.element if isinstance(column, sa.Label) else column
        if not is_sealed(inner):
            continue
        assert isinstance(inner, sa.Column), "what is sealed is asked for as it stands"
        row = row_of(inner.table)
        if not any(row is known for known in wanted):
            wanted.append(row)
        table = _origin(inner.table)
        where = next(place for place, known in enumerate(wanted) if known is row)
        places.append(Place(value=at, row=where, column=f"{table.name}.{inner.name}"))
        wanted[at] = sa.type_coerce(inner, sa.String).label(column.name)
    if places:
        statement = statement.with_only_columns(*wanted)
    names = tuple(statement.selected_columns.keys())[:asked]
    return Plan(statement=statement, asked=asked, places=tuple(places), names=names)


def opened(tx: Transaction, found: Sequence[Sequence[Any]], how: Plan) -> list[Sequence[Any]]:
    """The columns that were asked for, whole and open.

    Args:
        tx: The transaction.
        found: The columns of the answer.
        how: The plan that was asked by.
    """
    told = list(found)
    for place in how.places:
        told[place.value] = vault_of(tx).open(found[place.value], column=place.column, rows=found[place.row])
    return told[: how.asked]


def put(statement: Query, **values: Any) -> asking.Put:
    """What `rows` asks with these values."""
    return asking.Put(plan(statement).statement, values)


def rows(tx: Transaction, statement: Query, **values: Any) -> list[dict[str, Any]]:
    """The rows of a statement by the names of its columns, open.

    A statement that is made once and asked with other values of its parameters costs a tenth of one that is made anew,
    in which the values stand.
    """
    how = plan(statement)
    found = asking.lists(tx, how.statement, values) if values else [list(row) for row in tx.execute(how.statement)]
    for place in how.places if found else ():
        told = [row[place.value] for row in found]
        told = vault_of(tx).open(told, column=place.column, rows=[row[place.row] for row in found])
        for row, value in zip(found, told, strict=True):
            row[place.value] = value
    return [dict(zip(how.names, row, strict=False)) for row in found]
