"""The keys of a store: with a missing, another or an open key file no command opens it, on any database."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kehu.cli.commands import COMMANDS
from kehu.store.database import Database
from kehu.store.sealing import keyring

Kehu = Callable[..., Any]

WHY = ("--reason", "a test of keys")
OPENING: dict[str, tuple[str, ...]] = {
    "run": (),
    "collect": (),
    "identify": (),
    "train": ("--adopt",),
    "quarantine": ("list",),
    "decide": ("list",),
    "explain": ("1", "2"),
    "profile": (),
    "export": ("customers.parquet",),
    "verify": (),
    "backup": ("kehu.zip",),
    "rotate-key": (),
    "restore": ("kehu.zip",),
    "report": (),
    "serve": ("--port", "0"),
    "segment": ("list",),
    "disclose": ("1", "--out", "told.zip", "--checked", "by a test"),
    "consent": ("list", "1"),
    "restrict": ("1", *WHY),
    "erase": ("1", *WHY),
    "retain": (),
    "affected": ("told.csv", "--channel", "hall-example", *WHY),
    "user": ("list",),
}
"""The commands that open a store, each with what makes it go that far."""
WITHOUT_STORE = {"demo", "init", "check", "resolve", "evaluate"}


def test_every_command_is_tried_with_keys_that_are_not_the_stores() -> None:
    assert set(OPENING) | WITHOUT_STORE == set(COMMANDS)


@pytest.fixture
def project(kehu: Kehu, project: Path, bare: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose store lies in each kind of database, after a run."""
    monkeypatch.setenv("KEHU_STORE", bare.engine.url.render_as_string(hide_password=False))
    monkeypatch.delenv("KEHU_KEY", raising=False)
    assert kehu("run").code == 0
    return project


def test_with_keys_that_are_not_the_stores_no_command_opens_it(
    kehu: Kehu, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project / "kehu.key"
    right = keyring.read(path)

    def refused(told: str, *names: str) -> None:
        for name in names or OPENING:
            answer = kehu(name, *OPENING[name])
            assert (answer.code, told in answer.err.replace("\n", " ")) == (2, True), (name, answer)
            assert base64.b64encode(right.secrets[1]).decode() not in answer.err + answer.out

    path.rename(project / "away.key")
    refused("the key file is not there")
    assert not path.exists()
    keyring.write(path, keyring.made())
    # What restores reads the backup first, and that is none.
    refused("key 1 is another than the one", *(name for name in OPENING if name != "restore"))
    (project / "away.key").rename(path)
    path.chmod(0o644)
    refused("chmod 600")
    path.chmod(0o600)
    assert kehu("verify").code == 0
    monkeypatch.setenv("KEHU_KEY", keyring.made().text())
    refused("key 1 is another than the one", "run", "verify", "serve")
    monkeypatch.setenv("KEHU_KEY", right.text().replace("\n", ";"))
    path.unlink()
    assert kehu("verify").code == 0


@pytest.mark.parametrize("bare", ["sqlite"], indirect=True)  # The flow is tried on all.
def test_a_key_is_turned_from_the_command_line(kehu: Kehu, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kehu("rotate-key", "--dry-run", "--json").json
    assert (before["key"], before["newest"], set(before["needs"])) == (1, 1, {"1"})
    assert before["needs"]["1"]["record.id_number"] > 0
    done = kehu("rotate-key", "--drop-old", "--json").json
    assert (done["key"], done["dropped"], done["kept"]) == (2, [1], {})
    assert done["sealed"]["record.id_number"] == before["needs"]["1"]["record.id_number"]
    assert set(keyring.read(project / "kehu.key").secrets) == {2}
    assert kehu("verify").code == 0
    assert kehu("run", "--json").json["accepted"] == 0
    assert "Key 2 is in force" in kehu("rotate-key", "--no-new").out
    monkeypatch.setenv("KEHU_KEY", (project / "kehu.key").read_text())
    refused = kehu("rotate-key")
    assert (refused.code, "openssl rand" in refused.err) == (2, True)
