"""Our own users: coming in, being invited, changed and shut out; each noted in the audit trail, in one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kehu.errors import ConflictError, NotFoundError
from kehu.flows.once import Once, made, noted
from kehu.model.people import Permission, Role
from kehu.store import fingerprints
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Detail, Entry
from kehu.store.database import Database, Transaction
from kehu.store.people import codes, keys, links, passwords, refusals, sessions, users
from kehu.store.people.keys import Key
from kehu.store.people.sessions import Limits, Seen, Session
from kehu.store.people.users import Person, State
from kehu.store.sealing.vault import Vault

FIRST_LOGIN = "admin"
"""The user whom the link of the first start is for."""


@dataclass(frozen=True, kw_only=True)
class By:
    """Who does it, when and from where."""

    login: str
    """Their login, or `cli:USER`."""
    at: datetime
    """When."""
    whence: str | None = None
    """The address they ask from."""


@dataclass(frozen=True, kw_only=True)
class Office:
    """What these flows work with."""

    database: Database
    """Where users stand."""
    vault: Vault
    """It seals second factors, and reasons in the audit trail."""


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """What came of a sign-in; where there is no token, they are not in."""

    token: str | None = None
    """For their cookie."""
    needs_code: bool = False
    """The password is right; the code of their second factor is wanted as well."""
    wait: timedelta | None = None
    """Too many were refused: the next may come after this."""


def sign_in(
    office: Office, *, login: str, password: str, code: str | None, browser: str | None, by: By, limits: Limits
) -> SignIn:
    """Let somebody in who proves who they are; what was wrong is not told."""
    login, whence = login.strip().casefold(), by.whence or "-"
    with office.database.read() as tx:
        wait = refusals.wait(tx, login=login, whence=whence, at=by.at)
        who = users.by_login(tx, login)
        kept = None if who is None else users.proof(tx, who.person_id).password
    if wait is not None:
        return SignIn(wait=wait)
    # Hashing takes its time: outside any transaction, and also for those who are not there.
    is_right = passwords.is_right(password, kept)
    with office.database.begin() as tx:
        if who is None or not is_right or users.one(tx, who.person_id).state is not State.ACTIVE:
            return _refused(office, tx, who, login=login, by=by)
        proof = users.proof(tx, who.person_id)
        if proof.totp is not None:
            if not code:
                return SignIn(needs_code=True)
            [secret] = office.vault.open([proof.totp], column="person.totp", rows=[who.person_id])
            step = codes.step_of(code, secret or "", at=by.at, after=proof.totp_step)
            if step is None:
                return _refused(office, tx, who, login=login, by=by)
            users.note_code(tx, who.person_id, step)
        sessions.sweep(tx, at=by.at)
        token = sessions.start(tx, who.person_id, at=by.at, limits=limits, whence=by.whence, browser=browser)
        users.note_sign_in(tx, who.person_id, at=by.at)
        _note(office, tx, Act.SIGN_IN, who, By(login=who.login, at=by.at, whence=by.whence))
        return SignIn(token=token)


def _refused(office: Office, tx: Transaction, who: Person | None, *, login: str, by: By) -> SignIn:
    refusals.note(tx, login=login, whence=by.whence or "-", at=by.at)
    # What was typed may be a password in the wrong field: only logins that exist are named.
    named = "nobody we know" if who is None else who.login
    entry = Entry(at=by.at, who=named, act=Act.SIGN_IN_REFUSED, what="session", whence=by.whence)
    trail.note(tx, entry, vault=office.vault)
    return SignIn()


def whose_session(office: Office, token: str, *, at: datetime, limits: Limits) -> Seen | None:
    """The user behind a cookie; None where the session is over, or they are shut out."""
    with office.database.glance() as tx:
        found = sessions.whose(tx, token, at=at, limits=limits)
    if found is None or found.person.state is not State.ACTIVE:
        return None
    if at - found.session.seen_at >= sessions.TOUCH:
        with office.database.begin() as tx:
            sessions.touch(tx, found.session.session_id, at=at)
    return found


def whose_key(office: Office, token: str, *, at: datetime) -> Key | None:
    """The API key; None where it is over, or none of ours."""
    with office.database.read() as tx:
        key = keys.find(tx, token, at=at)
    if key is not None and (key.seen_at is None or at - key.seen_at >= keys.TOUCH):
        with office.database.begin() as tx:
            keys.touch(tx, key.key_id, at=at)
    return key


def are_there(office: Office) -> bool:
    """Whether there is any user."""
    with office.database.read() as tx:
        return users.are_there(tx)


def listed(office: Office, *, after: int = 0, limit: int = 50) -> list[Person]:
    """A page of users in the order in which they were added."""
    with office.database.read() as tx:
        return users.listed(tx, after=after, limit=limit)


def page_of(office: Office, person_id: int, *, at: datetime, limits: Limits) -> tuple[Person, list[Session]]:
    """A user, and where they are signed in.

    Raises:
        NotFoundError: There is no such user.
    """
    with office.database.read() as tx:
        return users.one(tx, person_id), sessions.of(tx, person_id, at=at, limits=limits)


def api_keys(office: Office) -> list[Key]:
    """All API keys, the newest first."""
    with office.database.read() as tx:
        return keys.listed(tx)


def sign_out(office: Office, token: str, *, by: By, limits: Limits) -> None:
    """End the session of a cookie."""
    with office.database.begin() as tx:
        if session := sessions.find(tx, token, at=by.at, limits=limits):
            sessions.revoke(tx, session.session_id)
            _note(office, tx, Act.SIGN_OUT, users.one(tx, session.person_id), by)


def invite(
    office: Office, *, login: str, name: str, roles: Iterable[Role], by: By, once: Once | None = None
) -> tuple[Person, str]:
    """A new user, and the token of the link with which they choose a password.

    Asked again for `once`, the same user and a new link: the first one, which nobody can have, is good no more.

    Raises:
        ConflictError: The login is taken or cannot be one, or no role is named; or they came in meanwhile.
    """
    with office.database.begin() as tx:
        if (before := made(once, tx)) is None:
            who = users.add(tx, login=login, name=name, roles=roles, by=by.login, at=by.at)
            noted(once, tx, who.person_id)
        elif (who := users.one(tx, before)).state is not State.INVITED:
            raise ConflictError("they came in meanwhile: their link was not lost")
        token = links.make(tx, who.person_id, at=by.at)
        _note(office, tx, Act.USERS, who, by, {"did": "invite", "roles": sorted(who.roles)})
    return who, token


def first_link(office: Office, *, by: By) -> str | None:
    """The token of a link for the first administrator; None where somebody can let others in already."""
    with office.database.begin() as tx:
        if any(Permission.USERS in one.permissions for one in _everybody(tx)):
            return None
        who = users.by_login(tx, FIRST_LOGIN)
        if who is None:
            who = users.add(tx, login=FIRST_LOGIN, name=FIRST_LOGIN, roles={Role.ADMINISTRATOR}, by=by.login, at=by.at)
        token = links.make(tx, who.person_id, at=by.at)
        _note(office, tx, Act.USERS, who, by, {"did": "first link"})
    return token


def _everybody(tx: Transaction) -> Iterable[Person]:
    after = 0
    while page := users.listed(tx, after=after, limit=200):
        yield from page
        after = page[-1].person_id


def reset(office: Office, person_id: int, *, by: By) -> str:
    """The token of a link with which they choose another password; they are signed out, and need no second factor.

    The old password is good no more: whoever stole it would come in now without the second factor. Nor is the name by
    which an identity provider vouched for them: the next whom it calls by their login comes in as them.

    Raises:
        NotFoundError: There is no such user.
        ConflictError: They are disabled.
    """
    with office.database.begin() as tx:
        who = users.one(tx, person_id)
        if who.state is State.DISABLED:
            raise ConflictError("they are disabled: enable them first")
        users.forget_password(tx, person_id)
        users.forget_subject(tx, person_id)
        users.set_second_factor(tx, person_id, None)
        sessions.revoke_all(tx, person_id)
        token = links.make(tx, person_id, at=by.at)
        _note(office, tx, Act.USERS, who, by, {"did": "reset"})
    return token


def whose_link(office: Office, token: str, *, at: datetime) -> Person:
    """The user whom a one-time link is for.

    Raises:
        NotFoundError: It is good no more.
    """
    with office.database.read() as tx:
        person_id = links.owner(tx, token, at=at)
        who = None if person_id is None else users.one(tx, person_id)
    if who is None or who.state is State.DISABLED:
        raise NotFoundError("this link is good no more: ask for another")
    return who


def choose_password(office: Office, token: str, password: str, *, by: By) -> Person:
    """Set a password by a one-time link, which is good no more after this; all their sessions end.

    Raises:
        NotFoundError: The link is good no more.
        ConflictError: The password is guessed at once.
    """
    who = whose_link(office, token, at=by.at)
    passwords.require_fit(password, login=who.login)
    kept = passwords.hashed(password)
    with office.database.begin() as tx:
        if links.redeem(tx, token, at=by.at) != who.person_id:
            raise NotFoundError("this link is good no more: ask for another")
        users.set_password(tx, who.person_id, kept)
        sessions.revoke_all(tx, who.person_id)
        _note(office, tx, Act.USERS, who, By(login=who.login, at=by.at, whence=by.whence), {"did": "password"})
        return users.one(tx, who.person_id)


def change_password(office: Office, person_id: int, *, old: str, new: str, session_id: int | None, by: By) -> None:
    """Set another password by the old one; their other sessions end.

    Raises:
        ConflictError: The old one is wrong, or the new one is guessed at once.
    """
    with office.database.read() as tx:
        who, kept = users.one(tx, person_id), users.proof(tx, person_id).password
    if not passwords.is_right(old, kept):
        raise ConflictError("this is not your password")
    passwords.require_fit(new, login=who.login)
    hashed = passwords.hashed(new)
    with office.database.begin() as tx:
        users.set_password(tx, person_id, hashed)
        sessions.revoke_all(tx, person_id, but=session_id)
        _note(office, tx, Act.USERS, who, by, {"did": "password"})


def set_second_factor(office: Office, person_id: int, secret: str | None, *, code: str, by: By) -> None:
    """Ask for a code from now on, once they showed that their app makes it; without a secret, ask no more.

    Raises:
        ConflictError: The code is wrong.
    """
    with office.database.begin() as tx:
        who, proof = users.one(tx, person_id), users.proof(tx, person_id)
        [old] = office.vault.open([proof.totp], column="person.totp", rows=[person_id])
        proven = secret if secret is not None else old
        step = None if proven is None else codes.step_of(code, proven, at=by.at, after=proof.totp_step)
        if step is None:
            raise ConflictError("the code is wrong, or was used already: wait for the next one")
        [sealed] = office.vault.seal([secret], column="person.totp", rows=[person_id], number=fingerprints.number(tx))
        users.set_second_factor(tx, person_id, sealed)
        if sealed is not None:
            users.note_code(tx, person_id, step)
        _note(office, tx, Act.USERS, who, by, {"did": "second factor", "on": secret is not None})


def change_roles(office: Office, person_id: int, roles: Iterable[Role], *, by: By) -> Person:
    """Give a user other roles; they hold from their next request on.

    Raises:
        NotFoundError: There is no such user.
        ConflictError: Nobody would be left who may let others in; or no role is named.
    """
    with office.database.begin() as tx:
        who = users.change(tx, person_id, roles=roles)
        _note(office, tx, Act.USERS, who, by, {"did": "roles", "roles": sorted(who.roles)})
    return who


def disable(office: Office, person_id: int, *, by: By) -> Person:
    """Shut a user out, at once.

    Raises:
        NotFoundError: There is no such user.
        ConflictError: Nobody would be left who may let others in.
    """
    with office.database.begin() as tx:
        who = users.change(tx, person_id, state=State.DISABLED)
        sessions.revoke_all(tx, person_id)
        _note(office, tx, Act.USERS, who, by, {"did": "disable"})
    return who


def enable(office: Office, person_id: int, *, by: By) -> Person:
    """Let a user in again, with the password they had.

    Raises:
        NotFoundError: There is no such user.
    """
    with office.database.begin() as tx:
        before = users.one(tx, person_id)
        who = users.change(tx, person_id, state=State.ACTIVE if before.has_password else State.INVITED)
        _note(office, tx, Act.USERS, who, by, {"did": "enable"})
    return who


def revoke_session(office: Office, person_id: int, session_id: int, *, by: By, limits: Limits) -> None:
    """End one session of a user.

    Raises:
        NotFoundError: They have no such session.
    """
    with office.database.begin() as tx:
        if session_id not in {one.session_id for one in sessions.of(tx, person_id, at=by.at, limits=limits)}:
            raise NotFoundError(f"user {person_id} has no session {session_id}")
        sessions.revoke(tx, session_id)
        _note(office, tx, Act.SIGN_OUT, users.one(tx, person_id), by, {"session": session_id})


def make_key(office: Office, *, name: str, permissions: Iterable[Permission], until: datetime | None, by: By) -> str:
    """A new API key, which is told this once.

    Raises:
        ConflictError: The name is taken or empty, or nothing is permitted.
    """
    with office.database.begin() as tx:
        token = keys.make(tx, name=name, permissions=permissions, by=by.login, at=by.at, until=until)
        allowed = {"did": "make key", "permissions": sorted(permissions)}
        entry = Entry(at=by.at, who=by.login, act=Act.USERS, what=f"key {name}", whence=by.whence, detail=allowed)
        trail.note(tx, entry, vault=office.vault)
    return token


def revoke_key(office: Office, key_id: int, *, by: By) -> None:
    """End an API key, at once."""
    with office.database.begin() as tx:
        keys.revoke(tx, key_id, at=by.at)
        what, detail = f"key {key_id}", {"did": "revoke key"}
        entry = Entry(at=by.at, who=by.login, act=Act.USERS, what=what, whence=by.whence, detail=detail)
        trail.note(tx, entry, vault=office.vault)


def _note(office: Office, tx: Transaction, act: Act, who: Person, by: By, detail: Detail | None = None) -> None:
    entry = Entry(at=by.at, who=by.login, act=act, what=f"user {who.person_id}", whence=by.whence, detail=detail or {})
    trail.note(tx, entry, vault=office.vault)
