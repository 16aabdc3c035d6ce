"""What is kept longer than it may be is told and, where that is asked for, erased; on each database."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.privacy import restrict, retain
from kehu.flows.privacy.erase import Room
from kehu.store import customers
from kehu.store.database import Database
from kehu.store.privacy import erasing


def test_whose_service_ended_long_ago_is_told_and_erased_where_that_is_asked_for(
    held: Database, desk: Desk, room: Room, asked: Any
) -> None:
    states = {"gone": "销户", "runs": "正常", "both": "销户", "disputed": "销户"}
    numbers = {}
    for place, (name, state) in enumerate(states.items()):
        row = {"channel": "hall", "record_id": name, "name": f"王{'芳华丽娜'[place]}", "phone": f"1370000111{place}",
               "birth_date": f"199{place}-02-03", "msisdn": f"1370000111{place}", "number_state": state,
               "updated_at": "2019-05-01T00:00:00Z"}  # fmt: skip
        numbers[name] = arrive.one(held, desk, row).customer_id
        assert numbers[name] is not None
    late = {"channel": "app", "record_id": "later", "name": "王丽", "phone": "13700001112", "birth_date": "1992-02-03"}
    came = arrive.one(held, desk, {**late, "updated_at": "2026-10-01T00:00:00Z"})
    assert came.customer_id == numbers["both"]
    restrict.restrict(held, numbers["disputed"] or 0, asked=asked())
    told = retain.due(held, asked=asked(), room=room)
    assert told.ended == (numbers["gone"],)
    retain.retain(held, desk, asked=asked(20), room=room)
    assert retain.due(held, asked=asked(21), room=room).ended == (numbers["gone"],)
    retain.retain(held, desk, asked=asked(22), room=room, with_ended=True)
    assert retain.due(held, asked=asked(23), room=room).ended == ()
    with held.read() as tx:
        assert erasing.running(tx) == []
        left = customers.states(tx, retired=False).column("customer_id").to_pylist()
    assert set(left) == {numbers[name] for name in ("runs", "both", "disputed")}


def test_nobody_is_over_whose_service_just_ended(held: Database, desk: Desk, room: Room, asked: Any) -> None:
    row = {"channel": "hall", "record_id": "x", "name": "某人", "msisdn": "13700001111", "number_state": "销户"}
    arrive.one(held, desk, {**row, "updated_at": "2025-05-01T00:00:00Z"})
    assert retain.due(held, asked=asked(), room=room).ended == ()
    later = replace(asked(), at=asked().at + timedelta(days=400))
    assert len(retain.due(held, asked=later, room=room).ended) == 1
