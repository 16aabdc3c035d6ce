"""The door: whoever waits at it while others are served goes in together with the rest.

A commit waits for the disk, and a request that was answered must be on it. So the first who finds the door free takes
all who wait there into one transaction; each is answered once that is committed. Alone, nobody waits for anybody.

Those who were served together come back one by one. The first of them would go in alone, at a good part of the price
of all, while the others wait for it; so it waits a moment for as many as there were.

Source:
    Group commit: DeWitt et al. 1984; the moment is PostgreSQL's `commit_delay`.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from kehu.errors import KehuError

Asked = TypeVar("Asked")
Told = TypeVar("Told")

MOST = 256
"""So many go in together. The more there are the less each costs, and who asks next waits no longer than they take."""

MOMENT_S = 0.01
"""So long the first waits for others, where several were served just now."""


@dataclass
class _Caller(Generic[Asked, Told]):
    """One who waits."""

    asked: Asked
    told: Told | None = None
    failure: BaseException | None = None
    served: bool = False


@dataclass
class Door(Generic[Asked, Told]):
    """Where callers on many threads meet."""

    _waiting: list[_Caller[Asked, Told]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _turn: threading.Condition = field(init=False, repr=False)
    """Tells those who wait that somebody came out."""
    _busy: bool = False
    """Whether somebody is inside."""
    _last: int = 1
    """How many were served together the last time."""
    _come: threading.Condition = field(init=False, repr=False)
    """Tells whoever is about to go in that another one came."""

    def __post_init__(self) -> None:
        self._turn, self._come = threading.Condition(self._lock), threading.Condition(self._lock)

    def through(self, asked: Asked, together: Callable[[Sequence[Asked]], Sequence[Told]]) -> Told:
        """What is told to this caller.

        Args:
            asked: What it asks.
            together: Serves several callers at once, all or none, and tells each in their order; the same for all who
                come to this door. Where it refuses several, each is served alone, so that nobody pays for another.

        >>> Door().through(2, lambda several: [asked * asked for asked in several])
        4
        """
        mine: _Caller[Asked, Told] = _Caller(asked)
        with self._turn:
            self._waiting.append(mine)
            self._come.notify()
        while not mine.served:
            inside = self._enter(mine)
            if inside:
                self._serve(inside, together)
        if mine.failure is not None:
            raise mine.failure
        return mine.told  # type: ignore[return-value]  # it was served, and did not fail

    def _enter(self, mine: _Caller[Asked, Told]) -> list[_Caller[Asked, Told]]:
        """Wait until this caller is served, or is the one to serve those who wait, who are told."""
        with self._turn:
            # Who is served goes home at once: at a lock it would stand in line behind those who come back.
            self._turn.wait_for(lambda: mine.served or not self._busy)
            if mine.served:
                return []
            self._busy = True
            if self._last > 1:
                self._come.wait_for(lambda: len(self._waiting) >= self._last, MOMENT_S)
            inside, self._waiting[:MOST] = self._waiting[:MOST], []
            self._last = len(inside)
            return inside

    def _serve(
        self, inside: Sequence[_Caller[Asked, Told]], together: Callable[[Sequence[Asked]], Sequence[Told]]
    ) -> None:
        try:
            self._tell(inside, together)
        except KehuError:
            for caller in inside:
                try:
                    self._tell([caller], together)
                except KehuError as refusal:
                    caller.failure = refusal
        except BaseException as fault:
            for caller in inside:
                caller.failure = fault
            raise
        finally:
            with self._turn:
                for caller in inside:
                    caller.served = True
                self._busy = False
                self._turn.notify_all()

    def _tell(
        self, callers: Sequence[_Caller[Asked, Told]], together: Callable[[Sequence[Asked]], Sequence[Told]]
    ) -> None:
        for caller, told in zip(callers, together([caller.asked for caller in callers]), strict=True):
            caller.told = told
