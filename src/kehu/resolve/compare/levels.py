"""Levels and comparisons: the words in which two records agree or differ."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kehu.resolve.coded import Mask, Records
from kehu.resolve.compare.sides import Sides

Levels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Level:
    """One way in which two values agree or differ.

    `same`, `kin` and `chance` are where learning starts from: how often the level is seen between two records of
    one customer, of two customers who belong together (a family, a firm and its staff), and of any two.
    """

    name: str
    same: float
    kin: float
    chance: float
    en: str
    zh: str
    frequency_of: tuple[str, ...] = ()
    """The columns whose values make this agreement more or less surprising: 李 says little, a rare name much."""
    keyed: bool = False
    """Whether records that agree so share a key: then its rate by chance is counted among the pairs that keys made."""
    equal_in: str | None = None
    """The column in which such records are equal, where that is all: then all pairs that agree so are counted."""
    form: str = ""
    """In which form the value is given: a whole name, a title. Levels of one form share out the pairs that have it, as
    the form itself is no evidence: who is called 张先生 in one record is no likelier one customer for it."""
    told_by: tuple[str, ...] = ()
    """The levels of the first form that a pair would be on if all were known: their rates are this level's. Without
    it nobody could learn what a title says, as a father is called 张先生 like his son."""


class Facet(IntEnum):
    """What customers keep for life; where groups are joined, each is asked by itself."""

    NAME = 0
    """A slip or a short form in one record is nothing against many that agree."""
    KIND = 1
    """Person or organization."""
    CERTIFICATE = 2
    BIRTH = 3
    """Father and son of one name differ in nothing else."""
    GENDER = 4


@dataclass(frozen=True)
class Comparison:
    """A thing two records are compared by; level 0 is "not known on one side", which is neutral."""

    name: str
    en: str
    zh: str
    levels: tuple[Level, ...]
    facet: Facet | None
    """What it tells that customers keep for life; None for phones and addresses, which they change."""
    known: Callable[[Records], Mask]
    """The records that can be compared by it: among pairs of them chance is measured."""
    rungs: Callable[[Sides], dict[str, Mask]]
    """For each level the pairs it holds for; the first that holds, in the order of the dict, is the pair's. What is
    left out holds for none: what nobody states need not be looked at."""

    def compare(self, sides: Sides) -> Levels:
        """The level of every pair: 0, or the place of its level among `levels`, from 1."""
        out = np.zeros(len(sides), dtype=np.uint8)
        for name, holds in reversed(self.rungs(sides).items()):
            out[holds] = self._numbers[name]
        return out

    def number(self, name: str) -> int:
        """The number of a level."""
        return self._numbers[name]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {level.name: number for number, level in enumerate(self.levels, 1)}
