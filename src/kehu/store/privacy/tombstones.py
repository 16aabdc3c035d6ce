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

from kehu.store import bulk
from kehu.store.database import Transaction
from kehu.store.dictionary.privacy import tombstone
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
    return tx.scalar(sa.select(tombstone.c.kind).limit(1)) is not None


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


def _held(tx: Transaction, kind: Kind, wanted: Sequence[bytes]) -> dict[bytes, datetime]:
    with bulk.among(tx, tombstone.c.digest, pa.array(wanted, pa.binary(BYTES))) as one_of_them:
        query = sa.select(tombstone.c.digest, tombstone.c.at).where(tombstone.c.kind == kind.value, one_of_them)
        return {bytes(row.digest): row.at for row in tx.execute(query)}


def every(tx: Transaction) -> list[Tombstone]:
    """All of them."""
    rows = tx.execute(sa.select(tombstone).order_by(tombstone.c.kind, tombstone.c.digest)).mappings()
    return [Tombstone(**{**row, "kind": Kind(row["kind"]), "digest": bytes(row["digest"])}) for row in rows]
