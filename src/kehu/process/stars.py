"""The star level a record states (客户星级)."""

import re

import pyarrow as pa

from kehu.model.codes import StarLevel
from kehu.process import distinct, text

_NUMBERS = {word: str(at) for at, words in enumerate(("一 one", "二 two", "三 three", "四 four", "五 five"), 1)
            for word in (*words.split(), str(at))}  # fmt: skip
_TIERS = {"银": "silver", "金": "gold", "钻": "diamond", "钻石": "diamond"} | {
    word: word for word in ("silver", "gold", "diamond")
}
_TIER = "|".join(sorted(_TIERS, key=len, reverse=True))
_LEVEL = re.compile(
    rf"(?P<before>{_TIER})?(?P<number>{'|'.join(_NUMBERS)})(?:星级?|stars?|级)?(?P<after>{_TIER})?(?:卡|客户|用户)?"
)
_NO_STAR = frozenset({"0", "00", "未评级", "无星级", "无星", "未定级", "unrated", "nostar"})
_LIES_BETWEEN = re.compile(r"[\s()\-_,，、·/]+")


def clean(value: str) -> str | None:
    """The code of the star level a text names; an operator's own grade, in lower case, where it is none of ours.

    >>> [clean(text) for text in ("三星级", "3", "★★★★", "五星（金）", "5-star diamond", "银五星")]
    ['3', '3', '4', '5_gold', '5_diamond', '5_silver']
    >>> clean("VIP钻石卡"), clean("未评级"), clean("-"), clean("三星银")
    ('vip钻石卡', None, None, '三星银')
    """
    drawn = value.strip()
    # Before anybody takes a sign that is repeated for a placeholder.
    cleaned = str(len(drawn)) if set(drawn) == {"★"} else text.filled(value)
    if cleaned is None:
        return None
    word = text.simplify(cleaned.casefold())
    bare = _LIES_BETWEEN.sub("", word)
    if bare in _NO_STAR:
        return None
    found = _LEVEL.fullmatch(bare.lstrip("0"))
    if found is None:
        return word
    tiers = [_TIERS[tier] for tier in found.group("before", "after") if tier]
    level = "_".join([_NUMBERS[found["number"]], *tiers])
    return level if level in set(StarLevel) else word


def column(texts: pa.Array) -> pa.Array:
    """Every text as `clean` reads it."""
    return distinct.mapped(texts, clean)
