"""The customer category a record states."""

import pyarrow as pa

from kehu.model.codes import TEXTS, Category
from kehu.process import distinct, text

_STATED: dict[Category, tuple[str, ...]] = {
    Category.STUDENT: (
        "学生用户", "学生客户", "大学生", "校园", "校园客户", "students", "campus",
    ),
    Category.ENTERPRISE: (
        "企业", "企业客户", "政企", "政企客户", "政企用户", "集团客户", "集团用户", "单位", "单位客户", "公司",
        "business", "corporate", "company", "organization",
    ),
    Category.ORDINARY: (
        "普通", "普通客户", "个人", "个人客户", "个人用户", "公众", "公众客户", "大众", "normal", "personal",
        "individual", "consumer", "residential", "regular",
    ),
    Category.OTHER: (
        "其它", "其他用户", "其它用户", "其他客户", "其它客户", "others", "misc",
    ),
}  # fmt: skip
_WORDS = {word: code for code, words in _STATED.items() for word in (code.value, *TEXTS[code], *words)}


def clean(value: str) -> str | None:
    """The code of the category a text names; an operator's own category, in lower case, where it is none of ours.

    >>> clean("学生").value, clean("Enterprise").value, clean(" VIP金卡 "), clean("-")
    ('student', 'enterprise', 'vip金卡', None)
    """
    cleaned = text.filled(value)
    if cleaned is None:
        return None
    word = cleaned.casefold()
    return _WORDS.get(text.simplify(word), word)


def column(texts: pa.Array) -> pa.Array:
    """Every text as `clean` reads it."""
    return distinct.mapped(texts, clean)
