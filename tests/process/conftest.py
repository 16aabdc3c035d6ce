"""What tests of cleaning share."""

from collections.abc import Iterator

import pytest

from kehu.process import distinct


@pytest.fixture(autouse=True, scope="package")
def _kernels_read_few_values_too() -> Iterator[None]:
    """Tests show a value or two, and mean the kernels; `test_clean` shows that few values are read alike."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distinct, "FEW", -1)
        yield
