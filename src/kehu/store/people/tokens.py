"""Tokens: what a cookie, a one-time link and an API key hold, and what the database holds of them.

They are random and long, so a fast hash keeps them; passwords are neither (see `passwords`).
"""

import hashlib
import secrets

KEY_PREFIX = "kehu_"
"""What API keys begin with, so that scanners for leaked keys know them."""


def drawn() -> str:
    """A new token of 256 random bits, fit for a cookie or an address.

    >>> len(drawn()), drawn() == drawn()
    (43, False)
    """
    return secrets.token_urlsafe(32)


def key_drawn() -> str:
    """A new API key."""
    return KEY_PREFIX + drawn()


def digest(token: str) -> bytes:
    """What the database holds of a token."""
    return hashlib.sha256(token.encode()).digest()
