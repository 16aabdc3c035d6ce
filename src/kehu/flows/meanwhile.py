"""Meanwhile: what is done now and then beside something else, by a thread that ends with it."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kehu.errors import StoreError

log = logging.getLogger(__name__)


@contextmanager
def repeated(work: Callable[[], object], *, name: str, every_s: float) -> Iterator[None]:
    """Do something every so many seconds while the block runs.

    A store that is away comes back, so that it could not be done is logged, and tried again the next time.
    """
    is_over = threading.Event()

    def beat() -> None:
        while not is_over.wait(every_s):
            attempt(work, name=name)

    worker = threading.Thread(target=beat, name=name, daemon=True)
    worker.start()
    try:
        yield
    finally:
        is_over.set()
        worker.join()


def attempt(work: Callable[[], object], *, name: str) -> None:
    """Do something once; a store that refuses is logged."""
    try:
        work()
    except StoreError as why:
        log.warning("%s: not done, and tried again later: %s", name, why)
