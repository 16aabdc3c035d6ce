"""A REST service as a channel, spoken to over real HTTP on loopback."""

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from kehu.collect import rest
from kehu.collect.web import hosts
from kehu.errors import SettingsError, SourceError
from kehu.model.records import POSITION, Batch

RECORDS = [{"id": number, "applicant": {"name": f"客户{number}"}, "phones": ["138", None]} for number in range(1, 8)]


@dataclass
class Answer:
    body: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """Close the connection in the middle of the body."""


@dataclass
class Request:
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str

    def number(self, name: str, default: int) -> int:
        return int(self.query.get(name, default))


@dataclass
class Service:
    url: str
    seen: list[Request]


@contextmanager
def serving(answer: Callable[[Request], Answer], *, tls: ssl.SSLContext | None = None) -> Iterator[Service]:
    seen: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            request = Request(path=parts.path, query=query, headers=dict(self.headers), body=body)
            seen.append(request)
            given = answer(request)
            written = given.body if isinstance(given.body, bytes) else json.dumps(given.body).encode()
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written[: len(written) // 2] if given.cut else written)
            self.close_connection = given.cut

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # A client that hangs up is no news here.
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        base = f"https://localhost:{server.server_port}" if tls else f"http://127.0.0.1:{server.server_port}"
        yield Service(url=f"{base}/applications", seen=seen)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def channel(
    url: str, *, secret: str | None = None, slept: list[float] | None = None, **settings: Any
) -> rest.RestChannel:
    source = rest.RestSource.model_validate({"url": url, "records_at": "rows", "allow_private": True, **settings})
    return rest.RestChannel("online", source, secret=secret, sleep=(slept if slept is not None else []).append)


def ids(batches: list[Batch]) -> list[str]:
    return [found for batch in batches for found in batch.rows["id"].to_pylist()]


def until_it_fails(source: rest.RestChannel) -> tuple[list[Batch], str]:
    got: list[Batch] = []
    batches = source.batches(after=None)
    while True:
        try:
            got.append(next(batches))
        except SourceError as why:
            return got, str(why)


def page_of(request: Request, start: int, size: int = 3) -> list[object]:
    return list(RECORDS[start : start + size])


def by_page(request: Request) -> Answer:
    return Answer({"rows": page_of(request, (request.number("page", 1) - 1) * 3), "total": len(RECORDS)})


def by_offset(request: Request) -> Answer:
    return Answer({"rows": page_of(request, request.number("offset", 0), request.number("limit", 2))})


def by_cursor(request: Request) -> Answer:
    after = request.number("after", 0)
    rows = page_of(request, after)
    return Answer({"rows": rows, "next": after + len(rows) if after + 3 < len(RECORDS) else None})


def by_endless_cursor(request: Request) -> Answer:
    after = request.number("after", 0)
    rows = page_of(request, after)
    return Answer({"rows": rows, "next": after + len(rows)})


def by_link_header(request: Request) -> Answer:
    start = request.number("start", 0)
    link = {"Link": f'</applications?start=0>; rel="first", </applications?start={start + 3}>; rel="next"'}
    return Answer({"rows": page_of(request, start)}, headers=link if start + 3 < len(RECORDS) else {})


def by_json_link(request: Request) -> Answer:
    start = request.number("start", 0)
    more = start + 3 < len(RECORDS)
    return Answer({"rows": page_of(request, start), "links": {"next": f"?start={start + 3}" if more else None}})


PAGINGS = [
    pytest.param(by_page, {"kind": "page"}, id="page number"),
    pytest.param(by_offset, {"kind": "offset", "size": 3}, id="offset"),
    pytest.param(by_cursor, {"kind": "cursor", "parameter": "after", "at": "next"}, id="cursor that ends"),
    pytest.param(
        by_endless_cursor, {"kind": "cursor", "parameter": "after", "at": "next"}, id="cursor to an empty page"
    ),
    pytest.param(by_link_header, {"kind": "link_header"}, id="link header"),
    pytest.param(by_json_link, {"kind": "json_link", "at": "links.next"}, id="link in the answer"),
]


@pytest.mark.parametrize(("answer", "paging"), PAGINGS)
def test_every_kind_of_paging_brings_every_record_once(
    answer: Callable[[Request], Answer], paging: dict[str, Any]
) -> None:
    with serving(answer) as service:
        batches = list(channel(service.url, paging=paging).batches(after=None))
    assert ids(batches) == [str(number) for number in range(1, 8)]
    assert batches[0].rows.column_names == ["id", "applicant.name", "phones.0", "phones.1", POSITION]
    assert batches[0].rows["phones.1"].null_count == 3
    assert batches[0].rows[POSITION][1].as_py() == "first page, row 2"


@pytest.mark.parametrize(("answer", "paging"), PAGINGS)
def test_a_run_that_was_killed_resumes_at_the_next_page(
    answer: Callable[[Request], Answer], paging: dict[str, Any]
) -> None:
    with serving(answer) as service:
        first = next(iter(channel(service.url, paging=paging).batches(after=None)))
        rest_of_it = list(channel(service.url, paging=paging).batches(after=first.cursor))
    assert ids([first]) == ["1", "2", "3"]
    assert ids(rest_of_it) == ["4", "5", "6", "7"]


@pytest.mark.parametrize(("answer", "paging"), PAGINGS)
def test_the_next_run_reads_at_most_the_last_page_again_and_finds_what_was_added(
    answer: Callable[[Request], Answer], paging: dict[str, Any]
) -> None:
    with serving(answer) as service:
        source = channel(service.url, paging=paging)
        cursor = list(source.batches(after=None))[-1].cursor
        again = ids(list(source.batches(after=cursor)))
        assert again in ([], ["7"])
        RECORDS.append({"id": 8})
        try:
            assert ids(list(source.batches(after=cursor)))[-1] == "8"
        finally:
            RECORDS.pop()


def test_a_cursor_may_be_the_id_of_the_last_row_with_a_flag_for_more() -> None:
    def answer(request: Request) -> Answer:
        start = request.number("starting_after", 0)
        return Answer({"rows": page_of(request, start), "has_more": start + 3 < len(RECORDS)})

    paging = {"kind": "cursor", "parameter": "starting_after", "at": "rows.-1.id", "more_at": "has_more"}
    with serving(answer) as service:
        assert len(ids(list(channel(service.url, paging=paging).batches(after=None)))) == 7
    assert [request.query.get("starting_after") for request in service.seen] == [None, "3", "6"]


@pytest.mark.parametrize("end", [Answer({"detail": "Invalid page."}, 404), Answer({"rows": None})])
def test_the_page_behind_the_last_may_be_missing_or_null(end: Answer) -> None:
    with serving(lambda request: by_page(request) if request.number("page", 1) < 4 else end) as service:
        assert len(ids(list(channel(service.url, paging={"kind": "page"}).batches(after=None)))) == 7


def test_parameters_and_headers_are_sent_with_every_page() -> None:
    settings: dict[str, Any] = {
        "parameters": {"hall": "杭州"},
        "headers": {"X-Tenant": "zj"},
        "paging": {"kind": "page", "size": 3},
    }
    with serving(by_page) as service:
        list(channel(service.url + "?v=2", **settings).batches(after=None))
    assert {request.headers["X-Tenant"] for request in service.seen} == {"zj"}
    assert [request.query for request in service.seen] == [
        {"v": "2", "hall": "杭州", "page": str(number), "limit": "3"} for number in range(1, 5)
    ]


def test_numbers_keep_every_digit() -> None:
    body = b'{"rows": [{"id": 123456789012345678901234567890, "sum": 0.10, "vip": true}]}'
    with serving(lambda _: Answer(body)) as service:
        (batch,) = channel(service.url).batches(after=None)
    assert batch.rows.drop_columns([POSITION]).to_pylist() == [
        {"id": "123456789012345678901234567890", "sum": "0.10", "vip": "true"}
    ]


def test_a_row_that_is_no_object_is_a_bad_row_and_blocks_nothing() -> None:
    with serving(
        lambda _: Answer({"rows": [{"id": 1}, "x", {"id": 2}, {"id": 3, "a.b": 1, "a": {"b": 2}}]})
    ) as service:
        (batch,) = channel(service.url).batches(after=None)
    assert ids([batch]) == ["1", "2"]
    assert [(row.position, row.raw) for row in batch.bad] == [
        ("first page, row 2", '"x"'),
        ("first page, row 4", '{"id": "3", "a.b": "1", "a": {"b": "2"}}'),
    ]


def failing(times: int, failure: Answer) -> Callable[[Request], Answer]:
    left = [times]

    def answer(request: Request) -> Answer:
        left[0] -= 1
        return failure if left[0] >= 0 else by_page(request)

    return answer


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(Answer({}, 500), id="500"),
        pytest.param(Answer({}, 503), id="503"),
        pytest.param(Answer({"rows": RECORDS}, cut=True), id="lost connection"),
    ],
)
def test_a_passing_failure_is_tried_again_with_growing_waits(failure: Answer) -> None:
    slept: list[float] = []
    with serving(failing(3, failure)) as service:
        batches = list(channel(service.url, paging={"kind": "page"}, slept=slept).batches(after=None))
    assert len(ids(batches)) == 7
    assert len(slept) == 3
    assert slept == sorted(slept)


