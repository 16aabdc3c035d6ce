"""What pages say, asked for without scripts."""

import re
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from starlette.testclient import TestClient

from kehu.collect.files import FilesChannel, FilesSource
from kehu.flows.intake.intake import Feed, intake
from kehu.model import codes
from kehu.process.mapping import Mapping
from kehu.resolve import model as models
from kehu.serve import app
from kehu.store import database
from kehu.store.dictionary.customers import customer

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
PAGES = ("/", "/search", "/tickets", "/tickets?view=ended", "/tickets/new",
         "/customers", "/customers/1", "/customers/1/past", "/explain/1/2", "/quarantine",
         "/quarantine/1", "/quality", "/loads", "/docs")  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_answers_in_both_languages(client: TestClient, path: str, language: str) -> None:
    answer = client.get(path, headers={"accept-language": language})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"] == "HX-Request, Accept-Language, Cookie"
    assert answer.headers["cache-control"] == "private, no-cache"


def test_the_pie_says_what_the_database_counts(client: TestClient, filled: database.Database) -> None:
    with filled.read() as tx:
        query = select(customer.c.category, func.count()).where(customer.c.merged_into.is_(None))
        counted = {code or "-": many for code, many in tx.execute(query.group_by(customer.c.category))}
    page = client.get("/").text
    assert {code: int(many) for code, many in re.findall(r'data-code="([^"]+)">(\d+)<', page)} == counted
    assert re.search(r'id="count-customers">(\d+)<', page).group(1) == str(sum(counted.values()))  # type: ignore[union-attr]


def test_a_slice_leads_to_as_many_customers_as_it_says(client: TestClient) -> None:
    figure = client.get("/api/v1/figures/category").json()
    for part in figure["slices"]:
        page = client.get("/customers", params={"category": part["code"]}).text
        assert f"{part['customers']} 位客户" in page


def test_a_customer_says_where_each_value_came_from(client: TestClient) -> None:
    page = client.get("/customers/1").text
    golden = page.partition('id="golden"')[2].partition('id="media"')[0]
    rows = {
        re.findall(r'<th scope="row">([^<]+)</th>', row)[0]: row for row in golden.split("<tr>") if 'scope="row"' in row
    }
    assert "张伟" in rows["姓名"]
    assert "A-1" in rows["姓名"]
    assert "章伟" in rows["姓名"]
    assert "13800001234" in rows["备用电话"]
    assert "H-2026-0451" in rows["备用电话"]


def test_a_customer_says_in_words_why_its_records_are_one(client: TestClient) -> None:
    assert "证件：有效证件相同" in client.get("/customers/1/behind").text
    told = client.get("/customers/1/behind", headers={"accept-language": "en"}).text
    assert "certificate: same valid certificate" in told


def test_two_valid_certificates_stand_among_what_was_not_joined(client: TestClient) -> None:
    page = client.get("/customers/1/behind").text
    apart = page.partition("未与其他客户合并")[2]
    assert "张炜" in apart
    assert "两份有效证件号码不同" in apart


def test_a_retired_number_leads_to_the_living_customer(client: TestClient, retired: int) -> None:
    answer = client.get(f"/customers/{retired}", follow_redirects=False)
    assert answer.status_code == 301
    assert answer.headers["location"] == "/customers/1"


