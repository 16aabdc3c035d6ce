"""Clean records from what matters about them, and certificates with the right check digit."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from kehu.collect.town import town
from kehu.model.records import FLAT_COLUMNS
from kehu.process import clean
from kehu.resolve import model as models
from kehu.resolve.coded import Records
from kehu.resolve.model import Model

FLAT = pa.schema([(name, pa.string()) for name in FLAT_COLUMNS])

Rows = Sequence[dict[str, str]]


@pytest.fixture(scope="session")
def records_of() -> Callable[[Rows], Records]:
    """Records from flat values, cleaned as every record is."""

    def make(rows: Rows) -> Records:
        numbered = [{"record_id": str(number), **row} for number, row in enumerate(rows)]
        return Records(clean.clean(pa.Table.from_pylist(numbered, schema=FLAT)))

    return make


@pytest.fixture(scope="session")
def resident() -> Callable[[str, int], str]:
    """A valid resident ID: who was born on a day (yyyymmdd), the so-many-th of that day."""

    def number(born: str, order: int) -> str:
        body = f"330106{born}{order:03d}"
        factors = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        digits = zip(body, factors, strict=True)
        return body + "10X98765432"[sum(int(digit) * factor for digit, factor in digits) % 11]

    return number


@pytest.fixture(scope="session")
def shipped() -> Model:
    return models.shipped()


@pytest.fixture(scope="session")
def a_town() -> Callable[[int], town.Town]:
    return cache(lambda records: town.make(records, seed=7))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261122)
