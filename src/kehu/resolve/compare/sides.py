"""The left and the right records of many pairs, column by column."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from rapidfuzz import process

from kehu.resolve.coded import FEW, Codes, Mask, Records, distinct_of
from kehu.resolve.compare.laid import Laid
from kehu.resolve.compare.verdicts import Texts, Verdict

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
T = TypeVar("T")
Scorer = Callable[..., float]


class Sides:
    """The two records of every pair.

    Args:
        records: What the pairs point into.
        l: Row of the left record of each pair.
        r: Row of the right record of each pair.
        laid: The records laid out, where the pairs are many.
    """

    def __init__(
        self,
        records: Records,
        l: Rows,  # noqa: E741 - l and r are the words for it
        r: Rows,
        *,
        laid: Laid | None = None,
    ) -> None:
        self.records, self.l, self.r = records, l, r
        left, right = ({}, {}) if laid is None else (laid.of(l), laid.of(r))
        self._fetched: dict[str, tuple[Any, Any]] = {name: (left[name], right[name]) for name in left}

    def __len__(self) -> int:
        return len(self.l)

    def codes(self, name: str) -> tuple[Codes, Codes]:
        """The codes of a column on both sides, fetched once: several comparisons read the same columns."""
        if name not in self._fetched:
            codes = self.records.codes(name)
            self._fetched[name] = codes[self.l], codes[self.r]
        return self._fetched[name]

    def values(self, name: str) -> tuple[Any, Any]:
        """What an array of the records, `han` or `born`, says of both sides, fetched once."""
        if name not in self._fetched:
            of_record = getattr(self.records, name)
            self._fetched[name] = of_record[self.l], of_record[self.r]
        return self._fetched[name]

    def filled(self, name: str, other: str | None = None) -> Mask:
        """Where a column is filled on the left, and it or the other one on the right."""
        return np.asarray((self.codes(name)[0] >= 0) & (self.codes(other or name)[1] >= 0))

    def same(self, name: str) -> Mask:
        """Where both sides are filled and equal."""
        left, right = self.codes(name)
        return np.asarray((left == right) & (left >= 0))

    def lengths(self, name: str) -> tuple[Counts, Counts]:
        """The length of the shorter and of the longer of the two values, 0 for one that is not there; told once."""

        def told(sides: Sides) -> tuple[Counts, Counts]:
            lengths = sides.records.coded(name).lengths
            left, right = (lengths[codes] for codes in sides.codes(name))
            return np.minimum(left, right), np.maximum(left, right)

        return self.once(f"lengths of {name}", told)

    def once(self, name: str, tell: Callable[["Sides"], tuple[T, T]]) -> tuple[T, T]:
        """What a function says of the pairs, asked once: several comparisons want it."""
        if name not in self._fetched:
            self._fetched[name] = tell(self)
        return self._fetched[name]

    def both(self, flag: str) -> Mask:
        """Where a flag of the records holds on both sides."""
        left, right = self.values(flag)
        return np.asarray(left & right)

    def either(self, flag: str) -> Mask:
        """Where a flag of the records holds on one side at least."""
        left, right = self.values(flag)
        return np.asarray(left | right)

    def one(self, flag: str) -> Mask:
        """Where a flag of the records holds on one side only."""
        left, right = self.values(flag)
        return np.asarray(left ^ right)

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

    def judge(self, verdict: Verdict, name: str, other: str | None = None, *, where: Mask) -> Mask:
        """What one of the `verdicts` says of two values, asked once per distinct pair; False elsewhere."""

        def verdicts(a: Texts, b: Texts) -> Floats:
            return verdict(a, b).astype(np.float64)

        return np.asarray(self._distinct(verdicts, name, other or name, where) == 1.0)

    def _distinct(self, score: Callable[[Texts, Texts], Floats], left: str, right: str, where: Mask) -> Floats:
        out = np.full(len(self), np.nan)
        rows = np.flatnonzero(where)
        if len(rows):
            a, b = self.records.coded(left), self.records.coded(right)
            if len(rows) <= FEW:  # To find which are distinct takes longer than to ask of each.
                out[rows] = score(a.texts[self.codes(left)[0][rows]], b.texts[self.codes(right)[1][rows]])
                return out
            pairs = self.codes(left)[0][rows].astype(np.int64) * b.size + self.codes(right)[1][rows]
            distinct, back = distinct_of(pairs)
            out[rows] = score(a.texts[distinct // b.size], b.texts[distinct % b.size])[back]
        return out
