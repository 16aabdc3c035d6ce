"""The command as a process of its own: signals, and what is served."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

PATIENCE_S = 60


@contextmanager
def started(folder: Path, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """`kehu` in a process of its own; it is gone when the block ends."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KEHU_")}
    with subprocess.Popen(
        [sys.executable, "-m", "kehu", *map(str, arguments)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_demo_serves_its_page_until_it_is_told_to_stop(tmp_path: Path) -> None:
    with started(tmp_path, "demo", "--records", 300) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if line.startswith("kehu is at "))
        url = line.split()[3]
        with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
            home = client.get(url)
            assert client.get(f"{url}readyz").json() == {"status": "ready"}
        assert home.status_code == 200
        assert "kehu" in home.text
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130


class Hanging(BaseHTTPRequestHandler):
    """Gives two pages of one row, and then never answers again."""

    asked = threading.Event()
    over = threading.Event()

    def do_GET(self) -> None:
        page = int(dict(parse_qsl(urlsplit(self.path).query)).get("after", 0))
        if page == 2:
            self.asked.set()
            self.over.wait(PATIENCE_S)
            return
        body = json.dumps({"rows": [{"id": page, "name": f"Ann {page}"}], "next": page + 1}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hanging() -> Iterator[int]:
    Hanging.asked.clear()
    Hanging.over.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Hanging) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_address[1]
        Hanging.over.set()
        server.shutdown()
        thread.join()


def test_ctrl_c_in_the_middle_of_a_run_leaves_nothing_half_done(tmp_path: Path, hanging: int) -> None:
    (tmp_path / "kehu.toml").write_text(
        f"""
        [channels.online]
        type = "rest"
        url = "http://127.0.0.1:{hanging}/rows"
        records_at = "rows"
        paging = {{ kind = "cursor", parameter = "after", at = "next" }}
        allow_private = true
        [channels.online.mapping]
        record_id = "id"
        name = "name"
        """
    )
    with started(tmp_path, "run") as process:
        assert Hanging.asked.wait(PATIENCE_S)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    connection = sqlite3.connect(tmp_path / "kehu.db")
    load = connection.execute("select state, accepted, cursor_after, failure from load").fetchall()
    stored = connection.execute("select count(*) from record").fetchone()[0]
    connection.close()
    assert [(state, accepted, failure) for state, accepted, _, failure in load] == [
        ("failed", 1, "stopped: KeyboardInterrupt")
    ]
    assert load[0][2] is not None
    assert stored == 1
