"""Requests that are sent again: each that makes something has a key for that, and says so."""

from typing import Any

import pytest
from fastapi import FastAPI

from kehu.model.people import Role
from kehu.serve import app
from kehu.serve.once import HEADER

HARMLESS = {
    "/records": "what is sent again is a duplicate",
    "/records/batch": "what is sent again is a duplicate",
    "/customers/search": "makes nothing",
    "/customers/{customer_id}/unmask": "makes nothing; each look is noted",
    "/customers/export": "makes nothing; each list is noted",
    "/customers/{customer_id}/disclosure": "makes nothing; each is noted",
    "/segments/count": "makes nothing",
    "/segments/overlap": "makes nothing",
    "/segments/{segment_id}/export": "makes nothing; each list is noted",
    "/interactions/{call_id}/caller": "says the same again",
    "/quarantine/{quarantine_id}/replay": "what was replayed is not replayed again",
    "/quarantine/{quarantine_id}/dismiss": "what is closed stays so",
    "/users/{person_id}/disable": "says the same again",
    "/users/{person_id}/enable": "says the same again",
    "/users/{person_id}/reset": "the last link is good, whichever was lost",
    "/privacy/affected": "makes nothing; each look is noted",
}
"""What may be sent again as it is, and why."""


def test_every_request_that_makes_something_can_be_sent_again(application: FastAPI) -> None:
    keyed: set[str] = set()
    plain: set[str] = set()
    for path, operations in application.openapi()["paths"].items():
        if "post" in operations:
            told = {one["name"] for one in operations["post"].get("parameters", ())}
            (keyed if HEADER in told else plain).add(path.removeprefix(app.API))
            # Whoever sends a key is told what comes of using it twice.
            assert HEADER not in told or "409" in operations["post"]["responses"], path
    assert plain == set(HARMLESS)
    assert len(keyed) == 13


@pytest.mark.parametrize("who", [Role.AGENT])
def test_a_key_makes_one_thing_of_one_request(staff: Any, who: Role) -> None:
    machine = staff.signed_in(who)
    machine.headers["accept"] = "application/json"
    note, sent = {"text": "calls at noon"}, {"idempotency-key": "n-1"}
    first = machine.post("/api/v1/customers/1/notes", json=note, headers=sent)
    assert first.status_code == 201, first.text
    blanks = b'{ "text" :  "calls at noon" }'
    again = machine.post(
        "/api/v1/customers/1/notes", content=blanks, headers={**sent, "content-type": "application/json"}
    )
    assert (again.status_code, again.json()) == (201, first.json())
    for path, body in (("/api/v1/customers/1/notes", {"text": "never"}), ("/api/v1/customers/2/notes", note)):
        assert machine.post(path, json=body, headers=sent).status_code == 409
    assert machine.post("/api/v1/customers/1/notes", json=note, headers={"idempotency-key": ""}).status_code == 422
    other = staff.signed_in(who).post("/api/v1/customers/1/notes", json=note, headers=sent)
    assert other.json()["note_id"] != first.json()["note_id"]
