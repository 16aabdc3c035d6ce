"""Sealed values: AES-256-GCM under a key outside the database, bound to the place they stand in.

A sealed value is ASCII text, `version.key.base64`: the number of the key that opens it, then nonce (12 bytes),
ciphertext and tag. The column and the number of the row are bound as associated data, so a value copied to another row
does not open there.

A value is found again by its blind index: a keyed hash with a key of its own (HMAC-SHA256, cut to 16 bytes).

Source: NIST SP 800-38D; the blind index as in CipherSweet's design.
"""

import base64
import hmac
import os
from collections.abc import Iterable, Sequence
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kehu.errors import SettingsError, StoreError
from kehu.store.sealing.keyring import Keyring, Use

VERSION = "1"
NONCE_BYTES = 12
BLIND_BYTES = 16


def sealed_length(characters: int) -> int:
    """The longest sealed text of a value of so many characters.

    >>> sealed_length(64)
    388
    """
    longest = NONCE_BYTES + 4 * characters + 16
    return len(f"{VERSION}.65535.") + (longest + 2) // 3 * 4


class Vault:
    """Seals, opens and finds values with the keys of a keyring."""

    def __init__(self, keys: Keyring) -> None:
        self.keys = keys
        self._cipher = cache(lambda number: AESGCM(keys.derived(Use.SEAL, number)))

    def seal(self, texts: Sequence[str | None], *, column: str, rows: Sequence[int]) -> list[str | None]:
        """Values as only the holder of the key reads them.

        Args:
            texts: What to seal; None stays None.
            column: The table and column they stand in: `record.id_number`.
            rows: The number of the row of each.
        """
        cipher, head = self._cipher(self.keys.newest), f"{VERSION}.{self.keys.newest}."
        # One call for all nonces: a call for each costs more than the cipher.
        nonces = os.urandom(NONCE_BYTES * len(texts))
        sealed: list[str | None] = []
        for place, (text, row) in enumerate(zip(texts, rows, strict=True)):
            if text is None:
                sealed.append(None)
                continue
            nonce = nonces[place * NONCE_BYTES : (place + 1) * NONCE_BYTES]
            closed = nonce + cipher.encrypt(nonce, text.encode(), _bound(column, row))
            sealed.append(head + base64.b64encode(closed).decode())
        return sealed

    def open(self, texts: Sequence[str | None], *, column: str, rows: Sequence[int]) -> list[str | None]:
        """What was sealed, for the same column and rows.

        Raises:
            StoreError: A value was changed or moved, or is no sealed value; the message names its row.
            SettingsError: The key it was sealed with is missing.
        """
        return [
            None if text is None else self._opened(text, column, row) for text, row in zip(texts, rows, strict=True)
        ]

    def opens(self, text: str, *, column: str, row: int) -> bool:
        """Whether a sealed value opens where it stands."""
        try:
            self._opened(text, column, row)
        except (StoreError, SettingsError):
            return False
        return True

    def _opened(self, text: str, column: str, row: int) -> str:
        try:
            number, closed = text.removeprefix(f"{VERSION}.").split(".")
            raw = base64.b64decode(closed, validate=True)
            return self._cipher(int(number)).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound(column, row)).decode()
        except (ValueError, InvalidTag):
            raise StoreError(
                f"{column} of row {row} does not open: it was changed, or moved here from another row; "
                "`kehu verify` names every such value, `kehu restore` brings them back"
            ) from None

    def blind(self, texts: Iterable[str | None]) -> list[bytes | None]:
        """The keyed hash by which each value is found; None stays None."""
        key = self.keys.derived(Use.FIND)
        return [None if text is None else hmac.digest(key, text.encode(), "sha256")[:BLIND_BYTES] for text in texts]

    def fingerprint(self, number: int) -> str:
        """What tells a key from another, and nothing of the key itself; kept in the database to refuse a wrong key."""
        return hmac.digest(self.keys.derived(Use.CHECK, number), b"kehu", "sha256").hex()


def key_number(sealed: str) -> int:
    """The number of the key that a value was sealed with.

    >>> key_number("1.7.AAAA")
    7
    """
    return int(sealed.split(".", 2)[1])


def _bound(column: str, row: int) -> bytes:
    return f"{column}:{row}".encode()
