"""Users: adding, finding and changing them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache

import sqlalchemy as sa

from kehu.errors import ConflictError, NotFoundError
from kehu.model.people import Permission, Role, permissions
from kehu.store import sequence
from kehu.store.database import Transaction
from kehu.store.dictionary.people import LOGIN_LENGTH, NAME_LENGTH, person


class State(StrEnum):
    """Whether a user may come in."""

    INVITED = "invited"
    """They have not chosen a password yet."""
    ACTIVE = "active"
    """They may."""
    DISABLED = "disabled"
    """They may not, until somebody lets them in again."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user."""

    person_id: int
    """Their number."""
    login: str
    """What they sign in with."""
    name: str
    """What they are called."""
    roles: frozenset[Role]
    """What they are here for."""
    state: State
    """Whether they may come in."""
    has_password: bool
    """They chose one."""
    has_second_factor: bool
    """They sign in with a code as well."""
    made_at: datetime
    """When they were invited."""
    made_by: str
    """Who invited them."""
    signed_in_at: datetime | None
    """When they last signed in."""

    @property
    def permissions(self) -> frozenset[Permission]:
        """What they may do: nothing, unless they are active."""
        return permissions(self.roles) if self.state is State.ACTIVE else frozenset()


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What a user proves themselves with."""

    password: str | None
    """The hash of their password."""
    totp: str | None
    """The sealed secret of their second factor."""
    totp_step: int | None
    """The last step whose code was used."""


def add(tx: Transaction, *, login: str, name: str, roles: Iterable[Role], by: str, at: datetime) -> Person:
    """A new user, who still has to choose a password.

    Raises:
        ConflictError: The login is taken, or cannot be one; or no role is named.
    """
    login, named = login.strip().casefold(), frozenset(roles)
    if not login or len(login) > LOGIN_LENGTH or not login.isprintable() or any(one.isspace() for one in login):
        raise ConflictError("a login has 1 to 100 characters, and no blanks")
    if not named:
        raise ConflictError("a user needs at least one role")
    if by_login(tx, login) is not None:
        raise ConflictError("there is a user with this login already")
    row = Person(
        person_id=sequence.take(tx, "person"), login=login, name=(name.strip() or login)[:NAME_LENGTH], roles=named,
        state=State.INVITED, has_password=False, has_second_factor=False, made_at=at, made_by=by, signed_in_at=None,
    )  # fmt: skip
    tx.execute(
        person.insert().values(
            person_id=row.person_id, login=row.login, name=row.name, roles=_written(named), state=row.state.value,
            made_at=at, made_by=by,
        )
    )  # fmt: skip
    return row


def by_login(tx: Transaction, login: str) -> Person | None:
    """The user with this login."""
    row = tx.execute(sa.select(person).where(person.c.login == login.strip().casefold())).first()
    return None if row is None else read(row)


def by_subject(tx: Transaction, subject: bytes) -> Person | None:
    """The user for whom an identity provider vouches under this name (`sign_ons.subject`)."""
    row = tx.execute(sa.select(person).where(person.c.subject == subject)).first()
    return None if row is None else read(row)


_OF_NUMBER = sa.select(person).where(person.c.person_id == sa.bindparam("number"))


def one(tx: Transaction, person_id: int) -> Person:
    """The user with this number.

    Raises:
        NotFoundError: There is none.
    """
    row = tx.execute(_OF_NUMBER, {"number": person_id}).first()
    if row is None:
        raise NotFoundError(f"there is no user {person_id}")
    return read(row)


def proof(tx: Transaction, person_id: int) -> Proof:
    """What they prove themselves with; others who ask wait, so that a code is used once."""
    columns = (person.c.password, person.c.totp, person.c.totp_step)
    row = tx.execute(sa.select(*columns).where(person.c.person_id == person_id).with_for_update()).one()
    return Proof(password=row.password, totp=row.totp, totp_step=row.totp_step)


def listed(tx: Transaction, *, after: int = 0, limit: int = 50) -> list[Person]:
    """A page of users in the order in which they were added."""
    query = sa.select(person).where(person.c.person_id > after).order_by(person.c.person_id).limit(limit)
    return [read(row) for row in tx.execute(query)]


def are_there(tx: Transaction) -> bool:
    """Whether there is any user at all."""
    return tx.scalar(sa.select(person.c.person_id).limit(1)) is not None


def change(
    tx: Transaction, person_id: int, *, roles: Iterable[Role] | None = None, state: State | None = None
) -> Person:
    """A user with other roles or in another state.

    Raises:
        NotFoundError: There is none with this number.
        ConflictError: Nobody would be left who may let others in; or no role is named.
    """
    before = one(tx, person_id)
    after = replace(
        before,
        roles=before.roles if roles is None else frozenset(roles),
        state=before.state if state is None else state,
    )
    if not after.roles:
        raise ConflictError("a user needs at least one role")
    may = Permission.USERS
    if may in before.permissions and may not in after.permissions and not _others_who_may(tx, may, than=person_id):
        raise ConflictError("they are the last who may let others in: give somebody else that role first")
    tx.execute(
        person.update()
        .where(person.c.person_id == person_id)
        .values(roles=_written(after.roles), state=after.state.value)
    )
    return after


def set_password(tx: Transaction, person_id: int, kept: str) -> None:
    """Keep the hash of a chosen password; who was invited is active now."""
    tx.execute(person.update().where(person.c.person_id == person_id).values(password=kept))
    _activate(tx, person_id)


def forget_password(tx: Transaction, person_id: int) -> None:
    """Let no password let them in, until they choose another."""
    tx.execute(person.update().where(person.c.person_id == person_id).values(password=None))


def vouch(tx: Transaction, person_id: int, subject: bytes) -> bool:
    """Let them come in by the word of an identity provider; False where it vouches for another under their login.

    Who was invited is active now.
    """
    free = (person.c.person_id == person_id, sa.or_(person.c.subject.is_(None), person.c.subject == subject))
    if tx.scalar(sa.select(person.c.person_id).where(*free).with_for_update()) is None:
        return False
    tx.execute(person.update().where(person.c.person_id == person_id).values(subject=subject))
    _activate(tx, person_id)
    return True


def forget_subject(tx: Transaction, person_id: int) -> None:
    """Let whomever an identity provider calls by their login come in as them next."""
    tx.execute(person.update().where(person.c.person_id == person_id).values(subject=None))


def set_second_factor(tx: Transaction, person_id: int, sealed: str | None) -> None:
    """Keep the sealed secret of a second factor; None takes it away."""
    tx.execute(person.update().where(person.c.person_id == person_id).values(totp=sealed, totp_step=None))


def note_code(tx: Transaction, person_id: int, step: int) -> None:
    """Remember that the code of this step was used."""
    tx.execute(person.update().where(person.c.person_id == person_id).values(totp_step=step))


def note_sign_in(tx: Transaction, person_id: int, *, at: datetime) -> None:
    """Remember when they came in."""
    tx.execute(person.update().where(person.c.person_id == person_id).values(signed_in_at=at))


def _activate(tx: Transaction, person_id: int) -> None:
    invited = (person.c.person_id == person_id, person.c.state == State.INVITED.value)
    tx.execute(person.update().where(*invited).values(state=State.ACTIVE.value))


def _others_who_may(tx: Transaction, permission: Permission, *, than: int) -> bool:
    others = sa.select(person).where(person.c.person_id != than, person.c.state == State.ACTIVE.value)
    return any(permission in read(row).permissions for row in tx.execute(others.with_for_update()))


@cache
def _roles(written: str) -> frozenset[Role]:
    return frozenset(map(Role, written.split()))


def _written(roles: Iterable[Role]) -> str:
    return " ".join(sorted(roles))


def read(row: sa.Row[tuple[object, ...]]) -> Person:
    """The user of a row that has the columns of `person`."""
    return Person(
        person_id=row.person_id, login=row.login, name=row.name, roles=_roles(row.roles),
        state=State(row.state), has_password=row.password is not None, has_second_factor=row.totp is not None,
        made_at=row.made_at, made_by=row.made_by, signed_in_at=row.signed_in_at,
    )  # fmt: skip
