import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kehu.collect.town import server
from kehu.errors import SourceError

KEY = "a key of the tests"


@pytest.fixture
def applications(tmp_path: Path) -> Path:
    path = tmp_path / "applications.jsonl"
    path.write_text("".join(f'{{"application_id":"A{row}","name":"张伟"}}\n' for row in range(25)), encoding="utf-8")
    return path


@pytest.fixture
def calm(applications: Path) -> Iterator[server.Serving]:
    with server.serve(applications, api_key=KEY, hiccups=0) as serving:
        yield serving


def get(port: int, path: str, key: str | None = KEY) -> tuple[int, dict[str, str], dict[str, object]]:
    connection = http.client.HTTPConnection(server.HOST, port, timeout=10)
    try:
        connection.request("GET", path, headers={"X-API-Key": key} if key else {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), json.loads(answer.read())
    finally:
        connection.close()


def test_the_pages_hold_every_application_once_and_end(calm: server.Serving) -> None:
    found: list[object] = []
    path: str | None = "/applications?limit=10"
    while path:
        status, _, page = get(calm.port, path)
        assert status == 200
        assert page["total"] == 25
        applications = page["applications"]
        assert isinstance(applications, list)
        found += [application["application_id"] for application in applications]
        path = f"/applications?limit=10&after={page['next']}" if page["next"] else None
    assert found == [f"A{row}" for row in range(25)]


def test_the_last_cursor_finds_what_came_later(calm: server.Serving, applications: Path) -> None:
    assert get(calm.port, "/applications?after=25")[2] == {"applications": [], "next": None, "total": 25}
    with applications.open("a", encoding="utf-8") as file:
        file.write('{"application_id":"A25"}\n{"application_id":"half')
    page = get(calm.port, "/applications?after=25")[2]
    assert page == {"applications": [{"application_id": "A25"}], "next": "26", "total": 26}


@pytest.mark.parametrize("key", [None, "another key"])
def test_without_the_right_key_nothing_is_told(calm: server.Serving, key: str | None) -> None:
    status, _, body = get(calm.port, "/applications", key)
    assert status == 401
    assert "applications" not in body


@pytest.mark.parametrize(
    ("path", "status"), [("/applications?limit=1001", 400), ("/applications?after=x", 400), ("/customers", 404)]
)
def test_a_wrong_question_is_refused(calm: server.Serving, path: str, status: int) -> None:
    assert get(calm.port, path)[0] == status


def test_bad_moments_come_by_the_seed_and_never_three_in_a_row(applications: Path) -> None:
    def moments() -> list[int]:
        with server.serve(applications, api_key=KEY, hiccups=0.7, seed=4) as serving:
            return [get(serving.port, "/applications")[0] for _ in range(60)]

    first = moments()
    assert {200, 429, 500} == set(first)
    assert all(200 in first[start : start + 3] for start in range(58))
    assert moments() == first


def test_who_comes_too_often_is_told_when_to_come_again(applications: Path) -> None:
    with server.serve(applications, api_key=KEY, hiccups=1) as serving:
        answers = [get(serving.port, "/applications") for _ in range(30)]
    assert all(headers.get("Retry-After") in {"0", "1"} for status, headers, _ in answers if status == 429)
    assert any(status == 429 for status, _, _ in answers)


def test_a_living_server_of_the_same_file_is_used_and_left_alone(calm: server.Serving, applications: Path) -> None:
    with server.serve(applications, port=calm.port, api_key=KEY) as second:
        assert second.reused
        assert get(second.port, "/applications")[0] == 200
    assert get(calm.port, "/healthz")[0] == 200


def test_a_port_that_somebody_else_has_is_refused(calm: server.Serving, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text("")
    with pytest.raises(SourceError, match=str(calm.port)), server.serve(other, port=calm.port, api_key=KEY):
        pass
    with socket.create_server((server.HOST, 0)) as silent:
        port = silent.getsockname()[1]
        silent.settimeout(0.1)
        with pytest.raises(SourceError, match=str(port)), server.serve(other, port=port, api_key=KEY):
            pass


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nothing\.jsonl"), server.serve(tmp_path / "nothing.jsonl", api_key=KEY):
        pass
