"""Blocking keys of the stored records: who shares one with a new record."""

import functools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.model import arrow
from kehu.model import links as model
from kehu.model.records import require
from kehu.store import asking, bulk, columns, wire
from kehu.store.database import Transaction
from kehu.store.dictionary.records import match_key, record

HOT = pa.schema([pa.field("key", pa.uint64(), nullable=False), pa.field("records", pa.int64(), nullable=False)])
"""One row a key that too many records share, and how many do, at least."""


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """Who shares keys with the records asked about."""

    keys: pa.Table
    """`KEYS` of stored records."""
    hot: pa.Table
    """`HOT`: the keys left out."""


def add(tx: Transaction, keys: pa.Table) -> None:
    """Store keys (`KEYS`); those stored already are left alone."""
    require(keys, model.KEYS, what="keys to store")
    # In the order of the table, so that a page of the index is written once.
    ordered = keys.select(model.KEYS.names)
    if keys.num_rows <= bulk.FEW:
        bulk.insert(tx, match_key, ordered, unless_there=True)
        return
    ordered = _once(ordered.take(pa.array(np.lexsort([ordered[name].to_numpy() for name in ("record", "key")]))))
    # Looking for what is there takes PostgreSQL longer than writing: at a first load there is nothing.
    is_new = tx.scalar(sa.select(match_key.c.key).limit(1)) is None
    bulk.insert(tx, match_key, ordered, unless_there=not is_new)


def _once(ordered: pa.Table) -> pa.Table:
    """Keys in order, each of a record once."""
    key, record = (ordered.column(name).to_numpy() for name in model.KEYS.names)
    again = (key[1:] == key[:-1]) & (record[1:] == record[:-1])
    return ordered.filter(pa.array(np.append([True], ~again))) if again.any() else ordered


def sharing(tx: Transaction, keys: pa.Table, *, limits: Sequence[int]) -> Sharing:
    """The stored keys of other records that are among these `KEYS`; of a hot key no record at all.

    The keys of a version no longer in force are found too, until they are removed or swept.

    Args:
        tx: The transaction.
        keys: Keys to look up; the records they are of are left out of the answer.
        limits: For each kind, which the last bits of a key tell, how many stored records make it hot if more have it.
    """
    require(keys, model.KEYS, what="keys to share")
    wanted = wire.signed(pa.chunked_array([pc.unique(keys.column("key"))], pa.uint64())).combine_chunks()
    if len(wanted) > FEW and tx.scalar(sa.select(match_key.c.key).limit(1)) is None:
        return Sharing(keys=arrow.empty(model.KEYS), hot=arrow.empty(HOT))
    if len(wanted) <= _few(tx):
        return _sharing_few(tx, wanted, keys.column("record"), limits)
    hot = _too_many(tx, wanted, limits)
    others = arrow.without(wanted, wire.signed(hot.column("key")).combine_chunks())
    with bulk.among(tx, match_key.c.key, others) as one_of_them:
        found = bulk.read(tx, sa.select(match_key.c.key, match_key.c.record).where(one_of_them), model.KEYS)
    own = pc.is_in(found.column("record"), value_set=pc.unique(keys.column("record")))
    return Sharing(keys=found.filter(pc.invert(own)), hot=hot)


def _sharing_few(tx: Transaction, wanted: pa.Array, owners: pa.ChunkedArray, limits: Sequence[int]) -> Sharing:
    """As `sharing`, by questions that read no more of a hot key than tells that it is hot."""
    found, hot = _of_each(tx, wanted.to_pylist(), limits)
    own = set(owners.to_pylist())
    return Sharing(keys=_table(model.KEYS, [one for one in found if one[1] not in own]), hot=_table(HOT, hot))


def hot(tx: Transaction, keys: pa.Array, *, limits: Sequence[int]) -> pa.Array:
    """Those of these keys that too many stored records have.

    Args:
        tx: The transaction.
        keys: Keys, `uint64`.
        limits: As for `sharing`.
    """
    wanted = wire.signed(pa.chunked_array([pc.unique(keys)], pa.uint64())).combine_chunks()
    if len(wanted) <= FEW:
        return _table(HOT, _of_each(tx, wanted.to_pylist(), limits)[1])["key"].combine_chunks()
    return _too_many(tx, wanted, limits)["key"].combine_chunks()


