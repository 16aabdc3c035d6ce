"""Whom a newcomer may be, before anything is stored."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kehu.engine.few import Few
from kehu.flows.arrive import arrive, newcomer
from kehu.flows.arrive.arrive import Desk
from kehu.resolve import model as models
from kehu.store import contents
from kehu.store.database import Database

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
KNOWN = {"channel": "hall", "record_id": "1", "name": "欧阳娜娜", "phone": "13912345678", "birth_date": "1990-03-07",
         "address": "浙江省杭州市西湖区文三路138号3幢2单元501室"}  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(
        engine=Few(), model=models.shipped(), home="CN", trust={}, hot_key_limit=100, mappings={}, rules={},
        raw_in=tmp_path / "raw", clock=lambda: NOON,
    )  # fmt: skip


def test_a_newcomer_is_told_as_they_would_be_joined_and_nothing_is_stored(store: Database, desk: Desk) -> None:
    known = arrive.one(store, desk, KNOWN)
    arrive.one(store, desk, {"channel": "hall", "record_id": "2", "name": "王小明", "phone": "13700000001"})
    with store.read() as tx:
        before = list(contents.lines(tx))
    row = {**KNOWN, "channel": "counter", "record_id": "new", "address": None}
    met = newcomer.meet(store, desk, row)
    with store.read() as tx:
        assert list(contents.lines(tx)) == before
    (likely,) = met.likely
    assert (likely.customer.customer_id, likely.joins, met.reasons) == (known.customer_id, True, ())
    came = arrive.one(store, desk, row)
    assert came.customer_id == known.customer_id
    assert likely.weight == pytest.approx(came.links[0].weight)
    assert likely.evidence == came.links[0].evidence


def test_nobody_is_like_somebody_who_shares_nothing(store: Database, desk: Desk) -> None:
    arrive.one(store, desk, KNOWN)
    met = newcomer.meet(
        store, desk, {"channel": "counter", "record_id": "new", "name": "史密斯", "phone": "13711112222"}
    )
    assert met == newcomer.Met(reasons=(), likely=())


def test_what_would_lie_in_quarantine_is_said_before(store: Database, desk: Desk) -> None:
    met = newcomer.meet(store, desk, {"channel": "counter", "record_id": None, "name": "张伟"})
    assert [one["rule"] for one in met.reasons] == ["required"]
    assert met.likely == ()
