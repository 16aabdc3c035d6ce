"""A business hall's export as large as one likes: the hall rows of many made-up towns in one GBK file.

    .venv/bin/python benchmarks/export.py FILE --rows 1000000

Every town has people, errors and bad rows of its own, so the file has as many distinct values as a real one.
"""

import argparse
import csv
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from exported import HEADS, MAPPING

from kehu.collect.town import draw, hall, town
from kehu.collect.town.town import Town

SEED = 2026
TOWN_RECORDS = 400_000
"""A town of so many records has 140,000 in its halls."""


def write(path: Path, rows: int) -> None:
    """Write the export; whole, or not at all."""
    half = path.with_suffix(".half")
    with half.open("wb") as file:
        file.write((",".join(HEADS) + "\r\n").encode(hall.ENCODING))
        written = number = 0
        while written < rows:
            part = _rows(town.make(min(TOWN_RECORDS, 4 * rows), seed=SEED + number), number).slice(0, rows - written)
            file.write(_csv(part))
            written, number = written + len(part), number + 1
    half.replace(path)


def _rows(made: Town, number: int) -> pa.Table:
    mine = pc.equal(made.records["channel"], "hall")
    records, visits = made.records.filter(mine), made.visits.filter(mine)
    coded = {"id_type": hall.ID_TYPES, "category": hall.CATEGORIES}
    columns = {
        ours: _worded(records[ours], coded[ours]) if ours in coded else records[ours]
        for ours in MAPPING
        if ours not in ("msisdn", "updated_at")
    }
    columns["record_id"] = draw.glue(f"{number:03d}", records["record_id"].combine_chunks())
    columns["msisdn"] = visits["msisdn"]
    columns["updated_at"] = pc.strftime(visits["at"], "%Y/%m/%d %H:%M:%S")
    return _spoilt(pa.table([columns[ours] for ours in MAPPING], list(HEADS)), made, number)


def _worded(codes: pa.ChunkedArray, words: dict[str, str]) -> pa.Array:
    return pa.array(list(words.values())).take(pc.index_in(codes, pa.array(list(words))).combine_chunks())


def _spoilt(rows: pa.Table, made: Town, number: int) -> pa.Table:
    """As many bad rows as a hall's export has: half tell of nobody, half have a time that never was."""
    is_bad = np.random.default_rng([SEED, number]).random(len(rows)) < made.rates.bad_row
    no_time = is_bad & (np.arange(len(rows)) % 2 == 0)
    for name, mask, value in (
        *((name, is_bad & ~no_time, None) for name in ("客户姓名", "联系电话", "备用电话", "证件号码")),
        ("受理时间", no_time, "2026/02/30 25:61:00"),
    ):
        spoilt = pc.if_else(pa.array(mask), pa.scalar(value, pa.string()), rows[name])
        rows = rows.set_column(rows.column_names.index(name), name, spoilt)
    return rows


def _csv(rows: pa.Table) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    return text.getvalue().encode(hall.ENCODING)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    write(options.file, options.rows)


if __name__ == "__main__":
    main()
