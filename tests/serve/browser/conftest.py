"""Chromium, and applications that really listen."""

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).parents[3]
CHROMIUM = shutil.which("chromium")
AXE = ROOT / "node_modules/axe-core/axe.min.js"

PASSWORD = "four words make one"

Open = Callable[..., Page]
"""Opens a page: address, and `language`, `theme`."""
Violations = Callable[[Page], list[str]]
"""What axe finds wrong on a page."""

WAIT_MS = 15_000
"""So long a page may take on a machine that is busy with other tests."""

MISSING = [name for name, there in (("chromium", CHROMIUM), ("axe-core", AXE.exists())) if not there]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window. It goes with the tests of a file: its loop would be in the way of others."""
    if MISSING and os.environ.get("CI") != "true":
        pytest.skip(f"missing: {', '.join(MISSING)} (apt-get install chromium; make setup)")
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@contextmanager
def listening(application: FastAPI) -> Iterator[str]:
    """Where an application listens while the block runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application, log_level="warning", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def house(staff: Any) -> Iterator[str]:
    """Where the application listens that its people sign in to."""
    with listening(staff.application) as address:
        yield address


@pytest.fixture(scope="session")
def served() -> Callable[[FastAPI], AbstractContextManager[str]]:
    """Lets an application listen while a block runs."""
    return listening


@pytest.fixture
def kept() -> Iterator[ExitStack]:
    """What a test's pages ask until they are closed: `visit` goes first, however a test orders its fixtures."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def visit(browser: Browser, kept: ExitStack) -> Iterator[Open]:
    """Opens pages, each in a browser of its own; fails where the console complained."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(url: str, *, language: str = "zh-CN", theme: str = "light") -> Page:
        context = browser.new_context(
            locale=language,
            color_scheme=theme,  # type: ignore[arg-type]  # a literal
            reduced_motion="reduce",
            viewport={"width": 1280, "height": 900},
        )
        contexts.append(context)
        # A piece of a page names no icon, so the browser looks for one by itself.
        context.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    # A tab whose user was shut out is answered with 401: that is what it is there for.
    assert [said for said in complaints if "401 (Unauthorized)" not in said] == []


@pytest.fixture(scope="session")
def violations() -> Violations:
    """Asks axe."""
    script = AXE.read_text("utf-8")

    def found(page: Page) -> list[str]:
        page.evaluate(script)
        told = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{one['id']}: {node['target']}" for one in told["violations"] for node in one["nodes"]]

    return found


@pytest.fixture(scope="session")
def sign_in() -> Callable[[Page, str], None]:
    """Signs in on the page that asks for it, and comes back to where one was."""

    def signed_in(page: Page, login: str) -> None:
        page.locator("[name=login]").fill(login)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("[name=password]").press("Enter")

    return signed_in
