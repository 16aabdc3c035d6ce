"""API keys: with which machines ask."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from kehu.errors import ConflictError
from kehu.model.people import Permission
from kehu.store import sequence
from kehu.store.database import Transaction
from kehu.store.dictionary.people import NAME_LENGTH, api_key
from kehu.store.people import tokens

TOUCH = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Key:
    """An API key, without its secret."""

    key_id: int
    """Its number."""
    name: str
    """What it is for."""
    permissions: frozenset[Permission]
    """What it may do."""
    made_at: datetime
    """When it was made."""
    made_by: str
    """Who made it."""
    expires_at: datetime | None
    """When it ends."""
    revoked_at: datetime | None
    """When it was revoked."""
    seen_at: datetime | None
    """When it was last used, to the minute."""


def make(
    tx: Transaction, *, name: str, permissions: Iterable[Permission], by: str, at: datetime, until: datetime | None
) -> str:
    """A new key, which is told this once.

    Raises:
        ConflictError: The name is taken or empty, or nothing is permitted.
    """
    name, allowed = name.strip()[:NAME_LENGTH], sorted(set(permissions))
    if not name or not allowed:
        raise ConflictError("a key needs a name and at least one permission")
    if tx.scalar(sa.select(api_key.c.key_id).where(api_key.c.name == name)) is not None:
        raise ConflictError("there is a key with this name already")
    token = tokens.key_drawn()
    tx.execute(
        api_key.insert().values(
            key_id=sequence.take(tx, "api_key"), name=name, token=tokens.digest(token), permissions=" ".join(allowed),
            made_at=at, made_by=by, expires_at=until,
        )
    )  # fmt: skip
    return token


def find(tx: Transaction, token: str, *, at: datetime) -> Key | None:
    """The key, unless it is over."""
    row = tx.execute(sa.select(api_key).where(api_key.c.token == tokens.digest(token))).first()
    if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= at):
        return None
    return _read(row)


def touch(tx: Transaction, key_id: int, *, at: datetime) -> None:
    """Remember that it was used."""
    tx.execute(api_key.update().where(api_key.c.key_id == key_id).values(seen_at=at))


def listed(tx: Transaction) -> list[Key]:
    """All keys, the newest first."""
    return [_read(row) for row in tx.execute(sa.select(api_key).order_by(api_key.c.key_id.desc()))]


def revoke(tx: Transaction, key_id: int, *, at: datetime) -> None:
    """End a key; nothing, where it has ended."""
    standing = (api_key.c.key_id == key_id, api_key.c.revoked_at.is_(None))
    tx.execute(api_key.update().where(*standing).values(revoked_at=at))


def _read(row: sa.Row[tuple[object, ...]]) -> Key:
    return Key(
        key_id=row.key_id, name=row.name, permissions=frozenset(map(Permission, row.permissions.split())),
        made_at=row.made_at, made_by=row.made_by, expires_at=row.expires_at, revoked_at=row.revoked_at,
        seen_at=row.seen_at,
    )  # fmt: skip
