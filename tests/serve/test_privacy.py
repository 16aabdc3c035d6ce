"""Consent and restriction over HTTP."""

from typing import Any

from starlette.testclient import TestClient

from kehu.model.people import Role

CONSENT = {"purpose": "marketing", "said": "withdrawn", "notice": "2026-03", "channel": "hall"}


def test_a_consent_is_noted_and_told(client: TestClient) -> None:
    answer = client.post("/api/v1/customers/1/consents", json=CONSENT)
    assert answer.status_code == 201, answer.text
    told: Any = client.get("/api/v1/customers/1/consents").json()
    assert [one["said"] for one in told["standing"]] == ["withdrawn"]
    assert client.post("/api/v1/customers/1/consents", json={**CONSENT, "purpose": "spam"}).status_code == 422
    assert client.get("/api/v1/customers/987654/consents").status_code == 404


def test_who_may_do_everything_restricts_and_frees(client: TestClient) -> None:
    reason = {"reason": "disputes the address"}
    told: Any = client.put("/api/v1/customers/1/restriction", json={"restricted": True, **reason}).json()
    assert told["restricted"]["bound"] == "asked"
    listed: Any = client.get("/api/v1/customers").json()
    assert 1 not in [one["customer_id"] for one in listed["page"]["rows"]]
    told = client.put("/api/v1/customers/1/restriction", json={"restricted": False, **reason}).json()
    assert told["restricted"] is None


def test_a_restricted_customer_opens_for_privacy_officers_only(staff: Any) -> None:
    officer, agent = staff.signed_in(Role.PRIVACY_OFFICER), staff.signed_in(Role.AGENT)
    switch = {"restricted": True, "reason": "disputes the address"}
    assert agent.put("/api/v1/customers/2/restriction", json=switch).status_code == 403
    assert officer.put("/api/v1/customers/2/restriction", json=switch).status_code == 200
    for path in ("/api/v1/customers/2", "/api/v1/customers/2/timeline", "/customers/2"):
        assert agent.get(path).status_code == 403, path
        assert officer.get(path).status_code == 200, path
    assert officer.put("/api/v1/customers/2/restriction", json={**switch, "restricted": False}).status_code == 200
    assert agent.get("/api/v1/customers/2").status_code == 200
