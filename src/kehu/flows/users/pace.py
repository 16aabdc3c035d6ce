"""Pace: how often somebody may ask for what could be used to read out everybody, or to flood the store.

Each person, and each key, has a bucket of its own that holds a minute's worth and fills evenly. It stands in the memory
of the process: a restart fills it. How often values are unmasked is counted in the audit trail, which lasts.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from kehu.errors import TooManyError

MINUTE = timedelta(minutes=1)


class Asked(StrEnum):
    """What is asked for at a pace."""

    SEARCH = "search"
    """To find customers by what is typed."""
    PUSH = "push"
    """To take in records."""


@dataclass(frozen=True, kw_only=True)
class Paces:
    """How often somebody may ask; 0 lifts a limit."""

    searches_per_minute: int = 300
    """Somebody who types asks a few times a second."""
    pushes_per_minute: int = 60_000
    """Requests, of one record or a batch."""
    unmaskings_per_hour: int = 30
    """Requests to see a customer's values."""

    def per_minute(self, asked: Asked) -> int:
        """The limit on this."""
        return self.searches_per_minute if asked is Asked.SEARCH else self.pushes_per_minute


@dataclass
class Pace:
    """The buckets of everybody."""

    paces: Paces = field(default_factory=Paces)
    _left: dict[tuple[str, Asked], tuple[float, datetime]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self, who: str, asked: Asked, *, at: datetime) -> None:
        """Take one out of a bucket.

        Raises:
            TooManyError: It is empty.

        >>> from datetime import UTC
        >>> pace, now = Pace(Paces(searches_per_minute=2)), datetime(2026, 11, 22, tzinfo=UTC)
        >>> pace.spend("lihua", Asked.SEARCH, at=now), pace.spend("lihua", Asked.SEARCH, at=now)
        (None, None)
        >>> pace.spend("lihua", Asked.SEARCH, at=now)
        Traceback (most recent call last):
        kehu.errors.TooManyError: more than 2 requests of this kind a minute; the next may come in 30 s
        >>> pace.spend("lihua", Asked.SEARCH, at=now + timedelta(seconds=30))
        """
        limit = self.paces.per_minute(asked)
        if not limit:
            return
        with self._lock:
            left, before = self._left.get((who, asked), (float(limit), at))
            left = min(limit, left + limit * max((at - before) / MINUTE, 0.0))
            self._left[who, asked] = (left - 1 if left >= 1 else left, at)
        if left < 1:
            wait = MINUTE * ((1 - left) / limit)
            raise TooManyError(f"more than {limit} requests of this kind a minute", wait=wait)
