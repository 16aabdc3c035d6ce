"""A privacy officer's day: a consent, the switch that restricts, a copy for the person, and an erasure."""

from typing import Any

import pytest
from playwright.sync_api import expect

from kehu.model.people import Role

WORDS = {
    "zh-CN": ("同意", "限制", "解除限制", "保存文件", "永久删除"),
    "en-GB": ("They consent", "Restrict", "Free it again", "Save the file", "Erase for good"),
}


@pytest.mark.parametrize("language", list(WORDS))
def test_a_privacy_officers_day(
    visit: Any, house: str, staff: Any, sign_in: Any, violations: Any, language: str
) -> None:
    consent, restrict, free, save, erase = WORDS[language]
    agent, login = staff.signed_in(Role.AGENT), f"officer-{language[:2]}"
    record = {
        "channel": "app",
        "record_id": login,
        "name": "钟离春",
        "phone": "13766661234" if language == "zh-CN" else "13766661235",
    }
    number = agent.post("/api/v1/records", json=record).json()["customer_id"]
    staff.signed_in(Role.PRIVACY_OFFICER, login=login)
    page = visit(f"{house}/customers/{number}/privacy", language=language)
    sign_in(page, login)
    said = page.locator("form[action$='/consents']")
    said.locator("[name=notice]").fill("2026-1")
    said.locator("[name=channel]").fill("10086")
    said.get_by_role("button", name=consent, exact=True).click()
    expect(page.locator("table").first).to_contain_text("2026-1")
    # Whoever is restricted is kept from agents, until they are freed.
    for button, after, seen in ((restrict, free, 403), (free, restrict, 200)):
        switch = page.locator("form[action$='/restriction']")
        switch.locator("[name=reason]").fill("本人要求")
        switch.get_by_role("button", name=button, exact=True).click()
        expect(switch.get_by_role("button", name=after, exact=True)).to_be_visible()
        assert agent.get(f"/customers/{number}").status_code == seen
        assert violations(page) == []
    with page.expect_download() as download:
        page.locator("form[action$='/disclosure'] [name=checked]").fill("身份证原件")
        page.get_by_role("button", name=save).click()
    assert "钟离春" in download.value.path().read_text("utf-8")
    page.goto(f"{house}/customers/{number}/erasure")
    assert violations(page) == []
    page.locator("form[action$='/erasure'] [name=reason]").fill("本人要求删除")
    page.get_by_role("button", name=erase).click()
    expect(page.locator("h1")).to_be_visible()
    expect(page).not_to_have_url(f"{house}/customers/{number}/erasure")
    assert "钟离春" not in page.locator("main").inner_text()
    assert violations(page) == []
    assert agent.get(f"/customers/{number}").status_code == 404
