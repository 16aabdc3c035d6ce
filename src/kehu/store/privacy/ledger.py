"""The ledger of the erased: their tombstones once more, in a file outside the database.

A backup knows nothing of who was erased after it was made. So whoever restores one reads this file, and erases again.
It holds keyed hashes only; it is added to, line by line, and a line that a power cut broke off is left out.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from kehu.errors import StoreError
from kehu.store.privacy.tombstones import Kind, Tombstone


def read(path: Path) -> list[Tombstone]:
    """What stands in the ledger; nothing where there is none.

    Raises:
        StoreError: It cannot be read.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    except (OSError, UnicodeDecodeError) as why:
        raise StoreError(f"{path}: the ledger of the erased cannot be read: {why}") from None
    found = []
    for line in lines:
        with suppress(ValueError, KeyError):
            told = json.loads(line)
            found.append(
                Tombstone(
                    kind=Kind(told["kind"]),
                    digest=bytes.fromhex(told["digest"]),
                    key_number=told["key"],
                    erasure_id=told["erasure"],
                    at=datetime.fromisoformat(told["at"]),
                )
            )
    return found


def made_by(path: Path) -> Counter[int]:
    """How many marks were made with each key."""
    return Counter(mark.key_number for mark in read(path))


def add(path: Path, marks: Iterable[Tombstone]) -> int:
    """Add those that are not there yet, durably; returns how many.

    Raises:
        StoreError: It cannot be written.
    """
    had = {(mark.kind, mark.digest) for mark in read(path)}
    new = [mark for mark in marks if (mark.kind, mark.digest) not in had]
    if not new:
        return 0
    lines = "".join(
        json.dumps(
            {
                "kind": mark.kind,
                "digest": mark.digest.hex(),
                "key": mark.key_number,
                "erasure": mark.erasure_id,
                "at": mark.at.isoformat(),
            }
        )
        + "\n"
        for mark in new
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # A blank line first: the last line may have been broken off.
            os.write(descriptor, b"\n" + lines.encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as why:
        raise StoreError(f"{path}: the ledger of the erased cannot be written: {why.strerror or why}") from None
    return len(new)
