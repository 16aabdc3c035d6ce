"""An administrator's day."""

from typing import Any

import pytest
from playwright.sync_api import expect

from kehu.model.people import Role

WORDS = {
    "zh-CN": ("邀请", "坐席", "数据管家", "修改角色", "复核", "停用", "启用", "结束"),
    "en-GB": ("Invite", "Agent", "Steward", "Change the roles", "Review", "Disable", "Enable",
              "End it"),
}  # fmt: skip


@pytest.mark.parametrize("language", list(WORDS))
def test_an_administrators_day(
    visit: Any, house: str, staff: Any, violations: Any, sign_in: Any, language: str
) -> None:
    invite, agent, steward, change, review, disable, enable, end = WORDS[language]
    chief, login = f"chief-{language.lower()}", f"lihua-{language.lower()}"
    staff.signed_in(Role.ADMINISTRATOR, login=chief)
    # A bookmark leads there once one is signed in.
    page = visit(f"{house}/users?after=0", language=language)
    sign_in(page, chief)
    expect(page).to_have_url(f"{house}/users?after=0")
    page.locator("[name=login]").fill(login)
    page.locator("form[action='/users'] [name=name]").fill("李华")
    page.get_by_label(agent).check()
    page.get_by_role("button", name=invite).click()
    link = page.locator(".notice code").inner_text()
    assert violations(page) == []
    # Whom they invited chooses a password by the link, once, and works.
    tab = visit(link, language=language)
    tab.locator("[name=password]").fill("four words make one")
    tab.locator("[name=again]").fill("four words make one")
    tab.locator("[name=again]").press("Enter")
    sign_in(tab, login)
    expect(tab.locator(".places li")).not_to_have_count(0)
    expect(tab.locator(".places")).not_to_contain_text(review)
    assert tab.request.get(link).status == 404
    tab.goto(f"{house}/search")
    # Another role holds from the next page on.
    page.get_by_role("link", name=login).click()
    page.get_by_label(steward).check()
    page.get_by_role("button", name=change).click()
    expect(page.get_by_label(steward)).to_be_checked()
    tab.reload()
    expect(tab.locator(".places")).to_contain_text(review)
    # Who is disabled is out at once: their open tab shows nothing more, nor does the back button.
    page.get_by_role("button", name=disable).click()
    expect(page.locator("h1 .state-disabled")).to_be_visible()
    tab.locator("#q").fill("张")
    expect(tab).to_have_url(f"{house}/sign-in")
    tab.go_back()
    expect(tab.locator("[name=password]")).to_be_visible()
    page.get_by_role("button", name=enable).click()
    tab.goto(f"{house}/customers/1")
    sign_in(tab, login)
    expect(tab).to_have_url(f"{house}/customers/1")
    # A session that is revoked is over.
    page.reload()
    page.get_by_role("button", name=end).click()
    expect(page.get_by_role("button", name=end)).to_have_count(0)
    tab.reload()
    expect(tab.locator("[name=password]")).to_be_visible()