def test_retry_after_is_waited_for() -> None:
    slept: list[float] = []
    with serving(failing(1, Answer({}, 429, {"Retry-After": "7"}))) as service:
        list(channel(service.url, paging={"kind": "page"}, slept=slept).batches(after=None))
    assert slept == [7.0]


def test_a_wait_beyond_the_limit_is_told_instead_of_waited_for() -> None:
    with (
        serving(failing(1, Answer({}, 429, {"Retry-After": "3600"}))) as service,
        pytest.raises(SourceError, match="asks to wait 3600 s"),
    ):
        list(channel(service.url).batches(after=None))


def test_a_lasting_failure_ends_the_run_and_keeps_the_pages_before() -> None:
    def answer(request: Request) -> Answer:
        return by_page(request) if request.number("page", 1) < 3 else Answer({}, 500)

    with serving(answer) as service:
        got, why = until_it_fails(channel(service.url, paging={"kind": "page"}, attempts=2))
    assert ids(got) == ["1", "2", "3", "4", "5", "6"]
    assert why == f"channel 'online': {service.url} cannot be read (it answers 500, 2 attempts); run again later"


def test_a_service_that_ignores_the_page_number_is_stopped() -> None:
    with serving(lambda _: Answer({"rows": RECORDS})) as service, pytest.raises(SourceError, match="already sent"):
        list(channel(service.url, paging={"kind": "page"}).batches(after=None))
    assert len(service.seen) == 2


