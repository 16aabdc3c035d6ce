"""Rates of levels, shared out form by form: what is said of a name is evidence, in which form it is said is none."""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kehu.resolve.compare.levels import Comparison

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Forms:
    """The levels of a comparison by the form they are of; a level is its number, 0 is "not known"."""

    levels: tuple[Numbers, ...]
    """Those of each form."""
    told: tuple[tuple[int, Numbers], ...]
    """Levels whose rates others tell, and those others."""

    def rates(self, counts: Floats, prior: Floats, trust: float) -> Floats:
        """The share of each level among those of its form, mixed with a prior worth `trust` pairs; level 0 keeps 1.

        Args:
            counts: How many pairs are on each level.
            prior: The rates we start from.
            trust: How many pairs they are worth.
        """
        rates = np.ones(len(counts))
        for form in self.levels:
            known = counts[form] + trust * prior[form] / prior[form].sum()
            rates[form] = np.maximum(known / known.sum(), 1e-9)
        for level, others in self.told:
            rates[level] = rates[others].sum()
        return rates


@functools.cache
def of(comparison: Comparison) -> Forms:
    """The forms of a comparison's levels."""
    number = {level.name: number for number, level in enumerate(comparison.levels, 1)}
    return Forms(
        levels=tuple(
            np.array([number[level.name] for level in comparison.levels if level.form == form])
            for form in dict.fromkeys(level.form for level in comparison.levels)
        ),
        told=tuple(
            (number[level.name], np.array([number[other] for other in level.told_by]))
            for level in comparison.levels
            if level.told_by
        ),
    )
