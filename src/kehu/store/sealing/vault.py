"""Sealed values: AES-256-GCM under a key outside the database, bound to the place they stand in.

A sealed value is ASCII text, `version.key.base64`: the number of the key that opens it, then nonce (12 bytes),
ciphertext and tag. The column and the number of the row are bound as associated data, so a value copied to another row
does not open there.

A value is found again by its blind index: a keyed hash with a key of its own (BLAKE2b in its keyed mode, 16 bytes).
Hashes that were made without a key are shuffled under a key: whoever tries all certificates cannot tell which is which.

Source: NIST SP 800-38D; RFC 7693 (BLAKE2b); the blind index as in CipherSweet's design.
"""

import hashlib
import hmac
import os
import threading
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Sequence
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

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
        self._finder = cache(lambda number: keys.derived(Use.FIND, number))
        self._shuffler = cache(lambda number: keys.derived(Use.PAIR, number))
        self._stirrers = threading.local()
        self._fingerprint = cache(lambda number: hmac.digest(keys.derived(Use.CHECK, number), b"kehu", "sha256").hex())

    def seal(
        self, texts: Sequence[str | None], *, column: str, rows: Sequence[int], number: int | None = None
    ) -> list[str | None]:
        """Values as only the holder of the key reads them.

        Args:
            texts: What to seal; None stays None.
            column: The table and column they stand in: `record.id_number`.
            rows: The number of the row of each.
            number: The number of the key: in a store the one that is in force there; the newest, where none is named.
        """
        number = self.keys.newest if number is None else number
        encrypt, head = self._cipher(number).encrypt, begun_by(number)
        bound = _bound(column)
        # One call for all nonces: a call for each costs more than the cipher.
        nonces = os.urandom(NONCE_BYTES * len(texts))
        sealed: list[str | None] = []
        for place, (text, row) in enumerate(zip(texts, rows, strict=True)):
            if text is None:
                sealed.append(None)
                continue
            nonce = nonces[place * NONCE_BYTES : (place + 1) * NONCE_BYTES]
            closed = nonce + encrypt(nonce, text.encode(), bound % row)
            sealed.append(head + b2a_base64(closed, newline=False).decode())
        return sealed

    def open(self, texts: Sequence[str | None], *, column: str, rows: Sequence[int]) -> list[str | None]:
        """What was sealed, for the same column and rows.

        Raises:
            StoreError: A value was changed or moved, or is no sealed value; the message names its row.
            SettingsError: The key it was sealed with is missing.
        """
        bound, head, decrypt = _bound(column), ".", None
        opened: list[str | None] = []
        for text, row in zip(texts, rows, strict=True):
            if text is None:
                opened.append(None)
                continue
            try:
                # Most begin alike: what they were sealed with is looked at where that changes.
                if decrypt is None or not text.startswith(head):
                    version, number, _ = text.split(".")
                    head, decrypt = f"{version}.{number}.", self._cipher(int(number)).decrypt
                raw = a2b_base64(text[len(head) :], strict_mode=True)
                opened.append(decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound % row).decode())
            except (ValueError, InvalidTag):
                raise StoreError(
                    f"{column} of row {row} does not open: it was changed, or moved here from another row; "
                    "`kehu verify` names every such value, `kehu restore` brings them back"
                ) from None
        return opened

    def blind(self, texts: Iterable[str | None], *, number: int | None = None) -> list[bytes | None]:
        """The keyed hash by which each value is found; None stays None. Of the newest key, unless another is named."""
        key, hashed = self._finder(self.keys.newest if number is None else number), hashlib.blake2b
        return [
            None if text is None else hashed(text.encode(), key=key, digest_size=BLIND_BYTES).digest() for text in texts
        ]

    def opens(self, text: str, *, column: str, row: int) -> bool:
        """Whether a sealed value opens where it stands."""
        try:
            self.open([text], column=column, rows=[row])
        except (StoreError, SettingsError):
            return False
        return True

    def shuffled(self, blocks: bytes, *, number: int, back: bool = False) -> bytes:
        """Blocks of 16 bytes, each replaced by another, equal ones by equal ones; without the key nobody knows which.

        A block cipher is just that, a keyed permutation; it is for hashes only.

        Args:
            blocks: Hashes, one behind the other, all at once: a million takes 50 ms.
            number: The number of the key.
            back: Take what was shuffled back.
        """
        # One cannot be used by two threads at a time. It gives whole blocks back at once, and never ends.
        made, name = vars(self._stirrers), f"{number} back" if back else f"{number}"
        if name not in made:
            cipher = Cipher(AES256(self._shuffler(number)), ECB())  # noqa: S305  (see above)
            made[name] = cipher.decryptor() if back else cipher.encryptor()
        stirred: bytes = made[name].update(blocks)
        return stirred

    def fingerprint(self, number: int) -> str:
        """What tells a key from another, and nothing of the key itself; kept in the database to refuse a wrong key."""
        return self._fingerprint(number)


class Wrap:
    """Closes the keys of the files below `raw/`, which stand in the files."""

    def __init__(self, vault: Vault, number: int | None = None) -> None:
        self._vault = vault
        self.number = vault.keys.newest if number is None else number
        """The key that closes; the newest, where none is named."""

    def close(self, text: str) -> str:
        """The text as only `open` reads it."""
        [closed] = self._vault.seal([text], column="raw file", rows=[0], number=self.number)
        return str(closed)

    def number_of(self, closed: str) -> int:
        """The key that closed it."""
        return key_number(closed)

    def open(self, text: str) -> str:
        """What was closed."""
        [opened] = self._vault.open([text], column="raw file", rows=[0])
        return str(opened)


def key_number(sealed: str) -> int:
    """The number of the key that a value was sealed with.

    >>> key_number("1.7.AAAA")
    7
    """
    return int(sealed.split(".", 2)[1])


def begun_by(number: int) -> str:
    """How every value begins that was sealed with the key of this number.

    >>> begun_by(7)
    '1.7.'
    """
    return f"{VERSION}.{number}."


def _bound(column: str) -> bytes:
    """What a value is bound to; the row's number is to be put in."""
    return column.encode() + b":%d"
