"""A code is good for its time, and once."""

from datetime import UTC, datetime, timedelta

from kehu.store.people import codes

SECRET = codes.drawn()
AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_a_code_is_taken_while_clocks_agree_to_a_step() -> None:
    code = codes.code_of(SECRET, int(AT.timestamp()) // 30)
    for seconds in (-30, 0, 29, 30):
        assert codes.step_of(code, SECRET, at=AT + timedelta(seconds=seconds), after=None)
    for seconds in (-61, 90):
        assert codes.step_of(code, SECRET, at=AT + timedelta(seconds=seconds), after=None) is None


def test_a_code_is_good_once() -> None:
    step = int(AT.timestamp()) // 30
    code = codes.code_of(SECRET, step)
    assert codes.step_of(code, SECRET, at=AT, after=step - 1) == step
    assert codes.step_of(code, SECRET, at=AT, after=step) is None
