"""Users come in by proof only, and are shut out at once."""

from datetime import UTC, datetime, timedelta

import pytest

from kehu.errors import ConflictError, NotFoundError
from kehu.flows.users import people
from kehu.flows.users.people import By, Office, SignIn
from kehu.model.people import Permission, Role
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Filter
from kehu.store.database import Database
from kehu.store.people import codes, keys, refusals, sessions, users
from kehu.store.people.sessions import Limits
from kehu.store.people.users import Person, State
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
LIMITS = Limits(idle=timedelta(minutes=30), whole=timedelta(hours=12))
WORDS = "four words make one"


@pytest.fixture
def office(store: Database) -> Office:
    """A store without users, and keys."""
    return Office(database=store, vault=Vault(keyring.made()))


def _by(login: str = "root", *, after_s: float = 0) -> By:
    return By(login=login, at=AT + timedelta(seconds=after_s), whence="10.0.0.7")


def _user(office: Office, login: str = "lihua", *roles: Role) -> Person:
    _, token = people.invite(office, login=login, name="李华", roles=roles or (Role.AGENT,), by=_by())
    return people.choose_password(office, token, WORDS, by=_by())


def _sign_in(
    office: Office, login: str = "lihua", password: str = WORDS, *, code: str | None = None, after_s: float = 0
) -> SignIn:
    by = _by(login, after_s=after_s)
    return people.sign_in(office, login=login, password=password, code=code, browser="a test", by=by, limits=LIMITS)


def _is_in(office: Office, token: str | None, *, after: timedelta = timedelta()) -> bool:
    with office.database.read() as tx:
        return sessions.find(tx, token or "", at=AT + after, limits=LIMITS) is not None


def test_who_was_invited_chooses_a_password_once_and_comes_in(office: Office) -> None:
    who, token = people.invite(office, login=" LiHua ", name="", roles={Role.AGENT}, by=_by())
    assert (who.login, who.name, who.state) == ("lihua", "lihua", State.INVITED)
    assert _sign_in(office).token is None
    assert people.choose_password(office, token, WORDS, by=_by()).state is State.ACTIVE
    assert _is_in(office, _sign_in(office).token)
    assert _is_in(office, _sign_in(office, "LIHUA").token)
    with pytest.raises(NotFoundError, match="good no more"):
        people.choose_password(office, token, "other words than these", by=_by())


def test_a_link_ends_and_a_new_one_takes_its_place(office: Office) -> None:
    who, first = people.invite(office, login="lihua", name="", roles={Role.AGENT}, by=_by())
    second = people.reset(office, who.person_id, by=_by())
    with pytest.raises(NotFoundError):
        people.choose_password(office, first, WORDS, by=_by())
    with pytest.raises(NotFoundError):
        people.choose_password(office, second, WORDS, by=_by(after_s=4 * 86_400))
    people.choose_password(office, second, WORDS, by=_by())


def test_wrong_proofs_are_refused_alike_and_then_slowed_down_by_rate(office: Office) -> None:
    _user(office)
    for _ in range(refusals.FOR_ONE_LOGIN):
        assert _sign_in(office, password="guessing away") == SignIn()
    slowed = _sign_in(office)
    assert slowed.token is None
    assert slowed.wait is not None
    # Nobody is locked out for ever.
    assert _sign_in(office, after_s=slowed.wait.total_seconds()).token
    assert _sign_in(office, "nobody", "guessing away") == SignIn()


def test_a_second_factor_is_asked_for_and_its_codes_are_good_once(office: Office) -> None:
    who, secret = _user(office), codes.drawn()
    step = int(AT.timestamp()) // 30
    with pytest.raises(ConflictError):
        people.set_second_factor(office, who.person_id, secret, code="000000", by=_by("lihua"))
    people.set_second_factor(office, who.person_id, secret, code=codes.code_of(secret, step), by=_by("lihua"))
    assert _sign_in(office) == SignIn(needs_code=True)
    assert _sign_in(office, code=codes.code_of(secret, step)).token is None
    following = codes.code_of(secret, step + 1)
    assert _sign_in(office, code=following).token
    assert _sign_in(office, code=following).token is None
    token = people.reset(office, who.person_id, by=_by())
    # Without its second factor, a password that somebody stole must not be enough.
    assert _sign_in(office).token is None
    people.choose_password(office, token, WORDS, by=_by())
    assert _sign_in(office).token


