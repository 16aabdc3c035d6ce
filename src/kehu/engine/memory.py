"""Memory for bulk work: taken from the system once, and kept."""

import ctypes

import pyarrow as pa

_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8
"""What `mallopt` calls them (malloc.h of glibc)."""


def keep() -> None:
    """Let this process keep the memory it once had, and use it again.

    For a process that ends with its work. A bulk run lets go of large tables and asks for as large ones hundreds of
    times; each time the system took the pages back and cleared others, which was a tenth of the run. Not for whoever
    takes in batch after batch of another size: what is kept then falls to pieces, and five million rows held a third
    more. Where the C library knows no `mallopt`, nothing changes.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        for option, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_ARENA_MAX, 1)):
            library.mallopt(option, value)
