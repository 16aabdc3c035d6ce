"""The languages we speak with people."""

from enum import Enum, StrEnum

from kehu.model import codes


class Language(StrEnum):
    """A language of pages, charts and reports."""

    ZH = "zh"
    """中文 (simplified)."""
    EN = "en"
    """English."""


def text(code: Enum, language: Language) -> str:
    """What a code is called in a language.

    >>> text(codes.Category.STUDENT, Language.ZH)
    '学生'
    """
    zh, en = codes.TEXTS[code]
    return zh if language is Language.ZH else en
