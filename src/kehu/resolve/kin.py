"""Kin: records of two customers who belong together, a family, a household, a firm and its people.

They share what belongs to several: a door, a phone, an address for letters. The model knows how often kin agree, and
how often any two do; a relation needs both, something shared that is no chance, and a likelihood that speaks for kin.
It is shown, and never makes two customers one.
"""

import numpy as np
import numpy.typing as npt

from kehu.model.codes import MediumKind
from kehu.resolve.coded import Mask, Records
from kehu.resolve.compare import addresses, comparisons, numbers
from kehu.resolve.compare.comparisons import ALL, Matrix
from kehu.resolve.compare.levels import Comparison
from kehu.resolve.model import Model

Rows = npt.NDArray[np.int64]

_SHARED: dict[MediumKind, tuple[Comparison, frozenset[str]]] = {
    MediumKind.PHONE: (numbers.PHONE, frozenset({"exact", "later"})),
    MediumKind.EMAIL: (numbers.EMAIL, frozenset({"exact"})),
    MediumKind.ADDRESS: (addresses.STREET, frozenset({"door"})),
}
"""The levels of which comparison say that a contact medium is shared."""


def shared(
    records: Records, left: Rows, right: Rows, model: Model
) -> tuple[dict[MediumKind, Mask], npt.NDArray[np.float64]]:
    """For each pair which contact media the two share, and how much likelier kin is than chance, log2."""
    levels = comparisons.levels(records, left, right)
    held = {
        kind: np.isin(levels[:, ALL.index(comparison)], _numbers(comparison, names))
        for kind, (comparison, names) in _SHARED.items()
    }
    return held, _likelier(levels, model)


def _numbers(comparison: Comparison, names: frozenset[str]) -> list[int]:
    return [number for number, level in enumerate(comparison.levels, 1) if level.name in names]


def same_surname(records: Records, left: Rows, right: Rows) -> Mask:
    """Whether two people have one surname."""
    codes = records.codes("surname")
    return np.asarray((codes[left] >= 0) & (codes[left] == codes[right]))


def _likelier(levels: Matrix, model: Model) -> npt.NDArray[np.float64]:
    # Without the prior of kin among all pairs: whoever shares a number that few have is no random pair any more.
    _, kin, any_two = model.tables()
    of_kin, of_any = (
        sum(np.log2(rates)[levels[:, place]] for place, rates in enumerate(table)) for table in (kin, any_two)
    )
    return np.asarray(of_kin - of_any)
