"""Whom each route serves: role by route, read off the application and the roles themselves."""

import re
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute

from kehu.model.people import ROLES, Permission, Role
from kehu.serve import app, rules
from kehu.serve.api import health, metrics
from kehu.serve.who import needs, open_to_all

ROUTES = tuple(
    (method, prefix + route.path, rules.needed(route))
    for prefix, features in (("", (*app.PAGES, health, metrics)), (app.API, app.API_FEATURES))
    for feature in features
    for route in feature.router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
)
"""Method, path, and the permissions that are needed; None where it is open to all."""

OPEN = {
    "/sign-in", "/sign-in/provider", "/sign-in/provider/back", "/sign-out", "/welcome/{token}", "/preferences",
    "/healthz", "/readyz",
}  # fmt: skip
"""What serves whoever is not signed in. Nothing else does: a new route that should needs a line here."""

SIGNED_IN = {"/", "/docs", "/me", "/me/password", "/me/second-factor", "/me/sessions/{session_id}/revoke"}
"""What serves whoever is signed in, whatever they may do."""


def _filled(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "1", path)


def test_every_route_of_the_interface_is_among_those_with_a_rule(application: FastAPI) -> None:
    told = {(method.upper(), path) for path, methods in application.openapi()["paths"].items() for method in methods}
    assert told == {(method, path) for method, path, _ in ROUTES if path.startswith(app.API)} | {
        ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")
    }  # fmt: skip


def test_only_these_routes_ask_for_no_permission() -> None:
    assert {path for _, path, needed in ROUTES if needed is None} == OPEN
    assert {path for _, path, needed in ROUTES if needed == frozenset()} == SIGNED_IN


def test_no_route_that_names_a_customer_serves_an_analyst() -> None:
    for method, path, needed in ROUTES:
        if "{customer_id}" in path or "/search" in path or "/records" in path or "/explain" in path:
            assert needed is not None, (method, path)
            assert not needed <= ROLES[Role.ANALYST], (method, path)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([], id="nothing"),
        pytest.param([needs(Permission.FIND), Depends(open_to_all)], id="two things"),
    ],
)
def test_a_route_without_a_rule_is_not_served(told: list[Any]) -> None:
    router = APIRouter()

    @router.get("/secret", dependencies=told)
    def secret() -> str:
        return "told"

    with pytest.raises(rules.RuleError, match="GET /secret must say whom it serves"):
        rules.required(router)


@pytest.mark.parametrize("role", Role)
def test_a_role_is_let_in_where_its_permissions_say_and_nowhere_else(staff: Any, role: Role) -> None:
    browser = staff.signed_in(role)
    for method, path, needed in ROUTES:
        if path in {"/sign-out", "/me/sessions/{session_id}/revoke"}:  # They end the session.
            continue
        status = browser.request(method, _filled(path), follow_redirects=False).status_code
        allowed = needed is None or needed <= ROLES[role]
        assert (status == 403) is not allowed, (role, method, path, status)
        assert status != 401 or path == "/sign-in", (role, method, path)
        assert status < 500 or (status == 503 and allowed), (role, method, path, status)


def test_nobody_is_let_in_without_a_session(staff: Any) -> None:
    stranger = staff.signed_in()
    stranger.headers["accept"] = "application/json"
    for method, path, needed in ROUTES:
        answer = stranger.request(method, _filled(path), follow_redirects=False)
        if needed is not None:
            assert answer.status_code in {401, 303}, (method, path, answer.status_code)
            assert answer.status_code == 401 or answer.headers["location"].startswith("/sign-in"), (method, path)


@pytest.mark.parametrize("role", Role)
def test_pages_show_no_link_that_leads_to_a_refusal(staff: Any, role: Role) -> None:
    browser = staff.signed_in(role)
    seen, waiting = {"/"}, ["/"]
    while waiting and len(seen) < 60:
        answer = browser.get(waiting.pop(0), follow_redirects=False)
        assert answer.status_code in {200, 301}, (role, answer.request.url, answer.status_code)
        for address in re.findall(r'(?:href|hx-get)="(/[^"#]*)', answer.text):
            place = address.replace("&amp;", "&")
            # One of each kind is enough.
            kind = re.sub(r"\d+", "1", place.partition("?")[0])
            if kind not in seen and not kind.startswith("/static/"):
                seen.add(kind)
                waiting.append(place)
    assert len(seen) > 2
