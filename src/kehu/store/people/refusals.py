"""Refused sign-ins: too many from one address, or for one login, and the next has to wait.

The account itself is never locked: whoever knows a login could else shut its owner out for ever.
"""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa

from kehu.store.database import Transaction
from kehu.store.dictionary.people import WHENCE_LENGTH, refusal
from kehu.store.people import tokens

WINDOW = timedelta(minutes=10)
FROM_ONE_ADDRESS = 20
FOR_ONE_LOGIN = 10
"""So many in the window, and the next waits until the oldest of them has left it."""


def note(tx: Transaction, *, login: str, whence: str, at: datetime) -> None:
    """Remember a refusal, and forget those that are long ago."""
    sweep(tx, at=at)
    tx.execute(
        refusal.insert().values(
            at=at, whence=whence[:WHENCE_LENGTH], login=tokens.digest(login), mark=secrets.randbits(62)
        )
    )


def sweep(tx: Transaction, *, at: datetime) -> None:
    """Forget those that are long ago."""
    tx.execute(refusal.delete().where(refusal.c.at <= at - WINDOW))


def wait(tx: Transaction, *, login: str, whence: str, at: datetime) -> timedelta | None:
    """How long the next try has to wait; None where it may come at once."""
    waits = []
    for column, value, limit in (
        (refusal.c.whence, whence[:WHENCE_LENGTH], FROM_ONE_ADDRESS),
        (refusal.c.login, tokens.digest(login), FOR_ONE_LOGIN),
    ):
        lately = sa.select(refusal.c.at).where(column == value, refusal.c.at > at - WINDOW)
        times = tx.scalars(lately.order_by(refusal.c.at.desc()).limit(limit)).all()
        if len(times) == limit:
            waits.append(times[-1] + WINDOW - at)
    return max(waits, default=None)
