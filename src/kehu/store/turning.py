"""Turning a store to another key: hashes are made anew at once, sealed values a piece at a time.

A sealed value bears the number of its key, so both may stand beside each other for as long as it takes. A keyed hash
does not: those are made anew in the transaction from which on the store finds by the other key.

The audit trail and the marks of the erased stay as they are. The chain over the trail covers what stands in it, and
what a mark was made of is gone. So a key that they were made with is needed for as long as they are kept.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.model.links import CERTIFICATE, KEYS, KIND
from kehu.store import bulk, facts, finding, fingerprints, terms
from kehu.store import keys as stored
from kehu.store.backup import kept
from kehu.store.database import Transaction, vault_of
from kehu.store.dictionary.audit import audit
from kehu.store.dictionary.customers import search_term
from kehu.store.dictionary.loads import quarantine
from kehu.store.dictionary.people import person
from kehu.store.dictionary.privacy import tombstone
from kehu.store.dictionary.records import match_key, member, record
from kehu.store.dictionary.whole import metadata
from kehu.store.sealed import columns as sealed_columns
from kehu.store.sealing.vault import begun_by

MANY = 50_000
"""So many hashes are made anew at once."""

FEW = 5_000
"""So many values are sealed anew in one transaction: others wait for their rows no longer than a moment."""

REASONS, MARKS = "audit.why", "tombstone.digest"
"""What is left as it is."""

SECOND_FACTORS = "person.totp"
"""Sealed, but by the flow that asks for them: the type of the column does not say so."""

Made = Callable[[pa.Table], pa.Table]
"""The blocking keys of certificates (`KEYS`), from records by number with their `id_number`."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A sealed column."""

    column: sa.Column[str]

    @property
    def name(self) -> str:
        """Its table and its name."""
        return f"{self.column.table.name}.{self.column.name}"

    @property
    def text(self) -> sa.ColumnElement[str]:
        """What stands there, sealed."""
        return sa.type_coerce(self.column, sa.String)

    def bears(self, number: int) -> sa.ColumnElement[bool]:
        """The condition that a value was sealed with this key."""
        return self.text.startswith(begun_by(number))


COLUMNS = tuple(
    Column(column=column)
    for column in (*(one for table in metadata.sorted_tables for one in sealed_columns(table)), person.c.totp)
)
"""What is sealed anew."""


def seals(tx: Transaction) -> dict[str, dict[int, int]]:
    """How many values each key of the store sealed, by column; the marks of the erased, too."""
    numbers = sorted(fingerprints.numbers(tx))
    told = {}
    for one in (*COLUMNS, Column(column=audit.c.why)):
        counts = [sa.func.sum(sa.case((one.bears(number), 1), else_=0)) for number in numbers]
        row = tx.execute(sa.select(*counts).where(one.text.is_not(None))).one()
        told[one.name] = {number: int(count) for number, count in zip(numbers, row, strict=True) if count}
    marks = sa.select(tombstone.c.key_number, sa.func.count()).group_by(tombstone.c.key_number)
    told[MARKS] = {int(number): int(count) for number, count in tx.execute(marks)}
    return told


def hashes(tx: Transaction) -> int:
    """How many hashes there are to be made anew."""
    counted = (
        sa.select(sa.func.count()).select_from(record),
        sa.select(sa.func.count()).select_from(quarantine),
        sa.select(sa.func.count()).select_from(match_key).where(_of_certificate()),
        sa.select(sa.func.count()).select_from(search_term).where(_finds_certificate()),
    )
    return sum(tx.scalar(query) or 0 for query in counted)


def turn(tx: Transaction, to: int, made: Made) -> Iterator[tuple[str, int]]:
    """Find by another key from now on; tells, piece by piece, what was made anew and how many.

    Others who want to write wait until the transaction ends.

    Args:
        tx: The transaction.
        to: The number of the key.
        made: What makes the blocking keys of certificates.
    """
    before = fingerprints.turn(tx, to)
    for table, number in ((record, record.c.record), (quarantine, quarantine.c.quarantine_id)):
        yield from ((f"{table.name}.hash", rows) for rows in _fingerprints(tx, table, number, before))
    yield from (("match_key.key", rows) for rows in _blocking_keys(tx, made))
    yield from (("search_term.term", rows) for rows in _terms(tx))


def _fingerprints(tx: Transaction, table: sa.Table, number: sa.Column[int], before: int) -> Iterator[int]:
    """Fingerprints of rows: the old key takes them back, the new one makes them again."""
    schema = pa.schema([(number.name, pa.int64()), ("hash", pa.binary(16))])
    query = sa.select(number, table.c.hash).order_by(number).limit(MANY)
    for rows in _walked(tx, query, number, schema):
        anew = finding.digests(tx, rows.column("hash"), back_from=before)
        bulk.update(tx, table, rows.set_column(1, "hash", anew), by=[number.name])
        yield rows.num_rows


