"""Passwords are kept as slow hashes, and bad ones are refused."""

import pytest

from kehu.errors import ConflictError
from kehu.store.people import passwords


def test_a_password_is_known_again_and_not_kept() -> None:
    kept = passwords.hashed("four words make one")
    assert "four words" not in kept
    assert kept.startswith("$argon2id$")
    assert passwords.is_right("four words make one", kept)
    assert not passwords.is_right("four words make two", kept)


def test_where_there_is_no_password_none_is_right() -> None:
    assert not passwords.is_right("the password of nobody", None)
    assert not passwords.is_right("anything at all", "no hash")


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "lihua is my name", "x" * 201])
def test_a_password_that_is_guessed_at_once_is_refused(password: str) -> None:
    with pytest.raises(ConflictError):
        passwords.require_fit(password, login="lihua")
