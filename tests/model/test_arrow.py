import subprocess
import sys

import pytest

AT_A_COMMAND = """
import sys
from kehu.model import arrow
arrow.without_pandas()
import kehu.flows.intake.helper, kehu.wiring, kehu.cli.commands
import pyarrow as pa
pa.array(["a"])
print("pandas" in sys.modules, pa.table({"a": [1]}).to_pandas()["a"].tolist())
"""
AS_IT_IS_LOADED = """
import sys
import kehu.flows.intake.helper
print("pandas" in sys.modules)
"""


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param(AT_A_COMMAND, "False [1]", id="a command never loads pandas, and who wants it still gets it"),
        pytest.param(AS_IT_IS_LOADED, "False", id="a helper is loaded without an array, so without pandas, too"),
    ],
)
def test_pandas_is_loaded_by_nobody_but_who_wants_it(script: str, said: str) -> None:
    pytest.importorskip("pandas")
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == said
