"""How common the values of a column are: a shared 李 says little, a shared rare name much."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.resolve.coded import Coded, Records

LISTED = 60_000
"""How many of the commonest values a model lists; the others count as equally rare, so they must be: a million records
name 97,000 given names, and behind the commonest 5,000 stand some of nineteen records beside those of one."""


@dataclass(frozen=True)
class Frequencies:
    """The commonest values of a column with their shares."""

    listed: dict[str, float]
    """Share of the filled records that hold the value."""
    rest: float
    """Share of a value that is not listed."""
    mean: float
    """The chance that two records agree, whatever the value: the sum of the squared shares."""

    def of(self, records: Records, column: str) -> npt.NDArray[np.float64]:
        """For each record how much commoner than the mean its value is, log2; 0 where it has none."""
        source = records.coded(column)
        return np.append(np.log2(self._shares(source) / self.mean), 0.0)[source.codes]

    def _shares(self, source: Coded) -> npt.NDArray[np.float64]:
        if source.size < len(self.listed):  # Few are looked up sooner than a table of all that are listed is made.
            return np.array([self.listed.get(value, self.rest) for value in source.values], dtype=np.float64)
        distinct = source.distinct
        shares = np.append(np.fromiter(self.listed.values(), np.float64, len(self.listed)), self.rest)
        place = pc.index_in(distinct, pa.array(self.listed.keys(), pa.string()))
        return np.asarray(shares[place.fill_null(len(self.listed)).to_numpy(zero_copy_only=False)])

    @classmethod
    def learned(cls, source: Coded) -> "Frequencies":
        """The shares that records show."""
        codes = source.codes[source.codes >= 0]
        if not len(codes):
            return cls(listed={}, rest=1e-4, mean=1e-3)
        counts = np.bincount(codes, minlength=source.size)
        order = np.argsort(-counts, kind="stable")
        listed = order[:LISTED][counts[order[:LISTED]] > 1]
        others = counts[order[len(listed) :]]
        others = others[others > 0]  # A column may name values that only the other script holds.
        shares = counts / len(codes)
        return cls(
            listed=dict(zip(source.distinct.take(pa.array(listed)).to_pylist(), shares[listed].tolist(), strict=True)),
            rest=float(others.mean() if len(others) else 1.0) / len(codes),
            mean=float(np.square(shares).sum()),
        )