def test_a_cursor_that_comes_twice_is_stopped() -> None:
    turn = iter(range(100))

    def answer(request: Request) -> Answer:
        number = next(turn)
        return Answer({"rows": [{"id": number}], "next": "ab"[number % 2]})

    with serving(answer) as service, pytest.raises(SourceError, match="already sent"):
        list(channel(service.url, paging={"kind": "cursor", "at": "next"}).batches(after=None))
    assert len(service.seen) == 3


def test_fewer_records_than_told_fail_the_run_and_the_next_one_starts_over() -> None:
    total = [9]

    def answer(request: Request) -> Answer:
        return Answer({"rows": page_of(request, (request.number("page", 1) - 1) * 3), "total": total[0]})

    with serving(answer) as service:
        source = channel(service.url, paging={"kind": "page"}, total_at="total")
        got, why = until_it_fails(source)
        assert "2 of the records the service tells of did not come" in why
        total[0] = 7
        assert len(ids(got)) == 7
        again = list(source.batches(after=got[-1].cursor))
        assert len(ids(again)) == 7
        assert ids(list(source.batches(after=again[-1].cursor))) == ["7"]


def test_an_empty_last_page_need_not_tell_the_total_again() -> None:
    def answer(request: Request) -> Answer:
        rows = page_of(request, (request.number("page", 1) - 1) * 3)
        return Answer({"rows": rows, "total": 8} if rows else {"rows": []})

    with serving(answer) as service:
        got, why = until_it_fails(channel(service.url, paging={"kind": "page"}, total_at="total"))
    assert len(ids(got)) == 7
    assert "1 of the records the service tells of did not come" in why
    with serving(by_page) as service, pytest.raises(SourceError, match="no number at total_at = 'count'"):
        list(channel(service.url, total_at="count").batches(after=None))


def test_the_time_asked_from_never_goes_back() -> None:
    rows = [{"id": 1, "at": "2024-06-03T00:00:00Z"}]
    with serving(lambda _: Answer({"rows": rows})) as service:
        source = channel(service.url, since={"parameter": "since", "at": "at", "overlap_s": 86_400})
        (first,) = source.batches(after=None)
        rows[0] = {"id": 2, "at": "2024-06-02T12:00:00Z"}
        (second,) = source.batches(after=first.cursor)
        list(source.batches(after=second.cursor))
    assert [request.query.get("since") for request in service.seen] == [None, *["2024-06-02T00:00:00Z"] * 2]


