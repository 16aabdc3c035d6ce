"""Leases: what only one may do at a time, and who is doing it.

A lease is held until it is given back, or is not renewed in time, or its holder's process is gone.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from kehu.errors import ConflictError
from kehu.store.database import Transaction
from kehu.store.dictionary.loads import lease


@dataclass(frozen=True, kw_only=True)
class Lease:
    """Who is at work."""

    name: str
    """On what."""
    token: str
    """Drawn anew each time it is taken."""
    host: str
    """The machine of its holder."""
    process: int
    """The number of its holder's process there."""
    taken_at: datetime
    """Since when it is held."""
    expires_at: datetime
    """When anybody may take it, unless it is renewed."""


def take(tx: Transaction, wanted: Lease, *, is_gone: Callable[[Lease], bool]) -> None:
    """Take a lease, also from a holder that did not renew it or `is_gone`.

    Raises:
        ConflictError: Somebody holds it; it says who, and since when.
    """
    holder = _held(tx, wanted.name)
    if holder is None:
        tx.execute(lease.insert().values(vars(wanted)))
        return
    if holder.expires_at > wanted.taken_at and not is_gone(holder):
        raise ConflictError(
            f"another kehu {holder.name} is at work: process {holder.process} on {holder.host}, since "
            f"{holder.taken_at:%Y-%m-%d %H:%M:%S} UTC; wait until it is done, or end it"
        )
    tx.execute(lease.update().where(lease.c.name == wanted.name).values(vars(wanted)))


def renew(tx: Transaction, mine: Lease, *, until: datetime) -> bool:
    """Hold a lease for longer; False where somebody else has taken it."""
    ours = (lease.c.name == mine.name, lease.c.token == mine.token)
    return tx.execute(lease.update().where(*ours).values(expires_at=until)).rowcount == 1


def give_back(tx: Transaction, mine: Lease) -> None:
    """Let others have a lease; nothing, where they have it already."""
    tx.execute(lease.delete().where(lease.c.name == mine.name, lease.c.token == mine.token))


def held(tx: Transaction, name: str) -> Lease | None:
    """Who is at work on something; None where nobody is."""
    row = tx.execute(sa.select(lease).where(lease.c.name == name)).mappings().first()
    return None if row is None else _lease(row)


def _held(tx: Transaction, name: str) -> Lease | None:
    row = tx.execute(sa.select(lease).where(lease.c.name == name).with_for_update()).mappings().first()
    return None if row is None else _lease(row)


def _lease(row: sa.RowMapping) -> Lease:
    return Lease(**{field.name: row[field.name] for field in fields(Lease)})
