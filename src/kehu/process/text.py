"""Text as every cleaner wants it: one form of each character, no stray blanks, no placeholders."""

import functools
import re
import unicodedata

import opencc
import pyarrow as pa
import pyarrow.compute as pc

from kehu.process import distinct

SETTLED = r"^[!-~一-鿿]+( [!-~一-鿿]+)*$"
"""What `clean` would leave alone for sure: ASCII and Han ideographs, parted by single blanks."""

_SETTLED = re.compile(SETTLED)
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BLANKS = re.compile(r"\s+")
_DASHES = re.compile(r"[‐‑‒–—―−﹘﹣－]")

_LABELS = re.compile(
    r"^(?:(?:(?:客户|用户|单位|公司|企业|机构)(?:姓名|名称|名字|全称)?|姓名|名称|名字|全称|联系人|机主|户主|户名|收件人|申请人"
    r"|name|full name|customer(?: name)?)\s*:\s*)+(?=\S)",
    re.IGNORECASE,
)

PLACEHOLDERS = frozenset(
    {
        "无", "没有", "暂无", "空", "未知", "不详", "不明", "未填", "未填写", "未提供", "未登记", "待定", "待补",
        "待补充",
        "保密", "匿名", "测试", "测试数据", "其它无", "同上", "略", "无名", "无名氏", "无姓名", "无号码", "无证件",
        "无地址", "无电话",
        "n/a", "n.a.", "n.a", "#n/a", "nan", "null", "(null)", "<null>", "nil", "none", "<na>", "undefined",
        "unknown", "unk",
        "not known", "not available", "not applicable", "not provided", "no name", "missing", "test", "tester",
        "testing",
        "test test", "xx", "xxx", "xxxx", "tbd", "tba", "anonymous", "dummy", "default",
    }
)  # fmt: skip
"""What people and programs write where they have no value; case folded, simplified."""


def clean(value: str) -> str | None:
    r"""One line in composed form (NFKC) with single blanks and nothing invisible; None where nothing is left.

    >>> clean(" Ａｎｎ\t  Lee\x00 ")
    'Ann Lee'
    >>> clean("\ud800 \u200b") is None
    True
    """
    if _SETTLED.fullmatch(value):
        return value
    while True:  # Taking an invisible character away may let its neighbours compose; two rounds are the most seen.
        before = value
        value = _INVISIBLE.sub("", value)
        value = unicodedata.normalize("NFKC", value)
        value = _BLANKS.sub(" ", value).strip()
        if value == before:
            return value or None


def is_placeholder(value: str) -> bool:
    """Whether a cleaned text says that there is no value.

    >>> [word for word in ("无", "N/A", "——", "test", "吴", "Na") if is_placeholder(word)]
    ['无', 'N/A', '——', 'test']
    """
    return value.casefold() in PLACEHOLDERS or not any(map(str.isalnum, value))


def one_character(value: str) -> bool:
    """Whether one character is all there is, at least three times: 0000, １１１ after cleaning, xxxx.

    >>> one_character("00000"), one_character("1213"), one_character("11")
    (True, False, False)
    """
    return len(value) > 2 and len(set(value)) == 1


def filled(value: str) -> str | None:
    """The cleaned text, or None where it is a placeholder.

    >>> filled(" 文三路 "), filled("未知")
    ('文三路', None)
    """
    cleaned = clean(value)
    return None if cleaned is None or is_placeholder(cleaned) else cleaned


def unlabelled(value: str) -> str:
    """A name without the label that was copied with it; a label alone stays.

    >>> unlabelled("客户姓名:张伟"), unlabelled("Name: Ann Lee"), unlabelled("机主:")
    ('张伟', 'Ann Lee', '机主:')
    """
    return _LABELS.sub("", value)


def column(texts: pa.Array) -> pa.Array:
    """Every text as `filled` leaves it."""
    if len(texts) <= distinct.FEW:
        return distinct.mapped(texts, filled)
    encoded = texts.dictionary_encode()
    words = encoded.dictionary
    # Most values need nothing done: a kernel finds them, and only the others are looked at in Python.
    settled = pc.and_(
        pc.match_substring_regex(words, SETTLED),
        pc.and_(
            pc.match_substring_regex(words, r"[0-9A-Za-z一-鿿]"),
            pc.invert(pc.is_in(pc.ascii_lower(words), value_set=pa.array(sorted(PLACEHOLDERS)))),
        ),
    )
    if not pc.all(settled, min_count=0).as_py():
        unsettled = pc.invert(settled)
        mended = pa.array([filled(word) for word in distinct.values(words.filter(unsettled))], type=pa.string())
        words = pc.replace_with_mask(words, unsettled, mended)
    return words.take(encoded.indices)


_FORMULA = r'^\s*="([^"]*)"\s*$'


def unwrapped(texts: pa.Array) -> pa.Array:
    """The text out of a formula that holds nothing else, as systems export numbers so that Excel keeps their zeros.

    >>> unwrapped(pa.array(['="00123"', "00123", '="a"&"b"', None])).to_pylist()
    ['00123', '00123', '="a"&"b"', None]
    """
    if len(texts) <= distinct.FEW:
        if not any('="' in text for text in distinct.values(texts) if text is not None):
            return texts
    elif not pc.any(pc.match_substring(texts, '="'), min_count=0).as_py():
        return texts
    return pc.replace_substring_regex(texts, _FORMULA, r"\1")


@functools.cache
def _simpler() -> dict[int, str]:
    # One character at a time: a phrase table would read 乾 differently in two names that one person may have.
    characters = [chr(code) for code in range(0x3400, 0xA000)]
    simple = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {ord(old): new for old, new in zip(characters, simple, strict=True) if old != new}


@functools.cache
def traditional() -> str:
    """A pattern that finds a character which `simplify` would change."""
    return f"[{''.join(map(chr, _simpler()))}]"


@functools.cache
def _traditional() -> re.Pattern[str]:
    return re.compile(traditional())


def simplify(value: str) -> str:
    """Simplified characters for traditional ones, each on its own; for matching only.

    >>> simplify("張偉，文三路138號")
    '张伟，文三路138号'
    """
    return value.translate(_simpler()) if _traditional().search(value) else value


def fold_dashes(value: str) -> str:
    """Every dash as the ASCII one.

    >>> fold_dashes("0571—8888")
    '0571-8888'
    """
    return _DASHES.sub("-", value)


def fold_latin(value: str) -> str:
    """Case and accents folded, for matching Latin text.

    >>> fold_latin("Müller-Łukasz O'Brien ß")
    "muller-lukasz o'brien ss"
    """
    if _UNCOMPOSED.fullmatch(value):
        return value.casefold()
    # Taken apart before and after: 🄐 holds a capital, and folding case may compose anew.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", value).casefold())
    bare = "".join(sign for sign in folded if not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", bare).translate(_STROKED)


_UNCOMPOSED = re.compile(r"[\x00-\x7f一-鿿]*")  # Nothing of it can be taken apart, and its case is that of ASCII.
_STROKED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "’": "'"})
