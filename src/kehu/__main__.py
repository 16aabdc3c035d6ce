"""Run the command line: `python -m kehu`, and the script `kehu`."""

import gc
from typing import Any

from kehu.engine import processor


def main() -> None:
    """Run `kehu`; its commands do not know the application, so it is handed to them here."""
    processor.spare_slow_stores()
    from kehu.cli import door  # noqa: PLC0415 - it loads numpy, which has to be told before

    door.main(application=_serve)


def _serve(*given: Any, **named: Any) -> None:
    # What is made while it is loaded stays; looking for circles of objects in it meanwhile takes a tenth of a start.
    gc.disable()
    # Loaded only when it is wanted: it would take as long as all that the other commands need together.
    from kehu.serve import listening  # noqa: PLC0415

    listening.serve(*given, **named)


if __name__ == "__main__":
    main()
