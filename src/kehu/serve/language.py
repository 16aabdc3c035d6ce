"""Which language a page speaks, and how it writes texts, numbers and times in it.

The texts in the code are English; `locale/zh` holds the Chinese ones. The catalogue is compiled in memory when the
application starts, so there is no compiled file to forget.
"""

import gettext
from datetime import date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from importlib import resources
from io import BytesIO

from babel import dates, numbers
from babel.messages import mofile, pofile

from kehu.model.languages import Language

LOCALES: dict[Language, str] = {Language.ZH: "zh_Hans_CN", Language.EN: "en_GB"}
"""The rules by which each language writes numbers and dates."""

TAGS: dict[Language, str] = {Language.ZH: "zh-Hans-CN", Language.EN: "en"}
"""What `<html lang>` says: it also makes browsers choose the Chinese forms of Han characters."""


def choose(chosen: str | None, accepted: str | None) -> Language:
    """The language of an answer: the one chosen by the switch, else the browser's first that we speak.

    >>> choose(None, "fr, zh-TW;q=0.8, en;q=0.9"), choose("zh", "en"), choose("de", None)
    (<Language.EN: 'en'>, <Language.ZH: 'zh'>, <Language.ZH: 'zh'>)
    """
    if chosen in set(Language):
        return Language(chosen)
    wishes = []
    for place, wish in enumerate((accepted or "").split(",")):
        tag, _, quality = wish.strip().partition(";q=")
        try:
            wishes.append((-float(quality or 1), place, tag.strip().lower()))
        except ValueError:
            continue
    for _, _, tag in sorted(wishes):
        if (primary := tag.partition("-")[0]) in set(Language):
            return Language(primary)
    return Language.ZH


@cache
def translations(language: Language) -> gettext.NullTranslations:
    """The catalogue of a language."""
    if language is Language.EN:
        return gettext.NullTranslations()
    source = resources.files("kehu.serve").joinpath("locale", str(language), "LC_MESSAGES", "messages.po")
    compiled = BytesIO()
    with source.open("rb") as file:
        mofile.write_mo(compiled, pofile.read_po(file, locale=str(language)))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@lru_cache(maxsize=10_000)
def number(value: float, language: Language) -> str:
    """A number with its thousands apart.

    >>> number(1234567, Language.EN)
    '1,234,567'
    """
    return numbers.format_decimal(value, locale=LOCALES[language])


@lru_cache(maxsize=10_000)
def percent(value: float, language: Language) -> str:
    """Percent with one place.

    >>> percent(12.5, Language.ZH)
    '12.5%'
    """
    return numbers.format_percent(value / 100, "#,##0.0%", locale=LOCALES[language])


@lru_cache(maxsize=10_000)
def day(value: date, language: Language) -> str:
    """A day.

    >>> day(date(2026, 11, 2), Language.EN), day(date(2026, 11, 2), Language.ZH)
    ('2 Nov 2026', '2026年11月2日')
    """
    return dates.format_date(value, "medium", locale=LOCALES[language])


@lru_cache(maxsize=10_000)
def moment(value: datetime, language: Language, zone: tzinfo) -> str:
    """A point in time, in the zone of the reader.

    >>> from datetime import UTC, timezone
    >>> moment(datetime(2026, 11, 2, 6, 5, tzinfo=UTC), Language.EN, timezone(timedelta(hours=8)))
    '2 Nov 2026 14:05'
    """
    local = value.astimezone(zone)
    return f"{day(local.date(), language)} {local:%H:%M}"


def lasting(value: timedelta, language: Language) -> str:
    """How long ago, or in how long.

    >>> lasting(timedelta(hours=5), Language.EN), lasting(timedelta(days=-2), Language.ZH)
    ('in 5 hours', '2天前')
    """
    return dates.format_timedelta(value, threshold=1.5, add_direction=True, locale=LOCALES[language])


def weight(value: float) -> str:
    """A weight with its sign; a real minus, so that columns stand straight.

    >>> weight(3.14), weight(-0.52), weight(0.01)
    ('+3.1', '−0.5', '0.0')
    """
    text = f"{value:+.1f}"
    return "0.0" if text[1:] == "0.0" else text.replace("-", "−")
