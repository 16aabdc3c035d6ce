"""Names: of people in Han characters, of people in Latin letters, of organizations."""

import numpy as np
from rapidfuzz.distance import OSA, JaroWinkler

from kehu.resolve.coded import Mask
from kehu.resolve.compare import verdicts
from kehu.resolve.compare.levels import Comparison, Facet, Level
from kehu.resolve.compare.sides import Sides


def _han(sides: Sides) -> dict[str, Mask]:
    known = sides.both("han")
    scripts = sides.both("individual") & sides.one("han")
    if not (known | scripts).any():
        return {}
    weak = sides.either("weak") & known
    exact = known & sides.same("name_match") & ~weak
    if exact.all():
        return {"exact": exact}
    sound = known & sides.same("name_sound") & ~weak
    surname = sides.same("surname") | sides.same("surname_sound")
    given = sides.same("given_name") | sides.same("given_sound")
    open_ = known & ~weak & ~exact & ~sound
    slips = sides.score(OSA.distance, "name_match", where=open_)
    shortest, longest = sides.lengths("name_match")
    replaced = open_ & (slips == 1) & (shortest == longest)
    alike = sides.judge(verdicts.look_alike, "name_match", where=replaced)
    sound = sound | sides.judge(verdicts.sound_alike, "name_match", where=replaced)
    turned = open_ & (slips <= 2) & (shortest == longest) & ~surname & ~given
    return {
        "weak": weak & surname,
        "weak_different": weak,
        "exact": exact,
        "sound": sound,
        "look_alike": alike,
        "turned": sides.judge(verdicts.turned, "name_match", where=turned),
        "one_character": open_ & (slips == 1) & (shortest >= 3),
        "given_name": open_ & given,
        "surname": open_ & surname,
        "different": known,
        "spelled": scripts & sides.same("letters"),
        "spelled_surname": scripts & sides.same("surname_letters"),
        "spelled_otherwise": scripts & sides.filled("letters"),
    }


HAN = ("han_surname", "han_given_name")
"""Names are common or rare among people whose names are of the same script."""

LATIN = ("latin_surname", "latin_given_name")

GIVEN = (HAN[1], LATIN[1])
"""A family has its surname in common; given names tell its members apart."""

HAN_NAME = Comparison(
    "han_name", "name", "姓名",
    (
        Level("exact", 0.78, 0.01, 2e-5, "same name", "姓名相同", HAN, equal_in="name_match"),
        Level("sound", 0.06, 0.003, 4e-5, "sounds the same", "同音", HAN, equal_in="name_sound"),
        Level("look_alike", 0.02, 0.002, 1e-5, "looks alike", "形近"),
        Level("turned", 0.005, 0.001, 2e-6, "same characters in another order", "字序颠倒"),
        Level("one_character", 0.02, 0.04, 1e-3, "one character differs", "差一字"),
        Level("given_name", 0.01, 0.005, 2e-3, "same given name, other surname", "同名异姓"),
        Level("surname", 0.03, 0.45, 0.05, "same surname only", "仅姓相同"),
        Level(
            "weak", 0.98, 0.51, 0.05, "a title, same surname", "称谓且姓相同", HAN[:1],
            form="title", told_by=("exact", "sound", "look_alike", "one_character", "surname"),
        ),
        Level(
            "weak_different", 0.02, 0.49, 0.95, "a title, other surname", "称谓且姓不同",
            form="title", told_by=("turned", "given_name", "different"),
        ),
        Level("different", 0.02, 0.45, 0.95, "different", "不同"),
        Level("spelled", 0.50, 0.005, 2e-4, "the same in Latin letters", "拼写相同", form="script"),
        Level("spelled_surname", 0.40, 0.20, 0.05, "the same surname in Latin letters", "姓氏拼写相同", form="script"),
        Level("spelled_otherwise", 0.10, 0.795, 0.95, "other letters", "拼写不同", form="script"),
    ),
    Facet.NAME,
    lambda records: records.individual & records.filled("letters"),
    _han,
)  # fmt: skip


def _latin_people(sides: Sides) -> Mask:
    """Pairs of people of whom neither is written in Han characters."""
    return sides.both("latin")


def _given(sides: Sides) -> dict[str, Mask]:
    known = _latin_people(sides) & sides.filled("given_name")
    if not known.any():
        return {}
    exact = known & sides.same("given_name")
    open_ = known & ~exact
    likeness = sides.score(JaroWinkler.normalized_similarity, "given_name", where=open_)
    return {
        "exact": exact,
        "turned": _turned_names(sides),
        "short": sides.judge(verdicts.nickname, "given_name", where=open_),
        "initial": sides.judge(verdicts.initial, "given_name", where=open_),
        "close": (sides.score(OSA.distance, "given_name", where=open_) <= 1) | (likeness >= 0.919),
        "part": sides.judge(verdicts.part, "given_name", where=open_),
        "similar": likeness >= 0.799,
        "different": known,
    }


