"""Time and memory of a program: one JSON line on stdout, its own last line in it.

    python -m peers.measured CORES PROGRAM [ARGUMENT …]

A process of its own, because Linux counts the memory of whoever starts a program as the program's: a parent that holds
a million records would make every peer look hungry. The program is bound to so many cores.
"""

import json
import os
import subprocess
import sys
import tempfile
import time


def main() -> None:
    cores, *program = sys.argv[1:]
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
    with tempfile.TemporaryFile("w+") as answer:
        start = time.perf_counter()
        process = subprocess.Popen(program, stdout=answer)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        answer.seek(0)
        said = answer.read().splitlines()
    if process.returncode:
        sys.exit(process.returncode)
    print(json.dumps({"seconds": seconds, "peak_mb": used.ru_maxrss // 1024, "said": said[-1]}))


if __name__ == "__main__":
    main()
