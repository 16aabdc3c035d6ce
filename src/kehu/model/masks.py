"""Masking (脱敏): personal values with so much hidden that they can be recognised, but not used.

A column that is not named here is shown as it is. A field of a dataclass is masked by its name, as a column is; one
that holds now this column and now that says which field beside it names the column.

    @dataclass(frozen=True, kw_only=True)
    class Medium:
        kind: MediumKind
        value: str = field(metadata=masks.told_by("kind"))
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

HIDDEN = "*"
SHORT = 11
"""Texts with fewer characters show less of their ends."""


def number(text: str) -> str:
    """A certificate or phone number of which the middle is hidden.

    >>> number("11010119900307123X"), number("13812341234")
    ('110***********123X', '138****1234')
    >>> number("E12345678"), number("1234"), number("7")
    ('E******78', '***4', '*')
    """
    head, tail = (3, 4) if len(text) >= SHORT else (1, 2) if len(text) >= SHORT // 2 else (0, min(1, len(text) - 1))
    return text[:head] + HIDDEN * (len(text) - head - tail) + text[len(text) - tail :]


def email(text: str) -> str:
    """An e-mail address without its mailbox.

    >>> email("ann.lee@x.org"), email("no address")
    ('a***@x.org', '***')
    """
    mailbox, at, domain = text.rpartition("@")
    return f"{mailbox[:1]}***@{domain}" if at else "***"


def address(text: str) -> str:
    """An address to the district or so: its first third, at most ten characters.

    >>> address("北京市朝阳区建国路88号院3号楼2单元1201")
    '北京市朝阳区建***'
    """
    return text[: min(10, len(text) // 3)] + "***"


def year(day: date | str) -> str:
    """The year of a date.

    >>> year(date(1990, 3, 7)), year("1990-03-07")
    ('1990-**-**', '1990-**-**')
    """
    return f"{str(day)[:4]}-**-**"


def wholly(_: object) -> str:
    """Nothing of the value.

    >>> wholly("1201")
    '***'
    """
    return "***"


CERTIFICATES = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{17}[0-9Xx]|[0-9]{15}|[0-9A-HJ-NP-RT-UW-Y]{18})(?![0-9A-Za-z])")
"""What may be a certificate in a text: 18 or 15 characters of a resident's, 18 of an organization's."""


def in_text(text: str) -> str:
    """A text that somebody wrote, in which certificates are masked: such texts do not stand sealed.

    >>> in_text("she showed 11010119900307123x, born 1990-03-07")
    'she showed 110***********123x, born 1990-03-07'
    """
    return CERTIFICATES.sub(lambda found: number(found.group()), text)


MASKS: Mapping[str, Callable[[Any], str]] = {
    "id_number": number, "proxy_id_number": number,
    "phone": number, "phone_2": number, "msisdn": number, "interaction_number": number, "number": number,
    "email": email, "address": address, "birth_date": year, "id_birth_date": year,
    "road_number": wholly, "building": wholly, "unit": wholly, "room": wholly, "raw": wholly,
}  # fmt: skip
"""How each column of records and customers is masked."""


def masked(column: str, value: Any) -> Any:
    """A value as it is shown to those who may not see it in clear; None, and what needs no mask, stay.

    >>> masked("phone", "13812341234"), masked("city", "北京市"), masked("phone", None)
    ('138****1234', '北京市', None)
    """
    return MASKS[column](value) if column in MASKS and value is not None else value


COLUMN = "column"
"""Stands in the metadata of such a field."""

BY_HOLDER: Mapping[str, str | None] = {COLUMN: None}
"""Metadata of a field whose column whatever holds the dataclass names."""


def told_by(name: str) -> Mapping[str, str | None]:
    """Metadata of a field whose column another field of the dataclass names."""
    return {COLUMN: name}