@pytest.mark.parametrize("path", ["/customers/9999", "/customers/0", "/customers/99999999999999999999", "/nowhere"])
def test_what_is_not_there_is_a_page_that_says_so(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "这里没有内容" in answer.text


@pytest.mark.parametrize(
    "typed", ["张伟", "張偉", "zhangwei", "zhang wei", "zw", "139 1234 5678", "5678", "zhang.wei@"]
)
def test_a_customer_is_found_however_it_is_typed(client: TestClient, typed: str) -> None:
    assert 'href="/customers/1"' in client.post("/search", data={"q": typed}).text


def test_nobody_found_and_nothing_typed_say_what_to_do(client: TestClient) -> None:
    assert "没有找到客户" in client.post("/search", data={"q": "没有这个人"}).text
    assert "可以这样查找" in client.post("/search", data={"q": "  "}).text


def test_search_pages_hold_each_customer_once(client: TestClient) -> None:
    seen: list[str] = []
    data = {"q": "王"}
    while True:
        page = client.post("/search", data=data, headers={"hx-request": "true"}).text
        seen += re.findall(r'href="/customers/(\d+)"', page)
        cursor = re.search(r'name="cursor" value="([^"]+)"', page)
        if cursor is None:
            break
        data = {"q": "王", "cursor": cursor.group(1)}
    assert len(seen) == len(set(seen)) == 5


def test_the_list_holds_each_customer_once_over_its_pages(client: TestClient) -> None:
    seen: list[str] = []
    path = "/customers"
    while path:
        page = client.get(path).text
        seen += re.findall(r'class="who">\s*<a href="/customers/(\d+)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following.group(1) if following else ""
    total = client.get("/api/v1/customers").json()["total"]["customers"]
    assert len(seen) == len(set(seen)) == total


def test_a_filter_for_nobody_says_so_and_a_channel_lists_its_customers(client: TestClient) -> None:
    assert "没有符合条件的客户" in client.get("/customers", params={"province": "西藏自治区"}).text
    assert "张伟" in client.get("/customers", params={"channel": "calls"}).text


def test_quarantine_shows_reasons_and_the_row_without_trusting_it(client: TestClient) -> None:
    page = client.get("/quarantine").text
    assert "证件号码校验位不对" in page
    assert "补卡" in page
    assert "<script>" not in page.partition("<main")[2]
    assert "the check digit is wrong" in client.get("/quarantine", headers={"accept-language": "en"}).text


@pytest.mark.parametrize("path", ["/", "/loads", "/channels"])
def test_why_a_load_failed_is_marked_as_english(client: TestClient, path: str) -> None:
    assert '<p class="failure" lang="en">channel &#34;online&#34;: 127.0.0.1' in client.get(path).text


@pytest.mark.parametrize("path", ["/quarantine", "/quarantine/3"])
def test_quarantine_says_in_the_language_of_its_page_why_a_row_was_not_read(
    people_there: database.Database, tmp_path: Path, path: str
) -> None:
    (tmp_path / "desk.csv").write_text("no,name,phone\n1,张伟\n")
    source = FilesSource(path=tmp_path, pattern=("*.csv",), settle_s=0)
    channel = FilesChannel("desk", source, folder=tmp_path)
    feed = Feed(channel=channel, mapping=Mapping.model_validate({"record_id": "no", "name": "name"}))
    told = intake(people_there, feed, raw_in=tmp_path / "raw", home="CN", clock=lambda: NOW)
    assert told.counts.quarantined == 1
    opened = app.create(people_there, model=models.untrained(), clock=lambda: NOW)
    with TestClient(opened, base_url="http://127.0.0.1:8500", client=("127.0.0.1", 50000)) as browser:
        zh, en = (browser.get(path, headers={"accept": "text/html", "accept-language": it}).text for it in ("zh", "en"))
    assert "该行有 2 个值，表头有 3 列" in zh
    assert "the row has 2 values" not in zh
    assert "the row has 2 values, the heads name 3" in en
    assert "该行有" not in en


def test_quarantine_is_filtered_by_rule_and_state(client: TestClient) -> None:
    assert "H-2026-0999" in client.get("/quarantine", params={"rule": "checksum"}).text
    assert "没有这样的行" in client.get("/quarantine", params={"rule": "length"}).text
    assert "没有这样的行" in client.get("/quarantine", params={"state": "mended"}).text
    assert "H-2026-0999" in client.get("/quarantine", params={"state": "all", "channel": "hall"}).text


def test_one_row_tells_each_reason_with_its_rule(client: TestClient) -> None:
    page = client.get("/quarantine/1").text
    assert "校验位错误" in page
    assert "证件号码校验位不对" in page
    assert "补卡" in page
    assert "the check digit is wrong" in client.get("/quarantine/1", headers={"accept-language": "en"}).text
    assert client.get("/quarantine/99").status_code == 404


def test_quality_says_what_the_interface_says(client: TestClient) -> None:
    figure = client.get("/api/v1/figures/quality", params={"days": 60}).json()
    page = client.get("/quality", params={"days": 60}).text
    rules = re.findall(r"rule=(\w+)[^>]*>([^<]+)</a>", page.partition('id="rules"')[2].partition("</table>")[0])
    assert {rule for rule, _ in rules} == {one["rule"] for one in figure["broken"] if one["severity"] == "reject"}
    for one in figure["days"]:
        assert one["read"] == one["accepted"] + one["quarantined"] or one["channel"] == "online"
    assert "校验位错误" in page
    assert {one["attribute"] for one in figure["filled"]} == {"name", "phone"}
    assert "这些天没有数据" in client.get("/quality", params={"days": 1, "channel": "hall"}).text


def test_loads_show_what_became_of_every_row(client: TestClient) -> None:
    page = client.get("/loads").text
    assert "does not answer" in page
    assert codes.TEXTS[codes.LoadState.FAILED][0] in page


def test_a_choice_of_language_and_theme_is_kept(client: TestClient) -> None:
    answer = client.post(
        "/preferences", data={"language": "en", "theme": "dark", "back": "/loads?channel=hall"}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/loads?channel=hall")
    page = client.get("/loads").text
    assert 'data-bs-theme="dark"' in page
    assert "What each run of a channel read" in page


def test_after_a_choice_nobody_is_sent_elsewhere(client: TestClient) -> None:
    for back in ("//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nset-cookie: x=1"):
        headers = {"sec-fetch-site": "same-origin"}
        answer = client.post("/preferences", data={"back": back}, headers=headers, follow_redirects=False)
        assert answer.headers["location"] == "/"


@pytest.mark.parametrize("path", [path for path in PAGES if "/1" not in path])
def test_an_empty_store_has_pages_too(empty: database.Database, path: str, application: FastAPI) -> None:
    made = app.create(empty, clock=application.state.given.clock)
    with TestClient(made, base_url="http://127.0.0.1", client=("127.0.0.1", 1)) as client:
        assert client.get(path, headers={"accept": "text/html"}).status_code == 200


def test_pages_name_no_other_host(client: TestClient) -> None:
    for path in PAGES:
        addresses = re.findall(r'(?:src|href|action)="([^"]+)"', client.get(path).text)
        assert all(address.startswith(("/", "#")) for address in addresses), path


def test_a_customer_shows_every_way_to_reach_it_and_what_decided(client: TestClient) -> None:
    page = client.get("/customers/1").text
    media = page.partition('id="media"')[2].partition('id="relations"')[0]
    assert media.index("13912345678") < media.index("13800001234")
    golden = page.partition('id="golden"')[2].partition('id="media"')[0]
    assert "decided-most_recent" in golden
    assert "唯一取值" in golden
    assert "姓名不一致" in page


def test_the_past_of_a_retired_number_is_its_own(client: TestClient, retired: int) -> None:
    page = client.get(f"/customers/{retired}/past")
    assert page.status_code == 200
    assert "当时已并入客户" in page.text
    before = client.get(f"/customers/{retired}/past", params={"as_of": "2020-01-01"})
    assert "尚不存在" in before.text


def test_a_past_day_is_that_day_in_the_zone_of_the_pages(client: TestClient) -> None:
    then = client.get("/customers/1/past", params={"as_of": "2026-10-24"}).text
    assert "13800001234" not in then
    assert "13800001234" in client.get("/customers/1/past").text
    assert client.get("/customers/1/past", params={"as_of": "yesterday"}).status_code == 404
    assert client.get("/customers/1/past", params={"as_of": "2026-02-30"}).status_code == 404


def test_a_past_day_is_over_what_began_on_it_is_there(client: TestClient) -> None:
    # 张伟 is there since the 23rd of October, half past four in the afternoon.
    there = client.get("/customers/1/past", params={"as_of": "2026-10-23"}).text
    assert "尚不存在" not in there
    assert 'value="2026-10-23"' in there
    assert "尚不存在" in client.get("/customers/1/past", params={"as_of": "2026-10-23T16:00:00"}).text
    assert "尚不存在" in client.get("/customers/1/past", params={"as_of": "2026-10-22"}).text


def test_a_pair_is_explained_with_both_records_side_by_side(client: TestClient) -> None:
    page = client.get("/explain/1/2").text
    assert "证据不足" in page
    assert page.count("欧阳娜") == 1
    refused = client.get("/explain/1/1")
    assert refused.status_code == 409
    assert "与现状冲突</h1>" in refused.text
    assert "日志" not in refused.text


def test_a_flaw_leads_to_those_who_have_it(client: TestClient) -> None:
    page = client.get("/customers", params={"flaw": "conflicting_name"}).text
    assert "张伟" in page
    assert "Smith" not in page


def test_each_verdict_about_two_records_has_a_colour() -> None:
    looks = resources.files("kehu.serve").joinpath("static", "kehu.css").read_text(encoding="utf-8")
    assert [verdict for verdict in codes.Verdict if not re.search(rf"\.verdict-{verdict.value}\b", looks)] == []
