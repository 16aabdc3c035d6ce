"""Sessions: where users are signed in. They stand in the database: a restart keeps them, and each can be revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from kehu.store import asking, sequence
from kehu.store.database import Transaction
from kehu.store.dictionary.people import WHENCE_LENGTH, person, session
from kehu.store.people import tokens, users
from kehu.store.people.users import Person
from kehu.store.privacy import restrictions

TOUCH = timedelta(minutes=1)
"""A session that was seen so lately is not written again."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long a session lasts."""

    idle: timedelta
    """Without a request."""
    whole: timedelta
    """However busy."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """Where a user is signed in."""

    session_id: int
    """Its number."""
    person_id: int
    """Whose it is."""
    started_at: datetime
    """When they signed in."""
    seen_at: datetime
    """When they last asked for something."""
    expires_at: datetime
    """When it ends, however busy."""
    whence: str | None
    """The address they signed in from."""
    browser: str | None
    """What their browser calls itself."""


def start(
    tx: Transaction, person_id: int, *, at: datetime, limits: Limits, whence: str | None, browser: str | None
) -> str:
    """Sign a user in; the token for their cookie, which is told this once."""
    token = tokens.drawn()
    tx.execute(
        session.insert().values(
            token=tokens.digest(token), session_id=sequence.take(tx, "session"), person_id=person_id,
            started_at=at, seen_at=at, expires_at=at + limits.whole,
            whence=whence and whence[:WHENCE_LENGTH], browser=browser and browser[:200],
        )
    )  # fmt: skip
    return token


_OF_TOKEN = sa.select(session).where(
    session.c.token == sa.bindparam("digest"),
    session.c.expires_at > sa.bindparam("now"),
    session.c.seen_at > sa.bindparam("idle"),
)


def find(tx: Transaction, token: str, *, at: datetime, limits: Limits) -> Session | None:
    """The session of a token, unless it is over."""
    found = asking.told(tx, _OF_TOKEN, digest=tokens.digest(token), now=at, idle=at - limits.idle)
    return _read(found[0]) if found else None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A user who is signed in, and where; and what else every request asks at first."""

    session: Session
    person: Person
    is_anybody_restricted: bool
    """Whether the data of any customer may not be used: where there is none, nobody looks for whom."""


_SEEN = _OF_TOKEN.add_columns(
    *(column for column in person.c if column.name != "person_id"), restrictions.ANY.exists().label("restricted")
).join(person, person.c.person_id == session.c.person_id)


def whose(tx: Transaction, token: str, *, at: datetime, limits: Limits) -> Seen | None:
    """The session of a token, unless it is over, and the user."""
    found = asking.told(tx, _SEEN, digest=tokens.digest(token), now=at, idle=at - limits.idle)
    if not found:
        return None
    [row] = found
    return Seen(session=_read(row), person=users.read(row), is_anybody_restricted=row.restricted)


def touch(tx: Transaction, session_id: int, *, at: datetime) -> None:
    """Remember that it was used."""
    tx.execute(session.update().where(session.c.session_id == session_id).values(seen_at=at))


def of(tx: Transaction, person_id: int, *, at: datetime, limits: Limits) -> list[Session]:
    """A user's sessions that are not over, the newest first."""
    query = sa.select(session).where(
        session.c.person_id == person_id, session.c.expires_at > at, session.c.seen_at > at - limits.idle
    )
    return [_read(row) for row in tx.execute(query.order_by(session.c.started_at.desc(), session.c.session_id.desc()))]


def revoke(tx: Transaction, session_id: int) -> None:
    """End a session; nothing, where it is over."""
    tx.execute(session.delete().where(session.c.session_id == session_id))


def revoke_all(tx: Transaction, person_id: int, *, but: int | None = None) -> None:
    """End all sessions of a user; but one, where it is named."""
    tx.execute(session.delete().where(session.c.person_id == person_id, session.c.session_id != (but or 0)))


def sweep(tx: Transaction, *, at: datetime) -> None:
    """Take away what is over."""
    tx.execute(session.delete().where(session.c.expires_at <= at))


def _read(row: sa.Row[tuple[object, ...]]) -> Session:
    return Session(
        session_id=row.session_id, person_id=row.person_id, started_at=row.started_at, seen_at=row.seen_at,
        expires_at=row.expires_at, whence=row.whence, browser=row.browser,
    )  # fmt: skip
