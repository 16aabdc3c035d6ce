"""Names of persons, Chinese and Latin."""

import re
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from kehu.process import distinct, text
from kehu.process.names import plain, sounds

CLEANED = pa.schema(
    {
        "name": pa.string(),
        "name_match": pa.string(),
        "surname": pa.string(),
        "given_name": pa.string(),
        "name_sound": pa.string(),
        "name_weak": pa.bool_(),
    }
)
"""What `columns` gives."""

HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af〇"
HAS_HAN = re.compile(f"[{HAN}]")
_HAN_RUNS = re.compile(f"[{HAN}]+")
_PLAIN_HAN = re.compile(r"[一-鿿]{2,3}")

_LONG_TITLES = (
    "先生|女士|小姐|太太|夫人|老师|总经理|副总|经理|总监|主任|局长|处长|科长|校长|院长|厂长|所长|站长|队长|班长|村长|书记|教授"
    "|博士|医生|大夫|护士|律师|会计|师傅|同志|同学|老板|老板娘|阿姨|大爷|大妈|大叔|大姐|大哥|叔叔|爷爷|奶奶|秘书|工程师|警官|导师"
    "|董事长|店长|领导|本人|机主|用户|客户"
)
_SHORT_TITLES = "总|哥|姐|叔|伯|婶|嫂|姨|工|董|局|处|科|某|某某|某某某|氏"
_HAN_TITLES = re.compile(f"(?:{_LONG_TITLES})+$")
_LONE_TITLES = re.compile(f"(?:{_SHORT_TITLES})$")
_ANYBODY = frozenset(["客户", "用户", "顾客", "机主", "户主", "本人", "住户", "业主", "联系人", "经办人", "匿名"])
_TITLE_ENDS = frozenset(title[-1] for title in f"{_LONG_TITLES}|{_SHORT_TITLES}".split("|"))
_FAMILIAR_LENGTH = 2  # 老张, 小李; 小明月 is a name.
_MASKED = re.compile(f"([{HAN}]+)[*×Xx○_?]{{1,3}}[{HAN}]?")

_BRACKETS = re.compile(r"[(（\[【<《「][^)）\]】>》」]*[)）\]】>》」]?")
_INSIDE = re.compile(r"[(（\[【<《「]([^)）\]】>》」]*)")
_DOTS = re.compile(r"[·•‧・●∙.。]")
_DOTTED_LENGTH = 4  # 张.伟 is a slip of the hand, 买买提·艾力 a name in two parts.

_TITLES = frozenset(
    [
        "mr", "mrs", "ms", "miss", "mx", "mister", "master", "madam", "madame", "mdm", "sir", "dr", "doctor",
        "prof", "professor", "rev", "reverend", "hon", "dame", "lady", "lord", "herr", "frau", "monsieur", "mme",
        "mlle", "señor", "señora", "senor", "senora", "sr", "sra", "capt", "captain", "col", "major", "sgt", "lt",
        "ing",
    ]
)  # fmt: skip
_SUFFIXES = frozenset(
    [
        "jr", "junior", "sr", "senior", "ii", "iii", "iv", "esq", "esquire", "phd", "md", "dds", "cpa", "mba", "ba",
        "bsc", "msc", "obe", "cbe", "mbe", "kbe", "qc", "kc",
    ]
)  # fmt: skip
_PARTICLES = frozenset(
    [
        "van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "das", "du", "des", "la", "le", "los",
        "las", "ter", "ten", "te", "bin", "binti", "ibn", "al", "el", "abu", "st", "saint", "san", "santa", "zu",
        "zur", "af", "av",
    ]
)  # fmt: skip
_LATIN_BREAK = re.compile(r"[^\w,'’\-]+|_")


_PARTED = "\x1f"  # Between a given name and a surname while they travel as one value.


class Name(NamedTuple):
    """What a person's name says; the fields are the columns of `CLEANED`."""

    name: str | None
    name_match: str | None
    surname: str | None
    given_name: str | None
    name_sound: str | None
    name_weak: bool


NOBODY = Name(None, None, None, None, None, False)


def clean(value: str) -> Name:
    """The name of a person in its forms for people and for matching.

    Chinese: inner blanks and titles go; a surname that is left alone is a weak name, and so is a masked one. Latin:
    "Smith, John" is turned round, titles and generations go, particles stay with the surname. Where a field
    holds both, as 张伟(David), the Chinese name counts.

    >>> clean("張 偉先生")
    Name(name='張偉', name_match='张伟', surname='张', given_name='伟', name_sound='zhang wei', name_weak=False)
    >>> clean("张先生")
    Name(name='张', name_match='张', surname='张', given_name=None, name_sound='zhang', name_weak=True)
    >>> clean("Dr. Smith, John Paul, Jr.")[:4]
    ('John Paul Smith', 'john paul smith', 'smith', 'john paul')
    """
    if _PLAIN_HAN.fullmatch(value):
        return _han(value)
    cleaned = text.filled(value)
    if cleaned is None or text.one_character(cleaned.replace(" ", "")):
        return NOBODY
    cleaned = text.unlabelled(cleaned)
    if not HAS_HAN.search(cleaned):
        return _latin(cleaned)
    outside = _BRACKETS.sub(" ", cleaned)
    if HAS_HAN.search(outside):
        return _chinese(outside)
    inside = next((part for part in _INSIDE.findall(cleaned) if HAS_HAN.search(part)), cleaned)
    return _chinese(inside)


