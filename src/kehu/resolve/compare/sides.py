"""The left and the right records of many pairs, column by column."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from rapidfuzz import process

from kehu.resolve.coded import Codes, Mask, Records, distinct_of

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]
Scorer = Callable[..., float]


class Sides:
    """The two records of every pair.

    Args:
        records: What the pairs point into.
        l: Row of the left record of each pair.
        r: Row of the right record of each pair.
    """

    def __init__(self, records: Records, l: Rows, r: Rows) -> None:  # noqa: E741 - l and r are the words for it
        self.records, self.l, self.r = records, l, r

    def __len__(self) -> int:
        return len(self.l)

    def codes(self, name: str) -> tuple[Codes, Codes]:
        """The codes of a column on both sides."""
        codes = self.records.codes(name)
        return codes[self.l], codes[self.r]

    def filled(self, name: str, other: str | None = None) -> Mask:
        """Where a column is filled on the left, and it or the other one on the right."""
        return (self.records.codes(name)[self.l] >= 0) & (self.records.codes(other or name)[self.r] >= 0)

    def same(self, name: str) -> Mask:
        """Where both sides are filled and equal."""
        left, right = self.codes(name)
        return np.asarray((left == right) & (left >= 0))

    def lengths(self, name: str) -> tuple[Counts, Counts]:
        """The length of the shorter and of the longer of the two values; 0 for one that is not there."""
        lengths = self.records.coded(name).lengths
        left, right = (lengths[codes] for codes in self.codes(name))
        return np.minimum(left, right), np.maximum(left, right)

    def both(self, flags: Mask) -> Mask:
        """Where a flag of the records holds on both sides."""
        return flags[self.l] & flags[self.r]

    def either(self, flags: Mask) -> Mask:
        """Where a flag of the records holds on one side at least."""
        return flags[self.l] | flags[self.r]

    def score(self, scorer: Scorer, name: str, other: str | None = None, *, where: Mask) -> Floats:
        """What a rapidfuzz scorer says of two values, worked out once per distinct pair; NaN elsewhere.

        Args:
            scorer: Of `rapidfuzz.distance`; they count characters, so Chinese is measured rightly.
            name: A text column.
            other: Another column for the right side.
            where: The pairs to score, filled on both sides.
        """

        def scores(a: Texts, b: Texts) -> Floats:
            # In single precision borderline levels would flip with the machine.
            return np.asarray(process.cpdist(a, b, scorer=scorer, dtype=np.float64))

        return self._distinct(scores, name, other or name, where)

    def judge(self, verdict: Callable[[str, str], bool], name: str, other: str | None = None, *, where: Mask) -> Mask:
        """Where a function of two values says yes, asked once per distinct pair."""

        def verdicts(a: Texts, b: Texts) -> Floats:
            return np.fromiter((verdict(x, y) for x, y in zip(a, b, strict=True)), np.float64, count=len(a))

        return np.asarray(self._distinct(verdicts, name, other or name, where) == 1.0)

    def _distinct(self, score: Callable[[Texts, Texts], Floats], left: str, right: str, where: Mask) -> Floats:
        out = np.full(len(self), np.nan)
        rows = np.flatnonzero(where)
        if len(rows):
            a, b = self.records.coded(left), self.records.coded(right)
            pairs = a.codes[self.l[rows]].astype(np.int64) * b.size + b.codes[self.r[rows]]
            distinct, back = distinct_of(pairs)
            out[rows] = score(a.texts[distinct // b.size], b.texts[distinct % b.size])[back]
        return out
