"""A stage in a process of its own: a table goes in by standard input and what is made of it comes out.

`multiprocessing` would run the caller's script a second time, and a notebook has none; this asks nothing of the caller.
"""

import importlib
import subprocess
import sys

import pyarrow as pa

from kehu.engine.engine import Stage


def made(stage: Stage, table: pa.Table) -> pa.Table:
    """What a stage makes of a table, worked out in another process."""
    command = [sys.executable, "-m", "kehu.engine.workshop", stage.__module__, stage.__qualname__]
    done = subprocess.run(command, input=_packed(table), capture_output=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise RuntimeError(f"{stage.__module__}.{stage.__qualname__} failed:\n{done.stderr.decode(errors='replace')}")
    return _unpacked(done.stdout)


def _packed(table: pa.Table) -> bytes:
    """A table in Arrow's stream format."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


def _unpacked(packed: bytes) -> pa.Table:
    return pa.ipc.open_stream(packed).read_all()


if __name__ == "__main__":
    module, name = sys.argv[1:]
    sys.stdout.buffer.write(_packed(getattr(importlib.import_module(module), name)(_unpacked(sys.stdin.buffer.read()))))
