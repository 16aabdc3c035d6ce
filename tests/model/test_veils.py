import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.model import masks, veils

TEXTS = st.text("0123456789X@.ab张浙省", min_size=1, max_size=30)


@pytest.mark.parametrize("name", ["id_number", "email", "address", "birth_date", "room"])
@given(values=st.lists(st.none() | TEXTS, max_size=20))
def test_a_column_is_masked_as_its_values_are(name: str, values: list[str | None]) -> None:
    told = veils.veiled(name, pa.array(values, pa.string())).to_pylist()
    assert told == [masks.masked(name, value) for value in values]