def test_only_what_changed_is_asked_for_with_an_overlap() -> None:
    rows = [{"id": n, "at": f"2024-06-0{n}T00:00:00Z"} for n in (1, 3, 2)]
    with serving(lambda _: Answer({"rows": rows})) as service:
        since = {"parameter": "since", "at": "at", "overlap_s": 3600}
        source = channel(service.url, since=since)
        (batch,) = source.batches(after=None)
        list(source.batches(after=batch.cursor))
    assert [request.query for request in service.seen] == [{}, {"since": "2024-06-02T23:00:00Z"}]


AUTHS = [
    pytest.param({"kind": "bearer", "secret_env": "K"}, "Authorization", "Bearer s3cret", id="bearer"),
    pytest.param({"kind": "api_key", "header": "X-Key", "secret_env": "K"}, "X-Key", "s3cret", id="api key"),
    pytest.param({"kind": "basic", "user": "u", "secret_env": "K"}, "Authorization", "Basic dTpzM2NyZXQ=", id="basic"),
]


@pytest.mark.parametrize(("auth", "header", "value"), AUTHS)
def test_every_kind_of_proof_is_sent(auth: dict[str, str], header: str, value: str) -> None:
    with serving(lambda r: Answer({"rows": RECORDS}) if r.headers.get(header) == value else Answer({}, 401)) as service:
        assert len(ids(list(channel(service.url, auth=auth, secret="s3cret").batches(after=None)))) == 7
        with pytest.raises(SourceError, match=r"refuses the channel \(401\); check the secret in K"):
            list(channel(service.url, auth=auth, secret="wrong").batches(after=None))
    with pytest.raises(SettingsError, match="set its secret in the environment as K"):
        channel(service.url, auth=auth)


@pytest.mark.parametrize("auth", [{"kind": "bearer", "secret_env": "K"}, {"kind": "api_key", "secret_env": "K"}])
@pytest.mark.parametrize("secret", ["TOPSECRET\r", "TOPSECRET\n", " TOPSECRET", "TOP\nSECRET"])
def test_a_secret_that_no_header_may_hold_is_told_without_it(auth: dict[str, str], secret: str) -> None:
    with pytest.raises(SettingsError, match="the secret in K begins or ends with a blank") as told:
        channel("http://127.0.0.1:1/x", auth=auth, secret=secret)
    assert "SECRET" not in str(told.value)


def test_a_token_that_no_header_may_hold_is_told_without_it() -> None:
    with serving(lambda r: Answer({"access_token": "TOPSECRET\n"})) as service:
        auth = {"kind": "oauth2", "token_at": service.url, "client_id": "kehu", "secret_env": "K"}
        with pytest.raises(SourceError, match="gives no token") as told:
            list(channel(service.url, auth=auth, secret="s").batches(after=None))
    assert "TOPSECRET" not in str(told.value)


@pytest.mark.parametrize("link", ["http://[::1", "http://a:b/"])
def test_a_link_that_is_no_url_is_told(link: str) -> None:
    with (
        serving(lambda r: Answer({"rows": RECORDS, "next": link})) as service,
        pytest.raises(SourceError, match="the link to the next page is no URL"),
    ):
        list(channel(service.url, paging={"kind": "json_link"}).batches(after=None))


def test_a_flag_that_is_no_flag_ends_no_run() -> None:
    paging = {"kind": "cursor", "more_at": "more"}
    with serving(lambda r: Answer({"rows": RECORDS, "more": {"next": 1}})) as service:
        assert len(ids(list(channel(service.url, paging=paging).batches(after=None)))) == 7


def test_a_header_that_cannot_be_sent_is_refused() -> None:
    for text in ("密", "a\nb"):
        with pytest.raises(ValidationError, match="X-Hall holds a letter or sign that no header may"):
            rest.RestSource(url="http://x/y", headers={"X-Hall": text})


