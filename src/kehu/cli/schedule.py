"""Work at intervals, until Ctrl-C or SIGTERM."""

import re
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from apscheduler.triggers.interval import IntervalTrigger

from kehu.errors import SettingsError

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def interval(written: str) -> timedelta:
    """A time as people write it: a number and s, m, h or d.

    >>> interval("15m"), interval("1h")
    (datetime.timedelta(seconds=900), datetime.timedelta(seconds=3600))

    Raises:
        SettingsError: It is none, or is no time at all.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,5})\s*([smhd])", written.strip())
    if found is None:
        raise SettingsError(f"--every {written}: write a number and s, m, h or d, such as 15m")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def repeat(
    work: Callable[[], None], *, every: timedelta, told: Callable[[datetime | None], None] = lambda _: None
) -> NoReturn:
    """Do the work now and again, once at a time; a time that comes while it is at work is left out.

    Args:
        work: What is done.
        every: From one beginning to the next.
        told: Called with the time of the next one before it is waited for, and with None at the end.

    Raises:
        KeyboardInterrupt: Ctrl-C or SIGTERM came; the work that was being done has seen it first.
    """
    begun = datetime.now(UTC)
    times = IntervalTrigger(seconds=int(every.total_seconds()), start_date=begun, timezone=UTC)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # APScheduler's own loop would run the work in another thread, where Ctrl-C does not reach it.
        while True:
            work()
            due = times.get_next_fire_time(None, datetime.now(UTC))
            told(due)
            time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
    finally:
        signal.signal(signal.SIGTERM, before)
        told(None)
