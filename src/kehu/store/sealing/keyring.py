"""The keys of a store: a few secrets of 32 bytes, each with a number, and what is derived from them.

The text of a keyring has one key a line, the newest last; it stands in `KEHU_KEY`, or in a file beside `kehu.toml` that
only its owner may read, and never in the database or a backup:

    1 3q2+7wAAAA…=
    2 8J+YgPCfmI…=

New values are sealed with the key that the store names, until `kehu rotate-key` names the newest; each is opened with
the key whose number it bears. For each use a key of its own is derived (HKDF-SHA256, RFC 5869), so that what finds a
certificate cannot open it.
"""

import base64
import binascii
import os
import secrets
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kehu.errors import SettingsError

SECRET_BYTES = 32
LARGEST_NUMBER = 65_535


class Use(StrEnum):
    """What a derived key is for."""

    SEAL = "kehu seal 1"
    """Encrypting values (AES-256-GCM)."""
    FIND = "kehu find 1"
    """Finding a sealed value by its keyed hash (HMAC-SHA256)."""
    PAIR = "kehu pair 1"
    """Blocking keys that hold a certificate."""
    AUDIT = "kehu audit 1"
    """Signing the head of the audit chain (Ed25519)."""
    BACKUP = "kehu backup 1"
    """Signing what a backup tells of itself (HMAC-SHA256)."""
    FORGET = "kehu forget 1"
    """Knowing the erased when they come again (HMAC-SHA256)."""
    CHECK = "kehu check 1"
    """Telling whether these are the keys of this store."""


@dataclass(frozen=True, kw_only=True)
class Keyring:
    """The secrets by their numbers; at least one."""

    secrets: Mapping[int, bytes]

    @property
    def newest(self) -> int:
        """The greatest number: that of the key which was made last."""
        return max(self.secrets)

    def derived(self, use: Use, number: int | None = None) -> bytes:
        """The key of 32 bytes for one use; of the newest secret, unless another is named.

        Raises:
            SettingsError: No secret has this number.
        """
        number = self.newest if number is None else number
        if number not in self.secrets:
            has = ", ".join(map(str, sorted(self.secrets)))
            raise SettingsError(
                f"key {number} is missing (has: {has}): put back the key file that this store was made with"
            )
        return HKDF(algorithm=SHA256(), length=SECRET_BYTES, salt=None, info=use.encode()).derive(self.secrets[number])

    def with_another(self) -> "Keyring":
        """The same keys and a new one, with which new values will be sealed.

        >>> first = made()
        >>> both = first.with_another()
        >>> sorted(both.secrets), both.secrets[1] == first.secrets[1]
        ([1, 2], True)
        """
        return Keyring(secrets={**self.secrets, self.newest + 1: secrets.token_bytes(SECRET_BYTES)})

    def without(self, numbers: Collection[int]) -> "Keyring":
        """The same keys but these, once nothing is sealed with them."""
        return Keyring(secrets={number: key for number, key in self.secrets.items() if number not in numbers})

    def text(self) -> str:
        """The keyring as `parsed` reads it."""
        return "".join(f"{number} {base64.b64encode(key).decode()}\n" for number, key in sorted(self.secrets.items()))

    def __repr__(self) -> str:
        """The numbers only: a key must not end in a log."""
        return f"Keyring({', '.join(map(str, sorted(self.secrets)))})"


def made() -> Keyring:
    """A keyring with one new key."""
    return Keyring(secrets={1: secrets.token_bytes(SECRET_BYTES)})


def parsed(text: str, *, where: str) -> Keyring:
    """The keyring that a text holds.

    Args:
        text: One key a line, its number and 32 bytes in base64; in an environment variable `;` may part the lines.
        where: What to call it in an error: `KEHU_KEY`, or the path of the file.

    Raises:
        SettingsError: It holds no key, or something else; the text itself is not told.

    >>> parsed(made().text(), where="here")
    Keyring(1)
    """
    keys: dict[int, bytes] = {}
    lines = [line.split() for line in text.replace(";", "\n").splitlines() if line.strip() and not line.startswith("#")]
    for place, words in enumerate(lines, 1):
        try:
            number, key = int(words[0]), base64.b64decode(words[1], validate=True)
        except (ValueError, IndexError, binascii.Error):
            number, key = 0, b""
        if not 1 <= number <= LARGEST_NUMBER or len(key) != SECRET_BYTES or len(words) != 2 or number in keys:
            raise SettingsError(f"{where}: line {place} is not a number and 32 bytes in base64, each number once")
        keys[number] = key
    if not keys:
        raise SettingsError(f"{where} holds no key: a line is a number and 32 bytes in base64")
    return Keyring(secrets=keys)


def read(path: Path) -> Keyring:
    """The keyring in a file.

    Raises:
        SettingsError: It cannot be read, others may read it, or it holds no keys.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise SettingsError(
            f"{path}: the key file is not there: put it back, or set KEHU_KEY; `kehu run` makes one with a new store"
        ) from None
    except (OSError, UnicodeDecodeError) as why:
        raise SettingsError(f"{path}: the key file cannot be read ({type(why).__name__})") from None
    if mode & 0o077:
        raise SettingsError(f"{path}: others may read the key file (mode {mode:o}): chmod 600 {path}")
    return parsed(text, where=str(path))


class _Looked(Mapping[int, bytes]):
    """The secrets of a file, which is looked into again for a number that was not there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = dict(read(path).secrets)

    def __getitem__(self, number: int) -> bytes:
        if number not in self._known:
            self._known = dict(read(self._path).secrets)
        return self._known[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def live(path: Path) -> Keyring:
    """The keyring in a file, for a program that goes on while `kehu rotate-key` puts another key there.

    Raises:
        SettingsError: As `read` does; later, too, where the file was spoilt meanwhile.
    """
    return Keyring(secrets=_Looked(path))


def write(path: Path, keys: Keyring, *, over: bool = False) -> None:
    """Write a keyring to a file that only its owner may read; whole or not at all, and durable.

    Raises:
        SettingsError: It is there already (unless `over`), or cannot be written.
    """
    beside = path.with_name(f"{path.name}.new")
    try:
        if path.exists() and not over:
            raise SettingsError(f"{path} is there already: a key that is lost makes what it sealed unreadable")
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(keys.text())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as why:
        raise SettingsError(f"{path}: the key file cannot be written: {why.strerror}") from None