def test_an_oauth_token_is_fetched_kept_and_renewed_when_it_is_withdrawn() -> None:
    tokens = iter(["first", "second"])
    valid = ["first"]

    def answer(request: Request) -> Answer:
        if request.path == "/token":
            assert request.body == "grant_type=client_credentials&scope=read"
            assert request.headers["Authorization"] == "Basic aWQ6czNjcmV0"
            return Answer({"access_token": next(tokens), "expires_in": 3600})
        if request.headers.get("Authorization") != f"Bearer {valid[0]}":
            return Answer({}, 401)
        if request.number("page", 1) == 2:
            valid[0] = "second"
        return by_page(request)

    with serving(answer) as service:
        token_at = service.url.replace("applications", "token")
        auth = {"kind": "oauth2", "token_at": token_at, "client_id": "id", "scope": "read", "secret_env": "K"}
        source = channel(service.url, auth=auth, secret="s3cret", paging={"kind": "page"})
        assert len(ids(list(source.batches(after=None)))) == 7
    assert [request.path for request in service.seen].count("/token") == 2


def test_a_token_server_that_is_busy_is_asked_again() -> None:
    busy = iter([Answer({}, 503), Answer({"access_token": "t"})])
    with serving(lambda request: next(busy) if request.path == "/token" else Answer({"rows": RECORDS})) as service:
        auth = {"kind": "oauth2", "token_at": service.url.replace("applications", "token"), "client_id": "id"}
        source = channel(service.url, auth={**auth, "secret_env": "K"}, secret="x")
        assert len(ids(list(source.batches(after=None)))) == 7


def test_a_token_server_that_refuses_is_told() -> None:
    with serving(lambda _: Answer({"error": "invalid_client"}, 400)) as service:
        auth = {"kind": "oauth2", "token_at": service.url, "client_id": "id", "secret_env": "K"}
        with pytest.raises(SourceError, match="gives no token; check client_id, scope and K"):
            list(channel(service.url, auth=auth, secret="x").batches(after=None))


def test_a_private_address_is_spoken_to_only_where_allowed() -> None:
    with (
        serving(by_page) as service,
        pytest.raises(SourceError, match=r"inner address 127\.0\.0\.1; set allow_private = true"),
    ):
        list(channel(service.url, allow_private=False).batches(after=None))
    assert service.seen == []


def test_a_redirect_or_a_link_to_another_host_is_refused() -> None:
    with serving(by_page) as other:
        with (
            serving(lambda _: Answer({}, 302, {"Location": other.url})) as service,
            pytest.raises(SourceError, match="was sent on to"),
        ):
            list(channel(service.url).batches(after=None))
        with (
            serving(lambda _: Answer({"rows": [{"id": 1}], "next": other.url})) as service,
            pytest.raises(SourceError, match="was sent on to"),
        ):
            list(channel(service.url, paging={"kind": "json_link"}).batches(after=None))
    assert other.seen == []


def test_a_host_that_is_not_there_is_named() -> None:
    with pytest.raises(SourceError, match=r"http://127.0.0.1:1/x cannot be read"):
        list(channel("http://127.0.0.1:1/x", attempts=2).batches(after=None))
    with pytest.raises(SourceError, match=r"host 'nowhere\.invalid' is not found"):
        list(channel("http://nowhere.invalid/x").batches(after=None))


def test_an_answer_that_is_not_json_or_has_no_list_is_told() -> None:
    with (
        serving(lambda _: Answer(b"<html>", 200, {"Content-Type": "text/html"})) as service,
        pytest.raises(SourceError, match=r"is not JSON \(text/html\)"),
    ):
        list(channel(service.url).batches(after=None))
    with (
        serving(lambda _: Answer({"data": []})) as service,
        pytest.raises(SourceError, match=r"no list of records at 'rows'; set records_at \(has: data\)"),
    ):
        list(channel(service.url).batches(after=None))


def test_an_answer_beyond_the_limit_is_refused() -> None:
    with (
        serving(lambda _: Answer({"rows": [{"id": "x" * (2 << 20)}]})) as service,
        pytest.raises(SourceError, match="more than 1 MB"),
    ):
        list(channel(service.url, max_answer_mb=1).batches(after=None))


def test_a_sample_is_one_request() -> None:
    with serving(by_page) as service:
        batch = channel(service.url, paging={"kind": "page"}).sample(2)
    assert ids([batch]) == ["1", "2"]
    assert batch.cursor is None
    assert len(service.seen) == 1


READER = """
import json, sys
from kehu.collect import rest
from kehu.collect.web import hosts
source = rest.RestSource.model_validate(json.loads(sys.argv[1]))
for batch in rest.RestChannel("online", source).batches(after=None):
    print(json.dumps([batch.rows["id"].to_pylist(), batch.cursor]), flush=True)
"""


