"""Numbers that identify: certificates and phones; and e-mail addresses."""

import numpy as np
from rapidfuzz.distance import OSA, JaroWinkler

from kehu.resolve.coded import Mask
from kehu.resolve.compare import digits
from kehu.resolve.compare.levels import Comparison, Facet, Level
from kehu.resolve.compare.sides import Sides


def _certificate(sides: Sides) -> dict[str, Mask]:
    if not sides.filled("id_number").any():
        return {}
    known = sides.both("checkable")
    same = known & sides.same("id_number")
    both_valid = sides.both("certified")
    slip, two_slips = sides.once("certificate slips", _slips)
    return {
        "valid": same & both_valid,
        "same": same,
        "slip": slip,
        "two_slips": two_slips,
        "other_person": known & both_valid,
        "different": known,
    }


def _slips(sides: Sides) -> tuple[Mask, Mask]:
    """Where certificates of which one is not valid agree but for a slip, and where but for two."""
    open_ = sides.filled("id_number") & sides.either("checkable") & ~sides.both("certified")
    if not open_.any():
        return open_, open_
    open_ &= ~(sides.both("checkable") & sides.same("id_number"))
    slips = sides.score(OSA.distance, "id_number", where=open_)
    shortest, _ = sides.lengths("id_number")
    return (slips <= 1) & (shortest >= 6), (slips <= 2) & (shortest >= 15)


def near_certificates(sides: Sides) -> Mask:
    """Where the certificates agree but for a slip or two: whatever stands in both of them is told by that."""
    slip, two_slips = sides.once("certificate slips", _slips)
    return np.asarray(sides.same("id_number") | slip | two_slips)


CERTIFICATE = Comparison(
    "certificate", "certificate", "证件",
    (
        Level("valid", 0.85, 0.01, 2e-6, "same valid certificate", "有效证件相同", keyed=True),
        Level("same", 0.04, 0.002, 1e-6, "same number", "证件号码相同", keyed=True),
        Level("slip", 0.06, 0.001, 2e-6, "one character differs", "差一位"),
        Level("two_slips", 0.02, 0.001, 1e-6, "two characters differ", "差两位"),
        Level("other_person", 1e-4, 0.95, 0.97, "two different valid certificates", "两个不同的有效证件"),
        Level("different", 0.01, 0.037, 0.03, "different", "不同"),
    ),
    Facet.CERTIFICATE,
    lambda records: records.checkable,
    _certificate,
)  # fmt: skip


def _document(sides: Sides) -> dict[str, Mask]:
    known = sides.filled("id_number") & ~sides.either("checkable") & sides.same("id_type")
    if not known.any():
        return {}
    same = known & sides.same("id_number")
    slips = sides.score(OSA.distance, "id_number", where=known & ~same)
    shortest, _ = sides.lengths("id_number")
    return {"same": same, "slip": (slips <= 1) & (shortest >= 6), "different": known}


DOCUMENT = Comparison(
    "document", "document without a check digit", "其他证件",
    (
        Level("same", 0.90, 0.002, 1e-6, "same number", "号码相同", keyed=True),
        Level("slip", 0.05, 0.001, 3e-6, "one character differs", "差一位"),
        Level("different", 0.05, 0.997, 0.999, "different", "不同"),
    ),
    Facet.CERTIFICATE,
    lambda records: records.filled("id_number") & ~records.checkable,
    _document,
)  # fmt: skip


def _phone(sides: Sides) -> dict[str, Mask]:
    first_l, first_r = sides.codes("phones.first")
    second_l, second_r = sides.codes("phones.second")
    known = (first_l >= 0) & (first_r >= 0)
    if not known.any():
        return {}
    exact = known & (
        (first_l == first_r)
        | (first_l == second_r)
        | ((second_l >= 0) & ((second_l == first_r) | (second_l == second_r)))
    )
    slip = digits.one_slip(*sides.values("phone_digits"), where=known & ~exact)
    a, b = sides.values("day")
    later = exact & (a > 0) & (b > 0) & (np.abs(a - b) > HELD_DAYS)
    return {"later": later, "exact": exact, "slip": slip, "different": known}


HELD_DAYS = 730
"""Numbers that are given up go to strangers: after so long the same number says less."""


PHONE = Comparison(
    "phone", "phone", "电话",
    (
        Level("exact", 0.55, 0.40, 3e-6, "same number", "号码相同", keyed=True),
        Level("later", 0.15, 0.10, 1e-6, "same number, years apart", "号码相同，相隔数年", keyed=True),
        Level("slip", 0.05, 0.01, 2e-6, "one digit differs", "差一位"),
        Level("different", 0.25, 0.49, 0.999, "different", "不同"),
    ),
    None,
    lambda records: records.filled("phones.first"),
    _phone,
)  # fmt: skip


def _email(sides: Sides) -> dict[str, Mask]:
    known = sides.filled("email")
    if not known.any():
        return {}
    exact = sides.same("email")
    local = sides.same("email_local") & ~exact
    open_ = known & ~exact & ~local
    likeness = sides.score(JaroWinkler.normalized_similarity, "email_local", where=open_)
    slips = sides.score(OSA.distance, "email_local", where=open_)
    return {
        "exact": exact,
        "local": local,
        "close": (slips <= 1) | (likeness >= 0.929),
        "different": known,
    }


EMAIL = Comparison(
    "email", "e-mail", "电子邮箱",
    (
        Level("exact", 0.75, 0.03, 3e-6, "same address", "邮箱相同", keyed=True),
        Level("local", 0.08, 0.005, 2e-5, "same but for the provider", "仅邮箱服务商不同"),
        Level("close", 0.07, 0.005, 1e-4, "nearly the same", "几乎相同"),
        Level("different", 0.10, 0.96, 0.9998, "different", "不同"),
    ),
    None,
    lambda records: records.filled("email"),
    _email,
)  # fmt: skip
