"""How often two records of different customers agree by chance, level by level."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kehu.resolve.coded import Records
from kehu.resolve.compare.levels import Comparison
from kehu.resolve.compare.sides import Sides

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sample:
    """How many of all pairs of records are expected on each level of a comparison; one number a level, 0 first."""

    pairs: Floats
    """Told by random pairs, or counted where a level is an equality of values."""
    counted: Mask
    """Where it was counted."""
    keyed: Mask
    """Levels of which every pair shares a key."""
    scale: float
    """How many pairs one random pair stands for."""

    def beyond(self, belonging: Floats, paired: Floats) -> Floats:
        """How many pairs are on each level by chance: all that are there, less those that belong together.

        A sample cannot tell that difference where nearly all its pairs belong together. There, what the pairs that
        share a key show is taken: it is a little too low, but not at the mercy of a few random pairs.

        Args:
            belonging: Pairs of one customer or of kin.
            paired: Pairs by chance among those that share a key.
        """
        rest = np.maximum(self.pairs - belonging, 0.0)
        noise = 3.0 * np.sqrt(self.pairs * self.scale)
        clear = self.counted | (rest > noise)
        return np.where(self.keyed | ~clear, paired, rest)


def sample(records: Records, comparison: Comparison, *, pairs: int, seed: int) -> Sample:
    """What random pairs of the records that a comparison knows say of its levels.

    Args:
        records: The records.
        comparison: The comparison.
        pairs: How many random pairs to look at; all, if there are not many more.
        seed: Of the random numbers.
    """
    known = np.flatnonzero(comparison.known(records))
    size = len(known)
    everything = size * (size - 1) / 2
    if everything <= 4 * pairs:
        left, right = np.triu_indices(size, 1)
    else:
        rng = np.random.default_rng(seed)
        left = rng.integers(0, size, pairs)
        right = (left + rng.integers(1, size, pairs)) % size
    levels = comparison.compare(Sides(records, known[left], known[right]))
    scale = max(everything, 1.0) / max(len(left), 1)
    seen = np.bincount(levels, minlength=len(comparison.levels) + 1) * scale
    counted = np.zeros(len(seen), dtype=np.bool_)
    finer = 0.0  # The levels go from fine to coarse: who has the same name also has the same sound.
    for number, level in enumerate(comparison.levels, 1):
        if level.equal_in is not None:
            codes = records.codes(level.equal_in)[known]
            sizes = np.bincount(codes[(codes >= 0) & ~records.weak[known]]).astype(np.float64)
            equal = float((sizes * (sizes - 1) / 2).sum())
            seen[number], counted[number] = max(equal - finer, 0.0), True
            finer = equal
    keyed = np.array([False, *(level.keyed for level in comparison.levels)])
    return Sample(seen.astype(np.float64), counted, keyed, scale)
