"""Everything two records are compared by, in order."""

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


def levels(records: Records, l: Rows, r: Rows) -> Matrix:  # noqa: E741 - l and r are the words for it
    """The level of every comparison for every pair of rows."""
    sides = Sides(records, l, r)
    matrix = np.empty((len(l), len(ALL)), dtype=np.uint8)
    for place, comparison in enumerate(ALL):
        matrix[:, place] = comparison.compare(sides)
    return matrix


def level(comparison: Comparison, number: int) -> Level | None:
    """The level with this number; None for 0, "not known"."""
    return comparison.levels[number - 1] if number else None