def _chinese(value: str) -> Name:
    """A name with at least one Han character, brackets gone."""
    parts = [part for part in _HAN_RUNS.findall(value) if part.isalnum()]
    han = "".join(parts)
    if _HAN_TITLES.fullmatch(text.simplify(han)):  # Bailey女士, or a title and no name at all.
        return _latin(_HAN_RUNS.sub(" ", value)) if re.search("[A-Za-zÀ-ɏ]", value) else NOBODY
    if len(parts) > 1 and len(han) >= _DOTTED_LENGTH and _DOTS.search(value):
        return _dotted(parts)
    if masked := _MASKED.fullmatch(value.replace(" ", "")):
        # 王*明 hides a part of the given name: what is left of it would be taken for the whole.
        surname, _ = sounds.split(text.simplify(masked[1]))
        return _han(han[: len(surname)])
    return _han(han) if han else NOBODY


def _dotted(parts: list[str]) -> Name:
    """A name of a minority or a foreigner, its parts joined by a dot; there is no surname to tell apart."""
    simple = text.simplify("".join(parts))
    return Name("·".join(parts), simple, None, simple, " ".join(sounds.syllables(simple)), False)


def _han(value: str) -> Name:
    simple = text.simplify(value)
    start, end = _untitled(simple)
    if end - start < len(simple):
        value, simple = value[start:end], simple[start:end]
    if simple in text.PLACEHOLDERS or simple in _ANYBODY or _HAN_TITLES.fullmatch(simple):
        return NOBODY
    surname, given = sounds.split(simple)
    return Name(value, simple, surname, given or None, sounds.of_person(surname, given), not given)


def _untitled(simple: str) -> tuple[int, int]:
    """Where the name begins and ends once titles are gone; something is always left."""
    end = len(simple)
    if simple[-1:] in _TITLE_ENDS:
        long, short = _HAN_TITLES.search(simple), _LONE_TITLES.search(simple)
        if long and long.start() > 0:
            end = long.start()
        # 王总 is a title, 李国工 is a name: a title of one character counts behind a lone surname only.
        if short and short.start() > 0 and not sounds.split(simple[: short.start()])[1]:
            end = min(end, short.start())
    return (1 if end == _FAMILIAR_LENGTH and simple[0] in "老小阿" else 0), end


def _latin(value: str) -> Name:
    value = _BRACKETS.sub(" ", value)
    heads = [[token for token in _LATIN_BREAK.split(part) if _letters(token)] for part in value.split(",")]
    parts = [kept for part in heads if (kept := _without_titles(part))]
    if not parts:
        return NOBODY
    if len(parts) > 1:
        surname, given = parts[0], [token for part in parts[1:] for token in part]
        # A, JO is not Jo of the family A: JO A, as he would be called then, is read as Mr Jo.
        turned = _order([*given, *surname])
        if turned[0] + turned[1] != given + surname:
            given, surname = turned
    else:
        given, surname = _order(parts[0])
    return _assembled(given, surname)


def _assembled(given: list[str], surname: list[str]) -> Name:
    folded_given, folded_surname = _fold(given), _fold(surname)
    match = " ".join(filter(None, (folded_given, folded_surname)))
    if not match:
        return NOBODY
    initials = all(len(token) == 1 for token in match.split(" "))
    lone = not (folded_given and folded_surname)
    return Name(
        " ".join([*given, *surname]), match, folded_surname or None, folded_given or None, None, initials or lone
    )


def _letters(token: str) -> bool:
    return any(map(str.isalpha, token))


def _without_titles(tokens: list[str]) -> list[str]:
    folded = [_folded(token) for token in tokens]
    start, end = 0, len(tokens)
    while start < end - 1 and folded[start] in _TITLES:
        start += 1
    while end > start + (0 if start else 1) and folded[end - 1] in _SUFFIXES:
        end -= 1
    if end - start == 1 and len(tokens) == 1 and folded[0] in _TITLES | _SUFFIXES:
        return []
    return tokens[start:end]