def _surname(sides: Sides) -> dict[str, Mask]:
    known = _latin_people(sides) & sides.filled("surname")
    if not known.any():
        return {}
    known &= ~_turned_names(sides)  # That is told by the given name.
    exact = known & sides.same("surname")
    open_ = known & ~exact
    likeness = sides.score(JaroWinkler.normalized_similarity, "surname", where=open_)
    return {
        "exact": exact,
        "close": (sides.score(OSA.distance, "surname", where=open_) <= 1) | (likeness >= 0.919),
        "part": sides.judge(verdicts.part, "surname", where=open_),
        "similar": likeness >= 0.799,
        "different": known,
    }


def _turned_names(sides: Sides) -> Mask:
    """Where the given name of each side is, but for a slip, the surname of the other, and not its own."""
    where = _latin_people(sides) & ~sides.same("given_name") & ~sides.same("surname")
    where &= sides.filled("given_name", "surname") & sides.filled("surname", "given_name")
    there = sides.score(JaroWinkler.normalized_similarity, "given_name", "surname", where=where)
    back = sides.score(JaroWinkler.normalized_similarity, "surname", "given_name", where=where & (there >= 0.919))
    straight = sides.score(JaroWinkler.normalized_similarity, "surname", where=where & (back >= 0.919))
    return (back >= 0.919) & (straight < 0.919)


GIVEN_NAME = Comparison(
    "given_name", "given name", "名",
    (
        Level("exact", 0.75, 0.02, 0.01, "same", "相同", LATIN[1:], equal_in="given_name"),
        Level("turned", 0.02, 1e-4, 1e-5, "given name and surname turned round", "姓名倒置", LATIN),
        Level("short", 0.04, 0.005, 0.004, "a short form", "昵称"),
        Level("initial", 0.03, 0.03, 0.02, "an initial of it", "首字母"),
        Level("close", 0.08, 0.01, 0.006, "one letter differs", "差一字母"),
        Level("part", 0.02, 0.004, 0.003, "part of it", "部分相同"),
        Level("similar", 0.02, 0.02, 0.01, "similar", "相近"),
        Level("different", 0.04, 0.91, 0.95, "different", "不同"),
    ),
    Facet.NAME,
    lambda records: records.latin & records.filled("given_name"),
    _given,
)  # fmt: skip

SURNAME = Comparison(
    "surname", "surname", "姓",
    (
        Level("exact", 0.80, 0.60, 0.003, "same", "相同", LATIN[:1], equal_in="surname"),
        Level("close", 0.09, 0.05, 0.002, "one letter differs", "差一字母"),
        Level("part", 0.02, 0.01, 0.001, "part of it", "部分相同"),
        Level("similar", 0.02, 0.02, 0.008, "similar", "相近"),
        Level("different", 0.05, 0.32, 0.98, "different", "不同"),
    ),
    Facet.NAME,
    lambda records: records.latin & records.filled("surname"),
    _surname,
)  # fmt: skip


def _organization(sides: Sides) -> dict[str, Mask]:
    known = ~sides.either("individual") & sides.filled("name_match")
    if not known.any():
        return {}
    exact = known & sides.same("name_match")
    core = known & sides.same("org_core")
    open_ = known & ~exact & ~core & sides.filled("org_core")
    likeness = sides.score(JaroWinkler.normalized_similarity, "org_core", where=open_)
    return {
        "exact": exact,
        "core": core,
        "sound": known & sides.same("name_sound"),
        "short": sides.judge(verdicts.shortened, "org_core", where=open_),
        "close": sides.judge(verdicts.one_slip, "org_core", where=open_ & (likeness >= 0.7)),
        "similar": likeness >= 0.849,
        "different": known,
    }


ORGANIZATION_NAME = Comparison(
    "organization_name", "organization name", "单位名称",
    (
        Level("exact", 0.60, 0.02, 2e-5, "same name", "名称相同", ("org_core",), keyed=True),
        Level("core", 0.25, 0.02, 1e-4, "same but for region and form", "字号行业相同", ("org_core",), keyed=True),
        Level("sound", 0.04, 0.005, 2e-5, "sounds the same", "同音"),
        Level("short", 0.05, 0.02, 1e-3, "a short form", "简称"),
        Level("close", 0.04, 0.02, 1e-3, "one character differs", "差一字"),
        Level("similar", 0.01, 0.05, 0.02, "similar", "相近"),
        Level("different", 0.02, 0.865, 0.994, "different", "不同"),
    ),
    Facet.NAME,
    lambda records: ~records.individual & records.filled("name_match"),
    _organization,
)  # fmt: skip


def _kind(sides: Sides) -> dict[str, Mask]:
    same = ~sides.one("individual")
    # 蜀达珠宝 was taken for a name of four characters; beside 兰州蜀达珠宝有限公司 it turns out to be a firm's.
    shortest, _ = sides.lengths("name_match")
    within = sides.judge(verdicts.stands_in, "name_match", where=~same & (shortest >= 4) & sides.filled("name_match"))
    return {"same": same, "short": within, "different": ~same}


KIND = Comparison(
    "kind", "kind", "类型",
    (
        Level("same", 0.99, 0.85, 0.85, "both people or both organizations", "同为个人或同为单位"),
        Level("short", 0.002, 1e-4, 1e-6, "a person whose name is short for the organization", "个人名为单位简称"),
        Level("different", 0.008, 0.15, 0.15, "a person and an organization", "个人与单位"),
    ),
    Facet.KIND,
    lambda records: np.ones(len(records), dtype=np.bool_),
    _kind,
)  # fmt: skip
