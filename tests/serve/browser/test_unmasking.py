"""An agent sees values masked, and in clear for a reason that is noted; in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import expect

from kehu.model.people import Role

WORDS = {
    "zh-CN": ("查看明文", "记录理由并查看"),
    "en-GB": ("Show in clear", "Show, and note why"),
}


@pytest.mark.parametrize("language", list(WORDS))
def test_an_agent_sees_a_number_in_clear_for_a_reason(
    visit: Any, house: str, staff: Any, sign_in: Any, violations: Any, language: str
) -> None:
    show, button = WORDS[language]
    login = f"unmasks-{language[:2]}"
    staff.signed_in(Role.AGENT, login=login)
    page = visit(f"{house}/customers/1", language=language)
    sign_in(page, login)
    expect(page.locator("main")).to_contain_text("139****5678")
    expect(page.locator("main")).not_to_contain_text("13912345678")
    # By keyboard: the fold, a reason that is too short, and one that says something.
    page.locator("summary", has_text=show).focus()
    page.keyboard.press("Enter")
    reason = page.locator(".unmask [name=reason]")
    reason.fill("abc")
    page.keyboard.press("Enter")
    assert reason.evaluate("field => field.validity.tooShort || !field.form.checkValidity()")
    expect(page.locator("#in-clear")).to_be_empty()
    reason.fill("来电核对身份")
    page.get_by_role("button", name=button).press("Enter")
    expect(page.locator("#in-clear")).to_contain_text("13912345678")
    assert violations(page) == []
    told = staff.signed_in(Role.PRIVACY_OFFICER).get("/api/v1/audit", params={"who": login, "act": "unmask"}).json()
    assert [(one["what"], one["why"]) for one in told["rows"]] == [("customer 1", "来电核对身份")]
    # It is kept nowhere: neither on the page that comes next, nor in the address.
    assert "13912345678" not in page.url
    page.reload()
    expect(page.locator("main")).to_contain_text("139****5678")
    expect(page.locator("main")).not_to_contain_text("13912345678")
