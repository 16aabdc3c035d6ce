"""Closed Parquet files: encrypted as Parquet itself knows it, under keys that others keep.

Columns and footer are AES-256-GCM, each file under a key of its own; that key stands in the file, wrapped by whoever
holds the keys of the store. So any reader of Parquet that is told how to unwrap it opens the file, and nobody else.

Source: Apache Parquet, Modular Encryption.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.parquet import encryption

from kehu.errors import SourceError

MAGIC = b"PARE"
"""How a closed file begins; an open one, as kehu kept them once, begins with PAR1."""


class Wrap(Protocol):
    """Who keeps the keys of files, under keys that have numbers."""

    number: int
    """That of the key which closes."""

    def close(self, text: str) -> str:
        """The text as only `open` reads it."""

    def open(self, text: str) -> str:
        """What was closed."""

    def number_of(self, closed: str) -> int:
        """That of the key which closed it."""


class _Keys(encryption.KmsClient):  # type: ignore[misc]  # Arrow tells no type of it.
    """Hands the keys of files to whoever wraps them; Parquet calls that a key management service."""

    def __init__(self, wrap: Wrap) -> None:
        super().__init__()
        self._wrap = wrap
        self.number: int | None = None
        """That of the key under which the key of the last file stood."""

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> str:  # noqa: ARG002  (Parquet's signature)
        """The key of a file, as it stands in the file."""
        return self._wrap.close(b64encode(key_bytes).decode())

    def unwrap_key(self, wrapped_key: str, master_key_identifier: str) -> bytes:  # noqa: ARG002  (Parquet's signature)
        """The key again."""
        self.number = self._wrap.number_of(wrapped_key)
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
    with _reading(path, _Keys(wrap)) as (file, opening):
        return pq.read_table(file, columns=columns, decryption_properties=opening)


def number(path: Path, wrap: Wrap) -> int | None:
    """The number of the key under which a file is closed; None for an open one. Only its end is read.

    Raises:
        SourceError: It cannot be read.
        StoreError: It was closed under another key.
    """
    keys = _Keys(wrap)
    with _reading(path, keys) as (file, opening):
        if opening is not None:
            pq.read_metadata(file, decryption_properties=opening)
    return keys.number


@contextmanager
def _reading(path: Path, keys: _Keys) -> Iterator[tuple[BinaryIO, Any]]:
    """A file, and what opens it; None, where it is open."""
    try:
        with path.open("rb") as file:
            is_closed = file.read(len(MAGIC)) == MAGIC
            file.seek(0)
            opening = None
            if is_closed:
                service = encryption.CryptoFactory(lambda _: keys)
                opening = service.file_decryption_properties(_SERVICE, encryption.DecryptionConfiguration())
            yield file, opening
    except (OSError, pa.ArrowException) as why:
        raise SourceError(f"{path}: the raw batch cannot be read: {why}") from None
