"""The door: those who wait at one time are served together, and each gets its own answer."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from kehu.errors import StoreError
from kehu.flows.arrive.door import MOST, Door


def test_everybody_gets_the_own_answer_and_those_who_wait_go_together() -> None:
    door: Door[int, int] = Door()
    sizes: list[int] = []
    begun, go = threading.Event(), threading.Event()

    def together(several: Sequence[int]) -> list[int]:
        sizes.append(len(several))
        begun.set()
        go.wait(10)
        return [-asked for asked in several]

    with ThreadPoolExecutor(MOST + 12) as callers:
        first = callers.submit(door.through, 0, together)
        begun.wait(10)
        rest = [callers.submit(door.through, asked, together) for asked in range(1, MOST + 12)]
        while len(door._waiting) < len(rest):
            pass
        go.set()
        assert [one.result(10) for one in [first, *rest]] == [-asked for asked in range(MOST + 12)]
    assert sizes == [1, MOST, 11]


def test_those_who_were_served_together_wait_a_moment_for_each_other() -> None:
    door: Door[int, int] = Door()
    sizes: list[int] = []

    def together(several: Sequence[int]) -> list[int]:
        sizes.append(len(several))
        return list(several)

    door._last = 3
    with ThreadPoolExecutor(3) as callers:
        assert list(callers.map(lambda asked: door.through(asked, together), range(3))) == [0, 1, 2]
    assert sizes == [3]
    assert [door.through(asked, together) for asked in range(3)] == [0, 1, 2]
    assert sizes == [3, 1, 1, 1]


def test_nobody_pays_for_another() -> None:
    door: Door[int, int] = Door()
    begun, go = threading.Event(), threading.Event()

    def together(several: Sequence[int]) -> list[int]:
        begun.set()
        go.wait(10)
        if 3 in several:
            raise StoreError("no threes")
        return list(several)

    with ThreadPoolExecutor(5) as callers:
        first = callers.submit(door.through, 0, together)
        begun.wait(10)
        rest = [callers.submit(door.through, asked, together) for asked in range(1, 5)]
        while len(door._waiting) < len(rest):
            pass
        go.set()
        assert first.result(10) == 0
        assert [one.result(10) for place, one in enumerate(rest) if place != 2] == [1, 2, 4]
        with pytest.raises(StoreError, match="no threes"):
            rest[2].result(10)
