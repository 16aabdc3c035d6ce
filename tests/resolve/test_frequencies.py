"""How common a value is among the values of its own column."""

import numpy as np
import pyarrow as pa

from kehu.resolve.coded import coded
from kehu.resolve.frequencies import Frequencies


def test_values_that_only_hidden_rows_hold_are_not_counted() -> None:
    names = coded(pa.array(["李", "王", "smith", "jones"]))
    han = names.where(np.array([True, True, False, False]))
    learned = Frequencies.learned(han)
    assert learned.rest == 0.5
    assert learned.mean == 0.5


def test_a_column_without_values_still_has_a_share_for_an_unknown_one() -> None:
    learned = Frequencies.learned(coded(pa.array([None, None], pa.string())))
    assert learned.rest > 0
    assert learned.mean > 0
