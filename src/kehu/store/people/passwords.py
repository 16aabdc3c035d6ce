"""Passwords, kept as argon2id hashes (m = 19 MiB, t = 2: 32 ms each)."""

from functools import cache
from threading import BoundedSemaphore

from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from kehu.errors import ConflictError

SHORTEST = 10
"""Characters; length is what counts, so there are no rules about digits and capitals (NIST SP 800-63B)."""
LONGEST = 200
AT_ONCE = 2
"""So many are hashed at a time: each takes memory and a core."""

_hasher = Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_turn = BoundedSemaphore(AT_ONCE)


def require_fit(password: str, *, login: str) -> None:
    """Refuse a password that is guessed at once.

    Raises:
        ConflictError: It is too short or too long, is one letter repeated, or says the login.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise ConflictError("a password has 10 to 200 characters")
    if len(set(password)) < SHORTEST // 2 or login.casefold() in password.casefold():
        raise ConflictError("this password is guessed at once: take several words, and not the login")


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _turn:
        return _hasher.hash(password)


def is_right(password: str, kept: str | None) -> bool:
    """Whether this is the password; takes as long where there is none, so nobody learns which logins exist."""
    with _turn:
        try:
            return _hasher.verify(password, kept or _nobodys()) and kept is not None
        except UnknownHashError:
            return False


@cache
def _nobodys() -> str:
    return _hasher.hash("the password of nobody")
