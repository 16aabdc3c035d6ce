"""What machines asked for lately, so that asking twice makes one thing: the answer to an `Idempotency-Key`."""

import hashlib
from datetime import datetime, timedelta

import sqlalchemy as sa

from kehu.errors import ConflictError
from kehu.store.database import Transaction
from kehu.store.dictionary.service import asked

KEPT = timedelta(days=7)
"""So long a key is known."""


def answered(tx: Transaction, *, who: str, key: str, body: str) -> int | None:
    """The number of what was made when the same was asked before; None where it was not.

    Raises:
        ConflictError: The key came with another request.
    """
    mine = (asked.c.who == who, asked.c.key == _digest(key))
    row = tx.execute(sa.select(asked.c.body, asked.c.number).where(*mine)).first()
    if row is None:
        return None
    if bytes(row.body) != _digest(body):
        raise ConflictError("this Idempotency-Key came with another request before: take a new one for each")
    return int(row.number)


def note(tx: Transaction, *, who: str, key: str, body: str, number: int, at: datetime) -> None:
    """Remember what was made for a request."""
    tx.execute(asked.insert().values(who=who, key=_digest(key), body=_digest(body), number=number, at=at))


def sweep(tx: Transaction, *, at: datetime) -> None:
    """Forget what nobody asks for again."""
    tx.execute(asked.delete().where(asked.c.at < at - KEPT))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
