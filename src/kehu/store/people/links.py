"""One-time links: how a user who was invited, or forgot, chooses a password."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from kehu.store.database import Transaction
from kehu.store.dictionary.people import one_time_link
from kehu.store.people import tokens

LASTS = timedelta(days=3)


def make(tx: Transaction, person_id: int, *, at: datetime) -> str:
    """The token of a new link; those that the user had before are good no more."""
    tx.execute(one_time_link.delete().where(one_time_link.c.person_id == person_id))
    token = tokens.drawn()
    tx.execute(
        one_time_link.insert().values(
            token=tokens.digest(token), person_id=person_id, made_at=at, expires_at=at + LASTS
        )
    )
    return token


def owner(tx: Transaction, token: str, *, at: datetime) -> int | None:
    """The user whom a link is for; None where it is good no more."""
    query = sa.select(one_time_link.c.person_id).where(
        one_time_link.c.token == tokens.digest(token), one_time_link.c.expires_at > at
    )
    return tx.scalar(query)


def sweep(tx: Transaction, *, at: datetime) -> None:
    """Take away those that are good no more."""
    tx.execute(one_time_link.delete().where(one_time_link.c.expires_at <= at))


def redeem(tx: Transaction, token: str, *, at: datetime) -> int | None:
    """The user whom a link is for; it is good no more after this."""
    person_id = owner(tx, token, at=at)
    taken = tx.execute(one_time_link.delete().where(one_time_link.c.token == tokens.digest(token)))
    return person_id if taken.rowcount == 1 else None
