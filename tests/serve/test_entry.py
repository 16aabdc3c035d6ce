"""Coming in: by proof, to what one may see, and out at once."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from kehu.flows.users import people
from kehu.flows.users.people import By, Office
from kehu.model.people import Permission, Role
from kehu.serve import app
from kehu.serve.who import COOKIE, Gate
from kehu.store import database
from kehu.store.people.sessions import Limits
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

VAULT = Vault(keyring.made())

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
WORDS = "four words make one"
LIMITS = Limits(idle=timedelta(minutes=30), whole=timedelta(hours=12))
HTML = {"accept": "text/html", "accept-language": "en", "sec-fetch-site": "same-origin"}


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A store without users."""
    opened = database.connect("sqlite:///kehu.db", folder=tmp_path, vault=VAULT)
    database.migrate(opened)
    yield Office(database=opened, vault=VAULT)
    opened.close()


def _app(office: Office, clock: Clock, *, is_open_at_first: bool = False) -> FastAPI:
    gate = Gate(office=office, limits=LIMITS, is_open_at_first=is_open_at_first, is_secure=False)
    return app.create(office.database, clock=clock, gate=gate)


def _browser(application: FastAPI) -> TestClient:
    opened = TestClient(application, base_url="http://127.0.0.1:8500", client=("127.0.0.1", 50000))
    opened.headers.update(HTML)
    return opened


@pytest.fixture
def browser(office: Office, clock: Clock) -> Iterator[TestClient]:
    with _browser(_app(office, clock)) as opened:
        yield opened


def _user(office: Office, login: str, *roles: Role) -> int:
    by = By(login="root", at=NOW)
    who, token = people.invite(office, login=login, name="", roles=roles, by=by)
    people.choose_password(office, token, WORDS, by=by)
    return who.person_id


def _sign_in(browser: TestClient, login: str, password: str = WORDS, **more: str) -> int:
    form = {"login": login, "password": password, **more}
    return browser.post("/sign-in", data=form, follow_redirects=False).status_code


