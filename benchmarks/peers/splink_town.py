"""`kehu resolve`, done by Splink: flat records of the town in, `record_id, customer_id` out; a program of its own.

    cd benchmarks && ../.venv/bin/python -m peers.splink_town IN OUT --threads 2

It cleans the records with kehu's own cleaning, because the settings need clean columns, and prints one JSON line.
"""

import argparse
import json
import time
from pathlib import Path

from peers import splink_peer

from kehu.collect import flat as flat_files
from kehu.process import clean


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, metavar="IN")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    start = time.perf_counter()
    columns = splink_peer.town_columns(clean.clean(flat_files.read(options.source).records))
    cleaned = {"clean": round(time.perf_counter() - start, 2)}
    answer = splink_peer.resolve([columns], splink_peer.town(), threads=options.threads)
    flat_files.write(answer.partitions[splink_peer.THRESHOLD], options.out)
    print(json.dumps({**answer.counts, "seconds": cleaned | answer.seconds}))


if __name__ == "__main__":
    main()
