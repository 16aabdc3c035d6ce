"""GoldenMatch with no settings at all, in a Python of its own: its packages and kehu's need not agree.

python -m venv ELSEWHERE && ELSEWHERE/bin/pip install "goldenmatch>=3.22,<4"
GOLDENMATCH_PYTHON=ELSEWHERE/bin/python .venv/bin/python benchmarks/accuracy.py
"""

import subprocess
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kehu.process import clean

CLEAN_COLUMNS = (
    "record_id", "kind", "name_match", "surname", "given_name", "name_sound", "id_number", "phone", "birth_date",
    "gender", "email", "address", "district", "city", "road", "room",
)  # fmt: skip
"""The cleaned columns it gets where it gets cleaned ones. Without the address, with fewer columns or as dirty as they
came, its F1 on a town of 5,000 was far lower."""

PROGRAM = """
import sys
import goldenmatch
import pyarrow as pa
import pyarrow.parquet as pq

records = pq.read_table(sys.argv[1])
found = goldenmatch.dedupe_df(records)
cluster = list(range(records.num_rows))
for number, one in found.clusters.items():
    for row in one["members"]:
        cluster[row] = -1 - number
pq.write_table(pa.table({"record_id": records["record_id"], "customer_id": cluster}), sys.argv[2])
"""
"""What that Python runs; a record of no cluster is alone."""


def resolve(python: Path, flat: pa.Table, *, cleaned: bool) -> tuple[pa.Table, float]:
    """The partition that GoldenMatch makes of flat records, or of them cleaned; and in how many seconds."""
    start = time.perf_counter()
    records = clean.clean(flat).select(CLEAN_COLUMNS) if cleaned else flat
    texts = pa.schema([(name, pa.string()) for name in records.column_names])
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder, "records.parquet"), Path(folder, "answer.parquet")
        pq.write_table(records.cast(texts), given)
        subprocess.run([python, "-c", PROGRAM, given, answer], check=True, capture_output=True)
        return pq.read_table(answer), time.perf_counter() - start
