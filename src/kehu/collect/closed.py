"""Closed Parquet files: encrypted as Parquet itself knows it, under keys that others keep.

Columns and footer are AES-256-GCM, each file under a key of its own; that key stands in the file, wrapped by whoever
holds the keys of the store. So any reader of Parquet that is told how to unwrap it opens the file, and nobody else.

Source: Apache Parquet, Modular Encryption.
"""

from base64 import b64decode, b64encode
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.parquet import encryption

from kehu.errors import SourceError

MAGIC = b"PARE"
"""How a closed file begins; an open one, as kehu kept them once, begins with PAR1."""


class Wrap(Protocol):
    """Who keeps the keys of files."""

    def close(self, text: str) -> str:
        """The text as only `open` reads it."""

    def open(self, text: str) -> str:
        """What was closed."""


class _Keys(encryption.KmsClient):  # type: ignore[misc]  # Arrow tells no type of it.
    """Hands the keys of files to whoever wraps them; Parquet calls that a key management service."""

    def __init__(self, wrap: Wrap) -> None:
        super().__init__()
        self._wrap = wrap

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> str:  # noqa: ARG002  (Parquet's signature)
        """The key of a file, as it stands in the file."""
        return self._wrap.close(b64encode(key_bytes).decode())

    def unwrap_key(self, wrapped_key: str, master_key_identifier: str) -> bytes:  # noqa: ARG002  (Parquet's signature)
        """The key again."""
        return b64decode(self._wrap.open(wrapped_key))


_SERVICE = encryption.KmsConnectionConfig()
_CLOSING = encryption.EncryptionConfiguration(
    footer_key="kehu", uniform_encryption=True, double_wrapping=False, data_key_length_bits=256
)


def write(table: pa.Table, stream: BinaryIO, wrap: Wrap) -> None:
    """Write a table as a closed file."""
    closing = encryption.CryptoFactory(lambda _: _Keys(wrap)).file_encryption_properties(_SERVICE, _CLOSING)
    pq.write_table(table, stream, compression="zstd", encryption_properties=closing)


def read(path: Path, wrap: Wrap, *, columns: list[str] | None = None) -> pa.Table:
    """A file, closed or open; of its columns those that are named, or all.

    Raises:
        SourceError: It cannot be read.
        StoreError: It was closed under another key.
    """
    try:
        with path.open("rb") as file:
            is_closed = file.read(len(MAGIC)) == MAGIC
            file.seek(0)
            opening = None
            if is_closed:
                keys = encryption.CryptoFactory(lambda _: _Keys(wrap))
                opening = keys.file_decryption_properties(_SERVICE, encryption.DecryptionConfiguration())
            return pq.read_table(file, columns=columns, decryption_properties=opening)
    except (OSError, pa.ArrowException) as why:
        raise SourceError(f"{path}: the raw batch cannot be read: {why}") from None
