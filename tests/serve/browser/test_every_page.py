"""axe finds nothing wrong on any page: the list is that of the application's routes, so a new page is on it."""

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import expect

from kehu.model.people import Role
from kehu.serve import app

NOT_OURS = {"/docs"}
"""Drawn by swagger-ui, whose markup is its own."""

ELSEWHERE = {"/sign-in/provider", "/sign-in/provider/back"}
"""The ways to an identity provider and back: they lead on, and show the page of signing in where they do not."""

SIGNED_OUT = {"/sign-in", "/welcome/{token}"}
"""What those see who are not signed in."""

PATHS = sorted(
    route.path
    for feature in app.PAGES
    for route in feature.router.routes
    if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and route.path not in NOT_OURS | ELSEWHERE
)


@pytest.fixture(scope="module")
def numbers(staff: Any) -> dict[str, str]:
    """Something that each number in an address leads to."""
    all_of_them = staff.signed_in(*Role, login="everybody")
    record = {"channel": "app", "record_id": "axe-1", "name": "欧阳修远", "phone": "13766660001"}
    gone = all_of_them.post("/api/v1/records", json=record).json()["customer_id"]
    erased = all_of_them.post(f"/customers/{gone}/erasure", data={"reason": "asked for it"})
    ticket = all_of_them.post("/api/v1/tickets", json={"title": "宽带掉线", "sla": "fault_town", "customer_id": 1})
    call = all_of_them.post("/api/v1/interactions", json={"number": "13912345678", "channel": "10086"})
    asked = {"name": "everybody", "condition": {"column": "customer.kind", "is": "known"}}
    segment = all_of_them.post("/api/v1/segments", json=asked)
    link = all_of_them.post("/users", data={"login": "axe", "roles": "agent"}).text
    token = re.search(r"/welcome/([\w-]+)", link)
    assert token
    return {
        "customer_id": "1", "record_l": "1", "record_r": "2", "quarantine_id": "1", "person_id": "1",
        "ticket_id": str(ticket.json()["ticket"]["ticket_id"]), "call_id": str(call.json()["call"]["call_id"]),
        "segment_id": str(segment.json()["segment_id"]), "erasure_id": erased.url.path.rpartition("/")[2],
        "token": token[1], "channel": "hall", "cookie": all_of_them.cookies["kehu_session"],
    }  # fmt: skip


def test_axe_finds_nothing_wrong_on_any_page(visit: Any, house: str, numbers: dict[str, str], violations: Any) -> None:
    # Each page once: one in Chinese and light, the next in English and dark.
    tabs = [
        visit(f"{house}/sign-in", language=language, theme=theme)
        for language, theme in (("zh-CN", "light"), ("en-GB", "dark"))
    ]
    found = {}
    for place, path in enumerate(sorted(PATHS, key=lambda path: path not in SIGNED_OUT)):
        page = tabs[place % 2]
        if path not in SIGNED_OUT:
            page.context.add_cookies([{"name": "kehu_session", "value": numbers["cookie"], "url": house}])
        address = re.sub(r"\{(\w+)(:\w+)?\}", lambda found: numbers[found[1]], path)
        answer = page.goto(house + address)
        assert answer is not None
        assert answer.status == 200, address
        # What is a piece of a page, or a file, is none.
        if answer.text().startswith("<!doctype"):
            if path == "/customers/{customer_id}":
                # The rest of the page comes once it is looked at.
                page.locator("#behind").scroll_into_view_if_needed()
                expect(page.locator(".lazy")).to_have_count(0)
            page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
            found[path] = violations(page)
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
    assert len(found) > 25
