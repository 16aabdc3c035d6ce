"""The limit: pyarrow parses the file, told its encoding and that all is text, and nothing else is done.

python -m ways.limit FILE THREADS
"""

import json
import sys

import exported
import pyarrow as pa
import pyarrow.csv

from kehu.collect.town import hall


def main() -> None:
    file, threads = sys.argv[1], int(sys.argv[2])
    pa.set_cpu_count(threads)
    rows = pyarrow.csv.read_csv(
        file,
        pyarrow.csv.ReadOptions(encoding=hall.ENCODING),
        convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(exported.HEADS, pa.string())),
    )
    print(json.dumps({"read": rows.num_rows, "accepted": None, "quarantined": None}))


if __name__ == "__main__":
    main()
