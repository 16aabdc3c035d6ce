"""Slips in numbers that are written in digits: dates and phones, as whole numbers."""

import numpy as np
import numpy.typing as npt

from kehu.resolve.coded import Mask

Whole = npt.NDArray[np.integer]

PLACES = 18
"""How many digits a number may have."""


def one_slip(a: Whole, b: Whole, *, where: Mask | None = None) -> Mask:
    """Where two numbers differ in one digit, or in two neighbours that changed places.

    Args:
        a: Whole numbers of at most `PLACES` digits.
        b: What each of them is compared with.
        where: The pairs to look at; all, if None.

    >>> one_slip(np.full(3, 19870512), np.array([19870521, 19870612, 19880612])).tolist()
    [True, True, False]
    """
    out = np.zeros(len(a), dtype=np.bool_)
    rows = np.arange(len(a)) if where is None else np.flatnonzero(where)
    a, b = a[rows].astype(np.int64), b[rows].astype(np.int64)
    # Such slips move the number by one digit, or by nine times one, at one place: few pairs pass, and are looked at.
    near = _is_step(np.abs(a - b))
    if not near.any():
        return out
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


def _is_step(apart: Whole) -> Mask:
    """Where a difference is one of the steps; `np.isin` would sort them all."""
    return np.asarray(_STEPS[np.minimum(np.searchsorted(_STEPS, apart), len(_STEPS) - 1)] == apart)


_STEPS = np.unique([step * 10**place for place in range(PLACES) for step in (*range(1, 10), *range(9, 82, 9))])
"""By how much a number changes when one digit changes, or when two neighbours change places."""