def _blocking_keys(tx: Transaction, made: Made) -> Iterator[int]:
    """Blocking keys of certificates: nobody can take them back, cut as they are, so certificates make them again."""
    owners = bulk.read(tx, sa.select(match_key.c.key, match_key.c.record).where(_of_certificate()), KEYS)["record"]
    tx.execute(match_key.delete().where(_of_certificate()))
    owners = pc.unique(owners).sort()
    schema = pa.schema([("record", pa.int64()), ("id_number", pa.string())])
    for start in range(0, len(owners), MANY):
        with bulk.among(tx, record.c.record, owners.slice(start, MANY)) as one_of_them:
            held = bulk.read(tx, sa.select(record.c.record, record.c.id_number).where(one_of_them), schema)
        keys = finding.keys(tx, made(held))
        stored.add(tx, keys)
        yield keys.num_rows


def _terms(tx: Transaction) -> Iterator[int]:
    """The terms that find customers by the certificates of their records."""
    tx.execute(search_term.delete().where(_finds_certificate()))
    schema = pa.schema([("record", pa.int64()), ("id_number", pa.string()), ("customer_id", pa.int64())])
    query = (
        sa.select(record.c.record, record.c.id_number, member.c.customer_id)
        .join(member, member.c.record == record.c.record)
        .where(sa.type_coerce(record.c.id_number, sa.String).is_not(None))
        .order_by(record.c.record)
        .limit(MANY)
    )
    for held in _walked(tx, query, record.c.record, schema):
        made = terms.kept(terms.of_certificates(held.drop_columns("record")), finding.finder(tx))
        bulk.insert(tx, search_term, made, unless_there=True)
        yield made.num_rows


def _walked(tx: Transaction, query: bulk.Query, number: sa.Column[int], schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows of a query by their numbers, a piece at a time; between two the transaction may do other things."""
    last = 0
    while (rows := bulk.read(tx, query.where(number > last), schema)).num_rows:
        yield rows
        last = rows.column(0)[-1].as_py()


def _of_certificate() -> sa.ColumnElement[bool]:
    return match_key.c.key.bitwise_and(KIND) == CERTIFICATE


def _finds_certificate() -> sa.ColumnElement[bool]:
    return sa.and_(search_term.c.term >= terms.CERTIFICATE, search_term.c.term < terms.CERTIFICATE + terms.LAST)


def seal_some(tx: Transaction, one: Column, *, after: Any = None) -> tuple[int, Any]:
    """Seal some values of a column with the key in force that are not.

    Rows on which somebody else is at work are left for another time: who waits for nobody blocks nobody for good.

    Args:
        tx: The transaction.
        one: The column.
        after: Where the piece before ended.

    Returns:
        How many, and where this piece ends; none, where nothing that is free is left behind `after`.
    """
    table, keys = one.column.table, list(one.column.table.primary_key)
    assert isinstance(table, sa.Table), "a column of the data dictionary"
    query = (
        sa.select(*keys, one.column)
        .where(sa.not_(one.bears(fingerprints.number(tx))))
        .order_by(*keys)
        .limit(FEW)
        .with_for_update(skip_locked=True, key_share=True)
    )
    if after is not None:
        query = query.where(keys[0] >= after)
    schema = kept.schema_of(table)
    names = [*(key.name for key in keys), one.column.name]
    rows = bulk.read(tx, query, pa.schema([schema.field(name) for name in names]))
    if one.name == SECOND_FACTORS:
        _seal_second_factors(tx, rows)
    else:
        bulk.update(tx, table, rows, by=names[:-1])
    return rows.num_rows, rows.column(0)[-1].as_py() if rows.num_rows else None


def is_left(tx: Transaction, one: Column) -> bool:
    """Whether any value of a column is sealed with another key than the one in force."""
    others = sa.select(sa.literal(1)).where(sa.not_(one.bears(fingerprints.number(tx))))
    return tx.execute(others.limit(1)).first() is not None


def _seal_second_factors(tx: Transaction, rows: pa.Table) -> None:
    numbers, vault = rows.column(0).to_pylist(), vault_of(tx)
    secrets = vault.open(rows.column(1).to_pylist(), column=SECOND_FACTORS, rows=numbers)
    for number, text in zip(
        numbers, vault.seal(secrets, column=SECOND_FACTORS, rows=numbers, number=fingerprints.number(tx)), strict=True
    ):
        tx.execute(person.update().where(person.c.person_id == number).values(totp=text))


def needing(told: Mapping[str, Mapping[int, int]], number: int) -> dict[str, int]:
    """What still needs a key, of what `seals` told, and how often."""
    return {name: counts[number] for name, counts in told.items() if counts.get(number)}


def begin(tx: Transaction, to: int) -> None:
    """Note that the store is on its way to another key."""
    facts.put(tx, facts.TURNS, str(to))


def under_way(tx: Transaction) -> int | None:
    """The key to which the store is on its way; None where it is on none."""
    told = facts.get(tx, facts.TURNS)
    return None if told is None else int(told)


def end(tx: Transaction) -> None:
    """Note that the store has arrived."""
    facts.drop(tx, facts.TURNS)


def counted(pieces: Iterator[tuple[str, int]], advance: Callable[[int], None]) -> dict[str, int]:
    """Add up what pieces tell, each told of as it is done."""
    counts: Counter[str] = Counter()
    for name, rows in pieces:
        counts[name] += rows
        advance(rows)
    return dict(counts)


def forget(tx: Transaction, numbers: Collection[int]) -> None:
    """Nothing is sealed with these keys any more."""
    for number in numbers:
        fingerprints.forget(tx, number)