@pytest.mark.parametrize(("answer", "paging"), [PAGINGS[0], PAGINGS[3]])
def test_a_reader_killed_in_the_middle_loses_nothing(
    answer: Callable[[Request], Answer], paging: dict[str, Any]
) -> None:
    stuck, stored = threading.Event(), []

    def slow(request: Request) -> Answer:
        if len(service.seen) == 3:
            stuck.wait(30)
        return answer(request)

    with serving(slow) as service:
        settings = {"url": service.url, "records_at": "rows", "allow_private": True, "paging": paging}
        command = [sys.executable, "-c", READER, json.dumps(settings)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
            assert reader.stdout is not None
            stored.append(json.loads(reader.stdout.readline()))  # The first page is out; the third is being asked for.
            reader.kill()
            stored.extend(json.loads(line) for line in reader.stdout)
        stuck.set()
        rest_of_it = list(channel(service.url, paging=paging).batches(after=stored[-1][1]))
    found = [number for page, _ in stored for number in page] + ids(rest_of_it)
    assert found == [str(number) for number in range(1, 8)]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that nobody but we trust, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return folder / "cert.pem", folder / "key.pem"


def test_tls_checks_the_name_though_the_address_is_pinned(certificate: tuple[Path, Path]) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    with serving(by_page, tls=tls) as service:
        assert len(ids(list(channel(service.url, ca_file=certificate[0]).batches(after=None)))) == 3
        by_number = service.url.replace("localhost", "127.0.0.1")
        source = rest.RestSource(url=service.url, records_at="rows", allow_private=True, ca_file=Path("cert.pem"))
        assert ids([rest.RestChannel("online", source, folder=certificate[0].parent).sample(1)]) == ["1"]
        for url, trusted in ((service.url, None), (by_number, certificate[0])):
            with pytest.raises(SourceError, match="CERTIFICATE_VERIFY_FAILED"):
                list(channel(url, attempts=1, ca_file=trusted).batches(after=None))
        with pytest.raises(SourceError, match=r"key\.pem is no file of certificates; mend ca_file"):
            list(channel(service.url, ca_file=certificate[1]).batches(after=None))


def test_an_http_link_of_an_https_service_is_followed_by_https(certificate: tuple[Path, Path]) -> None:
    def answer(request: Request) -> Answer:
        start = request.number("start", 0)
        link = f"http://{request.headers['Host']}/applications?start={start + 3}"
        return Answer({"rows": page_of(request, start), "next": link if start + 3 < 7 else None})

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    with serving(answer, tls=tls) as service:
        source = channel(service.url, ca_file=certificate[0], paging={"kind": "json_link"})
        assert len(ids(list(source.batches(after=None)))) == 7


@pytest.mark.parametrize(
    ("address", "public", "inside"),
    [
        pytest.param("8.8.8.8", True, True, id="public"),
        pytest.param("10.1.2.3", False, True, id="private"),
        pytest.param("::1", False, True, id="loopback"),
        pytest.param("::ffff:10.0.0.1", False, True, id="mapped private"),
        pytest.param("64:ff9b::a00:1", False, True, id="private behind NAT64"),
        pytest.param("64:ff9b::808:808", True, True, id="public behind NAT64"),
        pytest.param("2002:7f00:1::", False, True, id="loopback behind 6to4"),
        pytest.param("fd00::1", False, True, id="unique local"),
        pytest.param("169.254.169.254", False, False, id="where clouds keep secrets"),
        pytest.param("::ffff:169.254.169.254", False, False, id="the same, mapped"),
        pytest.param("fe80::1%eth0", False, False, id="link-local"),
        pytest.param("0.0.0.0", False, False, id="unspecified"),
        pytest.param("::", False, False, id="unspecified, longer"),
        pytest.param("224.0.0.1", False, False, id="multicast"),
        pytest.param("100.64.0.1", False, True, id="carrier-grade NAT"),
        pytest.param("255.255.255.255", False, False, id="broadcast"),
    ],
)
def test_which_addresses_may_be_spoken_to(address: str, *, public: bool, inside: bool) -> None:
    assert hosts.is_allowed(address, allow_private=False) is public
    assert hosts.is_allowed(address, allow_private=True) is inside


@pytest.mark.parametrize("url", ["ftp://x/y", "x", "https://user:pass@x/y", "http://[::1", "http://x:y/"])
def test_a_url_that_makes_no_sense_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="url"):
        rest.RestSource(url=url)
