"""E-mail addresses."""

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

from kehu.process import distinct, text

_SHAPE = re.compile(r"[^\s@]+@.*[^\s@].*")
_WRAPPED = re.compile(r".*<([^<>]+)>[\s;,.]*|(?:mailto:)(.+)", re.IGNORECASE)
_SLIPS = str.maketrans({"。": ".", "，": ".", ",": ".", "＠": "@"})
_MADE_UP = frozenset(
    ["test", "none", "null", "na", "no", "noemail", "nomail", "no-email", "unknown", "example", "a", "aa", "aaa", "xxx"]
)
_MADE_UP_HOSTS = frozenset(
    ["test.com", "example.com", "example.org", "none.com", "noemail.com", "no.com", "na.com", "xxx.com", "a.com"]
)


def clean(value: str) -> str | None:
    """An address in lower case, trimmed; None where there is none.

    Dots and plus-tags stay: dropping them is a choice of matching; a cleaned address can still be written to. One with
    a slip of the pen stays too, so that it can be seen to be near the right one; only what has nothing before or
    behind its @ is none.

    >>> clean(" Ann.Lee@X.org "), clean("Ann Lee <ann@x.org>"), clean("ann@xorg")
    ('ann.lee@x.org', 'ann@x.org', 'ann@xorg')
    >>> clean("test@test.com"), clean("ann at x"), clean("@")
    (None, None, None)
    """
    cleaned = text.filled(value)
    if cleaned is None or "@" not in cleaned:
        return None
    if wrapped := _WRAPPED.fullmatch(cleaned):
        cleaned = wrapped[1] or wrapped[2]
    # Without its blanks, marks that they kept apart may change places: put them in their one order.
    cleaned = unicodedata.normalize("NFKC", cleaned.replace(" ", "").translate(_SLIPS).casefold()).strip(".;'\"")
    if not _SHAPE.fullmatch(cleaned):
        return None
    person, _, host = cleaned.partition("@")
    return None if person in _MADE_UP and host in _MADE_UP_HOSTS else cleaned


_PLAIN = r"^[a-z0-9](?:[a-z0-9._+-]*[a-z0-9])?@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$"
_MADE_UP_HOST = f"@(?:{'|'.join(map(re.escape, sorted(_MADE_UP_HOSTS)))})$"


def column(texts: pa.Array) -> pa.Array:
    """Every text as `clean` leaves it; a kernel finds those that are addresses and nothing else."""
    if len(texts) <= distinct.FEW or texts.null_count == len(texts):
        return distinct.mapped(texts, clean)
    lower = pc.ascii_lower(pc.utf8_trim(texts, " "))
    plain = pc.and_(pc.match_substring_regex(lower, _PLAIN), pc.invert(pc.match_substring_regex(lower, _MADE_UP_HOST)))
    odd = pc.fill_null(pc.invert(plain), False)
    return pc.replace_with_mask(lower, odd, distinct.mapped(texts.filter(odd), clean))
