"""Dates and times in the forms people and programs write them."""

import datetime as dt
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.process import digits, distinct, text

Moments = npt.NDArray[np.datetime64]
"""Days, or times without a zone."""

PIVOT = 30
"""Two-digit years below it are 20xx, the others 19xx."""

_FIRST_YEAR, _LAST_YEAR = 1400, 2100
"""Registers of persons of history reach back so far; a year before it is a slip (1087 for 1987), or stands for none."""

_EXCEL_ZERO = dt.date(1899, 12, 30)
_MONTHS = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1)}  # fmt: skip
_HAN_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")

_YEAR_FIRST = re.compile(r"(\d{4})([-/.\s年])(\d{1,2})(?:[-/.\s月])(\d{1,2})日?(?:[t\s].*)?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:\s?\d{4}(?:\d\d)?)?")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.\s](\d{1,2})[-/.\s](\d{4})(?:[t\s].*)?")
_SHORT = re.compile(r"(\d{1,2})([-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})日?")
_DAY_WORD = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-\s./]*([a-z]{3,9})\.?[-\s.,/]*(\d{4})(?:\s.*)?")
_WORD_DAY = re.compile(r"([a-z]{3,9})\.?[-\s/]*(\d{1,2})(?:st|nd|rd|th)?[-\s,./]+(\d{4})(?:\s.*)?")
_YEAR_WORD = re.compile(r"(\d{4})[-\s./]*([a-z]{3,9})[-\s./]*(\d{1,2})")
_EXCEL = re.compile(r"(\d{5})(\.\d+)?")
_WORDY_YEAR = re.compile(r"[〇零○一二三四五六七八九]{4}年")


def clean(value: str, *, month_first: bool = False) -> dt.date | None:
    """The date a text states; None where it states none, an impossible one, or only a year or a month.

    `12/05/1987` is read with the day first, unless that is no date; `month_first` turns the order round.
    A five-digit number is a day as Excel counts them. A two-digit year is 20xx below `PIVOT`, else 19xx.

    >>> {str(clean(day)) for day in ("1987-05-12", "1987/5/12", "19870512", "1987年5月12日", "12/05/1987", "31909")}
    {'1987-05-12'}
    >>> str(clean("12 May 1987")), str(clean("05/13/1987")), clean("1987-02-30"), clean("1987")
    ('1987-05-12', '1987-05-13', None, None)
    """
    if len(value) == 10 and value[4] == value[7] == "-":  # By far the commonest form.
        year, month, day = value[:4], value[5:7], value[8:]
        if value.isascii() and year.isdigit() and month.isdigit() and day.isdigit():
            return _date(int(year), int(month), int(day))
    cleaned = text.filled(value)
    if cleaned is None:
        return None
    cleaned = text.fold_dashes(cleaned).casefold()
    if _WORDY_YEAR.match(cleaned):
        cleaned = _han_date(cleaned)
    return _read(cleaned, month_first=month_first)


def _read(value: str, *, month_first: bool) -> dt.date | None:
    if found := _YEAR_FIRST.fullmatch(value):
        return _date(int(found[1]), int(found[3]), int(found[4]))
    if found := _COMPACT.fullmatch(value):
        return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := _YEAR_LAST.fullmatch(value):
        return _either_order(int(found[3]), int(found[1]), int(found[2]), month_first=month_first)
    if found := _SHORT.fullmatch(value):
        first, second, third = int(found[1]), int(found[3]), int(found[4])
        if found[2] == "年" or first > 31:
            return _date(_century(first), second, third)
        if third > 31 or found[2] == "/":
            return _either_order(_century(third), first, second, month_first=month_first)
        return _date(_century(first), second, third)
    if found := _DAY_WORD.fullmatch(value):
        return _word_date(int(found[3]), found[2], int(found[1]))
    if found := _WORD_DAY.fullmatch(value):
        return _word_date(int(found[3]), found[1], int(found[2]))
    if found := _YEAR_WORD.fullmatch(value):
        return _word_date(int(found[1]), found[2], int(found[3]))
    if found := _EXCEL.fullmatch(value):
        return _EXCEL_ZERO + dt.timedelta(days=int(found[1])) if 10_000 <= int(found[1]) < 60_000 else None
    return None


def _date(year: int, month: int, day: int) -> dt.date | None:
    if not _FIRST_YEAR <= year < _LAST_YEAR:
        return None
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _either_order(year: int, first: int, second: int, *, month_first: bool) -> dt.date | None:
    day, month = (second, first) if month_first else (first, second)
    return _date(year, month, day) or _date(year, day, month)


