"""`kehu run --every`, and one run at a time, as processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kehu.cli import schedule
from kehu.errors import SettingsError
from kehu.flows.upkeep.alone import alone
from kehu.store import contents, database, dues
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

Kehu = Callable[..., Any]
PATIENCE_S = 60


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "kehu", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_again_and_ends_cleanly(project: Path, how: signal.Signals) -> None:
    with started(project, "run", "--every", "2s", "--json") as process:
        assert process.stdout is not None
        told = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert [one["accepted"] for one in told] == [4, 0]
        time.sleep(0.5)  # So that it waits for its next time, as it does most of the time.
        opened = database.connect("sqlite:///kehu.db", folder=project, vault=Vault(keyring.read(project / "kehu.key")))
        with opened.read() as tx:
            begun = datetime.now(UTC)
            due = dues.of(tx)
        assert list(due) == ["hall"]
        assert begun < due["hall"] < begun + timedelta(seconds=2)
        opened.close()
        process.send_signal(how)
        assert process.wait(PATIENCE_S) == 130
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    opened = database.connect("sqlite:///kehu.db", folder=project, vault=Vault(keyring.read(project / "kehu.key")))
    with opened.read() as tx:
        assert not [line for line in contents.lines(tx) if line.startswith("lease ")]
        assert dues.of(tx) == {}
    opened.close()


def test_what_fails_is_told_and_tried_again(project: Path) -> None:
    settings = project / "kehu.toml"
    good = settings.read_text(encoding="utf-8")
    with started(project, "run", "--every", "1s", "--json") as process:
        assert process.stdout is not None
        process.stdout.readline()
        settings.write_text("[kehu]\nstore = 7\n", encoding="utf-8")
        assert process.stderr is not None
        while "kehu.toml" not in (line := process.stderr.readline()):
            assert line
        settings.write_text(good, encoding="utf-8")
        assert json.loads(process.stdout.readline())["accepted"] == 0


def test_a_second_run_says_who_is_at_work_and_ends_with_1(kehu: Kehu, project: Path) -> None:
    kehu("run")
    opened = database.connect("sqlite:///kehu.db", folder=project, vault=Vault(keyring.read(project / "kehu.key")))
    with alone(opened, "run", clock=lambda: datetime.now(UTC)):
        for command in ("run", "collect", "identify"):
            told = kehu(command)
            assert told.code == 1
            assert f"process {os.getpid()} on " in told.err
    opened.close()
    assert kehu("run").code == 0


def test_a_run_that_was_killed_does_not_keep_the_next_from_work(kehu: Kehu, project: Path) -> None:
    kehu("run")
    holds = (
        "import time\nfrom datetime import UTC, datetime\nfrom pathlib import Path\n"
        "from kehu.flows.upkeep.alone import alone\nfrom kehu.store import database\n"
        "store = database.connect('sqlite:///kehu.db', folder=Path())\n"
        "with alone(store, 'run', clock=lambda: datetime.now(UTC)):\n"
        "    print('held', flush=True)\n    time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", holds], cwd=project, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert kehu("run").code == 1
    process.kill()
    process.communicate()
    assert kehu("run").code == 0


@pytest.mark.parametrize("written", ["", "15", "0m", "-1m", "m", "1w"])
def test_what_is_no_interval_is_refused(kehu: Kehu, project: Path, written: str) -> None:
    with pytest.raises(SettingsError):
        schedule.interval(written)
    assert kehu("run", f"--every={written}").code == 2
