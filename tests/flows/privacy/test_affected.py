"""Who is to be told of a breach, on each database."""

import csv
import json
from datetime import UTC, date
from pathlib import Path
from typing import Any

import pytest

from kehu.errors import NotFoundError, SettingsError
from kehu.flows.analysis import export
from kehu.flows.arrive.arrive import Desk
from kehu.flows.privacy import affected, restrict
from kehu.flows.privacy.affected import Breach
from kehu.store.audit import trail
from kehu.store.audit.trail import Act
from kehu.store.conditions import Today
from kehu.store.database import Database
from kehu.store.exports import What
from kehu.store.privacy.breaches import Leaked

ON = Today(day=date(2026, 11, 22), zone=UTC)


def test_a_channel_tells_whose_values_leaked_and_which(held: Database, desk: Desk, known: Any, asked: Any) -> None:
    number = known(held, desk)
    restrict.restrict(held, number, asked=asked())
    by_hall, by_app = (
        affected.found(held, Breach(records=Leaked(channel=name)), asked=asked(), on=ON) for name in ("hall", "app")
    )
    hers = next(row for row in by_hall[0] if row["customer_id"] == number)
    assert (hers["name"], hers["phone"]) == ("覃碧瑶", "13912348765")
    assert set(hers["fields"].split()) >= {"name", "id_number", "phone", "email", "gender"}
    assert "gender" not in next(row for row in by_app[0] if row["customer_id"] == number)["fields"].split()
    assert (by_hall[1].customers, by_hall[1].quarantined) == (2, 1)
    assert by_app[1].quarantined == 0
    assert held.vault is not None
    with held.read() as tx:
        told = trail.page(tx, trail.Filter(act=Act.AFFECTED), vault=held.vault)
    assert [one.what for one in told] == ["what came by channel app", "what came by channel hall"]


def test_a_stretch_of_time_and_a_load_narrow_it(held: Database, desk: Desk, known: Any, asked: Any) -> None:
    known(held, desk)

    def many(**leaked: Any) -> int:
        return affected.found(held, Breach(records=Leaked(**leaked)), asked=asked(), on=ON)[1].customers

    assert many(until=asked().at) == 2
    assert many(since=asked().at) == 0
    assert many(channel="hall", load_id=1) + many(channel="app", load_id=1) == 2


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_list_that_was_taken_out_is_told_by_its_entry(
    held: Database, desk: Desk, known: Any, asked: Any, tmp_path: Path, form: str
) -> None:
    known(held, desk)
    export.export(held, What.CUSTOMERS, tmp_path / "out.csv", asked=export.Asked(who="ann", at=asked().at))
    assert held.vault is not None
    with held.read() as tx:
        [entry] = trail.page(tx, trail.Filter(act=Act.EXPORT), vault=held.vault)
    path = tmp_path / f"told.{form}"
    told = affected.write(held, Breach(export=entry.audit_id), path, asked=asked(), on=ON)
    text = path.read_text("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines())) if form == "csv" else json.loads(text)["affected"]
    assert len(rows) == told.customers == 2
    assert {"id_number", "phone"} <= set(told.fields)
    assert path.stat().st_mode & 0o077 == 0


def test_a_breach_that_says_nothing_or_names_no_export_is_refused(held: Database, asked: Any) -> None:
    with pytest.raises(SettingsError, match="what leaked"):
        Breach(records=Leaked())
    with pytest.raises(NotFoundError, match="no export"):
        affected.found(held, Breach(export=987), asked=asked(), on=ON)
    with pytest.raises(SettingsError, match="reason"):
        affected.found(held, Breach(records=Leaked(channel="hall")), asked=asked(why=""), on=ON)
