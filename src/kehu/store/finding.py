"""Keyed hashes: certificates are found and compared by them, and the database alone cannot tell which they are.

There are so few certificates that all can be tried. So whatever is made of one and stands in the database is made with
a key: the term that finds a customer by it, the blocking key that pairs records by it, the fingerprints of rows in
which it stands. Unlike sealed values these do not bear the number of their key: all are made with the key in force.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from kehu.model.links import CERTIFICATE, KIND
from kehu.store.database import Transaction, vault_of
from kehu.store.fingerprints import number

BLOCK = 16
"""Bytes of a fingerprint, and of a block of the cipher."""


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
        blocks = vault_of(tx).shuffled(blocks, number=back_from, back=True)
    keyed = vault_of(tx).shuffled(blocks, number=number(tx))
    return pa.Array.from_buffers(pa.binary(BLOCK), len(hashes), [None, pa.py_buffer(keyed)])


def keys(tx: Transaction, table: pa.Table) -> pa.Table:
    """Blocking keys (`model.links.KEYS`) as the store holds them: those of certificates keyed."""
    key = table.column("key").to_numpy()
    of_certificate = (key & np.uint64(KIND)) == CERTIFICATE
    if not of_certificate.any():
        return table
    blocks = np.zeros((int(of_certificate.sum()), 2), "<u8")
    blocks[:, 0] = key[of_certificate]
    stirred = np.frombuffer(vault_of(tx).shuffled(blocks.tobytes(), number=number(tx)), "<u8")[::2]
    key = key.copy()
    key[of_certificate] = (stirred & ~np.uint64(KIND)) | np.uint64(CERTIFICATE)
    return table.set_column(table.schema.get_field_index("key"), table.schema.field("key"), pa.array(key))


def finder(tx: Transaction) -> Callable[[Sequence[str]], list[str]]:
    """What tells by which term a customer is found who has a certificate; it asks the store nothing more."""
    blind, of_now = vault_of(tx).blind, number(tx)
    return lambda certificates: [digest.hex() for digest in blind(certificates, number=of_now) if digest is not None]


def any_terms(tx: Transaction, certificate: str) -> list[str]:
    """The terms of one certificate, made with each key at hand: one of them is in force, the others find nothing."""
    vault = vault_of(tx)
    made = (vault.blind([certificate], number=number) for number in vault.keys.secrets)
    return [digest.hex() for told in made for digest in told if digest is not None]
