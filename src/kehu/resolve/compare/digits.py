"""Slips in numbers that are written in digits: dates and phones, as whole numbers."""

import numpy as np
import numpy.typing as npt

from kehu.resolve.coded import Mask

Whole = npt.NDArray[np.integer]
Rows = npt.NDArray[np.int64]

PLACES = 18
"""How many digits a number may have."""


def one_slip(numbers: Whole, left: Rows, right: Rows, *, where: Mask | None = None) -> Mask:
    """Where two numbers differ in one digit, or in two neighbours that changed places.

    Args:
        numbers: Whole numbers of at most `PLACES` digits; 0 where there is none.
        left: Place of the left number of each pair.
        right: Place of the right number.
        where: The pairs to look at; all, if None. Both numbers must be there.

    >>> numbers = np.array([19870512, 19870521, 19870612, 19880612])
    >>> one_slip(numbers, np.array([0, 0, 0]), np.array([1, 2, 3])).tolist()
    [True, True, False]
    """
    out = np.zeros(len(left), dtype=np.bool_)
    rows = np.arange(len(left)) if where is None else np.flatnonzero(where)
    a, b = numbers[left[rows]].astype(np.int64), numbers[right[rows]].astype(np.int64)
    # Such slips move the number by one digit, or by nine times one, at one place: few pairs pass, and are looked at.
    near = np.isin(np.abs(a - b), _STEPS)
    rows, a, b = rows[near], a[near], b[near]
    apart = np.zeros(len(rows), dtype=np.int64)
    for place in range(PLACES):
        apart += (a // 10**place % 10) != (b // 10**place % 10)
    turned = np.zeros(len(rows), dtype=np.bool_)
    for place in range(PLACES - 1):
        turned |= (
            (a // 10**place % 10 == b // 10 ** (place + 1) % 10)
            & (b // 10**place % 10 == a // 10 ** (place + 1) % 10)
            & (a // 10**place % 100 != b // 10**place % 100)
        )
    out[rows] = (apart == 1) | ((apart == 2) & turned)
    return out


_STEPS = np.array([step * 10**place for place in range(PLACES) for step in (*range(1, 10), *range(9, 82, 9))])
"""By how much a number changes when one digit changes, or when two neighbours change places."""
