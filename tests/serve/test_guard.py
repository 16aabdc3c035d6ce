"""What attackers try: other sites, other fields, other hands on a session, and questions that answer what is masked."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from kehu.model import masks
from kehu.model.people import ROLES, Permission, Role
from kehu.serve.describing import Described

JSON = {"accept": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
MASKED = tuple(role for role in Role if Permission.FIND in ROLES[role] and Permission.CLEAR not in ROLES[role])
CERTIFICATE, PHONE, EMAIL = "110101199003070417", "13912345678", "zhang.wei@example.org"
ELSEWHERE = (
    "https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "\t//evil.example", "/\t/evil.example", "javascript:alert(1)", "evil.example", "/\n/evil.example",
)  # fmt: skip


def _addresses(application: FastAPI) -> set[tuple[str, str]]:
    assert isinstance(application, Described)
    return {(one.method, re.sub(r"\{[^}]*\}", "1", one.path)) for one in application.addresses}


def test_no_answer_can_be_framed_or_taken_for_something_else(staff: Any, application: FastAPI) -> None:
    agent: TestClient = staff.signed_in(Role.AGENT)
    stranger: TestClient = staff.signed_in()
    seen = set()
    for method, path in sorted(_addresses(application)):
        if path == "/sign-out":
            continue
        for browser in (agent, stranger):
            answer = browser.request(method, path, follow_redirects=False)
            seen.add(answer.status_code)
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], (method, path)
            assert answer.headers["x-content-type-options"] == "nosniff", (method, path)
    odd = (
        agent.post("/api/v1/customers/search", content=b"x" * 100_000, headers=JSON),
        agent.post("/search", content=iter([b"q=" + b"x" * 70_000]), headers=JSON | FORM),
        agent.request("TRACE", "/customers"), agent.get("/nowhere"), agent.get("/", headers={"host": "evil.example"}),
        agent.get("/static/nothing.js"),
    )  # fmt: skip
    assert [answer.status_code for answer in odd] == [413, 413, 405, 404, 421, 404]
    for answer in odd:
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], answer.url
    assert {200, 303, 401, 403, 404, 422} <= seen


@pytest.mark.parametrize("back", ELSEWHERE)
def test_nobody_is_led_to_another_site(staff: Any, back: str) -> None:
    agent: TestClient = staff.signed_in(Role.AGENT)
    switched = agent.post("/preferences", data={"theme": "dark", "back": back}, follow_redirects=False)
    assert re.match(r"/(?![/\\])", switched.headers["location"]), switched.headers["location"]
    form = staff.signed_in().get("/sign-in", params={"back": back})
    offered = re.search(r'name="back" value="([^"]*)"', form.text)
    assert offered is None or re.match(r"/(?![/\\])", offered[1]), offered


def test_every_body_refuses_fields_that_are_not_asked_for(application: FastAPI) -> None:
    described = application.openapi()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            for told in operation.get("requestBody", {}).get("content", {}).values():
                for name in re.findall(r"#/components/schemas/([^'\"]+)", str(told)):
                    schema = described["components"]["schemas"][name]
                    if "properties" in schema and not name.startswith("Body_"):
                        assert schema.get("additionalProperties") is False, (method, path, name)


def test_nobody_gives_themselves_what_they_may_not_have(staff: Any) -> None:
    agent: TestClient = staff.signed_in(Role.AGENT, login="climber")
    for path, form in (
        ("/me/password", {"old": "four words make one", "new": "five words make one", "roles": "administrator"}),
        ("/me/second-factor", {"roles": "administrator", "person_id": "1"}),
        ("/preferences", {"theme": "dark", "roles": "administrator", "permissions": "users"}),
    ):
        agent.post(path, data=form, follow_redirects=False)
    assert agent.get("/users").status_code == 403
    ticket = {"title": "x", "ticket_id": 1, "state": "closed", "made_by": "root"}
    assert agent.post("/api/v1/tickets", json=ticket, headers=JSON).status_code == 422
    note = agent.post("/api/v1/customers/1/notes", json={"text": "x", "who": "root"}, headers=JSON)
    assert note.status_code == 422


@pytest.mark.parametrize("role", MASKED)
def test_every_field_that_a_role_sees_masked_is_masked_by_every_route(
    staff: Any, application: FastAPI, role: Role
) -> None:
    browser: TestClient = staff.signed_in(role)
    met = set()
    for path, operations in application.openapi()["paths"].items():
        if "get" not in operations or "quarantine" in path:
            continue
        for number in ("1", "2", "3"):
            answer = browser.get(re.sub(r"\{[^}]*\}", number, path), headers=JSON)
            if answer.status_code == 200 and answer.headers["content-type"] == "application/json":
                for name, value in _fields(answer.json()):
                    met.add(name)
                    assert _is_masked(name, value), (path, name)
    assert {"phone", "id_number", "email", "address", "birth_date"} <= met


def _fields(told: Any) -> Any:
    if isinstance(told, dict):
        named = told.get("attribute", told.get("kind"))
        for name, value in told.items():
            column = named if name == "value" and isinstance(named, str) else name
            if isinstance(value, str) and column in masks.MASKS:
                yield column, value
            if name != "decided":  # It tells by attribute which rule chose its value.
                yield from _fields(value)
    elif isinstance(told, list):
        for one in told:
            yield from _fields(one)


def _is_masked(name: str, value: str) -> bool:
    """It has stars, or nothing that would be masked."""
    return "*" in value or masks.MASKS[name](value) == value


@pytest.mark.parametrize("role", MASKED)
@pytest.mark.parametrize(
    "begun",
    [CERTIFICATE[:6], CERTIFICATE[:17], EMAIL[:7], EMAIL[:-4], PHONE[:6], PHONE[:10], "文三路138号翠苑", "翠苑小区3幢"],
)
def test_what_is_masked_is_not_found_by_its_beginning(staff: Any, role: Role, begun: str) -> None:
    browser: TestClient = staff.signed_in(role)
    told = browser.post("/api/v1/customers/search", json={"q": begun}, headers=JSON).json()
    assert 1 not in {one["customer_id"] for one in told["customers"]}


def test_what_is_masked_is_found_by_the_whole_of_it_only(staff: Any) -> None:
    agent: TestClient = staff.signed_in(Role.AGENT)
    for whole in (CERTIFICATE, EMAIL, PHONE):
        told = agent.post("/api/v1/customers/search", json={"q": whole}, headers=JSON).json()
        assert 1 in {one["customer_id"] for one in told["customers"]}, whole


@pytest.mark.parametrize("column", ["phone", "email", "address", "id_number", "name", "birth_date"])
def test_no_segment_asks_what_a_personal_value_says(staff: Any, column: str) -> None:
    analyst: TestClient = staff.signed_in(Role.ANALYST)
    for question in (
        {"is": "begins", "value": "1"}, {"is": "one_of", "values": [PHONE]}, {"is": "between", "from": 0, "to": 1},
    ):  # fmt: skip
        asked = {"condition": {"column": f"customer.{column}", **question}}
        answer = analyst.post("/api/v1/segments/count", json=asked, headers=JSON)
        assert answer.status_code == 422, (column, question)


@pytest.mark.parametrize("by", ["phone", "email", "id_number", "birth_date", "name", "sort", "order", "order_by"])
def test_no_list_is_filtered_or_sorted_by_what_is_masked(staff: Any, by: str) -> None:
    agent: TestClient = staff.signed_in(Role.AGENT)
    plain = agent.get("/api/v1/customers", headers=JSON).json()
    for value in ("1", "phone", PHONE, "desc"):
        assert agent.get("/api/v1/customers", params={by: value}, headers=JSON).json() == plain
