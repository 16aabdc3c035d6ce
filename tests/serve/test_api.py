"""The interface for machines."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from kehu.model.people import Role
from kehu.serve import app, describing
from kehu.store import database


def test_a_search_travels_in_the_body_and_comes_in_pages(client: TestClient) -> None:
    first = client.post("/api/v1/customers/search", json={"q": "王", "limit": 3}).json()
    second = client.post("/api/v1/customers/search", json={"q": "王", "limit": 3, "cursor": first["cursor"]}).json()
    found = [one["customer_id"] for page in (first, second) for one in page["customers"]]
    assert len(found) == len(set(found)) == 5
    assert second["cursor"] is None


def test_the_json_and_the_page_of_a_customer_agree(client: TestClient) -> None:
    whole = client.get("/api/v1/customers/1").json()
    page = client.get("/customers/1").text
    assert all(
        value["value"] in page for value in whole["values"] if value["attribute"] in {"name", "address", "email"}
    )
    assert {record["channel"] for record in whole["records"]["rows"]} == {"online", "calls", "hall"}
    tie = whole["ties"][0]
    assert round(sum(told["weight"] for told in tie["evidence"]), 1) == round(tie["weight"], 1)


def test_a_golden_value_names_a_record_that_states_it(client: TestClient) -> None:
    whole = client.get("/api/v1/customers/1").json()
    records = {record["record"]: record for record in whole["records"]["rows"]}
    for value in whole["values"]:
        if value["value"] is not None:
            stated = records[value["record"]]
            columns = ("phone", "phone_2") if value["attribute"].startswith("phone") else (value["attribute"],)
            assert value["value"] in [stated[column] for column in columns]
            assert 1 <= value["agreeing"] <= value["stating"] <= 3


def test_records_come_in_pages(client: TestClient) -> None:
    whole = client.get("/api/v1/customers/1").json()
    newest = whole["records"]["rows"][0]["record"]
    older = client.get("/api/v1/customers/1", params={"records_after": newest}).json()["records"]["rows"]
    assert [one["record"] for one in older] == [one["record"] for one in whole["records"]["rows"][1:]]


def test_a_retired_number_is_moved_for_good(client: TestClient, retired: int) -> None:
    answer = client.get(f"/api/v1/customers/{retired}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (301, "/api/v1/customers/1")


def test_lists_of_loads_and_quarantine_have_pages(client: TestClient) -> None:
    first = client.get("/api/v1/loads", params={"limit": 3}).json()
    rest = client.get("/api/v1/loads", params={"limit": 3, "after": first["following"]}).json()
    assert [load["load_id"] for load in (*first["rows"], *rest["rows"])] == [4, 3, 2, 1]
    bad = client.get("/api/v1/quarantine", params={"channel": "hall"}).json()
    assert [row["source_position"] for row in bad["rows"]] == ["hall-1122.csv:17", "hall-1122.csv:18"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/customers/9999", 404),
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/api/v1/customers/1", 405),
        ("GET", "/api/v1/customers/x", 422),
        ("GET", "/api/v1/loads?limit=0", 422),
    ],
)
def test_errors_are_problem_documents(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_a_refused_search_does_not_repeat_what_was_typed(client: TestClient) -> None:
    answer = client.post("/api/v1/customers/search", json={"q": "110101199003070417", "limit": 0, "name": "张伟"})
    assert answer.status_code == 422
    assert "110101199003070417" not in answer.text
    assert "张伟" not in answer.text
    assert {one["at"] for one in answer.json()["wrong"]} == {"body.limit", "body.name"}


def test_a_body_without_end_is_refused(client: TestClient) -> None:
    assert client.post("/api/v1/customers/search", content=b'{"q": "' + b"x" * 100_000).status_code == 413


def test_it_lives_and_is_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_a_lost_store_is_503_and_asks_for_patience(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    lost = database.connect("sqlite:///kehu.db", folder=folder)
    database.migrate(lost)
    lost.close()
    shutil.rmtree(folder)
    application = app.create(lost, clock=lambda: datetime.now(UTC))
    with TestClient(application, base_url="http://127.0.0.1", client=("127.0.0.1", 1)) as client:
        answers = [client.get("/readyz"), client.get("/", headers={"accept": "text/html"})]
    lost.close()
    for answer in answers:
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"


def test_the_description_holds_the_problems_of_a_route(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()
    refused = described["paths"]["/api/v1/customers/search"]["post"]["responses"]["422"]["content"]
    assert list(refused) == ["application/problem+json"]


def test_a_pair_of_records_is_explained_by_number(client: TestClient) -> None:
    told = client.get("/api/v1/records/1/2/explanation").json()
    assert told["verdict"] == "too_light"
    assert round(sum(part["weight"] for part in told["evidence"]), 1) == round(told["weight"], 1)
    assert client.get("/api/v1/records/1/1/explanation").status_code == 409
    assert client.get("/api/v1/records/1/99999/explanation").status_code == 404


def test_links_and_relations_of_a_retired_number_are_moved_for_good(client: TestClient, retired: int) -> None:
    for part in ("links", "relations"):
        answer = client.get(f"/api/v1/customers/{retired}/{part}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (301, f"/api/v1/customers/1/{part}")
    links = client.get("/api/v1/customers/1/links").json()
    assert {one["customer_id"] for one in links["records"]} >= {1}
    assert all(link["state"] in {"linked", "refused", "doubtful"} for link in links["links"])
    related = client.get("/api/v1/customers/1/relations").json()["related"]
    assert [(one["name"], one["shares"]) for one in related] == [("张炜", ["phone"])]


def test_customers_are_listed_by_quality(client: TestClient) -> None:
    rows = client.get("/api/v1/customers", params={"quality_to": 60, "limit": 200}).json()["page"]["rows"]
    assert rows
    assert all(row["quality"] <= 60 for row in rows)
    assert client.get("/api/v1/customers", params={"flaw": "ugly"}).status_code == 422


def test_hot_values_are_told_with_their_limit(staff: Any) -> None:
    browser = staff.signed_in(Role.STEWARD)
    assert browser.get("/api/v1/hot-values").json() == {"limit": 100, "rows": []}
    assert "Hot values" in browser.get("/quality").text
    piece = browser.get("/quality/hot", headers={"accept-language": "zh"})
    assert (piece.status_code, "没有被过多记录共用的值" in piece.text, "<html" in piece.text) == (200, True, False)
    assert staff.signed_in(Role.ANALYST).get("/api/v1/hot-values").status_code == 403


def test_the_description_shows_true_answers_of_the_main_routes(application: FastAPI) -> None:
    told = application.openapi()
    for place, example in describing.examples().items():
        method, path = place.split()
        answers = told["paths"][path][method.lower()]["responses"]
        [shown] = [
            answer["content"]["application/json"] for status, answer in answers.items() if status.startswith("2")
        ]
        assert shown["example"] == example
        assert not list(_wrong({**shown["schema"], "components": told["components"]}, example)), place
    records = dict(describing.examples()["POST /api/v1/records"])
    records.pop("status")
    schema = told["paths"]["/api/v1/records"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert list(_wrong({**schema, "components": told["components"]}, records))


def _wrong(schema: dict[str, Any], example: object) -> Iterator[str]:
    return (error.message for error in jsonschema_rs.validator_for(schema).iter_errors(example))
