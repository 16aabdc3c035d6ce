"""The gender a record states."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from kehu.model.codes import Gender
from kehu.process import distinct, text

_STATED: dict[Gender, tuple[str, ...]] = {
    Gender.MALE: (
        "男", "男性", "男士", "先生", "m", "male", "man", "boy", "mr", "1", "01", "masculine",
    ),
    Gender.FEMALE: (
        "女", "女性", "女士", "小姐", "太太", "f", "female", "woman", "girl", "mrs", "ms", "miss", "2", "02",
        "feminine",
    ),
}  # fmt: skip
_WORDS = {word: code for code, words in _STATED.items() for word in words}


def clean(value: str) -> Gender | None:
    """The gender that a word or a code of GB/T 2261.1 states (1 male, 2 female); None for 0, 9 and the like.

    >>> clean("男"), clean("F"), clean("2"), clean("0")
    (<Gender.MALE: 'male'>, <Gender.FEMALE: 'female'>, <Gender.FEMALE: 'female'>, None)
    """
    cleaned = text.clean(value)
    return None if cleaned is None else _WORDS.get(cleaned.casefold().strip(".").strip())


def column(texts: pa.Array) -> pa.Array:
    """Every text as `clean` reads it."""
    return distinct.mapped(texts, clean)


_TITLED = "[生士姐太人]\\s*$"
"""How a name ends that has such a title; few others end so."""


def of_title(names: pa.Array) -> pa.Array:
    """The gender that the title behind a Han name tells: 张先生 is male, 王女士 female; null without such a title.

    >>> of_title(pa.array(["张先生", "Ann女士", "李小姐 ", "王总", None])).to_pylist()
    ['male', 'female', 'female', None, None]
    """
    if len(names) <= distinct.FEW:
        return distinct.mapped(names, _of_title)
    titled = pc.fill_null(pc.match_substring_regex(names, _TITLED), False)
    some = names.filter(titled)
    male = pc.match_substring_regex(some, "先生\\s*$")
    female = pc.match_substring_regex(some, "(女士|小姐|太太|夫人)\\s*$")
    told = pc.if_else(male, Gender.MALE.value, pc.if_else(female, Gender.FEMALE.value, None))
    return pc.replace_with_mask(distinct.nulls(len(names)), titled, told.cast(pa.string()))


_MALE = re.compile("先生[\\t\\n\\f\\r ]*\\Z")
_FEMALE = re.compile("(女士|小姐|太太|夫人)[\\t\\n\\f\\r ]*\\Z")


def _of_title(name: str) -> Gender | None:
    """The same of one name."""
    if _MALE.search(name):
        return Gender.MALE
    return Gender.FEMALE if _FEMALE.search(name) else None
