"""Tombstones: by what the erased are known when they come again, without anything being known of them.

Each is a keyed hash (HMAC-SHA256, cut to 16 bytes) with a key for this use alone. Who holds the database has nothing to
recognise; who holds the key and a value can tell whether it was erased, and that is what they are for. They bear the
number of their key: what it was made from is gone, so they cannot be made again with another.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import pyarrow as pa
import sqlalchemy as sa

from kehu.store import asking, bulk
from kehu.store.database import Transaction
from kehu.store.dictionary.loads import quarantine
from kehu.store.dictionary.privacy import tombstone
from kehu.store.privacy import traces
from kehu.store.sealing.keyring import Use
from kehu.store.sealing.vault import Vault

BYTES = 16


class Kind(StrEnum):
    """What a tombstone is the hash of."""

    KEY = "key"
    """A channel and the key of its row."""
    CERTIFICATE = "certificate"
    """The number of a valid certificate."""
    CONTENT = "content"
    """The fingerprint of a row in a raw file."""
    CUSTOMER = "customer"
    """The number of a customer."""


@dataclass(frozen=True, kw_only=True)
class Tombstone:
    """One mark of one erased person."""

    kind: Kind
    digest: bytes
    key_number: int
    erasure_id: int
    at: datetime


def keyed(channel: str, key: str) -> str:
    """What the tombstone of a record is made from."""
    return f"{channel}\0{key}"


def digests(vault: Vault, kind: Kind, texts: Iterable[str | None], *, key_number: int) -> list[bytes | None]:
    """What the tombstone of each text would be; None for None."""
    key, head = vault.keys.derived(Use.FORGET, key_number), f"{kind}\0".encode()
    return [None if text is None else hmac.digest(key, head + text.encode(), "sha256")[:BYTES] for text in texts]


def are_there(tx: Transaction) -> bool:
    """Whether anybody was ever erased."""
    return bool(asking.rows(tx, _ANYBODY, {}))


_ANYBODY = sa.select(tombstone.c.kind).limit(1)

QUESTION = asking.Put(_ANYBODY, {})
"""What `are_there` asks."""


def add(tx: Transaction, marks: Sequence[Tombstone]) -> int:
    """Add those that are not there yet; returns how many."""
    new = 0
    for kind in Kind:
        of_kind = {mark.digest: mark for mark in marks if mark.kind is kind}
        had = _held(tx, kind, list(of_kind))
        rows = [{**vars(mark), "kind": kind.value} for digest, mark in sorted(of_kind.items()) if digest not in had]
        if rows:
            tx.execute(tombstone.insert(), rows)
        new += len(rows)
    return new


def found(tx: Transaction, kind: Kind, texts: Sequence[str | None], *, vault: Vault) -> dict[str, datetime]:
    """Those of the texts that have a tombstone, and when they were erased."""
    wanted = list({text for text in texts if text is not None})
    numbers = tx.scalars(sa.select(tombstone.c.key_number).where(tombstone.c.kind == kind.value).distinct()).all()
    told: dict[str, datetime] = {}
    for number in numbers:
        by_digest = dict(zip(digests(vault, kind, wanted, key_number=number), wanted, strict=True))
        held = _held(tx, kind, [digest for digest in by_digest if digest is not None])
        told |= {by_digest[digest]: at for digest, at in held.items()}
    return told


def gone(tx: Transaction, rows: pa.Table, *, vault: Vault) -> pa.Array:
    """Which of these rows are of somebody who was erased.

    A row is where its channel and key are; and where its certificate is, unless its source changed it after the
    erasure: whoever comes back as a customer is one.

    Args:
        tx: The transaction.
        rows: `channel`, `record_id`, `id_number`, `id_valid`, `updated_at`.
        vault: The keys.
    """
    wanted = rows.select(["channel", "record_id", "id_number", "id_valid", "updated_at"]).to_pylist()
    keys = [keyed(row["channel"], row["record_id"]) for row in wanted]
    certificates = [row["id_number"] if row["id_valid"] else None for row in wanted]
    by_key = found(tx, Kind.KEY, keys, vault=vault)
    by_certificate = found(tx, Kind.CERTIFICATE, certificates, vault=vault)
    return pa.array(
        [
            key in by_key
            or (
                certificate in by_certificate
                and not (row["updated_at"] and row["updated_at"] > by_certificate[certificate])
            )
            for row, key, certificate in zip(wanted, keys, certificates, strict=True)
        ],
        pa.bool_(),
    )


def gone_bad(tx: Transaction, rows: Sequence[tuple[str, str | None, str]], *, vault: Vault) -> list[bool]:
    """Which of these rows that broke a rule, by channel, key and raw form, are of somebody who was erased."""
    numbers = [traces.written(raw) for _, _, raw in rows]
    keys = [None if key is None else keyed(channel, key) for channel, key, _ in rows]
    by_key = found(tx, Kind.KEY, keys, vault=vault)
    by_certificate = found(tx, Kind.CERTIFICATE, sorted(frozenset().union(*numbers)), vault=vault)
    return [key in by_key or not mine.isdisjoint(by_certificate) for key, mine in zip(keys, numbers, strict=True)]


def gone_in_quarantine(tx: Transaction, *, vault: Vault) -> list[int]:
    """The numbers of the rows in quarantine that are of somebody who was erased."""
    columns = ("quarantine_id", "channel", "record_id", "raw")
    schema = pa.schema([("quarantine_id", pa.int64()), *((name, pa.string()) for name in columns[1:])])
    rows = bulk.read(tx, sa.select(*(quarantine.c[name] for name in columns)), schema).to_pylist()
    told = [(row["channel"], row["record_id"], row["raw"]) for row in rows]
    is_gone = gone_bad(tx, told, vault=vault)
    return [row["quarantine_id"] for row, gone in zip(rows, is_gone, strict=True) if gone]


def _held(tx: Transaction, kind: Kind, wanted: Sequence[bytes]) -> dict[bytes, datetime]:
    with bulk.among(tx, tombstone.c.digest, pa.array(wanted, pa.binary(BYTES))) as one_of_them:
        query = sa.select(tombstone.c.digest, tombstone.c.at).where(tombstone.c.kind == kind.value, one_of_them)
        return {bytes(row.digest): row.at for row in tx.execute(query)}


def every(tx: Transaction) -> list[Tombstone]:
    """All of them."""
    rows = tx.execute(sa.select(tombstone).order_by(tombstone.c.kind, tombstone.c.digest)).mappings()
    return [Tombstone(**{**row, "kind": Kind(row["kind"]), "digest": bytes(row["digest"])}) for row in rows]