def _century(year: int) -> int:
    return year if year > 99 else year + (2000 if year < PIVOT else 1900)


def _word_date(year: int, word: str, day: int) -> dt.date | None:
    month = _MONTHS.get(word[:3])
    return None if month is None else _date(year, month, day)


def _han_date(value: str) -> str:
    """1987年5月12日 for 一九八七年五月十二日.

    >>> _han_date("一九八七年十月二十三日")
    '1987年10月23日'
    """
    year, _, rest = value.partition("年")
    parts = re.findall(r"[〇零○一二三四五六七八九十廿]+|[^〇零○一二三四五六七八九十廿]+", rest)
    return year.translate(_HAN_DIGITS) + "年" + "".join(_han_number(part) for part in parts)


def _han_number(part: str) -> str:
    part = part.replace("廿", "二十")
    if "十" not in part:
        return part.translate(_HAN_DIGITS)
    tens, _, ones = part.partition("十")
    return (tens.translate(_HAN_DIGITS) or "1") + (ones.translate(_HAN_DIGITS) or "0")


def clean_moment(value: str, *, zone: dt.tzinfo = dt.UTC) -> dt.datetime | None:
    """The point in time a text states, in UTC; without an offset it is a time of `zone`, without a time midnight.

    An hour that the clocks of the zone show twice is the first of the two.

    >>> str(clean_moment("2026-11-22T18:07:01+08:00"))
    '2026-11-22 10:07:01+00:00'
    >>> str(clean_moment("2026/11/22 18:07", zone=ZoneInfo("Asia/Shanghai"))), clean_moment("yesterday")
    ('2026-11-22 10:07:00+00:00', None)

    Of a day as Excel counts them, the fraction is the time:

    >>> str(clean_moment("45293.75"))
    '2024-01-02 18:00:00+00:00'
    """
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        cleaned = text.filled(value)
        return None if cleaned is None else _odd_moment(text.fold_dashes(cleaned), zone)
    return _utc(moment, zone)


