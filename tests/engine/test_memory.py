import ctypes
import subprocess
import sys

import pytest

AGAIN = """
import resource
import numpy as np
from kehu.engine import memory

memory.keep()
faults = []
for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(8 << 20)
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(*faults)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")
def test_memory_that_was_let_go_is_used_again() -> None:
    done = subprocess.run([sys.executable, "-c", AGAIN], capture_output=True, text=True, check=True)
    first, *again = map(int, done.stdout.split())
    assert max(again) < first / 4
