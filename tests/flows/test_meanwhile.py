"""What is done beside a block is done by a thread, and its result or its failure reaches whoever asks for it."""

import threading

import pytest

from kehu.flows import meanwhile


def test_long_things_are_done_by_one_thread_while_the_block_goes_on() -> None:
    goes_on = threading.Event()

    def work() -> str:
        assert goes_on.wait(10), "the block waits for it"
        return threading.current_thread().name

    with meanwhile.beside(records=meanwhile.LONG) as thread:
        first, second = thread.begin(work), thread.begin(work)
        goes_on.set()
        assert first() == second()
        assert first() != threading.current_thread().name


def test_short_things_are_done_where_they_are_asked_for() -> None:
    done: list[str] = []
    with meanwhile.beside(records=meanwhile.LONG - 1) as thread:
        ask = thread.begin(lambda: done.append(threading.current_thread().name))
        assert not done
        ask()
    assert done == [threading.current_thread().name]


@pytest.mark.parametrize("many", [meanwhile.LONG, 1])
def test_whoever_asks_is_told_of_a_failure(many: int) -> None:
    with meanwhile.beside(records=many) as thread, pytest.raises(ZeroDivisionError):
        thread.begin(lambda: 1 // 0)()


def test_a_block_that_fails_does_not_wait_for_what_has_not_begun() -> None:
    begun: list[int] = []
    may_end = threading.Event()

    def first() -> None:
        may_end.wait(10)

    def block() -> None:
        with meanwhile.beside(records=meanwhile.LONG) as thread:
            thread.begin(first)
            thread.begin(lambda: begun.append(1))
            threading.Timer(0.05, may_end.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        block()
    assert not begun
