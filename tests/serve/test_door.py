"""Who may come in."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from kehu.errors import SettingsError
from kehu.serve import door


@pytest.mark.parametrize("host", ["127.0.0.1:8450", "localhost:8450", "LOCALHOST", "[::1]:8450"])
def test_a_loopback_name_is_answered(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "kehu.example",
        "127.0.0.1.example:8450",
        "192.168.1.4",
        "0.0.0.0",
        "",
        "x" * 5000,
        "localhost@evil.example",
        "[::1",
    ],
)
def test_another_name_is_not_answered(client: TestClient, host: str) -> None:
    answer = client.get("/customers/1", headers={"host": host})
    assert answer.status_code == 421
    assert "张伟" not in answer.text


def test_another_machine_is_not_answered(application: FastAPI) -> None:
    with TestClient(application, base_url="http://127.0.0.1", client=("192.168.1.7", 5000)) as far:
        assert far.get("/").status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"sec-fetch-site": "same-origin"}, 303, id="our page"),
        pytest.param({"sec-fetch-site": "cross-site"}, 403, id="another site"),
        pytest.param({"sec-fetch-site": "same-site"}, 403, id="another port of this machine"),
        pytest.param({"origin": "http://127.0.0.1:8500"}, 303, id="our origin"),
        pytest.param({"origin": "http://evil.example"}, 403, id="another origin"),
        pytest.param({"origin": "null"}, 403, id="an origin that hides"),
        pytest.param({"cookie": "kehu_theme=dark"}, 403, id="a cookie without a word where it comes from"),
        pytest.param({}, 303, id="no browser"),
    ],
)
def test_only_our_own_pages_change_something(client: TestClient, headers: dict[str, str], status: int) -> None:
    answer = client.post("/preferences", data={"theme": "dark"}, headers=headers, follow_redirects=False)
    assert answer.status_code == status


@pytest.mark.parametrize("path", ["/", "/nowhere", "/api/v1/figures/category", "/static/kehu.css"])
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    for name, value in door.SECURITY_HEADERS.items():
        assert headers[name] == value


def test_a_failure_of_ours_tells_nothing_and_carries_the_headers_too(application: FastAPI) -> None:
    @application.get("/broken", include_in_schema=False)
    def broken() -> None:
        raise RuntimeError("13912345678")

    client = TestClient(application, base_url="http://localhost", client=("::1", 1), raise_server_exceptions=False)
    answer = client.get("/broken", headers={"accept": "text/html"})
    assert answer.status_code == 500
    assert "13912345678" not in answer.text
    assert "content-security-policy" in answer.headers


def test_we_do_not_listen_where_others_could_knock() -> None:
    door.require_hosts("127.0.0.1", ())
    door.require_hosts("::1", ())
    for host in ("0.0.0.0", "::", "192.168.1.4", "kehu.example"):
        with pytest.raises(SettingsError, match="not this machine alone"):
            door.require_hosts(host, ())


def test_files_may_be_kept_only_where_their_address_names_their_content(client: TestClient) -> None:
    assert "immutable" in client.get("/static/kehu.css?v=1").headers["cache-control"]
    assert client.get("/static/kehu.css").headers["cache-control"] == "private, no-cache"
