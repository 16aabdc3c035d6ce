"""The memory that a process and its helpers hold."""

import os
import subprocess
import time
from pathlib import Path


def peak(process: "subprocess.Popen[str]") -> int:
    """Wait for a process; the most bytes that it and those it started ever held together."""
    most = 0
    while process.poll() is None:
        most = max(most, held(process.pid))
        time.sleep(0.05)
    return most


def held(process: int) -> int:
    """The memory that a process and those it started hold, each shared page counted for each of them."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        tasks = Path(f"/proc/{process}/task").iterdir()
        helpers = sum(held(int(child)) for task in tasks for child in (task / "children").read_text().split())
        return pages * os.sysconf("SC_PAGE_SIZE") + helpers
    except OSError:  # It has ended in between.
        return 0
