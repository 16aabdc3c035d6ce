"""What is asked for once is made once, whatever it is, on each database."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from kehu.engine.few import Few
from kehu.errors import ConflictError
from kehu.flows.analysis import segments
from kehu.flows.analysis.segments import Reader
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.decide import decide
from kehu.flows.decide.decision import Answer
from kehu.flows.insight.sight import Sight
from kehu.flows.once import Once
from kehu.flows.privacy import consents, erase
from kehu.flows.privacy.asked import Asked
from kehu.flows.privacy.erase import Room
from kehu.flows.service import calls, notes, sla, tickets
from kehu.flows.service.tickets import Wanted
from kehu.flows.users import people
from kehu.flows.users.people import By, Office
from kehu.model import segments as model
from kehu.model.people import Role
from kehu.model.privacy import Purpose, Said
from kehu.resolve import model as models
from kehu.store import customers
from kehu.store.database import Database
from kehu.store.dictionary.whole import metadata
from kehu.store.people.users import Person

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
BY = By(login="lihua", at=NOW)
CLOCK = sla.Tickets().clock(UTC)
NAMES = ("张伟", "李娜", "王芳")


def counted(store: Database) -> dict[str, int]:
    """How many rows each table has."""
    with store.read() as tx:
        return {
            name: tx.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for name, table in metadata.tables.items()
        }


def test_whatever_is_asked_for_once_is_made_once(store: Database, tmp_path: Path) -> None:
    seconds = itertools.count()
    desk = Desk(
        engine=Few(), model=models.shipped(), home="CN", trust={}, hot_key_limit=100, mappings={}, rules={},
        raw_in=tmp_path / "raw", clock=lambda: NOW + timedelta(seconds=next(seconds)),
    )  # fmt: skip
    rows = [
        {"channel": "hall", "record_id": name, "name": name, "phone": f"1391234567{place}"}
        for place, name in enumerate(NAMES)
    ]
    one, two, three = (told.customer_id or 0 for told in arrive.many(store, desk, rows).records)
    assert store.vault is not None
    office, room = Office(database=store, vault=store.vault), Room(ledger_at=tmp_path / "erased.jsonl")
    asked, reader = (
        Asked(who="lihua", at=NOW, why="she asked for it"),
        Reader(sees_persons=True, sight=Sight(), smallest=1),
    )
    ticket = tickets.open_one(store, CLOCK, Wanted(title="No signal"), by=BY).ticket.ticket_id
    condition = model.parsed({"column": "customer.name", "is": "known"})
    decided: list[int] = []

    def merged(once: Once) -> object:
        told = decide.merge(store, desk, [one, two], reason="she said so", by="lihua", once=once)
        decided.append(told.decision_id)
        return told

    def split(once: Once) -> object:
        with store.read() as tx:
            leaving = customers.records_of(tx, one).column("record").to_pylist()[:1]
        return decide.split(store, desk, one, leaving, reason="she said so", by="lihua", once=once)

    making: dict[str, Callable[[Once], object]] = {
        "note": lambda once: notes.write(store, one, "calls at noon", by=BY, once=once),
        "ticket": lambda once: tickets.open_one(store, CLOCK, Wanted(title="No signal"), by=BY, once=once),
        "comment": lambda once: tickets.comment(store, ticket, "a mast", by=BY, once=once),
        "call": lambda once: calls.arrived(store, "13912345678", channel="10086", home="CN", by=BY, once=once),
        "segment": lambda once: segments.save(store, condition, name="people", by=BY, reader=reader, once=once),
        "consent": lambda once: consents.note(
            store, one, purpose=Purpose.MARKETING, said=Said.GIVEN, notice="3", channel="hall", asked=asked, once=once
        ),
        "pin": lambda once: decide.pin(
            store, desk, one, "email", "zhang.wei@mail.example", reason="she said so", by="lihua", once=once
        ),
        "merge": merged,
        "undo": lambda once: decide.undo(store, desk, decided[0], reason="a mistake", by="lihua", once=once),
        "merge again": merged,
        "split": split,
        "erasure": lambda once: erase.begin(store, desk, three, asked=asked, room=room, once=once),
    }
    for name, make in making.items():
        once = Once(who="lihua", key=name, body=name, at=NOW)
        first, rows_then = make(once), counted(store)
        again = make(once)
        if isinstance(first, Answer):  # What a decision overrode is told when it is made.
            first = replace(first, overrides=(), warnings=())
        assert again == first, name
        assert counted(store) == rows_then, name
        with pytest.raises(ConflictError, match="Idempotency-Key"):
            make(Once(who="lihua", key=name, body="something else", at=NOW))

    def invited() -> tuple[Person, str]:
        once = Once(who="lihua", key="u-1", body="u-1", at=NOW)
        return people.invite(office, login="mei", name="", roles={Role.AGENT}, by=BY, once=once)

    # Their link is told once only, so who asks again is told another.
    (mei, lost), (same, link) = invited(), invited()
    assert mei == same
    assert lost != link
    people.choose_password(office, link, "four words make one", by=BY)
    with pytest.raises(ConflictError, match="came in meanwhile"):
        invited()
