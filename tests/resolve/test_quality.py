"""The quality of a customer: 100 less the points of its flaws."""

from collections.abc import Callable
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from tests.resolve.test_golden import Row, members

from kehu.model.codes import Flaw
from kehu.resolve import golden, quality

Resident = Callable[[str, int], str]


def judged(rows: list[Row], *, received: str | None = None) -> tuple[float, set[Flaw]]:
    """The quality of one customer with its flaws."""
    table = members(rows)
    if received:
        at = datetime.fromisoformat(received).replace(tzinfo=UTC)
        table = table.append_column("received_at", pa.array([at] * len(rows), pa.timestamp("us", tz="UTC")))
    [state] = golden.values(table, trust={}).to_pylist()
    return state["quality"], {Flaw(name) for name in state["flaws"].split(",")[1:]}


@pytest.fixture
def whole(resident: Resident) -> Row:
    """A record that lacks nothing."""
    return {
        "name": "张伟", "id_type": "身份证", "id_number": resident("19800203", 1), "phone": "13912345678",
        "email": "zw@x.org", "address": "杭州市西湖区文三路1号", "birth_date": "1980-02-03", "gender": "男",
    }  # fmt: skip


def test_who_lacks_nothing_has_a_hundred(whole: Row) -> None:
    assert judged([whole, whole]) == (100.0, set())


def test_every_point_is_told_by_a_flaw(whole: Row) -> None:
    for rows in ([whole], [{"name": "张先生"}], [{"phone": "13912345678"}, whole], [{"email": "a@x.org"}]):
        points, flaws = judged(rows)
        assert points == 100 - sum(quality.POINTS[flaw] for flaw in flaws)


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"name": "张先生"}, Flaw.WEAK_NAME),
        ({"name": ""}, Flaw.NO_NAME),
        ({"id_number": ""}, Flaw.NO_CERTIFICATE),
        ({"id_number": "E12345678", "id_type": "护照"}, Flaw.UNVERIFIED_CERTIFICATE),
        ({"phone": ""}, Flaw.NO_PHONE),
        ({"email": ""}, Flaw.NO_EMAIL),
        ({"address": ""}, Flaw.NO_ADDRESS),
        ({"birth_date": "1981-02-03"}, Flaw.CONFLICTING_BIRTH_DATE),
        ({"gender": "女"}, Flaw.CONFLICTING_GENDER),
    ],
)
def test_what_is_wrong_is_named(whole: Row, change: Row, flaw: Flaw) -> None:
    assert flaw in judged([whole | change] * 2)[1]


def test_records_that_contradict_each_other_are_named(whole: Row, resident: Resident) -> None:
    other = {**whole, "name": "李娜", "id_number": resident("19800203", 3)}
    assert judged([whole, other])[1] == {Flaw.CONFLICTING_NAME, Flaw.CONFLICTING_CERTIFICATE}
    assert judged([whole, {**whole, "name": "張偉"}])[1] == set()


def test_a_customer_is_stale_by_what_was_known_when_it_came(whole: Row) -> None:
    dated = {**whole, "updated_at": "2024-01-01T00:00:00Z"}
    assert judged([dated, dated], received="2026-06-01")[1] == {Flaw.STALE}
    assert judged([dated, dated], received="2025-06-01")[1] == set()
