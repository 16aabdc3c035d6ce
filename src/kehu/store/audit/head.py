"""The head of the audit chain: how far it went, signed, in a file outside the database.

Whoever may write the database alone can make a new chain, but no head for it. Whoever also holds the key file can; so
copies of the head belong where neither reaches (a log server, a printout): any of them proves what stood in the chain
at its time.
"""

import base64
import json
import os
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kehu.errors import StoreError
from kehu.store.audit.chain import End
from kehu.store.sealing.keyring import Keyring, Use


def write(path: Path, end: End, *, at: datetime, keys: Keyring, number: int) -> None:
    """Put the head of the chain into its file, whole or not at all, and durable.

    Args:
        path: The file.
        end: How far the chain goes.
        at: Now.
        keys: Our keys.
        number: That of the key which signs.

    Raises:
        StoreError: The file cannot be written.
    """
    told = {"place": end.place, "digest": end.digest.hex(), "at": at.isoformat(), "key": number}
    signature = _signer(keys, number).sign(_signed(told))
    text = json.dumps({**told, "signature": base64.b64encode(signature).decode()}, indent=2)
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with beside.open("w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as why:
        raise StoreError(f"{path}: the head of the audit chain cannot be written: {why.strerror}") from None


def read(path: Path, *, keys: Keyring) -> End | None:
    """The head in a file; None where there is none.

    Raises:
        StoreError: It cannot be read, or was not signed with one of these keys.
    """
    try:
        told = json.loads(path.read_text(encoding="ascii"))
        signature = base64.b64decode(told.pop("signature"), validate=True)
        _signer(keys, int(told["key"])).public_key().verify(signature, _signed(told))
        return End(place=int(told["place"]), digest=bytes.fromhex(told["digest"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidSignature):
        raise StoreError(f"{path}: this head of the audit chain was not signed with our keys, or was changed") from None


def _signer(keys: Keyring, number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(keys.derived(Use.AUDIT, number))


def _signed(told: dict[str, object]) -> bytes:
    return json.dumps(told, sort_keys=True).encode()
