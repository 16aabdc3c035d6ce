"""Birth dates and gender."""

import numpy as np

from kehu.resolve.coded import Mask
from kehu.resolve.compare import digits, numbers
from kehu.resolve.compare.levels import Comparison, Facet, Level
from kehu.resolve.compare.sides import Sides


def _birth(sides: Sides) -> dict[str, Mask]:
    a, b = sides.values("born")
    # The same certificate, also with a slip or two, holds the birth date and has said so already: agreement would
    # count twice, a difference is news all the same.
    known = (a > 0) & (b > 0)
    if not known.any():
        return {}
    known &= ~((a == b) & numbers.near_certificates(sides))
    exact = known & (a == b)
    open_ = np.flatnonzero(known & ~exact)
    a, b = a[open_], b[open_]
    year_a, month_a, day_a = a // 10000, a // 100 % 100, a % 100
    year_b, month_b, day_b = b // 10000, b // 100 % 100, b % 100
    first_of_january = (a % 10000 == 101) | (b % 10000 == 101)
    same_year, same_month, same_day = year_a == year_b, month_a == month_b, day_a == day_b
    finer = {
        "day_and_month": same_year & (month_a == day_b) & (day_a == month_b),
        "one_digit": digits.one_slip(a, b),
        "year_only": same_year & first_of_january,
        "month": same_year & (same_month | same_day),
        "day": same_month & same_day & (np.abs(year_a - year_b) <= 10),
        "near": np.abs(year_a - year_b) <= 1,
    }
    rungs = {"exact": exact}
    for name, holds in finer.items():
        rungs[name] = np.zeros(len(sides), dtype=np.bool_)
        rungs[name][open_[holds]] = True
    return {**rungs, "different": known}


BIRTH_DATE = Comparison(
    "birth_date", "birth date", "出生日期",
    (
        Level("exact", 0.85, 0.02, 5e-5, "same day", "日期相同", equal_in="born"),
        Level("day_and_month", 0.01, 1e-4, 2e-5, "day and month turned round", "月日颠倒"),
        Level("one_digit", 0.06, 0.01, 1e-3, "one digit differs", "差一位数字"),
        Level("year_only", 0.01, 0.002, 4e-4, "same year, day unknown", "仅年份相同"),
        Level("month", 0.01, 0.005, 2e-3, "same year, month or day", "同年同月或同日"),
        Level("day", 0.01, 0.001, 8e-4, "same day of another year", "同月日异年"),
        Level("near", 0.01, 0.06, 0.05, "a year apart at most", "相差一年内"),
        Level("different", 0.04, 0.90, 0.945, "different", "不同"),
    ),
    Facet.BIRTH,
    lambda records: records.born > 0,
    _birth,
)  # fmt: skip


def _gender(sides: Sides) -> dict[str, Mask]:
    same = sides.same("sex")
    told = same & numbers.near_certificates(sides)  # As with the birth date.
    return {"same": same & ~told, "different": sides.filled("sex") & ~told}


GENDER = Comparison(
    "gender", "gender", "性别",
    (
        Level("same", 0.98, 0.45, 0.50, "same", "相同"),
        Level("different", 0.02, 0.55, 0.50, "different", "不同"),
    ),
    Facet.GENDER,
    lambda records: records.filled("sex"),
    _gender,
)  # fmt: skip
