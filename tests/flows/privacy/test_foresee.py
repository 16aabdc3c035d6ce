"""What an erasure is foreseen to do is what it does, on each database."""

from typing import Any

import pytest

from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.privacy import erase, foresee
from kehu.flows.privacy.erase import Room
from kehu.flows.service import notes
from kehu.flows.users.people import By
from kehu.store import contents
from kehu.store.database import Database


@pytest.mark.parametrize("msisdn", [None, "13912348765"])
def test_what_is_foreseen_is_what_goes(
    held: Database, desk: Desk, room: Room, known: Any, her: Any, asked: Any, msisdn: str | None
) -> None:
    number = known(held, desk)
    notes.write(held, number, "her name is 覃碧瑶", by=By(login="ann", at=asked().at))
    if msisdn:
        opened = {"channel": "hall", "record_id": "h5", **her.says, "msisdn": msisdn, "number_state": "正常"}
        arrive.one(held, desk, opened)
    told = foresee.erasing(held, number, room=room, at=asked().at)
    assert foresee.erasing(held, number, room=room, at=asked().at) == told
    receipt = erase.erase(held, desk, number, asked=asked(), room=room)
    assert [one.records for one in told.kept] == ([1] if msisdn else [])
    assert receipt.told["kept_by_law"] == sum(one.records for one in told.kept)
    for table in ("record", "note", "quarantine", "contact_medium", "search_term", "match_key"):
        # Of a customer who stays, emptied, some of it is made anew.
        if not (msisdn and table in {"contact_medium", "search_term", "match_key"}):
            assert told.tables.get(table) == receipt.told["tables"].get(table), table
    with held.read() as tx:
        assert "her name is" not in "\n".join(contents.lines(tx))
