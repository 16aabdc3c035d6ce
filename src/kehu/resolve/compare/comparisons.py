"""Everything two records are compared by, in order."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from kehu.resolve.coded import Records
from kehu.resolve.compare import addresses, names, numbers, traits
from kehu.resolve.compare.levels import Comparison, Level
from kehu.resolve.compare.sides import Rows, Sides

ALL: tuple[Comparison, ...] = (
    names.HAN_NAME,
    names.GIVEN_NAME,
    names.SURNAME,
    names.ORGANIZATION_NAME,
    names.KIND,
    numbers.CERTIFICATE,
    numbers.DOCUMENT,
    numbers.PHONE,
    numbers.EMAIL,
    traits.BIRTH_DATE,
    traits.GENDER,
    addresses.STREET,
    addresses.PLACE,
)

Matrix = npt.NDArray[np.uint8]
"""One row a pair, one column a comparison of `ALL`: the number of its level, 0 where not known."""


def levels(records: Records, l: Rows, r: Rows, *, threads: int = 1) -> Matrix:  # noqa: E741 - the words for it
    """The level of every comparison for every pair of rows."""
    if not len(l):
        return np.zeros((0, len(ALL)), dtype=np.uint8)
    sides = Sides(records, l, r)
    if threads == 1:  # A pair or two are compared sooner than a thread begins.
        return np.stack([comparison.compare(sides) for comparison in ALL], axis=1)
    with ThreadPoolExecutor(threads) as workers:
        columns = list(workers.map(lambda comparison: comparison.compare(sides), ALL))
    return np.stack(columns, axis=1)


def level(comparison: Comparison, number: int) -> Level | None:
    """The level with this number; None for 0, "not known"."""
    return comparison.levels[number - 1] if number else None
