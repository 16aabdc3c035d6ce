"""Coming in by an identity provider: a real one on loopback, honest or not."""

import base64
import hashlib
import hmac
import itertools
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.testclient import TestClient

from kehu.flows.users import people
from kehu.flows.users.people import By, Office
from kehu.flows.users.sign_on import Terms
from kehu.model.people import Role
from kehu.serve import app
from kehu.serve.oidc import Provider
from kehu.serve.pages import sign_on
from kehu.serve.who import Gate
from kehu.store import database
from kehu.store.audit import trail
from kehu.store.audit.trail import Filter
from kehu.store.people import users
from kehu.store.people.sessions import Limits
from kehu.store.people.users import Person, State
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
LIMITS = Limits(idle=timedelta(minutes=30), whole=timedelta(hours=12))
SECRET = "between us + nobody: else"
BACK = "http://127.0.0.1:8500/sign-in/provider/back"
ROOT = By(login="root", at=NOW)

ADDRESSES = itertools.count(2)

Claims = dict[str, Any]


@dataclass
class House:
    """An identity provider of the company, and what a test makes it say."""

    port: int = 0
    user: Claims = field(default_factory=dict)
    """Who sits before the browser."""
    twist: Callable[[Claims], object] = lambda _: None
    """Changes what the token says."""
    signed: Callable[["House", Claims], str] | None = None
    """Signs it otherwise."""
    answers_as: str | None = None
    """Who it says to be when it answers."""
    refuses: bool = False
    is_away: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "first"}))
    asked: list[str] = field(default_factory=list)
    now: datetime = NOW

    def clock(self) -> datetime:
        return self.now

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/staff"

    def described(self) -> Claims:
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        told = {name: f"{self.issuer}/{place}" for name, place in places.items()}
        return {**told, "issuer": self.issuer, "authorization_response_iss_parameter_supported": True}

    def authorized(self, query: dict[str, str]) -> str:
        assert query["client_id"] == "kehu"
        assert query["redirect_uri"] == BACK, "it knows where kehu is"
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        told = {"state": query["state"], "iss": self.answers_as or self.issuer}
        if self.refuses:
            return f"{BACK}?{urlencode({**told, 'error': 'access_denied'})}"
        self.codes[code := secrets.token_hex(8)] = query
        return f"{BACK}?{urlencode({**told, 'code': code})}"

    def token(self, form: dict[str, str], proof: str) -> Claims | None:
        """What it answers to a code; None where it refuses it."""
        begun = self.codes.pop(form["code"], None)
        challenge = _encoded(hashlib.sha256(form["code_verifier"].encode()).digest())
        ours = base64.b64encode(b"kehu:between%20us%20%2B%20nobody%3A%20else").decode()
        if begun is None or begun["code_challenge"] != challenge or proof != ours:
            return None
        claims = {
            "iss": self.issuer, "aud": "kehu", "sub": self.user["preferred_username"] + "-for-ever",
            "exp": int(NOW.timestamp()) + 300, "iat": int(NOW.timestamp()), "nonce": begun["nonce"], **self.user,
        }  # fmt: skip
        self.twist(claims)
        signed = self.signed(self, claims) if self.signed else self.sign(claims)
        return {"access_token": "unused", "token_type": "Bearer", "id_token": signed}

    def sign(self, claims: Claims, key: Any = None, algorithm: str = "ES256") -> str:
        signing = key or self.key
        return jwt.encode({"alg": algorithm, "kid": signing.kid or "first"}, claims, signing, algorithms=[algorithm])


