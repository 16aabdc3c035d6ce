"""How right kehu is on operators and persons of history of many kinds (`unseen/variants.py`): one table.

    .venv/bin/python benchmarks/variants.py [--records N] [--seeds 3 4 5] [--only NAME]

kehu runs as `kehu resolve` does, with the model it ships and no labels. Of several seeds the least
and the mean are told.
"""

import argparse
import statistics
import sys
from collections import defaultdict

from rich.console import Console
from rich.table import Table
from unseen import variants

from kehu.engine.duck import Duck
from kehu.flows import partition
from kehu.resolve import evaluate
from kehu.resolve import model as models
from kehu.resolve.evaluate import Score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=43_000, help="records of each set")
    parser.add_argument("--seeds", type=int, nargs="+", default=[3], help="each makes other people")
    parser.add_argument("--only", default="", help="only the sets whose name holds this")
    options = parser.parse_args()
    scores: defaultdict[str, list[Score]] = defaultdict(list)
    for seed in options.seeds:
        for name, flat, truth in variants.sets(options.records, seed=seed, only=options.only):
            found = partition.resolve(flat, Duck(), models.shipped(), adapt=True)
            scores[name].append(evaluate.compare(found.customers, truth))
    table = Table(title=f"{options.records:,} records, seeds {options.seeds}: least / mean")
    table.add_column("set", no_wrap=True)
    for head in ("precision", "recall", "F1", "B³ F1"):
        table.add_column(head, justify="right", no_wrap=True)
    for name, of in scores.items():
        columns = ([getattr(score, part) for score in of] for part in ("precision", "recall", "f1", "b3_f1"))
        table.add_row(name, *(f"{min(values):.4f} / {statistics.mean(values):.4f}" for values in columns))
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    main()
