"""Consent, restriction and disclosure, on each database."""

from typing import Any

import pytest

from kehu.errors import ConflictError, SettingsError
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.decide import decide
from kehu.flows.insight import insight
from kehu.flows.insight.sight import CLEAR, Sight
from kehu.flows.privacy import consents, disclose, erase, restrict
from kehu.flows.privacy.erase import Room
from kehu.model.privacy import Purpose, Said
from kehu.store import contents, customers, exports, filters, views
from kehu.store.database import Database
from kehu.store.exports import What
from kehu.store.privacy import consents as stored

PRIVACY = Sight(is_clear=True, is_whole=True)


def say(store: Database, number: int, said: Said, asked: Any, *, minutes: int = 1) -> None:
    consents.note(
        store, number, purpose=Purpose.MARKETING, said=said, notice="2026-03", channel="hall", asked=asked(minutes)
    )


def test_the_latest_word_holds_and_the_earlier_ones_are_kept(
    held: Database, desk: Desk, known: Any, asked: Any
) -> None:
    number = known(held, desk)
    say(held, number, Said.GIVEN, asked, minutes=1)
    say(held, number, Said.WITHDRAWN, asked, minutes=2)
    told = consents.of_customer(held, number)
    assert [one.said for one in told.history] == [Said.WITHDRAWN, Said.GIVEN]
    assert [one.said for one in told.standing] == [Said.WITHDRAWN]
    with held.read() as tx:
        assert set(tx.scalars(stored.refusing(Purpose.MARKETING))) == {number}
        assert set(tx.scalars(stored.consenting(Purpose.MARKETING))) == set()
    assert arrive.one(held, desk, {"channel": "x", "record_id": "1", "name": "丁一"}).customer_id


def test_a_merge_that_is_taken_back_leaves_every_consent_and_restriction_as_it_was(
    held: Database, desk: Desk, known: Any, asked: Any
) -> None:
    number = known(held, desk)
    other = arrive.one(held, desk, {"channel": "x", "record_id": "1", "name": "丁一"}).customer_id
    assert other is not None
    say(held, number, Said.GIVEN, asked)
    say(held, other, Said.WITHDRAWN, asked)
    restrict.restrict(held, other, asked=asked())
    tables = ("consent ", "restriction ", "member ")
    before = lines(held, tables)
    merged = decide.merge(held, desk, [number, other], reason="one person", by="ann")
    [one] = consents.of_customer(held, merged.customers[0]).standing
    assert one.said is Said.WITHDRAWN
    assert restrict.of_customer(held, merged.customers[0]) is not None
    decide.undo(held, desk, merged.decision_id, reason="two after all", by="ann")
    assert lines(held, tables) == before
    assert restrict.of_customer(held, number) is None


def lines(store: Database, tables: tuple[str, ...]) -> list[str]:
    """What stands in tables, but for since when."""
    with store.read() as tx:
        return [line.partition(", datetime")[0] for line in contents.lines(tx) if line.startswith(tables)]


def test_nobody_but_a_privacy_officer_sees_who_is_restricted(
    held: Database, desk: Desk, known: Any, her: Any, asked: Any
) -> None:
    number = known(held, desk)
    restrict.restrict(held, number, asked=asked())
    assert number not in [one.customer_id for one in insight.find(held, "覃碧瑶", sight=CLEAR).customers]
    assert [one.customer_id for one in insight.find(held, "覃碧瑶", sight=PRIVACY).customers] == [number]
    with held.read() as tx:
        listed = views.customers(tx, filters.Filter()).rows
        everybody = views.customers(tx, filters.Filter(with_restricted=True)).rows
        told = {what: str([piece.to_pylist() for piece in exports.batches(tx, what)]) for what in What}
    assert {one.customer_id for one in everybody} - {one.customer_id for one in listed} == {number}
    assert not [what for what, text in told.items() if her.certificate in text or "覃碧瑶" in text]
    restrict.free(held, number, asked=asked(12))
    assert [one.customer_id for one in insight.find(held, "覃碧瑶", sight=CLEAR).customers] == [number]


def test_what_comes_again_is_restricted_with_its_customer(
    held: Database, desk: Desk, known: Any, her: Any, asked: Any
) -> None:
    number = known(held, desk)
    restrict.restrict(held, number, asked=asked())
    came = arrive.one(held, desk, {"channel": "hall", "record_id": "h8", **her.says})
    assert came.customer_id == number
    with held.read() as tx:
        assert customers.records_of(tx, number).num_rows == 4
        assert number not in [one.customer_id for one in views.customers(tx, filters.Filter()).rows]


def test_what_is_kept_by_law_is_never_freed(
    held: Database, desk: Desk, known: Any, her: Any, asked: Any, room: Room
) -> None:
    number = known(held, desk)
    opened = {"channel": "hall", "record_id": "h5", **her.says, "msisdn": "13912348765", "number_state": "正常"}
    arrive.one(held, desk, opened)
    erase.erase(held, desk, number, asked=asked(), room=room)
    with pytest.raises(ConflictError, match="kept by law"):
        restrict.free(held, number, asked=asked(20))


def test_all_that_is_held_is_disclosed_once_it_is_known_who_asks(
    held: Database, desk: Desk, known: Any, her: Any, asked: Any
) -> None:
    number = known(held, desk)
    say(held, number, Said.GIVEN, asked)
    with pytest.raises(SettingsError, match="who they are"):
        disclose.disclose(held, number, asked=asked(why=""))
    told = disclose.disclose(held, number, asked=asked(why="resident card"))
    rows = {name: len(found) for name, found in told["held"].items()}
    assert rows["record"] == 4
    assert rows["customer"] == rows["consent"] == rows["quarantine"] == 1
    assert {one["act"] for one in told["held"]["audit"]} == {"consent", "disclose"}
    text = disclose.text(told)
    assert all(canary in text for canary in her.canaries)
    assert "王芳" not in text
    assert told["tables"]["record"]["columns"]["id_number"]["class"] == "sensitive"
    assert set(told["tables"]) == set(rows)
    assert told["tables"]["consent"]["purpose"] == "Doing what people ask for, and proving it"
