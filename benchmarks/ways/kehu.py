"""kehu's way, as `kehu run` takes a drop folder in, without the store.

python -m ways.kehu FILE THREADS
"""

import gc
import json
import sys
from pathlib import Path

import exported


def main() -> None:
    file, threads = Path(sys.argv[1]), int(sys.argv[2])
    gc.disable()  # Commands are loaded so, too; and a run spares what was there before it the search for circles.
    from pydantic import TypeAdapter  # noqa: PLC0415

    from kehu.collect.files import FilesChannel, FilesSource  # noqa: PLC0415
    from kehu.flows.intake import intake  # noqa: PLC0415
    from kehu.flows.intake.intake import Feed  # noqa: PLC0415
    from kehu.model import arrow  # noqa: PLC0415
    from kehu.process import checks, mapping  # noqa: PLC0415

    arrow.without_pandas()
    gc.freeze()
    gc.enable()
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
