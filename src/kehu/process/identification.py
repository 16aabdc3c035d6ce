"""Certificates: what number stands there, of which type, and whether it can be right.

Resident IDs follow GB 11643 (check digit by ISO 7064 MOD 11-2), social credit codes GB 32100-2015 (MOD 31). Whole
columns are checked at once, as arrays of character codes: 20 times the speed of one number at a time.
"""

import calendar
import datetime as dt
import functools
import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model.codes import Gender, IdType
from kehu.process import digits, distinct, text

CLEANED = pa.schema(
    {
        "id_type": pa.string(),
        "id_number": pa.string(),
        "id_valid": pa.bool_(),
        "id_birth_date": pa.date32(),
        "id_gender": pa.string(),
    }
)
"""What `columns` gives."""

_RESIDENT_WEIGHTS = [2 ** (17 - place) % 11 for place in range(17)]
_RESIDENT_CHECKS = "10X98765432"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = [3**place % 31 for place in range(17)]

_EIGHTEEN = r"^\d{17}[\dX]$"
_FIFTEEN = r"^[1-8]\d{7}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}$"
_USCC = r"^[0-9A-HJ-NP-RT-UW-Y]{2}\d{6}[0-9A-HJ-NP-RT-UW-Y]{10}$"
# The register that gave the code, the kind of organization, the province: GB 32100-2015 and its later additions.
_LIKELY_USCC = (
    r"^(?:1[1239]|2[19]|3[1-59]|4[19]|5[1-49]|6[129]|7[129]|8[19]|9[1239]|A[19]|N[1239]|Y1)"
    r"(?:10|1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])"
)
_YEAR_INSIDE = r"^\d{6}(?:18|19|20)\d{9}[\dX]$"
_PASSPORT = r"^(?:[EGDSP]\d{8}|1[45]\d{7}|[EDS][A-Z]\d{7})$"
_HK_MACAU = r"^[HM](?:\d{8}|\d{10})$"
_OFFICER = r"[军警]?字第|^[军警士文武]"

_STATED: dict[IdType, tuple[str, ...]] = {
    IdType.RESIDENT_ID: (
        "居民身份证", "身份证", "二代身份证", "临时身份证", "居民身份证号", "身份证号", "身份证号码", "户口簿",
        "户口本", "居住证", "外国人永久居留证",
        "外国人永久居留身份证", "港澳居民居住证", "台湾居民居住证", "港澳台居民居住证", "01", "1", "id", "id card",
        "idcard", "identity card",
        "resident id", "resident_id", "resident identity card", "national id", "sfz",
    ),
    IdType.USCC: (
        "统一社会信用代码", "社会信用代码", "信用代码", "营业执照", "企业营业执照", "统一社会信用代码证",
        "组织机构代码证", "事业单位法人证书",
        "uscc", "usci", "business license", "business licence", "credit code", "unified social credit code", "yyzz",
    ),
    IdType.PASSPORT: ("护照", "中国护照", "外国护照", "外国人护照", "普通护照", "passport", "hz"),
    IdType.HK_MACAU_PERMIT: (
        "港澳居民来往内地通行证", "港澳通行证", "港澳居民通行证", "回乡证", "港澳证", "hk_macau_permit",
        "hk macau permit", "home return permit",
    ),
    IdType.TAIWAN_PERMIT: (
        "台湾居民来往大陆通行证", "台湾通行证", "台湾居民通行证", "台胞证", "taiwan_permit", "taiwan permit",
        "mainland travel permit",
    ),
    IdType.OFFICER_CARD: (
        "军官证", "警官证", "士兵证", "军人证", "军人身份证", "军人身份证件", "武警证", "武装警察身份证",
        "文职干部证", "军官证件",
        "officer_card", "officer card", "military id",
    ),
    IdType.OTHER: ("其他", "其它", "其他证件", "其它证件", "other", "others", "99", "学生证", "驾驶证", "社保卡"),
}  # fmt: skip


@functools.cache
def _type_words() -> dict[str, IdType]:
    return {word: kind for kind, words in _STATED.items() for word in words}


def clean_type(value: str) -> IdType | None:
    """The type of certificate that a word or code means; None where it says nothing we know.

    >>> clean_type("身份证"), clean_type("ID Card"), clean_type("？")
    (<IdType.RESIDENT_ID: 'resident_id'>, <IdType.RESIDENT_ID: 'resident_id'>, None)
    """
    cleaned = text.filled(value)
    return None if cleaned is None else _type_words().get(text.simplify(cleaned).casefold())


