"""A helper: a process that cleans the tables it is sent, until its pipe ends.

All helpers of a crew are one process that loads what cleaning needs, and then forks: loading takes as long as cleaning
some tens of thousands of rows, and what was loaded lies in memory once.
"""

import gc
import os
import sys
import traceback
from dataclasses import dataclass
from typing import IO

import pyarrow as pa

from kehu.engine import memory
from kehu.model import arrow
from kehu.process import clean, households, mapping

COLUMNS, HOME, ZONE = "columns", "home", "zone"
"""What the metadata of a table tell beside its rows: which columns of households count as filled, the country, and the
time zone of times that state no offset."""

STATED = "stated."
"""What stands before the name of a column of households in an answer."""
HASH = "hash"
"""The column of an answer with the fingerprint of each row."""


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """What became of the rows of a batch."""

    flat: pa.Table
    """The rows with our column names, dirty as they came."""
    clean: pa.Table
    """`CLEAN`."""
    stated: pa.Table | None
    """What they say beside their customer; None where they have no such column."""
    hashes: pa.Array
    """The fingerprint of each row."""


def cleaned(flat: pa.Table, columns: tuple[str, ...], *, home: str, zone: str) -> Cleaned:
    """Clean rows here and now.

    Args:
        flat: Rows with our column names.
        columns: Those of households that count as filled.
        home: The country whose numbers and addresses are at home.
        zone: The time zone of times that state no offset.
    """
    records = clean.clean(flat, home=home, zone=zone)
    stated = households.clean(flat, records, home=home, zone=zone, columns=columns)
    return Cleaned(flat=flat, clean=records, stated=stated, hashes=mapping.fingerprints(flat))


def send(table: pa.Table, pipe: IO[bytes]) -> None:
    """Write a table: the columns of two tables need not be the same, so it is a stream of its own."""
    with pa.ipc.new_stream(pa.PythonFile(pipe), table.schema) as stream:
        stream.write_table(table)
    pipe.flush()


def received(pipe: IO[bytes]) -> pa.Table | None:
    """The next table; None where no more come, or half of one."""
    try:
        return pa.ipc.open_stream(pa.PythonFile(pipe)).read_all()
    except (pa.ArrowException, OSError):
        return None


def _answer(flat: pa.Table) -> pa.Table:
    """What became of rows, in one table."""
    given = {key.decode(): value.decode() for key, value in flat.schema.metadata.items()}
    made = cleaned(flat, tuple(given[COLUMNS].split()), home=given[HOME], zone=given[ZONE])
    answer = made.clean.append_column(HASH, made.hashes)
    for field, column in zip(made.stated.schema, made.stated.columns, strict=True) if made.stated is not None else ():
        answer = answer.append_column(STATED + field.name, column)
    return answer


def _serve(incoming: int, outgoing: int) -> None:
    """Answer every table that comes, and end; why it ended before is told to stderr while the pipes are open."""
    code = 1
    try:
        asked, told = os.fdopen(incoming, "rb"), os.fdopen(outgoing, "wb")
        while (flat := received(asked)) is not None:
            send(_answer(flat), told)
            # Few objects are alive between two tables, so those in a circle are found at once.
            gc.collect()
        code = 0
    except BaseException:  # noqa: BLE001 - the door of this process
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _load() -> None:
    """Load what cleaning needs: the tables that are built when the first value wants them."""
    rows = {
        "record_id": "1", "name": "張 偉先生", "id_type": "身份证", "id_number": "11010519491231002x",
        "birth_date": "1949年12月31日", "phone": "0571-8888 8888", "updated_at": "2026/11/22 18:07",
        "address": "杭州市西湖區文三路一百三十八號翠苑小区3幢501",
    }  # fmt: skip
    plain = {"name": "张伟", "phone": "13912345678", "address": "杭州市西湖区文三路138号3幢501室"}
    firm = {"name": "杭州华信科技有限公司", "address": "3幢2单元501室,文三路138号,西湖区,杭州市"}
    clean.clean(pa.Table.from_pylist([rows | other for other in ({}, plain, firm) for _ in range(10)]))


def main(pipes: list[tuple[int, int]]) -> None:
    """Serve each pair of pipes by a process of its own: this one and forks of it."""
    memory.keep()
    arrow.without_pandas()
    pa.set_cpu_count(1)
    _load()
    gc.disable()
    gc.freeze()
    for number, mine in enumerate(pipes):
        # A pipe ends when all who hold it are gone: so nobody holds another's.
        if number == len(pipes) - 1 or os.fork() == 0:
            for other in pipes[number + 1 :]:
                os.close(other[0])
                os.close(other[1])
            _serve(*mine)
        os.close(mine[0])
        os.close(mine[1])


if __name__ == "__main__":
    numbers = list(map(int, sys.argv[1:]))
    main(list(zip(numbers[::2], numbers[1::2], strict=True)))
