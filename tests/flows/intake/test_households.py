"""What rows say of numbers and visits, on its way from a file to a customer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kehu.collect.files import FilesChannel, FilesSource
from kehu.engine.duck import Duck
from kehu.flows.identify.identify import identify
from kehu.flows.intake.intake import Brought, Feed, intake
from kehu.process.mapping import Mapping
from kehu.resolve import model
from kehu.store import contents, database, households, quarantine, records
from kehu.store.database import Database
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault

VAULT = Vault(Keyring(secrets={1: bytes(32)}))

HEADS = "no,name,phone,msisdn,at,service,proxy,proxy_no"
MAPPING = {"record_id": "no", "name": "name", "phone": "phone", "updated_at": "at", "msisdn": "msisdn"}
MAPPING |= {
    "interaction_at": "at",
    "interaction_reason": "service",
    "proxy_name": "proxy",
    "proxy_id_number": "proxy_no",
}
CLOCK = datetime(2026, 1, 5, 8, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    opened = database.connect("sqlite:///kehu.db", folder=tmp_path, vault=VAULT)
    database.migrate(opened)
    yield opened
    opened.close()


def bring(store: Database, folder: Path, *rows: str, name: str = "a.csv") -> Brought:
    hall = folder / "hall"
    hall.mkdir(exist_ok=True)
    (hall / name).write_text("\n".join([HEADS, *rows]) + "\n", encoding="utf-8")
    source = FilesSource(path=hall, settle_s=0)
    feed = Feed(channel=FilesChannel("hall", source, folder=hall), mapping=Mapping.model_validate(MAPPING))
    return intake(store, feed, raw_in=folder / "raw", home="CN", clock=lambda: CLOCK)


def stated(store: Database) -> list[str]:
    with store.read() as tx:
        return [row for row in contents.lines(tx) if row.startswith(("subscription", "interaction"))]


ROW = "1,张伟,13912345678,13800000001,2026-01-05 10:00:00,补卡,王芳,11010519491231002X"


def test_it_is_stored_with_its_record_once(store: Database, tmp_path: Path) -> None:
    bring(store, tmp_path, ROW, "2,李娜,13912345679,无,,,,")
    before = stated(store)
    assert len(before) == 2
    assert bring(store, tmp_path, ROW, "", name="b.csv").counts.duplicate == 1
    assert stated(store) == before


def test_another_plan_or_proxy_is_another_version_of_the_record(store: Database, tmp_path: Path) -> None:
    bring(store, tmp_path, ROW)
    assert bring(store, tmp_path, ROW.replace("王芳", "李娜"), name="b.csv").counts.changed == 1


def test_a_value_that_no_store_holds_sends_the_row_to_quarantine(store: Database, tmp_path: Path) -> None:
    assert bring(store, tmp_path, f"3,王芳,13912345670,{'x1' * 40},,,,").counts.quarantined == 1
    with store.read() as tx:
        (bad,) = quarantine.page(tx)
    assert [(reason["rule"], reason["column"]) for reason in bad.reasons] == [("length", "msisdn")]


def test_the_customer_has_the_number_and_the_visit_and_nothing_of_the_proxy(store: Database, tmp_path: Path) -> None:
    bring(store, tmp_path, ROW)
    identify(store, Duck(threads=1), model.untrained(), trust={}, hot_key_limit=100, clock=lambda: CLOCK, why="load 1")
    with store.read() as tx:
        (record,) = records.read(tx).to_pylist()
        (number,) = households.subscriptions_of(tx, record["customer_id"])
        (visit,) = households.timeline_of(tx, record["customer_id"]).rows
    assert (record["name"], record["phone"], record["id_number"]) == ("张伟", "13912345678", None)
    assert (number.msisdn, number.proxy_name, number.proxy_id_number) == ("13800000001", "王芳", "11010519491231002X")
    assert (visit.reasons, visit.msisdn, visit.kind) == (("补卡",), "13800000001", "contact")
