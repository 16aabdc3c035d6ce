"""The numbers, accounts and contacts of a customer, on its page and for machines."""

from datetime import datetime

import pytest
from starlette.testclient import TestClient

from kehu.model.codes import TEXTS, NumberState, Role


def customer(client: TestClient, typed: str) -> int:
    (found,) = client.post("/api/v1/customers/search", json={"q": typed}).json()["customers"]
    return int(found["customer_id"])


@pytest.fixture
def several(client: TestClient) -> int:
    """A customer with several records, each of which tells of a contact."""
    listed = client.get("/api/v1/customers", params={"limit": 200}).json()["page"]["rows"]
    return int(max(listed, key=lambda one: one["records"])["customer_id"])


def test_the_page_of_a_customer_shows_numbers_accounts_and_the_timeline(client: TestClient) -> None:
    address = f"/customers/{customer(client, '15011112222')}"
    page = client.get(address).text + client.get(f"{address}/behind").text
    for shown in ("5G-129", TEXTS[NumberState.PARKED][0], TEXTS[Role.HOLDER][0], "ACC-H-2026-0777", "到厅"):
        assert shown in page
    assert "赵敏" in page
    assert "110105194912310021" not in page, "a proxy's certificate has no business on the holder's page"


def test_the_page_of_a_customer_without_any_says_so(client: TestClient) -> None:
    address, english = f"/customers/{customer(client, 'GB1234567')}", {"accept-language": "en"}
    page = client.get(address, headers=english).text + client.get(f"{address}/behind", headers=english).text
    assert "No subscription" in page
    assert "No account" in page
    assert "application" in page


def test_a_timeline_is_read_page_by_page(client: TestClient, several: int) -> None:
    whole = client.get(f"/api/v1/customers/{several}/timeline").json()
    times = [datetime.fromisoformat(row["started_at"]) for row in whole["rows"]]
    assert times == sorted(times, reverse=True)
    assert len(times) == client.get(f"/api/v1/customers/{several}").json()["customer"]["records"] > 1
    assert whole["following"] is None
    rows, after = [], None
    while True:
        wanted = {"limit": 1} | ({"after": after} if after else {})
        piece = client.get(f"/api/v1/customers/{several}/timeline", params=wanted).json()
        rows += piece["rows"]
        if (after := piece["following"]) is None:
            break
    assert rows == whole["rows"]


def test_the_timeline_of_a_retired_number_leads_to_the_living_customer(client: TestClient, retired: int) -> None:
    answer = client.get(f"/api/v1/customers/{retired}/timeline", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (301, "/api/v1/customers/1/timeline")
    assert client.get("/api/v1/customers/999999/timeline").status_code == 404


def test_the_page_turns_to_older_contacts(client: TestClient, several: int) -> None:
    newest = client.get(f"/api/v1/customers/{several}/timeline", params={"limit": 1}).json()
    turned = {"timeline_after": newest["following"]}
    assert f"/behind?timeline_after={newest['following']}" in client.get(f"/customers/{several}", params=turned).text
    page = client.get(f"/customers/{several}/behind", params=turned).text
    assert "最新接触" in page
