"""The dashboard: its numbers are those of the store, and a click leads to the customers behind them."""

import json
import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from kehu.flows.analysis import figures
from kehu.model.people import Role
from kehu.store import tallies
from kehu.store.database import Database
from kehu.store.dictionary.whole import tables

JSON = {"accept": "application/json"}


def test_the_numbers_of_the_pie_are_those_that_sql_counts(client: TestClient, filled: Database) -> None:
    page = client.get("/dashboard").text
    charts = [json.loads(unescape(chart)) for chart in re.findall(r"data-chart='([^']+)'", page)]
    pie = next(chart["series"][0] for chart in charts if chart["series"][0]["name"] == "用户类别比例")
    with filled.read() as tx:
        category = tables["customer"].c.category
        living = tables["customer"].c.merged_into.is_(None)
        rows = tx.execute(sa.select(category, sa.func.count()).where(living).group_by(category)).all()
    assert {part["code"]: part["value"] for part in pie["data"]} == {code or "-": many for code, many in rows}


def test_a_slice_leads_to_its_customers_and_a_filter_stays(client: TestClient) -> None:
    page = client.get("/dashboard?province=广东省").text
    assert 'data-leads-to="/customers?province=%E5%B9%BF%E4%B8%9C%E7%9C%81&amp;category="' in page
    [link] = re.findall(r'<a href="([^"]*category=enterprise[^"]*)">企业用户</a>', page)
    found = client.get(unescape(link))
    assert found.status_code == 200
    count = int(re.search(r">企业用户</a></th><td[^>]*>([\d,]+)<", page)[1])  # type: ignore[index]  # it is there
    assert found.text.count('<td class="who">') == count


def test_a_filter_that_nobody_meets_is_seen_to_be_chosen(client: TestClient) -> None:
    page = client.get("/dashboard?category=<b>none</b>&channel=fax&province=Atlantis").text
    chosen = re.findall(r'<option value="([^"]+)" selected>([^<]*)</option>', page)
    assert chosen == [("&lt;b&gt;none&lt;/b&gt;",) * 2, ("fax",) * 2, ("Atlantis",) * 2]
    assert "selected" not in client.get("/dashboard").text


COUNT_NO_CUSTOMERS = {"reason", "ticket", "sla", "twice", "completeness", "validity", "load", "retention"}
"""Figures of contacts, tickets, records and shares: behind them stand those whose they are."""


@pytest.mark.parametrize("part", figures.PARTS)
def test_every_number_leads_to_the_customers_behind_it(client: TestClient, part: str) -> None:
    page = client.get(f"/dashboard?part={part}").text
    told = 0
    for card in page.split("<section ")[1:]:
        name = re.search(r'data-keeps="(\w+)"', card)[1]  # type: ignore[index]  # it is there
        # Of what no customer stands behind there is nothing to follow; each of the others leads somewhere.
        cells = re.findall(r'<a href="(/customers\?[^"]+)">([^<]+)</a>(?:</th><td[^>]*>([\d,]+)<)?', card)
        assert cells or "没有可统计的数据" in card, name
        for link, own, beside in cells:
            found = client.get(unescape(link))
            assert found.status_code == 200, link
            listed = re.search(r'id="list-count">([\d,]+)', found.text)[1]  # type: ignore[index]  # it is there
            if name not in COUNT_NO_CUSTOMERS:
                assert listed == (beside or own), (name, link)
            told += 1
    assert told > 1


def test_a_list_behind_a_figure_says_so_and_keeps_it_while_it_is_filtered(client: TestClient) -> None:
    page = client.get("/customers?figure=age&code=18-24&category=student&flaw=&channel=").text
    assert ("<b>年龄</b> 18-24" in page, 'name="code" value="18-24"' in page) == (True, True)
    assert '<a class="btn btn-sm" href="/customers?category=student">' in page
    assert client.get("/customers?figure=wealth&code=much").status_code == 404


def test_the_page_the_interface_and_the_file_tell_the_same(client: TestClient) -> None:
    for name in ("category", "age", "channel"):
        told = client.get(f"/api/v1/figures/{name}", headers=JSON).json()
        file = client.get(f"/api/v1/figures/{name}?form=csv", headers=JSON)
        assert file.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
        rows = file.text.removeprefix("\ufeff").splitlines()[1:]
        assert len(rows) == len(told["slices"])
        assert sum(int(row.split(",")[-2]) for row in rows) == told["total"]
    assert client.get("/api/v1/figures/weather", headers=JSON).status_code == 404


def test_an_analyst_sees_figures_and_no_way_to_persons(staff: Any) -> None:
    analyst: TestClient = staff.signed_in(Role.ANALYST)
    page = analyst.get("/dashboard").text
    assert "Customers by category" in page
    assert "/customers?" not in page
    assert staff.signed_in(Role.AGENT).get("/dashboard").status_code == 403


def test_an_analyst_is_told_of_no_few_rows_that_a_channel_brought(staff: Any) -> None:
    steward, analyst = (staff.signed_in(role) for role in (Role.STEWARD, Role.ANALYST))
    asked = {"params": {"days": 3660}, "headers": JSON}
    exact, told = (one.get("/api/v1/figures/quality", **asked).json() for one in (steward, analyst))
    assert any(0 < one["rows"] < 10 for one in exact["filled"])
    counts = [one[name] for one in told["days"] for name in ("read", "accepted", "quarantined")]
    counts += [one["rows"] for one in told["broken"]]
    counts += [one[name] for one in told["filled"] for name in ("rows", "filled", "valid")]
    for name in ("load", "completeness", "validity"):
        answers = [one.get(f"/api/v1/figures/{name}", headers=JSON).json()["cells"] for one in (steward, analyst)]
        assert len(answers[0]) > len(answers[1]), name
        counts += [cell["value"] for cell in answers[1] if name == "load"]
    assert all(count % 10 == 0 for count in counts)


def test_a_large_store_that_was_never_counted_keeps_nobody_waiting(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "LARGE", 0)
    page = client.get("/dashboard")
    assert (page.status_code, page.text.count("<section")) == (200, 1)
    assert "尚未统计" in page.text
    answer = client.get("/api/v1/figures/category", headers=JSON)
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)


def test_a_page_that_is_not_there_has_a_heading_too(client: TestClient) -> None:
    assert client.get("/segments/999", headers={"accept": "text/html"}).text.count('<h1 class="empty-title">') == 1
