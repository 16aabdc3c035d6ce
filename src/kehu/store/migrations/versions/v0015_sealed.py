"""Certificates at rest: what holds them is sealed, and what is made of them is keyed.

First the columns are widened, which may be done again. Then all that is stored is rewritten, in the transaction that
also notes this version: it is done whole or not at all.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from alembic import op

from kehu.model.links import KEYS
from kehu.store import bulk, finding, fingerprints, terms
from kehu.store.columns import Digest, Instant, Word, Writing
from kehu.store.database import vault_of
from kehu.store.migrations.steps import NUMBER
from kehu.store.sealing.vault import sealed_length

revision = "0015"
down_revision = "0014"

TEXTS = (
    ("record", "id_number", 64, True, "Number of the certificate; sealed"),
    ("customer", "id_number", 64, True, "Number of the certificate; sealed"),
    ("customer_history", "id_number", 64, True, "Number of the certificate; sealed"),
    ("subscription", "proxy_id_number", 64, True, "Number of the proxy's certificate; sealed"),
    ("decision_pin", "value", 500, False, "The value that it shall have; sealed"),
    ("pushed", "raw", None, False, "The record as it was sent: JSON; sealed"),
    ("quarantine", "raw", None, False, "The row as it came: JSON, or the line; sealed"),
)
"""Table, column, the longest text it holds in clear (None: any), whether it may be null, its comment."""

COMMENTS = (
    ("record", "hash", Digest(16), "Keyed fingerprint of the content as the channel gave it"),
    ("quarantine", "hash", Digest(16), "Keyed fingerprint of key and raw row: the same bad row stands once"),
    ("match_key", "key", NUMBER, "64-bit hash of a blocking key, as a signed number; of a certificate keyed"),
    (
        "search_term",
        "term",
        Word(200),
        "What may be typed; '=' before what only matches whole, '==' before keyed hashes of certificates",
    ),
)
"""Columns that keep their type."""

PIECE = 100_000
"""So many rows are rewritten at once."""


def upgrade() -> None:
    """Widen the columns, then seal and key what stands there."""
    tx = op.get_bind()
    if tx.dialect.name != "sqlite":  # Its columns hold texts of any length, and it keeps no comments.
        for table, column, characters, nullable, told in TEXTS:
            op.alter_column(table, column, type_=_standing(characters), existing_nullable=nullable, comment=told)
        for table, column, same, told in COMMENTS:
            op.alter_column(table, column, existing_type=same, existing_nullable=False, comment=told)
    # Terms and keys are made of certificates, so they go first, while those can be read.
    _find_by_hashes(tx)
    _key_pairs(tx)
    for name, key in (("record", "record"), ("quarantine", "quarantine_id")):
        _rewrite(tx, _table(name, Digest(16), key, "hash"), lambda rows: finding.digests(tx, rows.column("hash")))
    for name, column, characters, _, _ in TEXTS:
        texts = _table(name, _standing(characters), *_KEYS.get(name, ("record",)), column)
        _rewrite(tx, texts, partial(_sealed, tx, texts))


_KEYS = {
    "customer": ("customer_id",),
    "customer_history": ("customer_id", "valid_from"),
    "decision_pin": ("decision_id",),
    "quarantine": ("quarantine_id",),
}


def _standing(characters: int | None) -> Word | Writing:
    """The type that holds sealed texts of so many characters."""
    return Writing() if characters is None else Word(sealed_length(characters))


def _table(name: str, kind: sa.types.TypeEngine[Any], *columns: str) -> sa.Table:
    """A table with some of the columns that it has now: numbers and times, and the last one, which is rewritten."""
    keys = [sa.Column(key, Instant() if key == "valid_from" else NUMBER, primary_key=True) for key in columns[:-1]]
    return sa.Table(name, sa.MetaData(), *keys, sa.Column(columns[-1], kind))


def _rewrite(tx: sa.Connection, table: sa.Table, made: Callable[[pa.Table], pa.Array]) -> None:
    """Put what is made of it in the place of the last column of a table."""
    *keys, column = table.c.keys()
    types = {"valid_from": pa.timestamp("us", tz="UTC"), "hash": pa.binary(16)}
    schema = pa.schema([(key, types.get(key, pa.int64())) for key in keys] + [(column, types.get(column, pa.string()))])
    rows = bulk.read(tx, sa.select(*table.c).where(table.c[column].is_not(None)), schema)
    for start in range(0, rows.num_rows, PIECE):
        piece = rows.slice(start, PIECE)
        bulk.update(tx, table, piece.set_column(len(keys), column, made(piece)), by=keys)


def _sealed(tx: sa.Connection, table: sa.Table, rows: pa.Table) -> pa.Array:
    column = table.c.keys()[-1]
    texts, numbers = rows.column(column).to_pylist(), rows.column(0).to_pylist()
    closed = vault_of(tx).seal(texts, column=f"{table.name}.{column}", rows=numbers, number=fingerprints.number(tx))
    return pa.array(closed, pa.string())


def _find_by_hashes(tx: sa.Connection) -> None:
    """Let customers be found by hashes of the certificates of their records."""
    record, member = (
        _table("record", Word(64), "record", "id_number"),
        _table("member", NUMBER, "record", "customer_id"),
    )
    query = sa.select(record.c.id_number, member.c.customer_id).join(member, member.c.record == record.c.record)
    held = bulk.read(tx, query.where(record.c.id_number.is_not(None)), terms.TERMS)
    if not held.num_rows:  # A store that is made anew has none, and may have no keys yet.
        return
    clear = terms.folded(held.column("term"))
    term = sa.Table("search_term", sa.MetaData(), sa.Column("term", Word(200)), sa.Column("customer_id", NUMBER))
    was = held.set_column(0, "term", pc.binary_join_element_wise("=", clear, ""))
    bulk.delete(tx, term, was)
    bulk.insert(tx, term, terms.kept(terms.of_certificates(held), finding.finder(tx)))


def _key_pairs(tx: sa.Connection) -> None:
    """Key the blocking keys of certificates."""
    key = _table("match_key", NUMBER, "key", "record")
    held = bulk.read(tx, sa.select(key.c.key, key.c.record).where(key.c.key % 32 == 0), KEYS)
    bulk.delete(tx, key, held)
    bulk.insert(tx, key, finding.keys(tx, held))
