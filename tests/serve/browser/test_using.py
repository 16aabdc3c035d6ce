"""The pages in a real browser: what a person does, sees, and may not be blocked from."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from kehu.analyse.report import Format
from kehu.engine.duck import Duck
from kehu.flows.analysis import figures
from kehu.flows.analysis.segments import Reader
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.flows.insight import sight
from kehu.model.languages import Language
from kehu.model.people import Role
from kehu.resolve import model as models
from kehu.serve import app
from kehu.store import database
from kehu.store.dictionary.customers import customer
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault

VAULT = Vault(Keyring(secrets={1: bytes(32)}))

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
Open = Callable[..., Page]
"""Opens a page: address, and `language`, `theme`."""
Violations = Callable[[Page], list[str]]
"""What axe finds wrong on a page."""
Served = Callable[[FastAPI], AbstractContextManager[str]]
"""Lets an application listen while a block runs."""


@pytest.fixture(scope="module")
def address(application: FastAPI, served: Served) -> Iterator[str]:
    """Where the application over the filled store listens."""
    with served(application) as where:
        yield where


@pytest.fixture(scope="module")
def empty_address(empty: database.Database, application: FastAPI, served: Served) -> Iterator[str]:
    """Where an application over an empty store listens."""
    with served(app.create(empty, clock=application.state.given.clock)) as where:
        yield where


@pytest.fixture
def mending(tmp_path: Path, served: Served, kept: ExitStack) -> str:
    """Where an application listens that takes records, over two rows without a key in quarantine."""
    opened = database.connect("sqlite:///kehu.db", folder=tmp_path, vault=VAULT)
    kept.callback(opened.close)
    database.migrate(opened)
    desk = Desk(
        engine=Duck(threads=1),
        model=models.shipped(),
        home="CN",
        trust={},
        hot_key_limit=100,
        mappings={},
        rules={},
        raw_in=tmp_path / "raw",
        clock=lambda: NOW,
    )
    for name in ("张伟", "李娜"):
        arrive.one(opened, desk, {"channel": "app", "name": name})
    return kept.enter_context(served(app.create(opened, clock=lambda: NOW, desk=desk)))


def test_a_click_on_a_slice_leads_to_its_customers_and_on_to_one(visit: Open, address: str) -> None:
    page = visit(address)
    names = page.locator("#category-table tbody tr")
    shown = {row.locator("th").inner_text(): row.locator("td").first.inner_text() for row in names.all()}
    for name in shown:
        expect(page.locator("#category-chart svg text", has_text=name)).to_be_visible()
    page.locator("#category-chart svg text", has_text="学生").click()
    expect(page).to_have_url(f"{address}/customers?category=student")
    expect(page.locator("#list-count")).to_have_text(f"{shown['学生']} 位客户")
    page.locator("table.people .who a", has_text="欧阳娜娜").click()
    expect(page.locator("h1")).to_have_text("欧阳娜娜")
    page.go_back()
    expect(page.locator("#list-count")).to_have_text(f"{shown['学生']} 位客户")


def test_customers_appear_while_somebody_types_and_come_back_with_the_back_button(visit: Open, address: str) -> None:
    page = visit(address)
    page.keyboard.press("/")
    page.keyboard.type("zhangwei")
    page.keyboard.press("Enter")
    expect(page.locator("table.people .who")).to_have_text(["张伟", "张炜"])
    expect(page).to_have_url(f"{address}/search")
    page.wait_for_load_state()  # Whoever types before the page is ready is not heard.
    page.locator("#q").fill("")
    expect(page.locator("#found")).to_contain_text("可以这样查找")
    page.locator("#q").press_sequentially("nana@", delay=20)
    expect(page.locator("table.people .who")).to_have_text(["欧阳娜娜"])
    page.goto(f"{address}/search")
    page.locator("#q").press_sequentially("wang", delay=20)
    expect(page.locator("table.people .who")).to_have_count(5)
    page.locator("table.people .who a").first.click()
    expect(page.locator("#golden")).to_be_visible()
    page.go_back()
    expect(page.locator("table.people .who")).to_have_count(5)


def test_more_customers_follow_below_the_first(visit: Open, address: str) -> None:
    page = visit(f"{address}/search")
    page.locator("#q").fill("137")
    expect(page.locator("#found")).to_contain_text("没有找到客户")
    page.locator("#q").fill("zh")
    rows = page.locator("table.people .who")
    expect(rows.first).to_be_visible()
    many = rows.count()
    while (more := page.get_by_role("button", name="显示更多")).count():
        more.click()
        expect(rows).not_to_have_count(many)
        many = rows.count()
    assert many == len(set(rows.evaluate_all("cells => cells.map(cell => cell.querySelector('a').href)")))


def test_a_filter_narrows_the_list_and_stands_in_the_address(visit: Open, address: str) -> None:
    page = visit(f"{address}/customers")
    page.get_by_label("省份").select_option("浙江省")
    expect(page.locator("#list-count")).to_have_text("2 位客户")
    expect(page).to_have_url(re.compile(r"/customers\?province=[^&]+$"))
    page.reload()
    expect(page.locator("#list-count")).to_have_text("2 位客户")
    expect(page.get_by_label("省份")).to_have_value("浙江省")
    page.go_back()
    expect(page.locator("#list-count")).not_to_have_text("2 位客户")
    page.goto(f"{address}/loads")
    page.locator("select[name=channel]").select_option("hall")
    expect(page).to_have_url(f"{address}/loads?channel=hall")


def test_the_way_from_overview_to_a_reason_needs_no_mouse(visit: Open, address: str) -> None:
    page = visit(f"{address}/customers/1", language="en-GB")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("Parts of this page").get_by_role("link", name="Links").press("Enter")
    expect(page.locator("#links")).to_be_in_viewport()
    second = page.locator("#links").locator("xpath=../..").locator("summary").nth(1)
    for _ in range(80):
        page.keyboard.press("Tab")
        if second.evaluate("summary => summary === document.activeElement"):
            break
    expect(second).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("table.evidence").nth(1)).to_be_visible()


def test_a_line_of_the_graph_leads_to_the_explanation_of_its_pair(visit: Open, address: str) -> None:
    page = visit(f"{address}/customers/1#links", language="en-GB")
    expect(page.locator("#graph svg text", has_text="hall H-2026-0451")).to_be_visible()
    page.locator("#links").locator("xpath=../..").get_by_role("link", name="Explain this pair").first.click()
    expect(page.locator("h1")).to_have_text("Why one customer, or two")
    expect(page.locator(".verdict")).to_contain_text("joined")


def test_the_past_is_called_up_by_a_day_from_the_keyboard(visit: Open, address: str) -> None:
    page = visit(f"{address}/customers/1", language="en-GB")
    page.get_by_label("Call up the past").fill("2026-10-24")
    page.get_by_label("Call up the past").press("Enter")
    expect(page).to_have_url(f"{address}/customers/1/past?as_of=2026-10-24")
    expect(page.locator("#state")).to_have_text("On 24 Oct 2026")


def test_language_and_theme_follow_the_browser_until_somebody_chooses(visit: Open, address: str) -> None:
    page = visit(f"{address}/loads?channel=hall", language="en-US", theme="dark")
    expect(page.locator("h1")).to_have_text("Loads")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("h1")).to_have_text("批次")
    expect(page).to_have_url(f"{address}/loads?channel=hall")
    page.get_by_role("button", name="浅色").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    expect(page.locator("h1")).to_have_text("总览")


def test_a_click_on_a_bar_leads_to_the_rows_that_broke_the_rule(visit: Open, address: str) -> None:
    page = visit(f"{address}/quality?days=60")
    charts = page.locator("[data-trend] svg")
    expect(charts).to_have_count(2)
    expect(charts.first.locator("text", has_text="校验位错误")).to_be_visible()
    # As a click on the bar would; where a bar stands is the chart's own affair.
    page.evaluate("""() => {
      const place = document.querySelector("[data-trend]");
      const series = JSON.parse(place.dataset.trend).series.findIndex(one => one.name === "校验位错误");
      const chart = echarts.getInstanceByDom(place);
      const at = chart.getOption().series[series].data.findIndex(value => value);
      chart.trigger("click", {seriesName: chart.getOption().series[series].name, dataIndex: at});
    }""")
    expect(page).to_have_url(re.compile(r"/quarantine\?rule=checksum&state=all$"))
    expect(page.locator(".bad-rows > li")).to_have_count(1)


def test_a_row_is_mended_without_a_mouse_and_then_all_of_a_filter_are_replayed(
    visit: Open, mending: str, violations: Violations
) -> None:
    page = visit(f"{mending}/quarantine", language="en-GB")
    expect(page.locator(".bad-rows > li")).to_have_count(2)
    page.get_by_role("link", name="Row 1").focus()
    page.keyboard.press("Enter")
    field = page.get_by_label("record_id")
    expect(field).to_have_value("")
    field.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("It is still bad, for the reasons below.")
    assert violations(page) == []
    page.get_by_label("record_id").fill("A-1")
    page.keyboard.press("Enter")
    expect(page.locator(".row-state")).to_contain_text("It is the record A-1 now.")
    page.get_by_role("link", name=re.compile("^Customer ")).click()
    expect(page.locator("h1")).to_have_text("张伟")
    page.goto(f"{mending}/quarantine?channel=app&rule=required")
    expect(page.locator(".bad-rows > li")).to_have_count(1)
    page.get_by_role("button", name="Replay all of this filter").click()
    expect(page.get_by_role("status")).to_contain_text("1 rows were replayed: 0 are records now")
    expect(page.locator(".bad-rows > li")).to_have_count(1)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        pytest.param(
            "zh-CN",
            ("新建工单", "标题", "客户诉求", "由我处理", "说明", "开始处理", "解决", "已解决", "已结束",
             "登录", "记下"),
            id="zh",
        ),
        pytest.param(
            "en-GB",
            ("Open a ticket", "What it is, in a line", "What the customer says", "I take it", "What was said or done",
             "Begin", "Resolve", "resolved", "Ended", "Sign in", "Note it"),
            id="en",
        ),
    ],
)  # fmt: skip
def test_an_agents_day(
    visit: Open, house: str, staff: Any, language: str, words: tuple[str, ...], violations: Violations
) -> None:
    new, title, says, mine, said, begin, resolve, resolved, ended, enter, note = words
    login = f"agent-{language[:2]}"
    staff.signed_in(Role.AGENT, login=login)
    page = visit(f"{house}/tickets", language=language)
    page.locator("[name=login]").fill(login)
    page.locator("[name=password]").fill("four words make one")
    page.get_by_role("button", name=enter).click()
    expect(page.locator(".empty-title")).to_be_visible()
    # They find the customer by pinyin, see no number, and write down what they want.
    page.goto(f"{house}/search")
    page.locator("#q").press_sequentially("ouyangnana", delay=10)
    page.locator("table.people .who a", has_text="欧阳娜娜").click()
    expect(page.locator("#media").locator("xpath=../..")).to_contain_text("150****2222")
    page.get_by_role("link", name=new, exact=True).click()
    page.get_by_label(title).fill("宽带掉线")
    page.locator("[name=sla]").select_option("fault_town")
    page.get_by_label(says).fill("从昨晚八点开始")
    page.get_by_label(mine).check()
    assert violations(page) == []
    page.get_by_role("button", name=new).click()
    # They work on it by keyboard.
    expect(page.locator("h1")).to_have_text("宽带掉线")
    assert violations(page) == []
    page.get_by_role("button", name=begin).focus()
    page.keyboard.press("Enter")
    page.get_by_label(said).fill("端口已重置")
    page.get_by_role("button", name=resolve, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".identity .state")).to_have_text(resolved)
    expect(page.locator(".history")).to_contain_text("端口已重置")
    # It is gone from the desk, and stands among those that ended; a note tells the next one.
    page.goto(f"{house}/tickets")
    expect(page.locator(".empty-title")).to_be_visible()
    page.get_by_role("link", name=ended).click()
    page.locator("table.tickets a", has_text="宽带掉线").first.click()
    page.get_by_role("link", name="欧阳娜娜").click()
    page.locator(".ticket-form [name=text]").fill("下午五点后再打")
    page.get_by_role("button", name=note).click()
    expect(page.locator(".said").first).to_have_text("下午五点后再打")
    # A newcomer is told to be her while the form is filled in.
    page.goto(f"{house}/customers/new")
    page.locator("[name=name]").fill("欧阳娜娜")
    page.locator("[name=phone]").fill("15011112222")
    expect(page.locator("#likely")).to_contain_text("欧阳娜娜")
    expect(page.locator("#likely")).not_to_contain_text("15011112222")
    assert violations(page) == []


def test_the_description_is_drawn_from_our_own_files(visit: Open, address: str) -> None:
    page = visit(f"{address}/docs")
    expect(page.get_by_text("/api/v1/customers/search")).to_be_visible()


def test_axe_finds_nothing_wrong_where_there_is_nothing(
    visit: Open, empty_address: str, violations: Violations
) -> None:
    page = visit(empty_address, language="en-GB")
    for path in ("/", "/customers", "/tickets", "/tickets?view=late", "/quarantine", "/quality", "/loads", "/search"):
        page.goto(empty_address + path)
        assert violations(page) == [], path


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_click_on_a_bar_leads_to_its_customers_and_back_to_the_dashboard(
    visit: Open, address: str, language: str
) -> None:
    page = visit(f"{address}/dashboard", language=language)
    chart = page.locator("section", has=page.locator("#figure-channel")).locator(".chart")
    expect(chart.locator("svg")).to_be_visible()
    bars = chart.evaluate("place => JSON.parse(place.dataset.figure).series[0].data")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    # The first of three bars lies in the upper third.
    page.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.25)
    expect(page).to_have_url(re.compile(rf"/customers\?channel={bars[0]['code']}$"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/dashboard$"))


def test_a_click_on_a_cell_leads_to_its_customers_and_a_word_leads_back(
    visit: Open, address: str, violations: Violations
) -> None:
    page = visit(f"{address}/dashboard?part=quality", language="en", theme="dark")
    chart = page.locator("section", has=page.locator("#figure-completeness")).locator(".chart")
    expect(chart.locator("svg")).to_be_visible()
    chart.locator("svg text", has_text=re.compile(r"^[0-9.]+$")).first.click()
    expect(page).to_have_url(re.compile(r"/customers\?figure=completeness&code=[a-z_]+%7C[a-z]+$"))
    expect(page.locator(".behind b")).to_have_text("Filled attributes by channel")
    assert violations(page) == []
    page.locator(".behind a").click()
    expect(page).to_have_url(re.compile(r"/customers$"))


@pytest.mark.parametrize(("language", "firms"), [("zh-CN", "企业用户"), ("en", "enterprise")])
def test_the_dashboard_tells_what_sql_counts_and_keeps_its_filter_in_the_address(
    visit: Open, address: str, filled: database.Database, language: str, firms: str
) -> None:
    page = visit(f"{address}/dashboard", language=language)
    page.locator('[name="province"]').select_option("广东省")
    expect(page).to_have_url(re.compile(r"province=%E5%B9%BF%E4%B8%9C%E7%9C%81"))
    with filled.read() as tx:
        living = (customer.c.merged_into.is_(None), customer.c.province == "广东省")
        by_category = sa.select(customer.c.category, sa.func.count()).where(*living).group_by(customer.c.category)
        counted = {code or "-": many for code, many in tx.execute(by_category)}
    pie = page.locator("section", has=page.locator("#figure-category")).locator(".chart")
    expect(pie.locator("svg")).to_be_visible()
    told = pie.evaluate("place => JSON.parse(place.dataset.chart).series[0].data")
    assert {part["code"]: part["value"] for part in told} == counted
    pie.locator("svg text", has_text=firms).first.click()
    expect(page).to_have_url(re.compile(r"/customers\?province=.*&category=enterprise$"))
    expect(page.locator("table .who")).to_have_count(counted["enterprise"])
    page.locator("table .who a").first.click()
    expect(page).to_have_url(re.compile(r"/customers/\d+"))


CUT_OFF = """[...document.querySelectorAll(".chart svg text")].filter(word => {
    const chart = word.closest(".chart").getBoundingClientRect(), box = word.getBoundingClientRect();
    return box.left < chart.left + 1 || box.right > chart.right - 1;
}).map(word => word.textContent)"""
"""The words of charts that do not stand in them whole."""


def test_every_part_of_the_dashboard_is_drawn_and_can_be_used_by_everybody(
    visit: Open, address: str, violations: Violations
) -> None:
    page = visit(f"{address}/dashboard", language="en")
    for part in figures.PARTS:
        page.goto(f"{address}/dashboard?part={part}&since=2026-01&until=2026-12")
        charts = page.locator(".dashboard .chart")
        expect(charts.locator("svg")).to_have_count(charts.count())
        assert page.evaluate(CUT_OFF) == [], part
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert violations(page) == [], part
    page.goto(f"{address}/dashboard")
    for kind, start in (("PNG", b"\x89PNG"), ("SVG", b"<svg")):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind).first.click()
        assert download.value.path().read_bytes().startswith(start)


def test_the_report_shows_every_chart_from_the_disk_with_the_network_off(
    browser: Browser, filled: database.Database, tmp_path: Path, violations: Violations
) -> None:
    seen = Reader(sees_persons=True, sight=sight.CLEAR, smallest=0)
    told = figures.report(filled, Format.HTML, Language.ZH, at=NOW, zone=UTC, reader=seen)
    path = tmp_path / "report.html"
    path.write_bytes(told)
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    sections = page.locator("section", has=page.locator("table"))
    assert sections.count() >= 15
    expect(sections.locator("svg")).to_have_count(sections.count())
    assert all(chart.bounding_box()["height"] > 20 for chart in sections.locator("svg").all())  # type: ignore[index]
    assert violations(page) == []
    assert asked == [path.as_uri()]
    context.close()


def test_a_segment_is_built_by_clicks_and_counted_meanwhile(visit: Open, address: str, violations: Violations) -> None:
    page = visit(f"{address}/segments/new", language="en")
    expect(page.get_by_role("status")).to_have_text("Not complete yet")
    page.get_by_role("checkbox", name="student").check()
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^\d+ of \d+ customers$"))
    page.get_by_role("button", name="Another group").click()
    page.wait_for_load_state()  # The button loads a page, which listens once it is there.
    page.locator('[name="g1.about"]').select_option("interaction")
    expect(page.locator('[name="g1.l0.column"]')).to_have_value("interaction.kind")
    assert violations(page) == []
