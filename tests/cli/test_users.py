"""From the first start to a user who is shut out: `kehu serve` and `kehu user`, walked end to end."""

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kehu.cli import serving
from kehu.serve import app
from kehu.serve.who import Gate
from kehu.settings import reading

PASSWORD = "four words make one"


def link(text: str) -> str:
    """The path of the one-time link that was printed."""
    found = re.search(r"/welcome/[\w-]+", text)
    assert found, text
    return found[0]


def open_for(walk: Any) -> Any:
    """An application that does not listen: it lets `walk` ask it, as the browser on this machine would."""

    def application(database: Any, *, office: Any, limits: Any, paces: Any, ready: Any, **parts: Any) -> None:
        named = {name: parts[name] for name in ("model", "desk", "room", "clock", "zone", "service")}
        gate = Gate(office=office, limits=limits, is_open_at_first=False, is_secure=False, paces=paces)
        served = app.create(database, gate=gate, **named)
        ready("http://127.0.0.1:8450/")
        with TestClient(served, base_url="http://127.0.0.1:8450", client=("127.0.0.1", 50000)) as browser:
            browser.headers.update({"accept": "text/html", "accept-language": "en", "sec-fetch-site": "same-origin"})
            walk(browser)

    return application


def sign_in(browser: TestClient, login: str, password: str = PASSWORD) -> int:
    """The status of trying to come in."""
    browser.cookies.clear()
    data = {"login": login, "password": password}
    return int(browser.post("/sign-in", data=data, follow_redirects=False).status_code)


def choose(browser: TestClient, path: str, password: str = PASSWORD) -> int:
    """The status of choosing a password by a link."""
    answer = browser.post(path, data={"password": password, "again": password}, follow_redirects=False)
    return int(answer.status_code)


def test_the_first_start_lets_an_administrator_in_and_they_the_others(
    kehu: Any, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kehu("run").code == 0
    settings = reading.load(project / "kehu.toml")

    def first(browser: TestClient) -> None:
        path = link(capsys.readouterr().out)
        assert browser.get("/", follow_redirects=False).headers["location"].startswith("/sign-in")
        assert choose(browser, path) == 303
        assert choose(browser, path) == 404
        assert sign_in(browser, "admin") == 303
        assert browser.get("/users").status_code == 200

    serving.run(open_for(first), settings, host="127.0.0.1", port=0)
    invited = link(kehu("user", "add", "lihua", "--role", "agent", "--name", "李华").out)
    assert kehu("user", "add", "lihua", "--role", "agent").code == 1

    def second(browser: TestClient) -> None:
        assert "welcome" not in capsys.readouterr().out
        assert choose(browser, invited) == 303
        assert sign_in(browser, "lihua") == 303
        assert browser.get("/search").status_code == 200
        assert browser.get("/users").status_code == 403
        assert kehu("user", "disable", "lihua").code == 0
        assert browser.get("/search", follow_redirects=False).status_code == 303
        assert sign_in(browser, "lihua") == 401
        assert kehu("user", "enable", "lihua").code == 0
        again = link(kehu("user", "reset", "lihua").out)
        assert sign_in(browser, "lihua") == 401
        assert choose(browser, again, "another four words yet") == 303
        assert sign_in(browser, "lihua", "another four words yet") == 303

    serving.run(open_for(second), settings, host="127.0.0.1", port=0)
    told = kehu("user", "list", "--json").json["users"]
    assert {one["login"]: one["state"] for one in told} == {"admin": "active", "lihua": "active"}
    assert kehu("user", "disable", "admin").code == 1
