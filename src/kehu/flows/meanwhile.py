"""Meanwhile: what is done beside something else, now and then or once, by a thread that ends with it."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from kehu.errors import StoreError

T = TypeVar("T")

LONG = 20_000
"""What is done with so many records takes long enough that a thread beside pays."""

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


@dataclass(frozen=True)
class Beside:
    """Who does things beside a block, one after the other."""

    thread: Executor | None
    """A thread; None where that would cost more than it saves."""

    def begin(self, work: Callable[[], T]) -> Callable[[], T]:
        """Let something be done; what is returned waits for it and gives its result, once."""
        return work if self.thread is None else self.thread.submit(work).result


@contextmanager
def beside(*, records: int) -> Iterator[Beside]:
    """Whoever does things with so many records beside the block: a thread; of few they are done where asked for."""
    if records < LONG:
        yield Beside(None)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="beside") as thread:
        try:
            yield Beside(thread)
        except BaseException:
            thread.shutdown(wait=False, cancel_futures=True)
            raise
