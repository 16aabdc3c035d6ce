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
    told: Any = officer.get("/api/v1/customers/2/links").json()
    pair = "/".join(str(one["record"]) for one in told["records"][:2])
    explained = (f"/api/v1/records/{pair}/explanation", f"/explain/{pair}")
    for path in ("/api/v1/customers/2", "/api/v1/customers/2/timeline", "/customers/2", *explained):
        assert agent.get(path).status_code == 403, path
        assert officer.get(path).status_code == 200, path
    assert officer.put("/api/v1/customers/2/restriction", json={**switch, "restricted": False}).status_code == 200
    assert agent.get("/api/v1/customers/2").status_code == 200


ROW = {"channel": "app", "name": "林小满", "phone": "13755550001", "birth_date": "1991-05-06"}


def known(browser: Any, key: str, **says: str) -> int:
    """A new customer of the staffed store."""
    told: Any = browser.post("/api/v1/records", json={**ROW, "record_id": key, **says}).json()
    return int(told["customer_id"])


def test_an_officer_acts_on_the_page_of_rights_and_others_only_look(staff: Any) -> None:
    officer, agent = staff.signed_in(Role.PRIVACY_OFFICER), staff.signed_in(Role.AGENT)
    page = f"/customers/{known(agent, 'P-1')}/privacy"
    said = {"purpose": "marketing", "said": "given", "notice": "2026-03", "channel": "hall"}
    assert officer.post(page.replace("privacy", "consents"), data=said).status_code == 200
    assert "2026-03" in officer.get(page).text
    seen = agent.get(page)
    assert "2026-03" in seen.text
    assert '<form class="door-form"' not in seen.text
    assert "recorded consent" in officer.get(page).text
    assert "recorded consent" not in seen.text
    assert agent.post(page.replace("privacy", "consents"), data=said).status_code == 403


def test_the_switch_on_the_page_restricts_and_frees(staff: Any) -> None:
    officer, agent = staff.signed_in(Role.PRIVACY_OFFICER), staff.signed_in(Role.AGENT)
    number = known(agent, "P-8", name="乐正绫", phone="13755550008", birth_date="1979-08-08")
    page, why = f"/customers/{number}/restriction", {"reason": "本人要求"}
    assert officer.post(page, data={"restricted": "true", **why}).status_code == 200
    assert agent.get(f"/customers/{number}").status_code == 403
    assert officer.post(page, data={"restricted": "perhaps", **why}).status_code == 422
    assert officer.post(page, data={"restricted": "false", "reason": "no"}).status_code == 422
    assert officer.post(page, data={"restricted": "false", **why}).status_code == 200
    assert agent.get(f"/customers/{number}").status_code == 200
    assert agent.post(page, data={"restricted": "true", **why}).status_code == 403


def test_a_disclosure_is_a_file_and_is_noted_first(staff: Any) -> None:
    officer, agent = staff.signed_in(Role.PRIVACY_OFFICER), staff.signed_in(Role.AGENT)
    number = known(agent, "P-2", name="沈墨", phone="13755550002", birth_date="1972-11-30")
    form = f"/customers/{number}/disclosure"
    assert officer.post(form, data={"checked": ""}).status_code == 422
    answer = officer.post(form, data={"checked": "resident card"})
    assert answer.headers["content-disposition"] == f'attachment; filename="customer-{number}.json"'
    told: Any = answer.json()
    assert told["held"]["record"][0]["name"] == "沈墨"
    assert told["tables"]["record"]["columns"]["phone"]["class"] == "personal"
    assert "resident card" in officer.get(f"/customers/{number}/privacy").text


def test_an_erasure_is_foreseen_done_and_proved_by_a_receipt_that_names_nobody(staff: Any) -> None:
    officer, agent = staff.signed_in(Role.PRIVACY_OFFICER), staff.signed_in(Role.AGENT)
    number = known(agent, "P-3", name="覃碧瑶", phone="13755550003", birth_date="1983-01-19")
    assert agent.get(f"/customers/{number}/erasure").status_code == 403
    foreseen: Any = officer.get(f"/api/v1/customers/{number}/erasure").json()
    assert foreseen["tables"]["record"] == 1
    assert "覃碧瑶" in officer.get(f"/customers/{number}/erasure").text
    answer = officer.post(f"/customers/{number}/erasure", data={"reason": "asked for it by letter"})
    assert answer.status_code == 200
    assert "覃碧瑶" not in answer.text
    receipt: Any = officer.get(f"/api/v1{answer.url.path}").json()
    assert receipt["state"] == "done"
    assert receipt["told"]["tables"] == foreseen["tables"]
    assert officer.get(f"/customers/{number}/privacy").status_code == 404
    assert f"customer {number}" in officer.get("/privacy").text