def test_a_session_ends_by_idling_by_age_and_by_signing_out(office: Office) -> None:
    _user(office)
    token = _sign_in(office).token
    assert token
    assert _is_in(office, token, after=LIMITS.idle - timedelta(seconds=1))
    assert not _is_in(office, token, after=LIMITS.idle)
    with office.database.begin() as tx:
        found = sessions.find(tx, token, at=AT, limits=LIMITS)
        assert found
        sessions.touch(tx, found.session_id, at=AT + LIMITS.whole - timedelta(minutes=1))
    assert not _is_in(office, token, after=LIMITS.whole)
    other = _sign_in(office).token
    assert other
    people.sign_out(office, other, by=_by("lihua"), limits=LIMITS)
    assert not _is_in(office, other)


def test_a_disabled_user_is_out_at_once_and_comes_back_with_their_password(office: Office) -> None:
    who = _user(office)
    token = _sign_in(office).token
    assert people.disable(office, who.person_id, by=_by()).permissions == frozenset()
    assert not _is_in(office, token)
    assert _sign_in(office).token is None
    people.enable(office, who.person_id, by=_by())
    assert _sign_in(office).token


def test_somebody_is_left_who_may_let_others_in(office: Office) -> None:
    first = _user(office, "root", Role.ADMINISTRATOR)
    with pytest.raises(ConflictError, match="last"):
        people.disable(office, first.person_id, by=_by())
    with pytest.raises(ConflictError, match="last"):
        people.change_roles(office, first.person_id, {Role.AGENT}, by=_by())
    second = _user(office, "lihua", Role.ADMINISTRATOR)
    people.disable(office, first.person_id, by=_by())
    with pytest.raises(ConflictError, match="last"):
        people.disable(office, second.person_id, by=_by())


def test_the_first_start_gives_a_link_until_somebody_can_let_others_in(office: Office) -> None:
    first = people.first_link(office, by=_by())
    again = people.first_link(office, by=_by())
    assert first
    assert again
    people.choose_password(office, again, WORDS, by=_by())
    assert people.first_link(office, by=_by()) is None
    assert _sign_in(office, people.FIRST_LOGIN).token


def test_a_password_is_changed_by_the_old_one_and_ends_the_other_sessions(office: Office) -> None:
    who = _user(office)
    here, there = _sign_in(office).token, _sign_in(office).token
    assert here
    with office.database.read() as tx:
        mine = sessions.find(tx, here, at=AT, limits=LIMITS)
    assert mine

    def change(old: str) -> None:
        people.change_password(
            office, who.person_id, old=old, new="other words than these", session_id=mine.session_id, by=_by("lihua")
        )

    with pytest.raises(ConflictError):
        change("guessing away")
    change(WORDS)
    assert (_is_in(office, here), _is_in(office, there)) == (True, False)
    assert _sign_in(office).token is None
    assert _sign_in(office, password="other words than these").token


def test_a_key_may_what_it_was_made_for_until_it_ends_or_is_revoked(office: Office) -> None:
    token = people.make_key(
        office, name="hall", permissions={Permission.ARRIVE}, until=AT + timedelta(days=1), by=_by()
    )

    def found(after: timedelta = timedelta()) -> keys.Key | None:
        with office.database.read() as tx:
            return keys.find(tx, token, at=AT + after)

    key = found()
    assert key
    assert key.permissions == {Permission.ARRIVE}
    assert found(timedelta(days=1)) is None
    with pytest.raises(ConflictError, match="already"):
        people.make_key(office, name="hall", permissions={Permission.FIND}, until=None, by=_by())
    people.revoke_key(office, key.key_id, by=_by())
    assert found() is None


def test_whatever_happens_to_users_is_noted_and_tells_no_secret(office: Office) -> None:
    who = _user(office)
    token = _sign_in(office).token
    _sign_in(office, password="guessing away")
    _sign_in(office, WORDS, "typed into the wrong field")
    people.disable(office, who.person_id, by=_by())
    with office.database.read() as tx:
        noted = trail.page(tx, Filter(), vault=office.vault)
        everybody = users.listed(tx)
    acts = [(one.act, one.who) for one in reversed(noted)]
    assert acts == [
        (Act.USERS, "root"),
        (Act.USERS, "lihua"),
        (Act.SIGN_IN, "lihua"),
        (Act.SIGN_IN_REFUSED, "lihua"),
        (Act.SIGN_IN_REFUSED, "nobody we know"),
        (Act.USERS, "root"),
    ]
    told = repr(noted) + repr(everybody)
    assert WORDS not in told
    assert str(token) not in told