_TIME = re.compile(
    r"(?:[t\s]|日\s*)(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})(?:[.,](\d{1,6})\d*)?)?[秒分]?\s*([AP]M)?\s*(Z|[+-]\d\d:?\d\d)?$",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")


def _odd_moment(value: str, zone: dt.tzinfo) -> dt.datetime | None:
    if _EPOCH.fullmatch(value):
        return dt.datetime.fromtimestamp(int(value[:10]), tz=dt.UTC) + dt.timedelta(milliseconds=int(value[10:] or 0))
    try:
        return _utc(dt.datetime.fromisoformat(value), zone)
    except ValueError:
        pass
    found = _TIME.search(value)
    day = clean(value[: found.start()] + ("日" if found[0].startswith("日") else "") if found else value)
    if day is None:
        return None
    hour, minute, second = (int(found[part] or 0) for part in (1, 2, 3)) if found else _time_of_excel(value)
    half = (found[5] or "").upper() if found else ""
    if half:
        hour = hour % 12 + (12 if half == "PM" else 0)
    try:
        if found and found[6]:
            zone = _offset(found[6])
        moment = dt.datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
    return moment.astimezone(dt.UTC)


def _time_of_excel(value: str) -> tuple[int, int, int]:
    """The time that is the fraction of a day as Excel counts them; midnight where there is none."""
    found = _EXCEL.fullmatch(value)
    # Nearly a whole day is its last second: rounded up it would be of the next.
    seconds = min(round(float(found[2]) * 86_400), 86_399) if found and found[2] else 0
    return seconds // 3600, seconds // 60 % 60, seconds % 60


def _offset(written: str) -> dt.tzinfo:
    """The zone of an offset from UTC.

    >>> str(_offset("+0800")), str(_offset("Z"))
    ('UTC+08:00', 'UTC')
    """
    if written in "zZ":
        return dt.UTC
    apart = dt.timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
    return dt.timezone(-apart if written[0] == "-" else apart)


def _utc(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime | None:
    if not _FIRST_YEAR <= moment.year < _LAST_YEAR:
        return None
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(dt.UTC)


def column(texts: pa.Array, *, home: str) -> pa.Array:
    """Every text as `clean` reads it, date32."""
    month_first = home == "US"
    if len(texts) <= distinct.FEW:
        return distinct.mapped(texts, lambda value: clean(value, month_first=month_first), to=pa.date32())
    encoded = texts.dictionary_encode()
    words = encoded.dictionary
    days = np.full(len(words), np.datetime64("NaT"), "datetime64[D]")
    for shape, month, day in (("0000?00?00", 5, 8), ("00000000", 4, 6)):
        where, found = _shaped(words, shape)
        days[where] = _days(found, month, day)
    return _filled_in(words, pa.array(days), lambda value: clean(value, month_first=month_first)).take(encoded.indices)


def moments(texts: pa.Array, *, zone: str = "UTC") -> pa.Array:
    """Every text as `clean_moment` reads it, timestamp in UTC; one without an offset is a time of `zone`.

    Few moments are alike, so nothing is won by looking at each once; but most have one of a few forms.
    """
    read = partial(clean_moment, zone=ZoneInfo(zone))
    if len(texts) <= distinct.FEW:
        return distinct.mapped(texts, read, to=_UTC)
    known = np.full(len(texts), np.datetime64("NaT"), "datetime64[us]")
    where, found = _shaped(texts, "0000?00?00T00:00:00")
    known[where] = _at_home(_moments(found), zone)
    for shape in ("0000-00-00T00:00:00+00:00", "0000-00-00T00:00:00-00:00", "0000-00-00T00:00:00Z"):
        where, found = _shaped(texts, shape)
        known[where] = _moments(found)
    return _filled_in(texts, pa.array(known, pa.timestamp("us")).cast(_UTC), read)


def _at_home(local: Moments, zone: str) -> Moments:
    """Times of a zone in UTC; NaT for those that its clocks never showed, and beyond the years Arrow knows it in."""
    if zone == "UTC":
        return local
    shown = pa.array(local, pa.timestamp("us"))
    told = pc.assume_timezone(shown, zone, ambiguous="earliest", nonexistent="earliest")
    surely = pc.and_(pc.equal(pc.local_timestamp(told), shown), pa.array((local > _KNOWN) & (local < _RULES)))
    told = pc.if_else(surely, told, None)
    moments: Moments = told.cast(pa.timestamp("us")).to_numpy(zero_copy_only=False)
    return moments


def _shaped(texts: pa.Array, shape: str) -> tuple[digits.Mask, digits.Signs]:
    """Which texts have a shape, and their signs."""
    where = digits.wide(texts, len(shape))
    found = digits.signs(texts, where, len(shape))
    fits = digits.are(found, shape)
    where[where] = fits
    return where, found[fits]


def _days(found: digits.Signs, month: int, day: int) -> Moments:
    """The days told by a year that comes first, and by a month and a day at these places."""
    parts = (digits.number(found, start, end) for start, end in ((0, 4), (month, month + 2), (day, day + 2)))
    return digits.dates(*parts, first=_FIRST_YEAR, last=_LAST_YEAR - 1)


def _moments(found: digits.Signs) -> Moments:
    """The moments told by a day, a time and perhaps an offset; NaT where the time is none."""
    hour, minute, second = (digits.number(found, start, start + 2) for start in (11, 14, 17))
    real = (hour < 24) & (minute < 60) & (second < 60)
    seconds = hour * 3600 + minute * 60 + second
    if found.shape[1] > _BARE + 1:
        ahead, past = digits.number(found, 20, 22), digits.number(found, 23, 25)
        real &= (ahead < 24) & (past < 60)
        seconds -= np.where(found[:, _BARE] == ord("-"), -1, 1) * (ahead * 3600 + past * 60)
    moment = _days(found, 5, 8).astype("datetime64[us]") + seconds.astype("timedelta64[s]")
    return np.where(real, moment, np.datetime64("NaT"))


def _filled_in(texts: pa.Array, known: pa.Array, read: Callable[[str], Any]) -> pa.Array:
    """What is known of the texts, and what reading the others one by one tells."""
    unread = pc.and_(pc.is_null(known), pc.is_valid(texts))
    return pc.replace_with_mask(known, unread, distinct.mapped(texts.filter(unread), read, to=known.type))


_UTC = pa.timestamp("us", tz="UTC")
_KNOWN, _RULES = np.datetime64("1970-01-01", "us"), np.datetime64("2037-01-01", "us")
"""Between them Arrow and Python agree on every zone; Arrow knows no summer time after 2037."""
_BARE = 19
"""So many signs has a moment without an offset."""
