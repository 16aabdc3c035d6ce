"""Records sent to the interface, into a store of their own."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kehu.engine.duck import Duck
from kehu.errors import NotFoundError
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.model.households import STATED
from kehu.model.records import FLAT_COLUMNS
from kehu.process.mapping import Mapping
from kehu.resolve import model as models
from kehu.serve import app
from kehu.serve.api.records import BATCH_ROWS, Pushed
from kehu.store import database, loads, pushed
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault

VAULT = Vault(Keyring(secrets={1: bytes(32)}))

ZHANG = {"channel": "app", "record_id": "1", "name": "张伟", "phone": "13912345678", "birth_date": "1990-03-07"}
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.fixture
def taking(tmp_path: Path) -> Iterator[TestClient]:
    """A client of an application that takes records."""
    opened = database.connect("sqlite:///kehu.db", folder=tmp_path, vault=VAULT)
    database.migrate(opened)
    model = models.shipped()
    desk = Desk(
        engine=Duck(threads=1),
        model=model,
        home="CN",
        trust={},
        hot_key_limit=100,
        mappings={},
        rules={},
        raw_in=tmp_path / "raw",
        clock=lambda: NOW,
    )
    application = app.create(opened, clock=lambda: NOW, model=model, desk=desk)
    with TestClient(application, base_url="http://127.0.0.1:8500", client=("127.0.0.1", 50000)) as client:
        yield client
    opened.close()


def send(client: TestClient, row: dict[str, Any]) -> Any:
    answer = client.post("/api/v1/records", json=row)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_pages_are_answered_however_many_senders_wait(taking: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, go = threading.Semaphore(0), threading.Event()
    one = arrive.one

    def wait(*given: Any, **named: Any) -> arrive.ArrivedOne:
        waiting.release()
        go.wait(60)
        return one(*given, **named)

    monkeypatch.setattr(arrive, "one", wait)
    many = 50  # More than the threads of the loop.
    with ThreadPoolExecutor(many + 1) as clients:
        sent = [clients.submit(send, taking, ZHANG | {"record_id": str(number)}) for number in range(many)]
        try:
            assert all(waiting.acquire(timeout=30) for _ in range(many))
            assert clients.submit(taking.get, "/api/v1/customers/1").result(30).status_code == 404
        finally:
            go.set()
    assert len({one.result()["customer_id"] for one in sent}) == 1


def test_a_record_is_answered_with_its_customer_and_its_links(taking: TestClient) -> None:
    first = send(taking, ZHANG)
    assert (first["record_id"], first["status"], first["created"], first["links"]) == ("1", "accepted", True, [])
    second = send(taking, ZHANG | {"channel": "hall", "record_id": 77})
    assert (second["record_id"], second["created"]) == ("77", False)
    assert second["customer_id"] == first["customer_id"]
    (link,) = second["links"]
    assert link["record_id"] == "1"
    assert {"comparison", "level", "weight", "zh", "en"} <= link["evidence"][0].keys()
    assert send(taking, ZHANG)["status"] == "duplicate"
    found = taking.get(f"/api/v1/customers/{first['customer_id']}").json()
    assert found["customer"]["records"] == 2


def test_a_bad_record_is_quarantined_with_its_reasons(taking: TestClient) -> None:
    told = send(taking, {"channel": "app", "name": "张伟"})
    assert (told["status"], told["customer_id"], told["links"]) == ("quarantined", None, [])
    assert told["reasons"][0]["column"] == "record_id"
    (row,) = taking.get("/api/v1/quarantine").json()["rows"]
    assert row["channel"] == "app"
    number = row["quarantine_id"]
    assert "无需修正" in taking.get(f"/quarantine/{number}").text
    told = taking.post(f"/api/v1/quarantine/{number}/dismiss", json={"reason": "a test of theirs"}).json()
    assert told["row"]["state"] == "dismissed"
    assert taking.get("/api/v1/quarantine").json()["rows"] == []
    assert "无需修正" not in taking.get(f"/quarantine/{number}").text
    assert taking.post(f"/api/v1/quarantine/{number}/dismiss", json={"reason": ""}).status_code == 422


def test_a_batch_has_a_status_for_every_record(taking: TestClient) -> None:
    rows = [ZHANG | {"record_id": str(number), "phone": f"139{number:08d}"} for number in range(BATCH_ROWS)]
    rows[3]["address"] = "浙江省杭州市" * 1000
    answer = taking.post("/api/v1/records/batch", json={"records": rows})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert [one["record_id"] for one in told["records"]] == [row["record_id"] for row in rows]
    assert told["counts"]["read"] == told["counts"]["accepted"] + told["counts"]["quarantined"] == BATCH_ROWS
    assert told["records"][3]["status"] == "quarantined"
    listed = taking.get("/api/v1/loads").json()["rows"]
    assert [load["load_id"] for load in listed] == told["loads"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(ZHANG | {"phne": "1"}, id="a field that is not ours"),
        pytest.param({"record_id": "1", "name": "张伟"}, id="no channel"),
        pytest.param(ZHANG | {"channel": "../raw"}, id="a channel that is no name"),
        pytest.param(ZHANG | {"name": ["张", "伟"]}, id="a value that is no text"),
        pytest.param([ZHANG], id="a list"),
    ],
)
def test_what_is_no_record_is_a_problem_and_repeats_no_value(taking: TestClient, body: object) -> None:
    answer = taking.post("/api/v1/records", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "13912345678" not in answer.text
    assert taking.get("/api/v1/loads").json()["rows"] == []


def test_a_batch_is_no_longer_than_a_thousand(taking: TestClient) -> None:
    for rows in ([], [ZHANG] * (BATCH_ROWS + 1)):
        assert taking.post("/api/v1/records/batch", json={"records": rows}).status_code == 422
    assert taking.post("/api/v1/records", json=ZHANG | {"address": "x" * 100_000}).status_code == 413


def test_an_application_that_only_reads_says_so(client: TestClient) -> None:
    assert client.post("/api/v1/records", json=ZHANG).status_code == 503


def test_a_record_has_our_columns_and_no_others() -> None:
    assert set(Pushed.model_fields) == {*FLAT_COLUMNS, *STATED.names}
    assert set(Pushed.model_fields) - {"channel"} == set(Mapping.model_fields)


def test_records_sent_one_by_one_share_the_load_of_their_day(taking: TestClient) -> None:
    for number in range(3):
        send(taking, ZHANG | {"record_id": str(number)})
    (load,) = taking.get("/api/v1/loads").json()["rows"]
    assert load["counts"] == vars(loads.Counts(read=3, accepted=3))


def test_a_load_tells_who_pushed_it(taking: TestClient) -> None:
    send(taking, ZHANG)
    assert [row["pushed_by"] for row in taking.get("/api/v1/loads").json()["rows"]] == ["local"]
    assert ">local<" in taking.get("/loads", headers={"accept": "text/html"}).text


def test_a_row_in_quarantine_is_mended_and_replayed(taking: TestClient) -> None:
    send(taking, {"channel": "app", "name": "张伟"})
    (row,) = taking.get("/api/v1/quarantine", params={"rule": "required"}).json()["rows"]
    where = f"/api/v1/quarantine/{row['quarantine_id']}/replay"
    assert taking.post(where).json()["replayed"]["bad"] == 1
    assert taking.post(where, json={"set": {"nmae": "1"}}).status_code == 422
    told = taking.post(where, json={"set": {"record_id": "1"}}).json()
    assert (told["row"]["state"], told["replayed"]["accepted"]) == ("mended", 1)
    assert taking.get(f"/api/v1/customers/{told['customer_id']}").status_code == 200
    assert taking.get("/api/v1/quarantine").json()["rows"] == []
    assert len(taking.get("/api/v1/quarantine", params={"state": "mended"}).json()["rows"]) == 1
    assert taking.post("/api/v1/quarantine/99/replay").status_code == 404


def test_half_a_character_is_a_problem_and_no_failure(taking: TestClient) -> None:
    body = b'{"channel": "app", "record_id": "1", "name": "\\ud800"}'
    assert taking.post("/api/v1/records", content=body, headers={"content-type": "application/json"}).status_code == 422


def test_a_record_may_name_a_number_an_account_and_a_contact(taking: TestClient) -> None:
    told = send(
        taking,
        ZHANG
        | {"msisdn": "139 1234 5678", "plan": "5G-129", "number_state": "欠停", "role": "机主", "account_id": "ACC-1"}
        | {"opened_at": "2020-03-01", "interaction_at": "2026-11-02T09:15:00+08:00", "interaction_kind": "来电"},
    )
    page = taking.get(f"/api/v1/customers/{told['customer_id']}").json()
    (number,) = page["subscriptions"]
    assert (number["msisdn"], number["number_state"], number["role"]) == (
        "13912345678",
        "suspended_for_arrears",
        "holder",
    )
    timeline = taking.get(f"/api/v1/customers/{told['customer_id']}/timeline").json()
    assert [row["kind"] for row in timeline["rows"]] == ["call"]


def test_a_record_sent_alone_is_kept_as_it_came(taking: TestClient) -> None:
    sent = ZHANG | {"phone": "139-1234-5678", "plan": "5G"}
    send(taking, sent)
    send(taking, sent)
    store: database.Database = taking.app.state.given.database  # type: ignore[attr-defined]  # a FastAPI
    with store.read() as tx:
        kept = json.loads(pushed.raw(tx, 1))
        with pytest.raises(NotFoundError, match="record 2"):
            pushed.raw(tx, 2)
    assert kept == {name: value for name, value in sent.items() if name != "channel"}


def test_a_batch_tells_of_each_record_whether_it_is_new_known_or_bad(taking: TestClient) -> None:
    send(taking, ZHANG)
    rows = [ZHANG, ZHANG | {"record_id": "2"}, {"channel": "app", "record_id": "3"}, ZHANG | {"record_id": "2"}]
    told = taking.post("/api/v1/records/batch", json={"records": rows}).json()
    assert [one["status"] for one in told["records"]] == ["duplicate", "accepted", "quarantined", "duplicate"]
    assert [reason["rule"] for reason in told["records"][2]["reasons"]] == ["required"]
    assert (told["counts"]["read"], told["counts"]["duplicate"]) == (4, 2)
    again = taking.post("/api/v1/records/batch", json={"records": rows}).json()
    assert [one["status"] for one in again["records"]] == ["duplicate", "duplicate", "quarantined", "duplicate"]
    assert len(taking.get("/api/v1/quarantine").json()["rows"]) == 1
