"""`kehu serve` stops when it is told to, comes back with the sessions of before, and outlives a lost database."""

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from kehu.flows.users import people
from kehu.flows.users.people import By, Office
from kehu.model.people import Role
from kehu.serve.who import COOKIE
from kehu.store import database
from kehu.store.people.sessions import Limits
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

PATIENCE_S = 60
WORDS = "four words make one"


def _project(folder: Path, store: str) -> str:
    """A project with a store and an agent; the token of their session."""
    (folder / "kehu.toml").write_text(f'[kehu]\nstore = "{store}"\n')
    keys = keyring.made()
    keyring.write(folder / "kehu.key", keys)
    opened = database.connect(store, folder=folder, vault=Vault(keys))
    database.migrate(opened)
    assert opened.vault is not None
    office, by = Office(database=opened, vault=opened.vault), By(login="root", at=datetime.now(UTC))
    _, link = people.invite(office, login="lihua", name="", roles={Role.AGENT}, by=by)
    people.choose_password(office, link, WORDS, by=by)
    limits = Limits(idle=timedelta(hours=1), whole=timedelta(hours=2))
    came = people.sign_in(office, login="lihua", password=WORDS, code=None, browser=None, by=by, limits=limits)
    opened.close()
    assert came.token
    return came.token


@contextmanager
def _served(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`kehu serve`, and where it answers."""
    command = [str(Path(sys.executable).with_name("kehu")), "serve", "--config", str(folder), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+", line) for line in process.stdout)))
        yield process, found[0]
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        assert process.stdout is not None
        process.stdout.close()


def test_what_is_on_its_way_is_finished_and_the_next_start_knows_who_was_there(tmp_path: Path) -> None:
    cookies = {COOKIE: _project(tmp_path, "sqlite:///kehu.db")}
    with _served(tmp_path) as (process, address):
        answers: list[int] = []

        def sent() -> Iterator[bytes]:
            """A search whose end comes once the server was told to stop."""
            yield b"q="
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            yield b"nobody"

        headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        with httpx.Client(base_url=address, timeout=PATIENCE_S, cookies=cookies) as browser:
            assert browser.get("/search").status_code == 200
            asking = threading.Thread(
                target=lambda: answers.append(browser.post("/search", content=sent(), headers=headers).status_code)
            )
            asking.start()
            asking.join(PATIENCE_S)
        assert answers == [200]
        assert process.wait(PATIENCE_S) in {0, -signal.SIGTERM}
    with _served(tmp_path) as (_, address):
        assert httpx.get(f"{address}/search", cookies=cookies).status_code == 200


def test_a_lost_database_is_told_and_waited_for(tmp_path: Path, own_server: Callable[[str], Any]) -> None:
    server = own_server("postgresql")
    server.start()
    token = _project(tmp_path, server.url)
    with (
        _served(tmp_path) as (_, address),
        httpx.Client(base_url=address, timeout=PATIENCE_S, cookies={COOKIE: token}) as browser,
    ):
        assert browser.get("/readyz").status_code == 200
        server.kill()
        lost = [browser.get("/readyz"), browser.get("/customers"), browser.get("/search")]
        assert [(answer.status_code, answer.headers["retry-after"]) for answer in lost] == [(503, "5")] * 3
        assert browser.get("/healthz").status_code == 200
        server.start()
        back = [browser.get("/readyz"), browser.get("/customers"), browser.get("/search")]
        assert [answer.status_code for answer in back] == [200, 200, 200]
