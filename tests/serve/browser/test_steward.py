"""A steward's day: ten questions by keyboard, a split, an undo, and what was decided."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from kehu.engine.duck import Duck
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk
from kehu.resolve import model as models
from kehu.serve import app
from kehu.store import database
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)

WORDS = {
    "zh-CN": ("没有存疑的客户", "拆分", "撤销", "裁决"),
    "en-GB": ("Nothing in doubt", "Split", "Undo", "decision"),
}


@pytest.fixture
def queue(tmp_path: Path, served: Callable[[FastAPI], AbstractContextManager[str]], kept: ExitStack) -> str:
    """Where an application listens with eleven questions, and 张伟, who has two records."""
    opened = database.connect("sqlite:///kehu.db", folder=tmp_path, vault=Vault(keyring.made()))
    kept.callback(opened.close)
    database.migrate(opened)
    ticks = count()
    desk = Desk(
        engine=Duck(threads=1), model=models.shipped(), home="CN", trust={}, hot_key_limit=100, mappings={}, rules={},
        raw_in=tmp_path / "raw", clock=lambda: NOW + timedelta(seconds=next(ticks)),
    )  # fmt: skip
    zhang = {"name": "张伟", "phone": "13912345678", "birth_date": "1990-03-07"}
    rows: list[dict[str, str | None]] = [{"record_id": "z1", **zhang}, {"record_id": "z2", **zhang}]
    for place, surname in enumerate("王李刘陈杨赵黄周吴徐孙"):
        # In doubt: one name and one phone, and two certificates that are both valid.
        known = {"name": f"{surname}芳", "phone": f"13{place % 9}{(place * 7919 + 1234) % 10**8:08d}"}
        rows += [
            {"record_id": f"{letter}{place}", **known, "id_number": certified(f"1101011990030{place + 10}{end}")}
            for letter, end in (("k", "01"), ("d", "03"))
        ]
    arrive.many(opened, desk, [{"channel": "hall", **row} for row in rows])
    return kept.enter_context(served(app.create(opened, clock=desk.clock, model=desk.model, desk=desk)))


def certified(stem: str) -> str:
    """A certificate number with its check digit."""
    weighed = sum(int(digit) * weight for digit, weight in zip(stem, WEIGHTS, strict=True))
    return stem + "10X98765432"[weighed % 11]


WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def pressed(page: Page, key: str) -> None:
    """Press a key, and wait for the page it leads to."""
    with page.expect_navigation():
        page.keyboard.press(key)


@pytest.mark.parametrize("language", list(WORDS))
def test_a_stewards_day(visit: Any, queue: str, violations: Any, language: str) -> None:
    nothing, split, undo, decision = WORDS[language]
    page = visit(f"{queue}/reviews", language=language)
    aside = page.locator(".head .card-aside")
    expect(aside).to_contain_text("11")
    # N passes a question over, and the back button comes back to it.
    first = page.locator("form.review-answer").get_attribute("action")
    pressed(page, "n")
    assert page.locator("form.review-answer").get_attribute("action") != first
    page.go_back()
    assert page.locator("form.review-answer").get_attribute("action") == first
    # Ten by the keys, and the last taken back.
    for place in range(10):
        expect(aside).to_contain_text(str(11 - place))
        pressed(page, "m" if place % 2 else "s")
    expect(aside).to_contain_text("1")
    pressed(page, "u")
    expect(aside).to_contain_text("2")
    for _ in range(2):
        pressed(page, "s")
    expect(page.locator(".empty-title")).to_have_text(nothing)
    assert violations(page) == []
    # They split 张伟 by choosing a record, see the decision in the history, and take it back.
    page.goto(f"{queue}/search")
    page.locator("#q").fill("张伟")
    with page.expect_navigation():  # Until all of it is there: its number may come behind its mark.
        page.locator("table.people .who a", has_text="张伟").click()
    number = page.locator("#customer-number").inner_text()
    page.goto(f"{queue}/customers/{number}/decisions")
    page.get_by_label("z2").check()
    form = page.locator("form[action$='/split']")
    form.locator("[name=reason]").fill("two people")
    form.get_by_role("button", name=split).click()
    expect(page.locator(".history li")).to_have_count(1)
    expect(page.locator("#split").locator("xpath=../..")).not_to_contain_text("z2")
    taken = page.locator(".history form")
    taken.locator("[name=reason]").fill("one after all")
    taken.get_by_role("button", name=undo).click()
    expect(page.locator(".history form")).to_have_count(0)
    expect(page.get_by_label("z2")).to_be_visible()
    page.goto(f"{queue}/customers/{number}")
    page.locator("#behind").scroll_into_view_if_needed()
    expect(page.locator("#history").locator("xpath=../..")).to_contain_text(decision)
