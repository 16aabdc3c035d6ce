"""E-mail addresses."""

import re

import pyarrow as pa

from kehu.process import distinct, text

_SHAPE = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@(?:[^\s@.,;:<>()\[\]\\\"]{1,63}\.)+[^\W\d_]{2,24}")
_WRAPPED = re.compile(r".*<([^<>]+)>|(?:mailto:)(.+)", re.IGNORECASE)
_SLIPS = str.maketrans({"。": ".", "，": ".", ",": ".", "＠": "@"})
_MADE_UP = frozenset(
    ["test", "none", "null", "na", "no", "noemail", "nomail", "no-email", "unknown", "example", "a", "aa", "aaa", "xxx"]
)
_MADE_UP_HOSTS = frozenset(
    ["test.com", "example.com", "example.org", "none.com", "noemail.com", "no.com", "na.com", "xxx.com", "a.com"]
)


def clean(value: str) -> str | None:
    """An address in lower case that mail could be sent to; None where there is none.

    Dots and plus-tags stay: dropping them is a choice of matching; a cleaned address can still be written to.

    >>> clean(" Ann.Lee@X.org "), clean("Ann Lee <ann@x.org>"), clean("test@test.com"), clean("ann at x")
    ('ann.lee@x.org', 'ann@x.org', None, None)
    """
    cleaned = text.filled(value)
    if cleaned is None or "@" not in cleaned:
        return None
    if wrapped := _WRAPPED.fullmatch(cleaned):
        cleaned = wrapped[1] or wrapped[2]
    cleaned = cleaned.replace(" ", "").translate(_SLIPS).casefold().strip(".;'\"")
    if not _SHAPE.fullmatch(cleaned):
        return None
    person, _, host = cleaned.partition("@")
    return None if person in _MADE_UP and host in _MADE_UP_HOSTS else cleaned


def column(texts: pa.Array) -> pa.Array:
    """Every text as `clean` leaves it."""
    return distinct.mapped(texts, clean)
