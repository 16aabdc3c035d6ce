"""Second factors: codes that change every 30 seconds (TOTP, RFC 6238), as authenticator apps show them."""

import base64
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

STEP_S = 30
DIGITS = 6
DRIFT = 1
"""So many steps a clock may be early or late."""


def drawn() -> str:
    """A new secret, in base32 as apps take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def address(secret: str, *, login: str) -> str:
    """What an app reads from a QR code.

    >>> address("JBSWY3DPEHPK3PXP", login="lihua")
    'otpauth://totp/kehu:lihua?secret=JBSWY3DPEHPK3PXP&issuer=kehu'
    """
    return f"otpauth://totp/kehu:{quote(login)}?secret={secret}&issuer=kehu"


def step_of(code: str, secret: str, *, at: datetime, after: int | None) -> int | None:
    """The time step of a right code; None for a wrong one, and for one that was used, or is older than one that was."""
    now = int(at.timestamp()) // STEP_S
    for step in range(now - DRIFT, now + DRIFT + 1):
        if (after is None or step > after) and hmac.compare_digest(code_of(secret, step), code.strip()):
            return step
    return None


def code_of(secret: str, step: int) -> str:
    """The code of a time step.

    >>> code_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 59 // 30)  # RFC 6238, appendix B, the last 6 digits
    '287082'
    """
    # SHA-1, because that is what authenticator apps speak; as an HMAC it is sound.
    return HOTP(base64.b32decode(secret), DIGITS, SHA1(), enforce_key_length=False).generate(step).decode()  # noqa: S303
