"""Coming in by the word of an identity provider (single sign-on).

Nobody is made by it: it lets in whom an administrator invited, and knows them by login the first time, afterwards by
the name that the provider gave them for ever. Where its groups are mapped to roles, they are given at each sign-in, and
who is in none of them stays out. Who is disabled stays out, whatever the provider says.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from kehu.errors import ConflictError
from kehu.flows.users.people import By, Office
from kehu.model.people import Role
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Detail, Entry
from kehu.store.database import Transaction
from kehu.store.people import refusals, sessions, sign_ons, users
from kehu.store.people.sessions import Limits
from kehu.store.people.users import Person, State


@dataclass(frozen=True, kw_only=True)
class Terms:
    """With whom we signed on, and what its word is worth."""

    issuer: str
    """Its address, to the letter as it stands in its tokens."""
    client_id: str
    """What we are called there."""
    secret: str = field(repr=False)
    """What we prove it with."""
    name: str
    """What the button says."""
    scope: str
    """What we ask for."""
    login_claim: str
    """Where a login stands in its word."""
    roles_claim: str
    """Where groups stand, a dot between the steps."""
    roles: Mapping[str, Role] = field(default_factory=dict)
    """Group -> role; none: roles are given here."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """What the provider says of somebody, once it is known to be its word."""

    subject: str
    """The name that it gave them for ever."""
    login: str
    """What they are called, there and here."""
    groups: Collection[str]
    """Which they are in."""


class Why(StrEnum):
    """Why somebody stays out."""

    USED = "used"
    """Somebody came in by this sign-in before."""
    UNKNOWN = "unknown"
    """Nobody was invited by this login."""
    OTHER = "other"
    """The provider gave that login to somebody else."""
    DISABLED = "disabled"
    """They are shut out here."""
    NO_ROLE = "no role"
    """None of their groups has a role here."""
    LAST = "last"
    """Their groups would leave nobody who may let others in."""
    DENIED = "denied"
    """The provider did not let them through."""
    UNPROVEN = "unproven"
    """What came is not the word of the provider, or not for us, or not for now."""


@dataclass(frozen=True, kw_only=True)
class Came:
    """What came of it; where there is no token, they are not in."""

    token: str | None = None
    """For their cookie."""
    why: Why | None = None
    """Why they are not in."""


def wait(office: Office, *, by: By) -> timedelta | None:
    """How long the next try from there has to wait; None where it may come at once."""
    with office.database.read() as tx:
        return refusals.wait(tx, login=_knocking(by), whence=by.whence or "-", at=by.at)


def come_in(
    office: Office, terms: Terms, word: Word, *, state: str, browser: str | None, by: By, limits: Limits
) -> Came:
    """Let somebody in whom the provider vouches for.

    Args:
        office: Where users stand.
        terms: With whom we signed on.
        word: What the provider says of them; it is known to be its word.
        state: The state of this sign-in, which is good once.
        browser: What their browser calls itself.
        by: When, and from where.
        limits: How long their session lasts.
    """
    subject = sign_ons.subject(terms.issuer, word.subject)
    try:
        with office.database.begin() as tx:
            who = users.by_subject(tx, subject) or users.by_login(tx, word.login)
            why = _against(tx, terms, word, who, state=state, by=by)
            if who is None or why is not None or not users.vouch(tx, who.person_id, subject):
                return _refused(office, tx, who, why or Why.OTHER, by=by)
            _give_roles(office, tx, terms, word, who, by=by)
            sessions.sweep(tx, at=by.at)
            token = sessions.start(tx, who.person_id, at=by.at, limits=limits, whence=by.whence, browser=browser)
            users.note_sign_in(tx, who.person_id, at=by.at)
            _note(office, tx, Act.SIGN_IN, who, by, {"by": "provider"})
            return Came(token=token)
    except ConflictError:
        return refused(office, Why.LAST, by=by)


def refused(office: Office, why: Why, *, by: By) -> Came:
    """Note that somebody whom the provider vouched for, or who said so, stays out."""
    with office.database.begin() as tx:
        return _refused(office, tx, None, why, by=by)


def _against(tx: Transaction, terms: Terms, word: Word, who: Person | None, *, state: str, by: By) -> Why | None:
    """What keeps them out; None lets them in."""
    if not sign_ons.is_first(tx, state, at=by.at):
        return Why.USED
    if who is None:
        return Why.UNKNOWN
    if who.state is State.DISABLED:
        return Why.DISABLED
    return Why.NO_ROLE if terms.roles and not _roles(terms, word) else None


def _roles(terms: Terms, word: Word) -> frozenset[Role]:
    return frozenset(role for group, role in terms.roles.items() if group in word.groups)


def _give_roles(office: Office, tx: Transaction, terms: Terms, word: Word, who: Person, *, by: By) -> None:
    """Let them be here for what their groups say, where groups say it.

    Raises:
        ConflictError: Nobody would be left who may let others in.
    """
    if terms.roles and (roles := _roles(terms, word)) != who.roles:
        users.change(tx, who.person_id, roles=roles)
        _note(office, tx, Act.USERS, who, by, {"did": "roles", "roles": sorted(roles), "by": "provider"})


def _refused(office: Office, tx: Transaction, who: Person | None, why: Why, *, by: By) -> Came:
    refusals.note(tx, login=_knocking(by), whence=by.whence or "-", at=by.at)
    _note(office, tx, Act.SIGN_IN_REFUSED, who, by, {"by": "provider", "why": why.value})
    return Came(why=why)


def _knocking(by: By) -> str:
    """In place of a login, which nobody typed: no user is kept waiting for what others bring from a provider."""
    return f"provider {by.whence}"


def _note(office: Office, tx: Transaction, act: Act, who: Person | None, by: By, detail: Detail) -> None:
    named, what = ("nobody we know", "session") if who is None else (who.login, f"user {who.person_id}")
    entry = Entry(at=by.at, who=named, act=act, what=what, whence=by.whence, detail=detail)
    trail.note(tx, entry, vault=office.vault)
