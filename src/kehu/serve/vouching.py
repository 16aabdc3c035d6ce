"""What an identity provider is to the pages that send people to it; `oidc` is one.

The two are apart so that only who names a provider loads what proves tokens, a tenth of a second at each start.
"""

from dataclasses import dataclass
from typing import Protocol

from kehu.flows.users.sign_on import Terms, Word


class AwayError(Exception):
    """The provider does not answer, or not as its standard says; nobody signs in by it now."""


class UnprovenError(Exception):
    """What came is not the word of the provider, or not for us, or not for now."""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A sign-in that was begun: what has to come back as it went."""

    state: str
    nonce: str
    verifier: str
    redirect: str
    """Where the provider sends them back to."""


class Provider(Protocol):
    """Somebody who vouches for people."""

    terms: Terms
    """With whom we signed on, and what its word is worth."""

    def address(self, begun: Begun) -> str:
        """Where to send somebody who wants to sign in.

        Raises:
            AwayError: The provider does not say.
        """

    def word(self, begun: Begun, *, code: str, issuer: str | None) -> Word:
        """What it says of whoever came back with this code.

        Args:
            begun: The sign-in that they began.
            code: What they brought.
            issuer: Who says to have answered.

        Raises:
            AwayError: It does not answer.
            UnprovenError: It is not its word, or not for us, or not for now.
        """
