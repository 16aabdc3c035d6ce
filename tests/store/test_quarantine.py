import json
from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pytest

from kehu.errors import NotFoundError
from kehu.store import loads, quarantine
from kehu.store.database import Database
from kehu.store.quarantine import State

REASONS = [{"rule": "required", "column": "name", "zh": "缺少姓名", "en": "the name is missing"}]


def put(
    store: Database, raws: list[str], now: datetime, *, channel: str = "hall", keys: Sequence[str | None] | None = None
) -> int:
    rows = [
        {"record_id": key, "source_position": f"hall.csv:{place}", "raw": raw, "reasons": json.dumps(REASONS)}
        for place, (raw, key) in enumerate(zip(raws, keys or ["1"] * len(raws), strict=True))
    ]
    with store.begin() as tx:
        load = loads.start(tx, channel, at=now)
        broken = pa.Table.from_pylist(rows, schema=quarantine.BROKEN)
        return len(quarantine.add(tx, broken, channel=channel, load=load, at=now))


def test_a_bad_row_keeps_its_raw_text_and_its_reasons(store: Database, now: datetime) -> None:
    assert put(store, ['{"姓名": ""}'], now) == 1
    with store.read() as tx:
        (row,) = quarantine.page(tx)
        assert row == quarantine.get(tx, row.quarantine_id)
    assert (row.raw, row.reasons, row.state, row.received_at) == ('{"姓名": ""}', REASONS, State.OPEN, now)
    assert (row.channel, row.record_id, row.source_position) == ("hall", "1", "hall.csv:0")


def test_the_same_bad_row_stands_there_once(store: Database, now: datetime) -> None:
    assert put(store, ["a", "b", "a"], now) == 2
    assert put(store, ["b", "c"], now) == 1
    assert put(store, ["b"], now, channel="online") == 1
    assert put(store, ["b"], now, keys=["2"]) == 1


def test_files_of_which_nothing_can_be_read_stand_there_each(store: Database, now: datetime) -> None:
    assert put(store, ["", ""], now, keys=[None, None]) == 2
    assert put(store, ["", "", ""], now, keys=[None, None, None]) == 1


def test_bad_rows_are_listed_a_page_at_a_time_and_marked(store: Database, now: datetime) -> None:
    put(store, ["a", "b", "c"], now)
    with store.begin() as tx:
        first = quarantine.page(tx, limit=2)
        (last,) = quarantine.page(tx, limit=2, after=first[-1].quarantine_id)
        quarantine.mark(tx, last.quarantine_id, State.REPLAYED)
        assert [row.raw for row in quarantine.page(tx)] == ["a", "b"]
        assert [row.raw for row in quarantine.page(tx, state=None)] == ["a", "b", "c"]
        assert quarantine.page(tx, channel="online") == []
        assert (quarantine.count(tx), quarantine.count(tx, channel="hall", state=State.REPLAYED)) == (2, 1)
        for ask in (lambda: quarantine.get(tx, 99), lambda: quarantine.mark(tx, 99, State.DISMISSED)):
            with pytest.raises(NotFoundError, match="no row 99"):
                ask()


def test_whatever_broke_can_be_quarantined(store: Database, now: datetime) -> None:
    put(store, ["\0 binary \ud7ff\x01", "x" * 100_000], now, keys=["\0" * 3, "k" * 999])
    with store.read() as tx:
        rows = quarantine.page(tx)
    assert rows[0].raw == "␀ binary \ud7ff\x01"
    assert rows[0].record_id == "␀␀␀"
    assert (len(rows[1].raw), len(rows[1].record_id or "")) == (100_000, 200)