def check_digit(first: str) -> str:
    """The 18th character of a resident ID whose first 17 are given.

    >>> check_digit("11010519491231002")
    'X'
    """
    return _RESIDENT_CHECKS[
        sum(int(digit) * weight for digit, weight in zip(first, _RESIDENT_WEIGHTS, strict=True)) % 11
    ]


def uscc_check_character(first: str) -> str:
    """The 18th character of a social credit code whose first 17 are given.

    >>> uscc_check_character("91350100M000100Y4")
    '3'
    """
    total = sum(_USCC_ALPHABET.index(sign) * weight for sign, weight in zip(first, _USCC_WEIGHTS, strict=True))
    return _USCC_ALPHABET[-total % 31]


def clean(number: str, *, stated: str | None = None) -> dict[str, Any]:
    """The certificate one text holds: type, number, whether it is valid, and what it says about its holder.

    >>> clean("１１０１０５ 491231 002")["id_number"]
    '11010519491231002X'
    >>> [str(cell) for cell in clean("11010519491231002x").values()]
    ['resident_id', '11010519491231002X', 'True', '1949-12-31', 'female']
    >>> clean("身份证：11010519491231002X（本人）")["id_number"], clean("1.10105194912310E+17")["id_number"]
    ('11010519491231002X', None)
    """
    cleaned = columns(pa.array([number], type=pa.string()), pa.array([stated], type=pa.string()))
    return {name: column[0].as_py() for name, column in cleaned.items()}


def columns(numbers: pa.Array, stated: pa.Array) -> dict[str, pa.Array]:
    """The columns of `CLEANED` from the numbers and the stated types, dirty as they came.

    A number whose own check digit proves it a resident ID or a social credit code is one, whatever the record states;
    else the stated type holds, else the shape decides. One in 31 wrong resident IDs would pass as a credit code: so one
    that is stated to be a resident ID is none, and one with a year where those have it must be stated to be a code.

    `id_valid` asks for a right check digit and, of a resident ID, for a real birth date. The area code is not asked:
    it is soft evidence, and the lists of codes are never complete.
    """
    if numbers.null_count == len(numbers):
        nothing = {name: distinct.nulls(len(numbers), CLEANED.field(name).type) for name in CLEANED.names}
        return nothing | {"id_valid": pa.repeat(pa.scalar(False), len(numbers))}
    if len(numbers) <= distinct.FEW:
        plain = [_plain(*told) for told in zip(distinct.values(numbers), distinct.values(stated), strict=True)]
        if None not in plain:
            cells = zip(*plain, strict=True)
            return {field.name: pa.array(told, field.type) for field, told in zip(CLEANED, cells, strict=True)}
    encoded = numbers.dictionary_encode()
    words = encoded.dictionary
    tidy = _are_tidy(words)
    if not tidy.all():
        others = pa.array(~tidy)
        words = pc.replace_with_mask(words, others, _tidy(text.column(words.filter(others))))
    read = _read(words, tidy)
    rows = {name: column.take(encoded.indices) for name, column in read.items()}
    said = distinct.mapped(stated, clean_type)
    says_uscc = pc.fill_null(pc.equal(said, IdType.USCC.value), False)
    says_resident = pc.fill_null(pc.equal(said, IdType.RESIDENT_ID.value), False)
    likely = pc.and_(rows["likely_credit"], pc.invert(says_resident))
    credit = pc.fill_null(pc.and_(rows["credit"], pc.or_(says_uscc, likely)), False)
    resident = pc.fill_null(pc.and_(rows["resident"], pc.invert(pc.and_(credit, says_uscc))), False)
    kind = pc.coalesce(said, pc.if_else(rows["likely_credit"], IdType.USCC.value, rows["shape"]))
    kind = pc.if_else(resident, IdType.RESIDENT_ID.value, pc.if_else(credit, IdType.USCC.value, kind))
    is_resident = pc.fill_null(pc.equal(kind, IdType.RESIDENT_ID.value), False)
    return {
        "id_type": pc.if_else(pc.is_valid(rows["id_number"]), kind, None),
        "id_number": rows["id_number"],
        "id_valid": pc.or_(resident, credit),
        "id_birth_date": pc.if_else(is_resident, rows["id_birth_date"], None),
        "id_gender": pc.if_else(is_resident, rows["id_gender"], None),
    }


