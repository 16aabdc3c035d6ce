"""A Western address in its parts: a house number and a street, or the columns of a form."""

import re

from kehu.process import text
from kehu.process.addresses.chinese import Address

_ABBREVIATED: dict[str, str] = {
    "st": "street", "str": "street", "rd": "road", "ave": "avenue", "av": "avenue", "dr": "drive", "drv": "drive",
    "ln": "lane", "ct": "court", "crt": "court", "pl": "place", "blvd": "boulevard", "bvd": "boulevard",
    "cres": "crescent",
    "cr": "crescent", "cct": "circuit", "tce": "terrace", "ter": "terrace", "hwy": "highway", "pde": "parade",
    "cl": "close",
    "sq": "square", "pkwy": "parkway", "gr": "grove", "gdns": "gardens", "mt": "mount",
}  # fmt: skip
"""Street words as people shorten them; they are written out at the end of a street's name only (St John Street)."""

_STREETS = (
    "street|road|avenue|drive|lane|court|place|boulevard|crescent|circuit|terrace|highway|parade|close|square|parkway"
    "|grove|way|walk"
)
_NUMBERED = re.compile(
    r"(?:(?:unit|flat|apt|apartment|suite|shop|lot|no\.?|#)\s*)?([0-9]+[a-z]?)(?:\s*[/-]\s*([0-9]+[a-z]?))?\s+(.+)"
)
_NUMBER_ALONE = re.compile("[0-9]+[a-z]?")
_DWELLING = re.compile(r"\b(?:unit|flat|apt|apartment|suite|room|rm|#)\s*([0-9]+[a-z]?|[a-z])\b[\s,]*")
_POSTCODE = re.compile(r"\b([0-9]{4,6}(?:-[0-9]{4})?|[a-z]{1,2}[0-9][0-9a-z]?\s?[0-9][a-z]{2})$")
_STREET_WORD = re.compile(rf"\b(?:{_STREETS})\b")
_PUNCTUATION = re.compile(r"[^\w\s,/#-]+|_")


def fold(value: str) -> str:
    """The matching form of a part: case and accents folded, no punctuation, single blanks.

    >>> fold("Winston Hills"), fold("St. Léonard's")
    ('winston hills', 'st leonards')
    """
    return " ".join(_PUNCTUATION.sub("", text.fold_latin(value)).replace(",", " ").split())


def _street(words: str) -> str | None:
    tokens = words.split()
    if tokens and len(tokens) > 1:
        tokens[-1] = _ABBREVIATED.get(tokens[-1], tokens[-1])
    return " ".join(tokens) or None


def clean_street(value: str) -> Address:
    """Road, number and dwelling of the first line of an address.

    >>> clean_street("Unit 3, 8 Stanley St.")[3:7]
    ('stanley street', '8', None, '3')
    >>> clean_street("3/12 High Road")[3:7], clean_street("stanley street")[3:5]
    (('high road', '12', None, '3'), ('stanley street', None))
    """
    folded = _PUNCTUATION.sub("", text.fold_latin(text.fold_dashes(value)))
    unit = None
    if found := _DWELLING.search(folded):
        left = (folded[: found.start()] + folded[found.end() :]).strip(" ,")
        if left:
            unit, folded = found[1], left
    folded = " ".join(folded.replace(",", " ").split())
    if _NUMBER_ALONE.fullmatch(folded):
        return Address(road_number=folded, unit=unit)
    if numbered := _NUMBERED.fullmatch(folded):
        number = numbered[1]
        if numbered[2]:
            unit, number = (unit or numbered[1], numbered[2])
        return Address(road=_street(numbered[3]), road_number=number, unit=unit)
    trailing = re.fullmatch(r"(.*[^\W\d])\s+([0-9]+[a-z]?)", folded)  # Hauptstrasse 12
    if trailing:
        return Address(road=_street(trailing[1]), road_number=trailing[2], unit=unit)
    return Address(road=_street(folded.strip(" /#-")), unit=unit)


def clean(value: str) -> Address:
    """The parts of a Western address of one line, parted by commas.

    The first part that holds a number or a street word is the street; what stands before it is a building, the last
    words are a city or a suburb.

    >>> found = clean("8 Stanley Street, Miami, Winston Hills 4223")
    >>> found.road_number, found.road, found.district, found.city, found.postcode
    ('8', 'stanley street', 'miami', 'winston hills', '4223')
    """
    parts = [part for raw in re.split(r"[,;\n]+", text.fold_latin(value)) if (part := raw.strip())]
    postcode = None
    if len(parts) > 1 and (found := _POSTCODE.search(parts[-1])):
        postcode = found[1]
        parts[-1] = parts[-1][: found.start()].strip()
        parts = [part for part in parts if part]
    streets = [place for place, part in enumerate(parts) if _is_street(part)]
    if not streets:
        return (
            Address(city=fold(parts[-1]) or None if parts else None, postcode=postcode)
            if len(parts) < 2
            else Address(road=_street(fold(parts[0])), city=fold(parts[-1]) or None, postcode=postcode)
        )
    at = streets[0]
    if _DWELLING.fullmatch(parts[at]) and at + 1 < len(parts):
        street = clean_street(f"{parts[at]} {parts[at + 1]}")
        at += 1
    else:
        street = clean_street(parts[at])
    before, after = parts[: streets[0]], parts[at + 1 :]
    return street._replace(
        building=fold(" ".join(before)) or None,
        district=fold(after[0]) or None if len(after) > 1 else None,
        city=fold(after[-1]) or None if after else None,
        postcode=postcode,
    )


def _is_street(part: str) -> bool:
    return any(sign.isdigit() for sign in part) or _STREET_WORD.search(part) is not None