def _order(tokens: list[str]) -> tuple[list[str], list[str]]:
    """The given names and the surname; a lone word is a surname, one word in capitals among others is, too."""
    if len(tokens) == 1:
        return [], tokens
    loud = [
        place
        for place, token in enumerate(tokens)
        if len(token) > 1 and token.isupper() and _folded(token) not in _TITLES | _SUFFIXES
    ]
    if loud == [0] and len(tokens) == 2:
        return tokens[1:], tokens[:1]
    start = len(tokens) - 1
    while start > 1 and _folded(tokens[start - 1]) in _PARTICLES:
        start -= 1
    return tokens[:start], tokens[start:]


def _folded(token: str) -> str:
    return text.fold_latin(token).replace("'", "")


def _fold(tokens: list[str]) -> str:
    return " ".join(" ".join(part for part in re.split(r"[\W_]+", _folded(token)) if part) for token in tokens).strip()


def from_parts(given: str | None, surname: str | None) -> Name:
    """The name of a person whose given name and surname stand in columns of their own.

    >>> from_parts("John Paul", "O'Neil")[:4]
    ("John Paul O'Neil", 'john paul oneil', 'oneil', 'john paul')
    >>> from_parts("伟", "张")[:4]
    ('张伟', '张伟', '张', '伟')
    """
    given = text.filled(given) if given else None
    surname = text.filled(surname) if surname else None
    if surname and not given:
        return clean(surname)  # A whole name in the column of surnames; alone, a surname is a weak name.
    if any(part and HAS_HAN.search(part) for part in (given, surname)):
        front, back = ("".join(HAS_HAN.findall(part or "")) for part in (surname, given))
        whole = clean(front + back)
        if not (front and back) or whole.name != front + back:
            return whole  # A title stood in one of them.
        simple_front, simple_back = text.simplify(front), text.simplify(back)
        sound = sounds.of_person(simple_front, simple_back)
        return Name(front + back, simple_front + simple_back, simple_front, simple_back, sound, False)
    tokens = [[token for token in _LATIN_BREAK.split(part or "") if _letters(token)] for part in (given, surname)]
    return _assembled(_without_titles(tokens[0]), _without_titles(tokens[1]))


_UNLIKE_PLAIN = (
    f"^[老小阿].$|^(?:{'|'.join(sorted(sounds.COMPOUND_SURNAMES))})|(?:{_LONG_TITLES})$|^.(?:{_SHORT_TITLES})$"
    f"|^(?:{'|'.join(filter(str.isalpha, sorted(text.PLACEHOLDERS | _ANYBODY)))})$"
)
"""What keeps two or three Han characters from being a surname of one character and a given name."""


def _whole(names: pa.Array) -> dict[str, pa.Array]:
    """The columns of `CLEANED` as `clean` reads whole names: plain ones by kernels, the others one by one."""
    if len(names) <= distinct.FEW:
        return distinct.spread(names, clean, CLEANED)
    encoded = names.dictionary_encode()
    found, known = plain.columns(encoded.dictionary, unlike=_UNLIKE_PLAIN)
    odd = pc.invert(known)
    others = distinct.spread(encoded.dictionary.filter(odd), clean, CLEANED)
    return {name: pc.replace_with_mask(found[name], odd, others[name]).take(encoded.indices) for name in CLEANED.names}


def columns(names: pa.Array, given: pa.Array, surnames: pa.Array) -> dict[str, pa.Array]:
    """The columns of `CLEANED`; stated parts of a name go before what can be read off the whole name."""
    whole = _whole(names)
    if given.null_count < len(given) or surnames.null_count < len(surnames):
        both = pc.binary_join_element_wise(pc.fill_null(given, ""), pc.fill_null(surnames, ""), _PARTED)
        parts = distinct.spread(both, lambda value: from_parts(*value.split(_PARTED, 1)), CLEANED)
        both_stated = pc.and_(pc.is_valid(text.column(given)), pc.is_valid(text.column(surnames)))
        # One part alone says which part it is of a name that has no other; 买买提·艾力 has no surname at all.
        agreed = pc.and_(pc.equal(whole["name_match"], parts["name_match"]), pc.is_valid(whole["surname"]))
        agreed = pc.or_(pc.is_null(whole["name_match"]), pc.fill_null(agreed, False))
        # What the whole name told says nothing new: Ann-Lee, read again, is no Ann with the surname Lee.
        as_told = (
            pc.equal(pc.fill_null(part, ""), pc.fill_null(whole[name], ""))
            for name, part in (("given_name", given), ("surname", surnames))
        )
        stated = pc.and_(pc.is_valid(parts["name_match"]), pc.or_(both_stated, agreed))
        stated = pc.and_(stated, pc.invert(pc.and_(*as_told)))
        name = pc.coalesce(whole["name"], parts["name"])
        whole = {column: pc.if_else(stated, parts[column], whole[column]) for column in CLEANED.names} | {"name": name}
    whole["name_weak"] = pc.fill_null(whole["name_weak"], False)
    return whole
