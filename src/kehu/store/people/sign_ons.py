"""Sign-ins by an identity provider: whom it vouches for, and that each is good once."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from kehu.store.database import Transaction
from kehu.store.dictionary.people import sign_on
from kehu.store.people import tokens

LASTS = timedelta(minutes=10)
"""So long somebody may take to prove who they are; what was begun before is good no more."""


def is_first(tx: Transaction, state: str, *, at: datetime) -> bool:
    """Whether nobody came in by this sign-in before; from now on somebody did."""
    # Nothing that is older is taken again: who began it has to begin anew.
    tx.execute(sign_on.delete().where(sign_on.c.at < at - 2 * LASTS))
    used = tokens.digest(state)
    if tx.scalar(sa.select(sign_on.c.state).where(sign_on.c.state == used)) is not None:
        return False
    tx.execute(sign_on.insert().values(state=used, at=at))
    return True


def subject(issuer: str, named: str) -> bytes:
    """What the database holds of the name that an issuer gave somebody, which is theirs for ever."""
    return tokens.digest(f"{issuer} {named}")