def _too_many(tx: Transaction, wanted: pa.Array, limits: Sequence[int]) -> pa.Table:
    """Those of many keys that too many records have: `HOT`. To count all records of a city would take longest."""
    wanted = wanted.sort()
    most = np.asarray(limits)[wanted.to_numpy() & model.KIND]
    rows = pa.table({"key": wanted, "most": most})
    with bulk.held(tx, "counted", rows, {"key": match_key.c.key, "most": match_key.c.record}) as asked:
        one_more = sa.select(match_key.c.record).where(match_key.c.key == asked.c.key).limit(1)
        is_hot = sa.or_(
            *(
                sa.and_(asked.c.most == limit, one_more.offset(limit).scalar_subquery().is_not(None))
                for limit in np.unique(most).tolist()
            )
        )
        found = bulk.read(tx, sa.select(asked.c.key, asked.c.most).where(is_hot), HOT)
    return found.set_column(1, HOT.field("records"), pc.add(found.column("records"), 1))


def hottest(tx: Transaction, kinds: Sequence[int], *, limits: Sequence[int], most: int) -> pa.Table:
    """The hot keys of some kinds, those of most records first: `HOT`. Reads the whole table.

    Args:
        tx: The transaction.
        kinds: The numbers of the kinds.
        limits: As for `sharing`.
        most: So many at most.
    """
    many = sa.func.count()
    of_kind = match_key.c.key.bitwise_and(model.KIND).in_(kinds)
    query = (
        sa.select(match_key.c.key, many)
        .where(of_kind)
        .group_by(match_key.c.key)
        .having(many > min(limits[kind] for kind in kinds))
        .order_by(many.desc(), match_key.c.key)
    )
    return _hot(bulk.read(tx, query, HOT), limits).slice(0, most)


def sharers(tx: Transaction, keys: pa.Array) -> pa.Table:
    """How many stored records have each of these keys: `HOT`, without those that none has."""
    wanted = wire.signed(pa.chunked_array([keys], pa.uint64())).combine_chunks()
    query = sa.select(match_key.c.key, sa.func.count()).group_by(match_key.c.key)
    with bulk.among(tx, match_key.c.key, wanted) as one_of_them:
        return bulk.read(tx, query.where(one_of_them), HOT)


def some_of(tx: Transaction, key: int, *, most: int) -> pa.Array:
    """Some of the current records that have a key, those of the least numbers."""
    (wanted,) = wire.signed(pa.chunked_array([[key]], pa.uint64())).to_pylist()
    query = (
        sa.select(match_key.c.record)
        .join(record, sa.and_(record.c.record == match_key.c.record, record.c.current))
        .where(match_key.c.key == wanted)
        .order_by(match_key.c.record)
        .limit(most)
    )
    return pa.array(tx.scalars(query).all(), pa.int64())


def _hot(many: pa.Table, limits: Sequence[int]) -> pa.Table:
    """Those of the keys (`HOT`) that more records have than the limit of their kind."""
    kind = pc.bit_wise_and(many.column("key"), pa.scalar(model.KIND, pa.uint64())).cast(pa.int64())
    return many.filter(pc.greater(many.column("records"), pa.array(limits, pa.int64()).take(kind)))


FEW = 1000
"""So many keys, those of some dozens of records, are asked for one by one."""

AT_ONCE = 500_000
"""PostgreSQL looks for each of so many in an index; asked for those of a table it may read all keys that there are."""

PIECES = (20, 100)
"""So many of them in one question: about those of one record, or those of several."""


def _few(tx: Transaction) -> int:
    return AT_ONCE if tx.dialect.name == "postgresql" else FEW


_Row: TypeAlias = tuple[Any, ...]
"""A row of an answer: a key, and a number."""


def _of_each(tx: Transaction, wanted: Sequence[int], limits: Sequence[int]) -> tuple[list[_Row], list[_Row]]:
    """Who has each of a few keys that are not hot; and those that are, each with how many are known to have it."""
    if not wanted:
        return [], []
    most = [limits[key & model.KIND] for key in wanted]
    if tx.dialect.name in columns.MYSQL_FAMILY:
        return _of_each_in_json(tx, dict(zip(wanted, most, strict=True)))
    if tx.dialect.name == "postgresql":
        found = list(asking.straight(tx, _EACH_AT_ONCE, [wanted, most])[0])
    else:
        piece = min((size for size in PIECES if size >= len(wanted)), default=PIECES[-1])
        found = []
        for start in range(0, len(wanted), piece):
            # What is left open of a question asks for nothing: so there are two wordings, and not one a number of keys.
            asked = {f"most_{place}": 0 for place in range(piece)} | {f"key_{place}": 0 for place in range(piece)}
            asked |= {f"key_{place}": key for place, key in enumerate(wanted[start : start + piece])}
            asked |= {f"most_{place}": some + 1 for place, some in enumerate(most[start : start + piece])}
            found += asking.rows(tx, _each(piece), asked)
    have = Counter(key for key, _ in found)
    hot = {key: records for key, records in have.items() if records > limits[key & model.KIND]}
    return [one for one in found if one[0] not in hot] if hot else found, list(hot.items())


