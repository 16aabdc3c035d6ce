"""Everything two records are compared by, in order."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from kehu.resolve.coded import Codes, Records, distinct_of
from kehu.resolve.compare import addresses, names, numbers, traits
from kehu.resolve.compare.laid import Laid
from kehu.resolve.compare.levels import Comparison, Level
from kehu.resolve.compare.sides import Rows, Sides

T = TypeVar("T")

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

Numbers = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.uint8]
"""One row a pair or a pattern, one column a comparison of `ALL`: the number of its level, 0 where not known."""


PIECE = 150_000
"""So many pairs are compared at once: few enough that what is fetched for them is not fetched from afar, enough to have
values in common."""


@dataclass(frozen=True)
class Patterns:
    """The levels of many pairs. Of millions most have the levels of another: a pattern is told once."""

    distinct: Matrix
    """One row a pattern, in an order that does not depend on the pairs."""
    of: Codes
    """For each pair which one it has."""

    @property
    def levels(self) -> Matrix:
        """One row a pair."""
        return self.distinct[self.of]

    def __len__(self) -> int:
        return len(self.of)

    def __add__(self, other: "Patterns") -> "Patterns":
        return Patterns(
            np.concatenate([self.distinct, other.distinct]),
            np.concatenate([self.of, other.of + np.int32(len(self.distinct))]),
        )

    def where(self, holds: npt.NDArray[np.bool_]) -> "Patterns":
        """Those of the pairs for which a condition holds."""
        return Patterns(self.distinct, self.of[holds])


def levels(records: Records, l: Rows, r: Rows) -> Matrix:  # noqa: E741 - the words for it
    """The level of every comparison for every pair of rows."""
    return patterns(records, l, r).levels


def patterns(records: Records, l: Rows, r: Rows, *, threads: int = 1) -> Patterns:  # noqa: E741 - the words for it
    """The same as patterns, worked out piece by piece: no more is held of a pair than which pattern it has."""
    laid = Laid(records) if len(l) > PIECE else None

    def compared(piece: slice) -> tuple[Numbers, Codes]:
        sides = Sides(records, l[piece], r[piece], laid=laid)
        number = np.zeros(len(sides), dtype=np.int64)
        for comparison in ALL:
            number *= len(comparison.levels) + 1
            number += comparison.compare(sides)
        return distinct_of(number)

    told = in_pieces(compared, len(l), threads=threads)
    known = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *(distinct for distinct, _ in told)]))
    of = [np.searchsorted(known, distinct).astype(np.int32)[codes] for distinct, codes in told]
    return Patterns(_unpacked(known), np.concatenate([np.zeros(0, dtype=np.int32), *of]))


def in_pieces(work: Callable[[slice], T], pairs: int, *, threads: int) -> list[T]:
    """What comes of each piece of so many pairs, in their order; several threads work at once."""
    pieces = [slice(start, start + PIECE) for start in range(0, pairs, PIECE)]
    if threads == 1 or len(pieces) < 2:  # A pair or two are done sooner than a thread begins.
        return [work(piece) for piece in pieces]
    with ThreadPoolExecutor(threads) as workers:
        return list(workers.map(work, pieces))


def _unpacked(known: Numbers) -> Matrix:
    """The levels that patterns packed into one number stand for."""
    return np.asarray(known[:, None] // _WORTH % _LEVELS, dtype=np.uint8)


_LEVELS = np.array([len(comparison.levels) + 1 for comparison in ALL])
"""How many levels each has, "not known" among them."""

_WORTH = np.append(np.cumprod(_LEVELS[:0:-1])[::-1], 1)
"""What one level of each is worth in that number."""


def level(comparison: Comparison, number: int) -> Level | None:
    """The level with this number; None for 0, "not known"."""
    return comparison.levels[number - 1] if number else None
