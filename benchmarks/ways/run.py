"""kehu's way, from the files to a complete store: what `kehu run` does, watched.

    python -m ways.run PROJECT

A thread looks many times a second at what the run is doing. Whatever is called out of the flows into `kehu.store`, down
to the driver and the disk, counts as the store's; reading what was stored before is told from writing.
"""

import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

import kehu.store
from kehu import wiring
from kehu.cli import running, screen
from kehu.cli.screen import Watched
from kehu.settings import reading

STORE = str(Path(kehu.store.__file__).parent)
EVERY_S = 0.02
LOOKS = frozenset({"read", "read_few", "batches", "execute", "scalar", "scalars"})
"""What functions are called that ask the database."""


class Watch(threading.Thread):
    """Looks at a thread, until it is told to stop; counts seconds by step and by place."""

    def __init__(self, progress: Watched) -> None:
        super().__init__(daemon=True)
        self._progress, self._of = progress, threading.get_ident()
        self._over = threading.Event()
        self.seconds: Counter[tuple[str, str]] = Counter()

    def run(self) -> None:
        """Look again and again."""
        last = time.perf_counter()
        while not self._over.wait(EVERY_S):
            now = time.perf_counter()
            frame = sys._current_frames()[self._of]  # noqa: SLF001  (the one way to see another thread)
            self.seconds[self._step(frame), _place(frame)] += now - last
            last = now

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self.join()

    def _step(self, frame: FrameType | None) -> str:
        while frame is not None:
            if frame.f_code is running._count.__code__:  # noqa: SLF001  (it tells no progress)
                return "figures"
            frame = frame.f_back
        task, step = self._progress._name, self._progress._step  # noqa: SLF001  (what it draws)
        return f"identify: {step}" if task == "identify" else step or "start"


def _place(frame: FrameType | None) -> str:
    """The function of the store that is at work, the outermost; nothing, where the store is not at work."""
    place, reads = "", False
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(STORE):
            place = f"{Path(code.co_filename).stem}.{code.co_name}"
            reads |= code.co_filename.endswith("bulk.py") and code.co_name in LOOKS
        frame = frame.f_back
    return f"{place} (reads)" if reads else place


def main() -> None:
    settings = reading.load(Path(sys.argv[1]))
    begun = time.perf_counter()
    with screen.watched() as progress:
        watch = Watch(progress)
        watch.start()
        with wiring.store(settings, migrate=True) as database:
            ran = running.whole(settings, database, None, progress)
        watch.stop()
    if ran.failures:
        sys.exit(str(ran.failures))
    told = {
        "seconds": time.perf_counter() - begun,
        "steps": running.seconds(progress),
        "places": [[*place, spent] for place, spent in watch.seconds.most_common()],
        "read": ran.counts.read,
        "accepted": ran.counts.accepted,
        "changed": ran.counts.changed,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