def _table(schema: pa.Schema, rows: Sequence[_Row]) -> pa.Table:
    """Rows of a key and a number."""
    if not rows:
        return arrow.empty(schema)
    keys, numbers = zip(*rows, strict=True)
    return pa.table([wire.column(keys, pa.uint64()), pa.array(numbers, pa.int64())], schema=schema)


_EACH_AT_ONCE = (
    "SELECT wanted.key, found.record FROM unnest($1::bigint[], $2::bigint[]) AS wanted (key, most) "
    "CROSS JOIN LATERAL (SELECT record FROM match_key WHERE match_key.key = wanted.key LIMIT wanted.most + 1) AS found"
)
"""As `_each`, however many the keys are: to plan as many questions would take longer than to answer them."""


def _of_each_in_json(tx: Transaction, most: Mapping[int, int]) -> tuple[list[_Row], list[_Row]]:
    """As `_of_each`, of MariaDB and MySQL: they plan each part of a joined question anew.

    Args:
        tx: The transaction.
        most: For each key how many records may have it.
    """
    told = bulk.rows(tx, _each_of_json(tuple(sorted(set(most.values())))), {"keys": json.dumps(list(most.items()))})
    hot = [(key, most[key] + 1) for key, record in told if record is None]
    return [one for one in told if one[1] is not None], hot


@functools.cache
def _each_of_json(limits: tuple[int, ...]) -> str:
    """The records of each key of a list of keys and their limits; of a hot one a single row without a record.

    The LIMIT lets the table within be made first, once for each key; OFFSET takes no column.
    """
    one_more = " ".join(
        f"WHEN {limit:d} THEN (SELECT record FROM match_key WHERE `key` = told.`key` LIMIT 1 OFFSET {limit:d})"  # noqa: S608
        for limit in limits
    )
    return (
        "SELECT wanted.`key`, found.record FROM "  # noqa: S608  (numbers of ours only)
        f"(SELECT told.`key`, CASE told.most {one_more} END IS NOT NULL AS hot "
        "FROM JSON_TABLE(%(keys)s, '$[*]' COLUMNS (`key` BIGINT PATH '$[0]', most BIGINT PATH '$[1]')) AS told "
        f"LIMIT {AT_ONCE}) AS wanted LEFT JOIN match_key AS found ON found.`key` = wanted.`key` AND NOT wanted.hot "
        "WHERE wanted.hot OR found.record IS NOT NULL"
    )


@functools.cache
def _each(count: int) -> sa.CompoundSelect[int, int]:
    """The records of each of so many keys, of each up to a limit. Of SQLite a part that has one must be a table."""
    parts: list[sa.Select[int, int]] = []
    for place in range(count):
        of_key = sa.select(match_key.c.key, match_key.c.record).where(match_key.c.key == sa.bindparam(f"key_{place}"))
        some = of_key.limit(sa.bindparam(f"most_{place}", type_=sa.Integer())).subquery(f"of_{place}")
        parts.append(sa.select(some.c.key, some.c.record))
    return sa.union_all(*parts)


def held(tx: Transaction, keys: pa.Table) -> pa.Table:
    """Those of these `KEYS` that are stored."""
    require(keys, model.KEYS, what="keys that may be stored")
    if keys.num_rows == 0:
        return keys
    wanted = wire.signed(pa.chunked_array([pc.unique(keys.column("key"))], pa.uint64())).combine_chunks()
    owners = pc.unique(keys.column("record"))
    query = sa.select(match_key.c.key, match_key.c.record)
    with (
        bulk.among(tx, match_key.c.key, wanted) as one_of_them,
        bulk.among(tx, match_key.c.record, owners, name="owners") as theirs,
    ):
        return bulk.read(tx, query.where(one_of_them, theirs), model.KEYS)


def remove(tx: Transaction, keys: pa.Table) -> None:
    """Forget these keys (`KEYS`) of these records."""
    require(keys, model.KEYS, what="keys to remove")
    bulk.delete(tx, match_key, keys.select(model.KEYS.names))


def sweep(tx: Transaction) -> int:
    """Forget the keys of records that are no longer current; reads the whole table. Returns how many."""
    gone = sa.select(record.c.record).where(~record.c.current)
    return tx.execute(match_key.delete().where(match_key.c.record.in_(gone))).rowcount
