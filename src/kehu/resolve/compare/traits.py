"""Birth dates and gender."""

import numpy as np
import numpy.typing as npt

from kehu.resolve.coded import Mask
from kehu.resolve.compare.levels import Comparison, Level
from kehu.resolve.compare.sides import Sides

Ints = npt.NDArray[np.int32]


def _birth(sides: Sides) -> dict[str, Mask]:
    born = sides.records.born
    a, b = born[sides.l], born[sides.r]
    # The same certificate holds the birth date and has said so already: agreement would count twice, a difference is
    # news all the same.
    told = sides.same("id_number") & (a == b)
    known = (a > 0) & (b > 0) & ~told
    year_a, month_a, day_a = a // 10000, a // 100 % 100, a % 100
    year_b, month_b, day_b = b // 10000, b // 100 % 100, b % 100
    slips, turned = _digits_apart(a, b)
    first_of_january = (a % 10000 == 101) | (b % 10000 == 101)
    same_year = year_a == year_b
    return {
        "exact": known & (a == b),
        "day_and_month": known & same_year & (month_a == day_b) & (day_a == month_b),
        "one_digit": known & ((slips == 1) | turned),
        "year_only": known & same_year & first_of_january,
        "month": known & same_year & ((month_a == month_b) | (day_a == day_b)),
        "day": known & (month_a == month_b) & (day_a == day_b) & (np.abs(year_a - year_b) <= 10),
        "near": known & (np.abs(year_a - year_b) <= 1),
        "different": known,
    }


def _digits_apart(a: Ints, b: Ints) -> tuple[Ints, Mask]:
    """In how many of the eight digits two dates differ; and whether two neighbours have changed places.

    >>> slips, turned = _digits_apart(np.array([19870512, 19870512]), np.array([19870521, 19870612]))
    >>> slips.tolist(), turned.tolist()
    ([2, 1], [True, False])
    """
    digits_a = [a // 10**place % 10 for place in range(8)]
    digits_b = [b // 10**place % 10 for place in range(8)]
    slips = sum((x != y).astype(np.int32) for x, y in zip(digits_a, digits_b, strict=True))
    turned = np.zeros(len(a), dtype=np.bool_)
    for place in range(7):
        crossed = (digits_a[place] == digits_b[place + 1]) & (digits_a[place + 1] == digits_b[place])
        turned |= crossed & (digits_a[place] != digits_b[place])
    return slips, turned & (slips == 2)


BIRTH_DATE = Comparison(
    "birth_date", "birth date", "出生日期",
    (
        Level("exact", 0.85, 0.02, 5e-5, "same day", "日期相同"),
        Level("day_and_month", 0.01, 1e-4, 2e-5, "day and month turned round", "月日颠倒"),
        Level("one_digit", 0.06, 0.01, 1e-3, "one digit differs", "差一位数字"),
        Level("year_only", 0.01, 0.002, 4e-4, "same year, day unknown", "仅年份相同"),
        Level("month", 0.01, 0.005, 2e-3, "same year, month or day", "同年同月或同日"),
        Level("day", 0.01, 0.001, 8e-4, "same day of another year", "同月日异年"),
        Level("near", 0.01, 0.06, 0.05, "a year apart at most", "相差一年内"),
        Level("different", 0.04, 0.90, 0.945, "different", "不同"),
    ),
    True,
    _birth,
)  # fmt: skip


def _gender(sides: Sides) -> dict[str, Mask]:
    same = sides.same("sex")
    told = sides.same("id_number") & same  # As with the birth date.
    return {"same": same & ~told, "different": sides.filled("sex") & ~told}


GENDER = Comparison(
    "gender", "gender", "性别",
    (
        Level("same", 0.98, 0.45, 0.50, "same", "相同"),
        Level("different", 0.02, 0.55, 0.50, "different", "不同"),
    ),
    True,
    _gender,
)  # fmt: skip