def _plain(number: str | None, stated: str | None) -> tuple[Any, ...] | None:
    """The cells of `CLEANED` of a right resident ID, or of no number; None where it takes a closer look.

    >>> [str(cell) for cell in _plain("11010519491231002X", None)]
    ['resident_id', '11010519491231002X', 'True', '1949-12-31', 'female']
    >>> _plain("11010519491231002x", None)
    """
    if number is None:
        return None, None, False, None, None
    if not _TIDY.fullmatch(number) or check_digit(number[:17]) != number[17]:
        return None
    if stated is not None and clean_type(stated) is IdType.USCC:
        return None
    year, month, day = int(number[6:10]), int(number[10:12]), int(number[12:14])
    if not (1800 <= year <= 2099 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return None
    gender = Gender.MALE if int(number[16]) % 2 else Gender.FEMALE
    return IdType.RESIDENT_ID, number, True, dt.date(year, month, day), gender


_TIDY = re.compile("[1-9][0-9]{16}[0-9X]")
"""Behind a month and a day no digits of a placeholder follow each other."""


def _are_tidy(numbers: pa.Array) -> digits.Mask:
    """Which are the characters of a resident ID and nothing else, as most are; what may be a placeholder is not."""
    where = digits.wide(numbers, _SIZE)
    signs = digits.signs(numbers, where, _SIZE)
    fits = digits.are(signs[:, :-1], "0" * (_SIZE - 1))
    fits &= ((signs[:, -1] - np.uint8(ord("0"))) < 10) | (signs[:, -1] == ord("X"))
    # Who has no number types zeros, the same digit again and again, or one digit after the other.
    steps = signs[:, 1:] - signs[:, :-1]
    fits &= (signs[:, 0] != ord("0")) & (steps != 0).any(axis=1) & (steps[:, :6] != 1).any(axis=1)
    where[where] = fits
    return where


_SIZE = 18
"""So many characters has a resident ID, and a social credit code."""


def _tidy(numbers: pa.Array) -> pa.Array:
    """Upper case, without blanks and dashes; nulls for placeholders."""
    numbers = pc.utf8_upper(numbers)
    odd = pc.fill_null(pc.match_substring_regex(numbers, r"[^0-9A-Z]"), False)
    if pc.any(odd, min_count=0).as_py():
        bare = pc.replace_substring_regex(numbers.filter(odd), pattern=_OF_A_SPREADSHEET, replacement="")
        bare = pc.replace_substring_regex(bare, pattern=r"[^\p{L}\p{N}()]+", replacement="")
        bare = pc.replace_substring_regex(bare, pattern=_AROUND, replacement=r"\1")
        numbers = pc.replace_with_mask(numbers, odd, pc.utf8_normalize(bare, "NFC"))
    empty = pc.or_(pc.equal(pc.binary_length(numbers), 0), pc.match_substring_regex(numbers, _REPEATED))
    empty = pc.or_(empty, pc.match_substring_regex(numbers, r"^0*1?23456789[0-9]*X?$"))
    return pc.if_else(empty, None, numbers)


_OF_A_SPREADSHEET = r"^[0-9.]+E\+?[0-9]+$|\.0+$"
"""A number that was rounded, whose digits are lost, and the end that it gives to one that was not."""

_AROUND = rf"^[\p{{Han}}()]*([0-9]{{17}}[0-9X]|{_USCC[1:-1]})[\p{{Han}}()]*$"
"""A number of 18 characters among words: 身份证 before it, (本人) behind it."""

_REPEATED = "^(?:" + "|".join(f"{sign}{{3,}}" for sign in "0123456789X") + ")$"


def _read(numbers: pa.Array, tidy: digits.Mask) -> dict[str, pa.Array]:
    """What each number says by itself; `tidy` are those that `_are_tidy` found."""
    numbers, lengthened = _lengthen(numbers, pa.array(_where(numbers, _FIFTEEN, ~tidy)))
    size = len(numbers)
    eighteen = tidy | _where(numbers, _EIGHTEEN, ~tidy)
    others = ~eighteen
    coded = eighteen | _where(numbers, _USCC, others)
    in_shape = np.zeros(size, dtype=bool)
    birth = np.full(size, np.datetime64("NaT"), dtype="datetime64[D]")
    right = np.zeros(size, dtype=bool)
    male = np.zeros(size, dtype=bool)
    if eighteen.any():
        signs = _signs(numbers, eighteen)
        right[eighteen] = _resident_check(signs)
        birth[eighteen] = _birth_dates(signs)
        male[eighteen] = signs[:, 16] % 2 == 1
        in_shape[eighteen] = _has_date(signs)
    dated = ~np.isnat(birth)
    looks_resident = in_shape | (right & dated) | lengthened
    credit = np.zeros(size, dtype=bool)
    if coded.any():
        credit[coded] = _uscc_check(_signs(numbers, coded))
    shape = pc.case_when(
        pc.make_struct(
            pa.array(looks_resident),
            pa.array(coded),
            *(pa.array(_where(numbers, pattern, others)) for pattern in (_HK_MACAU, _PASSPORT, _OFFICER)),
        ),
        *(
            pa.scalar(one.value)
            for one in (
                IdType.RESIDENT_ID,
                IdType.USCC,
                IdType.HK_MACAU_PERMIT,
                IdType.PASSPORT,
                IdType.OFFICER_CARD,
                IdType.OTHER,
            )
        ),
    )
    no_date = pa.array(~dated)
    gender = pc.if_else(pa.array(male), Gender.MALE.value, Gender.FEMALE.value)
    return {
        "id_number": numbers,
        "shape": shape,
        "resident": pa.array(eighteen & right & dated),
        "credit": pa.array(credit),
        "likely_credit": pa.array(_where(numbers, _LIKELY_USCC, credit) & ~_where(numbers, _YEAR_INSIDE, credit)),
        "id_birth_date": pc.if_else(no_date, None, pa.array(birth)),
        "id_gender": pc.if_else(no_date, None, gender),
    }


def _where(numbers: pa.Array, pattern: str, among: digits.Mask) -> digits.Mask:
    """Which of some of the numbers fit a pattern."""
    found = among.copy()
    if not found.any():
        return found
    fits = pc.fill_null(pc.match_substring_regex(numbers.filter(pa.array(among)), pattern), False)
    found[among] = fits.to_numpy(zero_copy_only=False)
    return found


def _lengthen(numbers: pa.Array, old: pa.Array) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Resident IDs of 15 digits in 18: the century after the 6th, a check digit at the end; others stay.

    Serials from 996 were given to people born before 1900, whom no 15-digit form can tell apart: they stay too.
    """
    lengthened = old.to_numpy(zero_copy_only=False).copy()
    if not lengthened.any():
        return numbers, lengthened
    seventeen = pc.binary_replace_slice(numbers.filter(old), 6, 6, "19")
    signs = _signs(seventeen, np.ones(len(seventeen), dtype=bool))
    real = ~np.isnat(_birth_dates(signs))
    checks = np.array(list(_RESIDENT_CHECKS))[_resident_remainders(signs)]
    grown = pc.if_else(
        pa.array(real), pc.binary_join_element_wise(seventeen, pa.array(checks), ""), numbers.filter(old)
    )
    lengthened[lengthened] = real
    return pc.replace_with_mask(numbers, old, grown), lengthened


def _signs(numbers: pa.Array, chosen: digits.Mask) -> digits.Signs:
    """The signs of the chosen numbers, all ASCII and of one length, as one row each."""
    lengths = pc.binary_length(numbers).to_numpy(zero_copy_only=False)[chosen]
    return digits.signs(numbers, chosen, int(lengths[0]) if len(lengths) else 0)


def _resident_check(signs: digits.Signs) -> digits.Mask:
    wanted = np.frombuffer(_RESIDENT_CHECKS.encode(), dtype=np.uint8)[_resident_remainders(signs)]
    return wanted == signs[:, 17]  # type: ignore[no-any-return]  # comparing arrays gives an array


def _resident_remainders(signs: digits.Signs) -> npt.NDArray[np.int32]:
    return (digits.weighed(signs, _RESIDENT_WEIGHTS) - ord("0") * sum(_RESIDENT_WEIGHTS)) % 11  # type: ignore[no-any-return]  # an array


@functools.cache
def _uscc_values() -> digits.Signs:
    table = np.zeros(128, dtype=np.uint8)
    for value, sign in enumerate(_USCC_ALPHABET):
        table[ord(sign)] = value
    return table


def _uscc_check(signs: digits.Signs) -> digits.Mask:
    values = _uscc_values()[signs]
    return -digits.weighed(values, _USCC_WEIGHTS) % 31 == values[:, 17]  # type: ignore[no-any-return]  # an array


def _has_date(signs: digits.Signs) -> npt.NDArray[np.bool_]:
    """Whether something like a date stands in characters 7 to 14, be it the 30th of February."""
    century, month, day = (digits.number(signs, start, start + 2) for start in (6, 10, 12))
    return (century >= 18) & (century <= 21) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)


def _birth_dates(signs: digits.Signs) -> npt.NDArray[np.datetime64]:
    """The dates in characters 7 to 14; NaT where they are no date between 1800 and 2100."""
    parts = (digits.number(signs, start, end) for start, end in ((6, 10), (10, 12), (12, 14)))
    return digits.dates(*parts, first=1800, last=2099)
