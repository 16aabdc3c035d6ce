"""Phone numbers as they are dialled at home, and with their country elsewhere."""

import re

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from kehu.process import digits, distinct, text

CLEANED = pa.schema({"phone": pa.string(), "phone_2": pa.string()})
"""What `columns` gives of one column: the first number of a field, and a second where it holds two."""

_MOBILE = re.compile(r"(?:\+?86|0086|\+?0)?(1[3-9]\d{9})")
_LANDLINE = re.compile(r"(?:(?:\+?86|0086)0?|0)((?:10|2\d|[3-9]\d{2})[2-8]\d{6,7})")
_BUSINESS = re.compile(r"(?:\+?86|0086)?([48]00\d{7})")
_LOCAL = re.compile(r"[2-8]\d{6,7}")
_SEPARATOR = re.compile(r"[/\\,，、;；|]|\bor\b|或|和|及")
_TWO_MOBILES = re.compile(r"(1[3-9]\d{9})[\s\-]*(1[3-9]\d{9})")
_NO_DIGIT = re.compile(r"[^0-9]+")
_PLUS = re.compile(r"[^0-9+]*\+")
_LABEL = re.compile(r"^(?:tel|phone|mobile|mob|cell|电话|手机|手机号|座机|联系电话|家|办)[:.\s]*", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|#)\s*:?\s*\d{1,6}$", re.IGNORECASE)
_DASHED_EXTENSION = re.compile(r"^(0\d{2,3}-\d{7,8})-\d{1,6}$")
_SPREADSHEET = re.compile(r"^\+?(\d{5,18})\.0+$")
_POWER_OF_TEN = re.compile(r"^(\d)\.(\d+)E\+?(\d+)$", re.IGNORECASE)
_ROUNDED = re.compile(r"^\d(?:\.\d+)?E\+?\d+$", re.IGNORECASE)
_MADE_UP = re.compile(r"1[3-9]\d0{8}|13800138000|0?12345\d*|(\d)\1{6,}|\d{1,6}|0{4,}\d*")


def clean(value: str, *, home: str = "CN") -> tuple[str | None, str | None]:
    """The numbers of one field: the first, and the second where there are two.

    A number of the home country is written as dialled there, digits only: 13912345678, 057188886666, 4008208820. Other
    numbers keep their country: +442079460000. An extension is dropped, as the line is what two records share. Digits
    that are no known number stay as they are, so that a slip of the pen can still be seen to be near; placeholders
    and numbers of fewer than seven digits do not. What a spreadsheet made of a number is mended where no digit is lost.

    >>> clean("+86 139-1234-5678"), clean("（0571）88886666转801")
    (('13912345678', None), ('057188886666', None))
    >>> clean("13912345678/13812345678"), clean("13800138000"), clean("+44 20 7946 0000")
    (('13912345678', '13812345678'), (None, None), ('+442079460000', None))
    >>> clean("13912345678.0"), clean("1.39123E+10")
    (('13912345678', None), (None, None))
    >>> clean("1.3912345678E10")
    ('13912345678', None)
    """
    cleaned = text.filled(value)
    if cleaned is None:
        return None, None
    cleaned = text.fold_dashes(cleaned)
    if home == "CN" and (both := _TWO_MOBILES.fullmatch(cleaned)):
        return both[1], both[2]
    numbers = [number for part in _SEPARATOR.split(cleaned) if (number := _one(part.strip(), home=home))]
    first = numbers[0] if numbers else None
    return first, next((number for number in numbers[1:] if number != first), None)


def _one(value: str, *, home: str) -> str | None:
    if (written := _POWER_OF_TEN.match(value)) and len(written[2]) == int(written[3]):
        value = written[1] + written[2]  # Every digit stands there, as Java writes a number.
    elif _ROUNDED.match(value):
        return None
    value = _SPREADSHEET.sub(r"\1", value)
    value = _LABEL.sub("", _EXTENSION.sub("", _DASHED_EXTENSION.sub(r"\1", value)))
    digits = _NO_DIGIT.sub("", value)
    bare = "+" + digits if _PLUS.match(value) else digits
    if _MADE_UP.fullmatch(digits) or len(digits) > 18:
        return None
    known = _chinese(bare) if home == "CN" else None
    number = known or _foreign(bare, home=home) or (digits if 7 <= len(digits) <= 15 else None)
    return None if number is None or _MADE_UP.fullmatch(number) else number


def _chinese(bare: str) -> str | None:
    if found := _MOBILE.fullmatch(bare):
        return found[1]
    if found := _LANDLINE.fullmatch(bare):
        return "0" + found[1]
    if found := _BUSINESS.fullmatch(bare):
        return found[1]
    return bare if _LOCAL.fullmatch(bare) else None


def _foreign(bare: str, *, home: str) -> str | None:
    if not bare.startswith(("+", "00")) and home == "CN":
        return None  # Without a country it is a Chinese number gone wrong, and guessing would hide that.
    try:
        number = phonenumbers.parse(bare, home)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    if phonenumbers.region_code_for_number(number) == home:
        national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        return _NO_DIGIT.sub("", national)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def columns(numbers: pa.Array, *, home: str) -> dict[str, pa.Array]:
    """The columns of `CLEANED` from one column of numbers, dirty as they came."""
    if len(numbers) <= distinct.FEW:
        return distinct.spread(numbers, lambda value: clean(value, home=home), CLEANED)
    encoded = numbers.dictionary_encode()
    words = encoded.dictionary
    known = _common(words) if home == "CN" else distinct.nulls(len(words))
    odd = pc.is_null(known)
    read = distinct.spread(words.filter(odd), lambda value: clean(value, home=home), CLEANED)
    first = pc.replace_with_mask(known, odd, read["phone"])
    second = pc.replace_with_mask(distinct.nulls(len(words)), odd, read["phone_2"])
    return {"phone": first.take(encoded.indices), "phone_2": second.take(encoded.indices)}


_COMMON = (
    r"^(?:\+?86|0086)?(?P<mobile>1[3-9][0-9]{9})$"
    r"|^(?:(?:\+?86|0086)0?|0)(?P<landline>(?:10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7})$"
)
_EXTENDED = "-.*-[0-9 )]*$"
_EMPTY = r"^1[3-9][0-9]0{8}$|^13800138000$"
_MOBILE_DIGITS = 11


def _common(numbers: pa.Array) -> pa.Array:
    """The Chinese mobiles and landlines among the numbers, as `clean` leaves them; kernels find by far the most."""
    others = pa.array(~_bare_mobiles(numbers))
    return pc.replace_with_mask(numbers, others, _written(numbers.filter(others)))


def _bare_mobiles(numbers: pa.Array) -> digits.Mask:
    """Which are the digits of a mobile and nothing else, as most are; one that may be made up is left out."""
    where = digits.wide(numbers, _MOBILE_DIGITS)
    found = digits.signs(numbers, where, _MOBILE_DIGITS)
    fits = digits.are(found, "0" * _MOBILE_DIGITS) & (found[:, 0] == ord("1")) & (found[:, 1] >= ord("3"))
    # People who have no number type one that ends in zeros, as 13800138000: the patterns tell which are made up.
    fits &= (found[:, -3:] != ord("0")).any(axis=1)
    where[where] = fits
    return where


def _written(numbers: pa.Array) -> pa.Array:
    """The Chinese mobiles and landlines among numbers that people write in their ways."""
    simple = pc.match_substring_regex(numbers, r"^[0-9+() -]+$")
    bare = pc.replace_substring_regex(pc.if_else(simple, numbers, None), pattern="[() -]+", replacement="")
    found = pc.extract_regex(bare, _COMMON)
    mobile, landline = (pc.struct_field(found, name) for name in ("mobile", "landline"))
    # Behind a second dash may stand an extension.
    is_landline = pc.and_(
        pc.greater(pc.binary_length(landline), 0), pc.invert(pc.match_substring_regex(numbers, _EXTENDED))
    )
    is_mobile = pc.and_(pc.greater(pc.binary_length(mobile), 0), pc.invert(pc.match_substring_regex(mobile, _EMPTY)))
    home = pc.binary_join_element_wise("0", landline, "")
    return pc.if_else(pc.fill_null(is_mobile, False), mobile, pc.if_else(pc.fill_null(is_landline, False), home, None))
