"""Personal values never stand where they must not: canaries through every route, then a search for their bytes."""

import logging
import re
from typing import Any

import pytest
from fastapi.routing import APIRoute

from kehu.model.people import ROLES, Permission, Role
from kehu.serve import app, rules
from kehu.serve.api import health, metrics

CANARIES = {
    "certificate": "110101199003070417",
    "another's certificate": "110101199003070433",
    "enterprise": "91330106MA27XYZA0Q",
    "passport": "GB1234567",
    "proxy": "110105194912310021",
    "phone": "13912345678",
    "second phone": "13800001234",
    "fixed line": "057188880000",
    "e-mail": "zhang.wei@example.org",
    "door": "文三路138号翠苑小区3幢2单元501室",
    "birth date": "1990-03-07",
    "birth date, in words": "1990年3月7日",
}
"""Values of the people whom the tests know by name, as masks must hide them."""

READS = tuple(
    (prefix + route.path, rules.needed(route))
    for prefix, features in (("", (*app.PAGES, health, metrics)), (app.API, app.API_FEATURES))
    for feature in features
    for route in feature.router.routes
    if isinstance(route, APIRoute) and "GET" in (route.methods or ())
)
"""Every address that shows something."""

MASKED = tuple(role for role in Role if Permission.CLEAR not in ROLES[role])


NUMBERS = ("11", "12", "23", "31", "45", "51")
"""Customers, records and pairs of both that there are."""


def _addresses(path: str) -> set[str]:
    """The address with the numbers of people whom the tests know, and of the records they have."""
    return {_filled(path, numbers) for numbers in NUMBERS}


def _filled(path: str, numbers: str) -> str:
    left = list(numbers)
    return re.sub(r"\{[^}]*\}", lambda _: left.pop(0) if left else "1", path)


def _found(text: str) -> list[str]:
    return [name for name, canary in CANARIES.items() if canary in text]


def test_who_sees_values_in_clear_finds_every_canary(staff: Any) -> None:
    steward = staff.signed_in(Role.STEWARD)
    asked = [address for path, _ in READS for address in _addresses(path) if address.startswith(app.API)]
    told = "".join(steward.get(address, headers={"accept": "application/json"}).text for address in asked)
    page = steward.get("/customers/1", headers={"accept-language": "zh"}).text
    assert sorted({*_found(told), *_found(page)}) == sorted(CANARIES)


@pytest.mark.parametrize("role", MASKED)
def test_who_sees_values_masked_finds_no_canary_anywhere(staff: Any, role: Role) -> None:
    browser = staff.signed_in(role)
    for path, needed in READS:
        # A row in quarantine is shown as it came to whoever mends it.
        if "quarantine" in path or (needed is not None and not needed <= ROLES[role]):
            continue
        for address in sorted(_addresses(path)):
            for accept in ("text/html", "application/json"):
                answer = browser.get(address, headers={"accept": accept, "accept-language": "zh"})
                assert _found(answer.text) == [], (role, address)
                assert _found(str(answer.headers)) == [], (role, address)


@pytest.mark.parametrize("typed", ["张伟", "zhangwei", *CANARIES.values(), "5678", "1"])
def test_a_search_shows_no_more_than_was_typed(staff: Any, typed: str) -> None:
    agent = staff.signed_in(Role.AGENT)
    told = agent.post("/api/v1/customers/search", json={"q": typed}, headers={"accept": "application/json"}).text
    assert _found(told) == []
    piece = agent.post("/search", data={"q": typed}, headers={"hx-request": "true"}).text
    assert [name for name in _found(piece) if CANARIES[name] != typed] == []


def test_what_an_agent_hands_in_tells_nothing_of_what_is_held(staff: Any) -> None:
    agent = staff.signed_in(Role.AGENT)
    sent = {"channel": "app", "record_id": "guess", "name": "张伟", "phone": "13912345678", "birth_date": "1990-01-01"}
    told = agent.post("/api/v1/records", json=sent, headers={"accept": "application/json"})
    assert told.status_code == 200
    assert _found(told.text) == []
    for link in told.json()["links"]:
        assert abs(link["weight"]) <= 10
        assert {one["comparison"] for one in link["evidence"]} <= {
            "han_name", "given_name", "surname", "organization_name", "kind", "gender", "place", "prior", "masked"
        }  # fmt: skip


def test_no_log_address_or_header_holds_what_was_sent(staff: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    steward = staff.signed_in(Role.STEWARD, Role.AGENT)
    canary = "13998765432"
    bodies: tuple[dict[str, Any], ...] = (
        {"json": {"q": canary, "reason": canary, "value": canary, "attribute": canary, "channel": canary}},
        {"json": {canary: canary}},
        {"json": [canary]},
        {"content": f'{{"q": "{canary}', "headers": {"content-type": "application/json"}},
        {"data": {"q": canary, "reason": canary, "value": canary, "name": canary, "phone": canary}},
    )
    writes = [
        prefix + route.path
        for prefix, features in (("", app.PAGES), (app.API, app.API_FEATURES))
        for feature in features
        for route in feature.router.routes
        if isinstance(route, APIRoute) and "POST" in (route.methods or ()) and not _ends_a_session(route.path)
    ]
    for path in writes:
        for body in bodies:
            answer = steward.post(re.sub(r"\{[^}]*\}", "7", path), follow_redirects=False, **body)
            assert answer.status_code < 500, (path, body, answer.text)
            assert canary not in str(answer.headers), path
            if answer.status_code >= 400:
                told = answer.text.replace(f"body.{canary}", "")  # The name that its sender gave to a field.
                assert canary not in told, (path, body)
    assert canary not in caplog.text


def _ends_a_session(path: str) -> bool:
    return path in {"/sign-out", "/sign-in"} or path.startswith("/me/")
