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


def test_a_name_of_three_among_thousands_of_commoner_ones_is_no_rare_one() -> None:
    common = [f"common {number}" for number in range(6_000)] * 4
    rare = [f"rare {number}" for number in range(6_000)]
    learned = Frequencies.learned(coded(pa.array([*common, *["王伟"] * 3, *rare])))
    assert learned.listed["王伟"] == 3 * learned.rest