def test_a_child_is_marked_and_consents_to_nothing_before_a_guardian_does(staff: Any) -> None:
    officer, agent = staff.signed_in(Role.PRIVACY_OFFICER), staff.signed_in(Role.AGENT)
    number = known(agent, "P-4", name="童乐", phone="13755550004", birth_date="2016-02-03")
    assert "under 14, no guardian" in agent.get(f"/customers/{number}").text
    path = f"/api/v1/customers/{number}/consents"
    assert officer.post(path, json={**CONSENT, "said": "given"}).status_code == 409
    assert officer.post(path, json={**CONSENT, "purpose": "guardian", "said": "given"}).status_code == 201
    assert officer.post(path, json={**CONSENT, "said": "given"}).status_code == 201
    assert "under 14</a>" in agent.get(f"/customers/{number}").text


def test_officers_find_whom_a_breach_affects(staff: Any) -> None:
    officer, agent = staff.signed_in(Role.PRIVACY_OFFICER), staff.signed_in(Role.AGENT)
    number = known(agent, "P-5", name="高远", phone="13755550005", birth_date="1965-08-17")
    asks = {"channel": "app", "reason": "a stolen laptop"}
    told: Any = officer.post("/api/v1/privacy/affected", json=asks).json()
    assert number in [one["customer_id"] for one in told["affected"]]
    assert "高远" in officer.post("/privacy/affected", data=asks).text
    assert "say what leaked" in officer.post("/privacy/affected", data={"reason": "a stolen laptop"}).text
    assert agent.post("/api/v1/privacy/affected", json=asks).status_code == 403
    assert officer.get("/api/v1/privacy/due").json() == {"records": 0, "unfinished": 0, "ended": []}
    columns: Any = officer.get("/api/v1/privacy/columns").json()
    assert {
        "table": "record",
        "column": "id_number",
        "purpose": "serve",
        "period": "service",
        "classed": "sensitive",
    } in columns


def test_chosen_customers_are_taken_out_masked_and_noted_with_their_numbers(staff: Any) -> None:
    officer, agent, chief = (staff.signed_in(role) for role in (Role.PRIVACY_OFFICER, Role.AGENT, Role.ADMINISTRATOR))
    number = known(agent, "P-6", name="葛云飞", phone="13755550006", birth_date="1988-12-12")
    child = known(agent, "P-7", name="戚小乐", phone="13755550007", birth_date="2017-02-03")
    ticked = {"customer": [number, child], "purpose": "a survey", "recipient": "the survey team"}
    masked = chief.post("/chosen/export", data=ticked).text
    assert "葛云飞" in masked
    assert "137****0006" in masked
    assert "戚小乐" not in masked
    clear = officer.post("/api/v1/customers/export", json={"ids": [number], "purpose": "a survey", "recipient": "me"})
    assert "13755550006" in clear.text
    assert agent.post("/chosen/export", data=ticked).status_code == 403
    assert officer.post("/chosen/export", data={**ticked, "purpose": ""}).status_code == 422
    told: Any = officer.get("/api/v1/audit?act=export&what=chosen customers").json()["rows"]
    assert [one["detail"]["customers"] for one in told[:2]] == [[number], sorted([number, child])]
    assert (told[1]["why"], told[1]["detail"]["masked"]) == ("a survey; for the survey team", True)
    asks = {"export": str(told[1]["audit_id"]), "reason": "sent to a wrong address"}
    assert "葛云飞" in officer.post("/privacy/affected", data=asks).text


def test_a_steward_merges_the_chosen_and_comes_to_the_decision(staff: Any) -> None:
    steward, agent = staff.signed_in(Role.STEWARD), staff.signed_in(Role.AGENT)
    pair = [known(agent, f"P-{8 + place}", name=name, phone=f"1375555001{place}", birth_date="1970-07-07")
            for place, name in enumerate(("邬大力", "费思远"))]  # fmt: skip
    assert 'formaction="/chosen/merge"' in steward.get("/customers").text
    answer = steward.post("/chosen/merge", data={"customer": pair, "reason": "she said so"})
    assert answer.status_code == 200
    assert answer.url.path.endswith("/decisions")
    assert agent.post("/chosen/merge", data={"customer": pair, "reason": "she said so"}).status_code == 403