class Desk(BaseHTTPRequestHandler):
    """Takes what is asked of the house."""

    house: House

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        self.house.asked.append(place.path)
        if self.house.is_away:
            self.close_connection = True
            return
        match place.path.removeprefix("/staff"):
            case "/.well-known/openid-configuration":
                self._tell(self.house.described())
            case "/keys":
                self._tell({"keys": [self.house.key.as_dict(private=False)]})
            case "/authorize":
                query = {name: values[0] for name, values in parse_qs(place.query).items()}
                self.send_response(302)
                self.send_header("location", self.house.authorized(query))
                self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        told = self.house.token(form, self.headers["authorization"].removeprefix("Basic "))
        self._tell(told or {"error": "invalid_grant"}, status=200 if told else 400)

    def _tell(self, told: Claims, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def built() -> Iterator[House]:
    made = House()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Desk", (Desk,), {"house": made}))
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def house(built: House) -> House:
    """The house, as honest as before."""
    vars(built).update(vars(House(port=built.port)))
    return built


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A store with an administrator, who comes in by password."""
    vault = Vault(keyring.made())
    opened = database.connect("sqlite:///kehu.db", folder=tmp_path_factory.mktemp("sign_on"), vault=vault)
    database.migrate(opened)
    made = Office(database=opened, vault=vault)
    _, link = people.invite(made, login="root", name="", roles={Role.ADMINISTRATOR}, by=ROOT)
    people.choose_password(made, link, "four words make one", by=ROOT)
    yield made
    opened.close()


@dataclass
class Desktop:
    """Somebody's browser before the application."""

    browser: TestClient
    house: House

    def begin(self, back: str = "/") -> str:
        """Where the provider sends them back to."""
        gone = self.browser.get("/sign-in/provider", params={"back": back}, follow_redirects=False)
        assert gone.status_code == 303, gone.text
        return str(httpx.get(gone.headers["location"], trust_env=False).headers["location"])

    def come_back(self, address: str) -> Any:
        return self.browser.get(address.removeprefix("http://127.0.0.1:8500"), follow_redirects=False)

    def sign_in(self, back: str = "/") -> Any:
        return self.come_back(self.begin(back))

    def is_in(self) -> bool:
        return self.browser.get("/me", follow_redirects=False).status_code == 200


@pytest.fixture(scope="module")
def application(office: Office, built: House) -> FastAPI:
    return _application(office, built)


@pytest.fixture
def desktop(application: FastAPI, house: House) -> Desktop:
    application.state.given.gate.provider._known = None
    return _desktop(application, house)


def _application(office: Office, house: House, **terms: Any) -> FastAPI:
    named = {"name": "Staff", "scope": "openid profile", "login_claim": "preferred_username", "roles_claim": "groups"}
    told = Terms(issuer=house.issuer, client_id="kehu", secret=SECRET, **{**named, **terms})
    provider = Provider(terms=told, clock=house.clock)
    gate = Gate(office=office, limits=LIMITS, is_open_at_first=False, is_secure=False, provider=provider)
    return app.create(office.database, clock=house.clock, gate=gate)


def _desktop(application: FastAPI, house: House) -> Desktop:
    return Desktop(_browser(application), house)


def _browser(application: FastAPI) -> TestClient:
    # Each knocks from an address of its own: those who are refused too often have to wait.
    browser = TestClient(application, base_url="http://127.0.0.1:8500", client=(f"127.0.0.{next(ADDRESSES)}", 50000))
    browser.headers.update({"accept": "text/html", "accept-language": "en", "sec-fetch-site": "same-origin"})
    return browser


def _invite(office: Office, house: House, **claims: Any) -> Person:
    """Somebody who was invited, and sits before the browser."""
    login = f"user-{secrets.token_hex(4)}"
    house.user = {"preferred_username": login, **claims}
    return people.invite(office, login=login, name="", roles={Role.AGENT}, by=ROOT)[0]


def _now(office: Office, who: Person) -> Person:
    with office.database.read() as tx:
        return users.one(tx, who.person_id)


def _noted(office: Office) -> tuple[str, str, Any]:
    """Act, who and detail of the last entry of the audit trail."""
    with office.database.read() as tx:
        [last] = trail.page(tx, Filter(), vault=office.vault, limit=1)
    return last.act, last.who, last.detail


def test_who_was_invited_comes_in_where_they_wanted_to_go(office: Office, desktop: Desktop) -> None:
    who = _invite(office, desktop.house)
    page = desktop.browser.get("/sign-in?back=/me").text
    assert 'href="/sign-in/provider?back=%2Fme"' in page
    assert "Sign in by Staff" in page
    answer = desktop.sign_in(back="/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    assert desktop.is_in()
    assert _now(office, who).state is State.ACTIVE
    assert _noted(office) == ("sign_in", who.login, {"by": "provider"})
    assert "HttpOnly" in answer.headers["set-cookie"]
    # The second time nothing is looked up anew.
    asked = list(desktop.house.asked)
    desktop.sign_in()
    assert desktop.house.asked == [*asked, "/staff/authorize"]


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_nobody_is_led_to_another_site(office: Office, desktop: Desktop, back: str) -> None:
    _invite(office, desktop.house)
    assert desktop.sign_in(back=back).headers["location"] == "/"


def _is_for(name: str, value: Any) -> Callable[[Claims], object]:
    return lambda claims: claims.update({name: value})


def _without(name: str) -> Callable[[Claims], object]:
    return lambda claims: claims.pop(name)


HOUR_AGO = int(NOW.timestamp()) - 3600


@pytest.mark.parametrize(
    "twist",
    [
        pytest.param(_is_for("nonce", "of another sign-in"), id="nonce"),
        pytest.param(_without("nonce"), id="no nonce"),
        pytest.param(_is_for("aud", "payroll"), id="audience"),
        pytest.param(_is_for("aud", ["kehu", "payroll"]), id="no party among several audiences"),
        pytest.param(_is_for("azp", "payroll"), id="party"),
        pytest.param(_is_for("iss", "https://evil.example"), id="issuer"),
        pytest.param(_is_for("exp", HOUR_AGO), id="expired"),
        pytest.param(_without("exp"), id="for ever"),
        pytest.param(_is_for("iat", HOUR_AGO + 7200), id="of tomorrow"),
        pytest.param(_without("sub"), id="nobody"),
        pytest.param(_without("preferred_username"), id="no login"),
    ],
)
def test_a_token_that_is_not_for_us_and_now_lets_nobody_in(
    office: Office, desktop: Desktop, twist: Callable[[Claims], object]
) -> None:
    _invite(office, desktop.house)
    desktop.house.twist = twist
    assert desktop.sign_in().status_code == 401
    assert not desktop.is_in()
    assert _noted(office) == ("sign_in_refused", "nobody we know", {"by": "provider", "why": "unproven"})


def _unsigned(_: House, claims: Claims) -> str:
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def _part(told: Claims) -> str:
    return _encoded(json.dumps(told).encode())


def _encoded(told: bytes) -> str:
    return base64.urlsafe_b64encode(told).rstrip(b"=").decode()


def _by_our_secret(_: House, claims: Claims) -> str:
    return _by_secret(SECRET.encode(), claims)


def _by_their_public_key(house: House, claims: Claims) -> str:
    return _by_secret(house.key.as_pem(private=False), claims)


def _by_secret(secret: bytes, claims: Claims) -> str:
    parts = (_part({"alg": "HS256", "kid": "first"}), _part(claims))
    return ".".join((*parts, _encoded(hmac.digest(secret, ".".join(parts).encode(), "sha256"))))


def _by_another_key(house: House, claims: Claims) -> str:
    return house.sign(claims, ECKey.generate_key("P-256", {"kid": "first"}))


def _changed(house: House, claims: Claims) -> str:
    head, _, seal = house.sign(claims).split(".")
    return f"{head}.{_part({**claims, 'preferred_username': 'root'})}.{seal}"


@pytest.mark.parametrize("signed", [_unsigned, _by_our_secret, _by_their_public_key, _by_another_key, _changed])
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(
    office: Office, desktop: Desktop, signed: Callable[[House, Claims], str]
) -> None:
    _invite(office, desktop.house)
    desktop.house.signed = signed
    assert desktop.sign_in().status_code == 401
    assert not desktop.is_in()


def test_a_key_that_the_provider_took_since_is_looked_up(office: Office, desktop: Desktop) -> None:
    _invite(office, desktop.house)
    desktop.sign_in()
    key = RSAKey.generate_key(2048, {"kid": "second"})
    desktop.house.key, desktop.house.signed = key, lambda house, claims: house.sign(claims, key, "RS256")
    assert desktop.sign_in().status_code == 401, "not so soon: whoever sends strange keys would make us ask each time"
    desktop.house.now = NOW + timedelta(minutes=2)
    assert desktop.sign_in().status_code == 303


def test_each_sign_in_is_good_once_and_only_in_its_browser(
    office: Office, application: FastAPI, house: House, desktop: Desktop
) -> None:
    _invite(office, house)
    address = desktop.begin()
    carried = desktop.browser.cookies.get(sign_on.COOKIE, path="/sign-in/provider")
    assert carried
    other = _desktop(application, house)
    assert other.come_back(address).status_code == 401, "it was not begun there"
    assert desktop.come_back(address + "&state=guessed").status_code == 401
    # Whoever kept the cookie and brings another code, still good at the provider, comes in by it once.
    for status in (303, 401):
        desktop.browser.cookies.clear()
        desktop.browser.cookies.set(sign_on.COOKIE, carried, path="/sign-in/provider")
        state = parse_qs(urlsplit(address).query)["state"][0]
        house.codes[code := secrets.token_hex(8)] = dict(house.codes[next(iter(house.codes))])
        back = f"{BACK}?{urlencode({'state': state, 'code': code, 'iss': house.issuer})}"
        assert desktop.come_back(back).status_code == status
    assert _noted(office)[2]["why"] == "used"
    desktop.house.now = NOW + timedelta(minutes=11)
    assert desktop.come_back(address).status_code == 401, "it took too long"
    desktop.browser.cookies.set(sign_on.COOKIE, carried[:-4] + "AAAA", path="/sign-in/provider")
    assert desktop.come_back(address).status_code == 401


def test_another_provider_may_not_answer(office: Office, desktop: Desktop) -> None:
    _invite(office, desktop.house)
    desktop.house.answers_as = "https://evil.example"
    assert desktop.sign_in().status_code == 401
    assert "/staff/token" not in desktop.house.asked


def test_nobody_is_made_by_signing_in(office: Office, desktop: Desktop) -> None:
    desktop.house.user = {"preferred_username": "stranger"}
    answer = desktop.sign_in()
    assert answer.status_code == 401
    assert "ask an administrator" in answer.text
    assert not desktop.is_in()
    with office.database.read() as tx:
        assert users.by_login(tx, "stranger") is None
    desktop.house.refuses = True
    assert desktop.sign_in().status_code == 401
    assert _noted(office)[2]["why"] == "denied"


def test_who_is_disabled_stays_out(office: Office, desktop: Desktop) -> None:
    who = _invite(office, desktop.house)
    desktop.sign_in()
    people.disable(office, who.person_id, by=ROOT)
    assert not desktop.is_in()
    assert desktop.sign_in().status_code == 401
    assert _noted(office) == ("sign_in_refused", who.login, {"by": "provider", "why": "disabled"})
    people.enable(office, who.person_id, by=ROOT)
    assert desktop.sign_in().status_code == 303


def test_a_login_that_is_given_to_somebody_else_there_is_not_theirs_here(office: Office, desktop: Desktop) -> None:
    who = _invite(office, desktop.house)
    login = desktop.house.user["preferred_username"]
    desktop.sign_in()
    desktop.house.twist = _is_for("sub", "a newcomer")
    assert desktop.sign_in().status_code == 401
    assert _noted(office)[2]["why"] == "other"
    # The other way round, who is called otherwise there is who they were here.
    desktop.house.twist = lambda claims: claims.update(sub=f"{login}-for-ever", preferred_username="married")
    assert desktop.sign_in().status_code == 303
    people.reset(office, who.person_id, by=ROOT)
    desktop.house.twist = _is_for("sub", "a newcomer")
    assert desktop.sign_in().status_code == 303


def test_groups_give_roles_where_they_are_mapped(office: Office, house: House) -> None:
    mapped = {"kehu-agents": Role.AGENT, "kehu-stewards": Role.STEWARD}
    desktop = _desktop(_application(office, house, roles=mapped, roles_claim="access.groups"), house)
    who = _invite(office, house, access={"groups": ["kehu-stewards", "football"]})
    assert desktop.sign_in().status_code == 303
    assert _now(office, who).roles == {Role.STEWARD}
    house.user["access"] = {"groups": "football"}
    assert desktop.sign_in().status_code == 401
    assert _noted(office)[2]["why"] == "no role"
    house.user = {"preferred_username": "root", "access": {"groups": ["kehu-agents"]}}
    assert desktop.sign_in().status_code == 401, "the last who may let others in"
    assert _noted(office)[2]["why"] == "last"


def test_a_provider_that_is_away_is_told_of_and_passwords_go_on(office: Office, house: House, desktop: Desktop) -> None:
    house.is_away = True
    answer = desktop.browser.get("/sign-in/provider", follow_redirects=False)
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    form = {"login": "root", "password": "four words make one"}
    assert desktop.browser.post("/sign-in", data=form, follow_redirects=False).status_code == 303
    # It is asked again by the next who comes.
    house.is_away = False
    _invite(office, house)
    assert desktop.sign_in().status_code == 303


def test_too_many_refusals_have_to_wait(office: Office, desktop: Desktop) -> None:
    desktop.house.refuses = True
    statuses = [desktop.sign_in().status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]


def test_without_a_provider_there_is_no_button(office: Office) -> None:
    gate = Gate(office=office, limits=LIMITS, is_open_at_first=False, is_secure=False)
    browser = _browser(app.create(office.database, clock=lambda: NOW, gate=gate))
    assert "/sign-in/provider" not in browser.get("/sign-in").text
    assert browser.get("/sign-in/provider").status_code == 404
