"""Keyed hashes: certificates are found and compared by them, and the database alone cannot tell which they are.

There are so few certificates that all can be tried. So whatever is made of one and stands in the database is made with
a key: the term that finds a customer by it, the blocking key that pairs records by it, the fingerprints of rows in
which it stands. Unlike sealed values these do not bear the number of their key: the store tells it of all of them.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from kehu.model.links import CERTIFICATE, KIND
from kehu.store import facts
from kehu.store.database import Transaction
from kehu.store.sealed import vault
from kehu.store.tables import setting

BLOCK = 16
"""Bytes of a fingerprint, and of a block of the cipher."""


def number(tx: Transaction) -> int:
    """The number of the key by which this store finds; it stays so until the transaction ends."""
    once: dict[str, int] = tx.get_execution_options()["once"]
    if "finds" not in once:
        query = sa.select(setting.c.value).where(setting.c.name == facts.FINDS)
        if "begins" in tx.get_execution_options():
            # `kehu rotate-key` waits for whoever writes by the old key, and whoever comes later for it.
            query = query.with_for_update(read=True)
        told = tx.scalar(query)
        once["finds"] = min(vault(tx).keys.secrets) if told is None else int(told)
    return once["finds"]


def turn(tx: Transaction, to: int) -> None:
    """From now on this store finds by another key; all that is found by it must be made anew in this transaction."""
    facts.put(tx, facts.FINDS, str(to))
    tx.get_execution_options()["once"]["finds"] = to


def digests(tx: Transaction, hashes: pa.Array | pa.ChunkedArray, *, back_from: int | None = None) -> pa.Array:
    """Fingerprints of 16 bytes as the store holds them.

    Args:
        tx: The transaction.
        hashes: Fingerprints as they were made; none is null.
        back_from: They were keyed by the key of this number already.
    """
    if isinstance(hashes, pa.ChunkedArray):
        hashes = hashes.combine_chunks()
    if not len(hashes):
        return hashes
    blocks = bytes(memoryview(hashes.buffers()[1])[hashes.offset * BLOCK : (hashes.offset + len(hashes)) * BLOCK])
    if back_from is not None:
        blocks = vault(tx).shuffled(blocks, number=back_from, back=True)
    keyed = vault(tx).shuffled(blocks, number=number(tx))
    return pa.Array.from_buffers(pa.binary(BLOCK), len(hashes), [None, pa.py_buffer(keyed)])


def keys(tx: Transaction, table: pa.Table) -> pa.Table:
    """Blocking keys (`model.links.KEYS`) as the store holds them: those of certificates keyed."""
    key = table.column("key").to_numpy()
    of_certificate = (key & np.uint64(KIND)) == CERTIFICATE
    if not of_certificate.any():
        return table
    blocks = np.zeros((int(of_certificate.sum()), 2), "<u8")
    blocks[:, 0] = key[of_certificate]
    stirred = np.frombuffer(vault(tx).shuffled(blocks.tobytes(), number=number(tx)), "<u8")[::2]
    key = key.copy()
    key[of_certificate] = (stirred & ~np.uint64(KIND)) | np.uint64(CERTIFICATE)
    return table.set_column(table.schema.get_field_index("key"), table.schema.field("key"), pa.array(key))


def terms(tx: Transaction, certificates: Sequence[str]) -> list[str]:
    """What a customer is found by who has this certificate."""
    return [digest.hex() for digest in vault(tx).blind(certificates, number=number(tx)) if digest is not None]
