from datetime import UTC, datetime

import pyarrow as pa

from kehu.collect.town import town
from kehu.flows.intake.held import Held
from kehu.process import clean, mapping
from kehu.store import loads, records
from kehu.store.database import Database

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def test_what_is_held_is_what_would_be_read_back(store: Database) -> None:
    rows, held = town.make(200, seed=3).records, Held()
    with store.begin() as tx:
        load = loads.start(tx, "town", at=NOW)
        for piece in (rows.slice(0, 120), rows.slice(60)):
            positions = pa.array([f"row {place}" for place in range(len(piece))])
            held.hold(
                records.add(
                    tx, clean.clean(piece), hashes=mapping.fingerprints(piece), positions=positions, load=load, at=NOW
                )
            )
        numbers = records.current(tx)
        told = held.given_up(tx, numbers, most=0)
        assert told is not None
        assert told.sort_by("record") == records.read(tx)


def test_what_is_not_held_is_read_unless_it_is_too_much(store: Database) -> None:
    rows = town.make(20, seed=3).records
    with store.begin() as tx:
        records.add(
            tx,
            clean.clean(rows),
            hashes=mapping.fingerprints(rows),
            positions=pa.nulls(len(rows), pa.string()),
            load=loads.start(tx, "town", at=NOW),
            at=NOW,
        )
        numbers = records.current(tx)
        assert Held().given_up(tx, numbers, most=len(numbers) - 1) is None
        assert Held().given_up(tx, numbers, most=len(numbers)) == records.read(tx, numbers)
