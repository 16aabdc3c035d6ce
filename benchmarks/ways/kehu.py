"""kehu's way, as `kehu run` takes a drop folder in, without the store.

python -m ways.kehu FILE THREADS
"""

import gc
import json
import sys
from pathlib import Path

import exported
from pydantic import TypeAdapter

from kehu.collect.files import FilesChannel, FilesSource
from kehu.flows import intake
from kehu.flows.intake import Feed
from kehu.model import arrow
from kehu.process import checks, mapping


def main() -> None:
    arrow.without_pandas()  # This and the next as the command does.
    gc.freeze()
    file, threads = Path(sys.argv[1]), int(sys.argv[2])
    source = FilesSource(path=file.parent, pattern=(file.name,), settle_s=0)
    feed = Feed(
        channel=FilesChannel("hall", source, folder=file.parent),
        mapping=mapping.Mapping.model_validate(exported.MAPPING),
        rules=TypeAdapter(tuple[checks.Rule, ...]).validate_python(exported.RULES),
        zone="Asia/Shanghai",
    )
    counts = {"read": 0, "accepted": 0, "quarantined": 0}
    for judged in intake.judged_batches(feed, after=None, home="CN", threads=threads):
        counts["read"] += judged.read
        counts["accepted"] += judged.clean.num_rows
        counts["quarantined"] += judged.faulty.num_rows
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
