"""Texts of one width as arrays of signs: what stands at a place is then a number for the whole column at once."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Signs = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def wide(texts: pa.Array, width: int) -> Mask:
    """Which texts take so many bytes; nulls take none.

    >>> wide(pa.array(["ab", "张", None, "abc"]), 3).tolist()
    [False, True, False, True]
    """
    found: Mask = pc.fill_null(pc.equal(pc.binary_length(texts), width), False).to_numpy(zero_copy_only=False)
    return found


def signs(texts: pa.Array, where: Mask, width: int) -> Signs:
    """The bytes of the texts chosen, all of one width, as one row each.

    >>> signs(pa.array(["ab", "c", "cd"]), np.array([True, False, True]), 2).tolist()
    [[97, 98], [99, 100]]
    """
    # Taken anew, so that nothing else stands in the buffer.
    chosen = texts.filter(pa.array(where)) if not where.all() else pa.concat_arrays([texts])
    if not len(chosen):
        return np.zeros((0, width), np.uint8)
    _, offsets, data = chosen.buffers()
    first = np.frombuffer(offsets, np.int32)[chosen.offset]
    return np.frombuffer(data, np.uint8, count=len(chosen) * width, offset=first).reshape(len(chosen), width)


def are(found: Signs, shape: str) -> Mask:
    """Which rows have digits where the shape has a 0, and elsewhere one of the signs that it names.

    >>> rows = signs(pa.array(["1-2", "1/2", "a-2"]), np.ones(3, bool), 3)
    >>> are(rows, "0-0").tolist(), are(rows, "0?0").tolist()
    ([True, False, False], [True, True, False])
    """
    fits = np.ones(len(found), bool)
    for place, wanted in enumerate(shape):
        column = found[:, place]
        if wanted == "0":
            fits &= (column - np.uint8(48)) < 10
        else:
            first, *others = _ALSO.get(wanted, wanted).encode()
            is_one = column == first
            for other in others:
                is_one |= column == other
            fits &= is_one
    return fits


_ALSO = {"?": "-/.", "T": "T "}
"""Signs of a shape that stand for several: what parts a date, and what parts its time from it."""


def number(found: Signs | Numbers, start: int, end: int) -> Numbers:
    """The number that the digits from one place to another are.

    >>> number(np.array([[49, 57, 56, 55]], np.uint8), 1, 4).tolist()
    [987]
    """
    total = np.zeros(len(found), np.int64)
    for place in range(start, end):
        total = total * 10 + (found[:, place] - np.uint8(48))
    return total


def weighed(found: Signs, weights: Sequence[int]) -> npt.NDArray[np.int32]:
    """The signs of each row, each times its weight, summed up.

    >>> weighed(np.array([[1, 2, 9], [0, 3, 9]], np.uint8), (10, 100)).tolist()
    [210, 300]
    """
    # Sign by sign over all rows: one product of whole rows would first make each of them eight times as wide.
    total = np.zeros(len(found), np.int32)
    for place, weight in enumerate(weights):
        total += found[:, place] * np.int32(weight)
    return total


def dates(years: Numbers, months: Numbers, days: Numbers, *, first: int, last: int) -> npt.NDArray[np.datetime64]:
    """The days that these are; NaT where there is no such day, or its year lies before the first or behind the last.

    >>> dates(*(np.array(part) for part in ([2024, 2023], [2, 2], [29, 29])), first=1900, last=2099).tolist()
    [datetime.date(2024, 2, 29), None]
    """
    leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    known = np.where((months >= 1) & (months <= 12), months, 0)
    longest = _MONTH_DAYS[known] + ((months == 2) & leap)
    real = (years >= first) & (years <= last) & (known > 0) & (days >= 1) & (days <= longest)
    starts = (np.where(real, years, 1970) - 1970) * 12 + np.where(real, months, 1) - 1
    found = starts.astype("datetime64[M]").astype("datetime64[D]") + (np.where(real, days, 1) - 1)
    return np.where(real, found, np.datetime64("NaT"))