def test_nobody_sees_anything_before_they_signed_in(browser: TestClient) -> None:
    answer = browser.get("/customers?category=student", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?back=%2Fcustomers%3Fcategory%3Dstudent"
    piece = browser.get("/search", headers={"hx-request": "true"})
    assert (piece.status_code, piece.headers["hx-redirect"]) == (401, "/sign-in?back=%2Fsearch")
    machine = browser.post("/api/v1/customers/search", json={"q": "张伟"}, headers={"accept": "application/json"})
    assert machine.status_code == 401
    assert machine.headers["www-authenticate"] == "Bearer"
    assert machine.json()["status"] == 401
    assert browser.get("/healthz").status_code == 200


def test_the_link_of_the_first_start_leads_to_the_first_page(office: Office, browser: TestClient) -> None:
    token = people.first_link(office, by=By(login="cli:root", at=NOW))
    assert "admin" in browser.get(f"/welcome/{token}").text
    bad = browser.post(f"/welcome/{token}", data={"password": WORDS, "again": "others"})
    assert bad.status_code == 409
    assert browser.post(f"/welcome/{token}", data={"password": "short", "again": "short"}).status_code == 409
    good = browser.post(f"/welcome/{token}", data={"password": WORDS, "again": WORDS}, follow_redirects=False)
    assert good.headers["location"] == "/sign-in"
    assert _sign_in(browser, "admin") == 303
    assert browser.get("/").status_code == 200
    assert browser.get(f"/welcome/{token}").status_code == 404


def test_after_signing_in_they_come_where_they_wanted_to_go_and_nowhere_else(
    office: Office, browser: TestClient
) -> None:
    _user(office, "lihua", Role.AGENT)
    for back, leads_to in (("/customers?category=student", "/customers?category=student"), ("//evil.example", "/")):
        form = {"login": "lihua", "password": WORDS, "back": back}
        answer = browser.post("/sign-in", data=form, follow_redirects=False)
        assert answer.headers["location"] == leads_to
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie


def test_a_session_that_was_given_before_is_not_taken_over(office: Office, browser: TestClient) -> None:
    _user(office, "lihua", Role.AGENT)
    browser.cookies.set(COOKIE, "chosen-by-somebody-else")
    assert _sign_in(browser, "lihua") == 303
    assert browser.cookies.get(COOKIE, domain="127.0.0.1") not in (None, "chosen-by-somebody-else")


def test_what_was_wrong_is_not_told_and_too_much_of_it_has_to_wait(office: Office, browser: TestClient) -> None:
    _user(office, "lihua", Role.AGENT)
    wrong = browser.post("/sign-in", data={"login": "lihua", "password": "guessing away"})
    nobody = browser.post("/sign-in", data={"login": "nobody", "password": "guessing away"})
    assert (wrong.status_code, nobody.status_code) == (401, 401)
    assert wrong.text.replace("lihua", "nobody") == nobody.text
    assert "guessing away" not in wrong.text
    statuses = [_sign_in(browser, "lihua", "guessing away") for _ in range(12)]
    assert statuses[-1] == 429


def test_out_means_out(office: Office, clock: Clock, browser: TestClient) -> None:
    number = _user(office, "lihua", Role.AGENT)
    by = By(login="root", at=NOW)
    _sign_in(browser, "lihua")
    token = browser.cookies.get(COOKIE)
    assert browser.get("/", follow_redirects=False).status_code == 200
    browser.post("/sign-out")
    browser.cookies.set(COOKIE, str(token))
    assert browser.get("/", follow_redirects=False).status_code == 303
    browser.cookies.clear()
    _sign_in(browser, "lihua")
    people.disable(office, number, by=by)
    assert browser.get("/", follow_redirects=False).status_code == 303
    people.enable(office, number, by=by)
    _sign_in(browser, "lihua")
    clock.now += LIMITS.idle
    assert browser.get("/", follow_redirects=False).status_code == 303


def test_only_who_may_let_others_in_sees_the_users(office: Office, browser: TestClient) -> None:
    _user(office, "root", Role.ADMINISTRATOR)
    _user(office, "lihua", Role.AGENT)
    _sign_in(browser, "lihua")
    assert browser.get("/users").status_code == 403
    assert browser.post("/users", data={"login": "mallory", "roles": "administrator"}).status_code == 403
    assert 'href="/users"' not in browser.get("/").text
    _sign_in(browser, "root")
    assert "lihua" in browser.get("/users").text
    assert 'href="/users"' in browser.get("/").text


def test_an_administrator_invites_changes_and_disables(office: Office, clock: Clock, browser: TestClient) -> None:
    _user(office, "root", Role.ADMINISTRATOR)
    _sign_in(browser, "root")
    assert browser.post("/users", data={"login": "mei", "roles": ["nobody"]}).status_code in (404, 422)
    assert "at least one role" in browser.post("/users", data={"login": "mei"}).text
    page = browser.post("/users", data={"login": "mei", "name": "梅", "roles": ["agent", "steward"]})
    found = re.search(r"http://127\.0\.0\.1:8500(/welcome/\S+?)<", page.text)
    assert found
    with _browser(_app(office, clock)) as theirs:
        theirs.post(found[1], data={"password": WORDS, "again": WORDS})
        assert _sign_in(theirs, "mei") == 303
        assert "梅" in theirs.get("/me").text
        assert browser.post("/users/2/roles", data={"roles": ["agent"]}).status_code == 200
        assert browser.post("/users/2/disable").status_code == 200
        assert theirs.get("/me", follow_redirects=False).status_code == 303
    refused = browser.post("/users/1/disable")
    assert refused.status_code == 409
    assert "the last who may let others in" in refused.text


def test_a_key_opens_what_it_was_made_for(office: Office, browser: TestClient) -> None:
    _user(office, "root", Role.ADMINISTRATOR)
    _sign_in(browser, "root")
    page = browser.post("/keys", data={"name": "hall", "permissions": ["find", "privacy"], "days": "30"})
    found = re.search(r"kehu_[\w-]{43}", page.text)
    assert found
    # An administrator may not do privacy, so neither may the key.
    [key] = people.api_keys(office)
    assert key.permissions == {Permission.FIND}
    browser.cookies.clear()
    machine = {"authorization": f"Bearer {found[0]}", "accept": "application/json"}
    assert browser.post("/api/v1/customers/search", json={"q": "zw"}, headers=machine).status_code == 200
    assert browser.get("/users", headers=machine).status_code == 403
    assert (
        browser.post(
            "/api/v1/customers/search", json={"q": "zw"}, headers=machine | {"authorization": "Bearer no"}
        ).status_code
        == 401
    )
    people.revoke_key(office, key.key_id, by=By(login="root", at=NOW))
    assert browser.post("/api/v1/customers/search", json={"q": "zw"}, headers=machine).status_code == 401


def test_a_town_is_open_until_its_first_user_is_made(office: Office, clock: Clock) -> None:
    with _browser(_app(office, clock, is_open_at_first=True)) as browser:
        assert browser.get("/users", follow_redirects=False).status_code == 200
        _user(office, "root", Role.ADMINISTRATOR)
        assert browser.get("/users", follow_redirects=False).status_code == 303
