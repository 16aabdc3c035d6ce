"""Children under 14, on each database: a guardian consents first."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from kehu.errors import ConflictError
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.privacy import consents, standing
from kehu.model.privacy import Guard, Purpose, Said
from kehu.store import customers
from kehu.store.database import Database
from kehu.store.dictionary.customers import customer
from kehu.store.privacy import children

CHILD = {"name": "小明", "phone": "13700002222"}


@pytest.mark.parametrize(
    "says",
    [
        pytest.param({"id_type": "ID", "id_number": "330106201503071232"}, id="by certificate"),
        pytest.param({"birth_date": "2015-03-07"}, id="by birth date"),
    ],
)
def test_a_guardian_consents_before_the_child_does(held: Database, desk: Desk, asked: Any, says: Any) -> None:
    row = {"channel": "hall", "record_id": "k1", **CHILD, **says}
    number = arrive.one(held, desk, row).customer_id
    assert number is not None

    def say(purpose: Purpose, said: Said, minutes: int) -> None:
        consents.note(held, number, purpose=purpose, said=said, notice="1", channel="hall", asked=asked(minutes))

    def guard() -> Guard:
        return standing.of_customer(held, number, at=asked().at, with_requests=False).guard

    assert guard() is Guard.LACKING
    with pytest.raises(ConflictError, match="guardian"):
        say(Purpose.MARKETING, Said.GIVEN, 1)
    say(Purpose.MARKETING, Said.WITHDRAWN, 2)
    say(Purpose.GUARDIAN, Said.GIVEN, 3)
    say(Purpose.MARKETING, Said.GIVEN, 4)
    assert guard() is Guard.AGREED
    say(Purpose.GUARDIAN, Said.WITHDRAWN, 5)
    assert guard() is Guard.LACKING
    with held.read() as tx:
        named = sa.select(customer.c.customer_id).where(children.may_be_named(asked().at.date()))
        assert number not in set(tx.scalars(named))


def test_who_is_fourteen_today_is_no_child(held: Database, desk: Desk, asked: Any) -> None:
    for key, born in (("k2", "2012-11-22"), ("k3", "2012-11-23"), ("k4", "")):
        arrive.one(held, desk, {"channel": "hall", "record_id": key, "name": f"孩{key}", "birth_date": born})
    with held.read() as tx:
        told = {
            row["birth_date"]: children.guard(tx, row["customer_id"], at=asked().at)
            for row in customers.states(tx, retired=False).to_pylist()
        }
    assert told == {date(2012, 11, 22): Guard.NONE, date(2012, 11, 23): Guard.LACKING, None: Guard.NONE}
