"""`kehu backup` and `kehu restore`, from one project folder into another."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Kehu = Callable[..., Any]


@pytest.fixture
def project(kehu: Kehu, project: Path) -> Path:
    """The drop folder of the project alone, after a run."""
    assert kehu("run").code == 0
    return project


def test_a_store_moves_into_another_folder_and_is_sound_there(kehu: Kehu, project: Path) -> None:
    told = kehu("backup", "kehu.zip", "--reason", "we move", "--json").json
    assert (told["tables"]["record"] > 2, told["file"]) == (True, "kehu.zip")
    other = project / "other"
    other.mkdir()
    for name in ("kehu.toml", "kehu.zip"):
        shutil.copy(project / name, other / name)
    refused = kehu("restore", other / "kehu.zip", "--config", other)
    assert (refused.code, "key file is not there" in refused.err) == (2, True)
    shutil.copy(project / "kehu.key", other / "kehu.key")
    assert kehu("restore", other / "kehu.zip", "--config", other, "--check", "--json").json["rows"] == told["rows"]
    assert kehu("restore", other / "kehu.zip", "--config", other, "--json").json["rows"] == told["rows"]
    assert kehu("verify", "--config", other).code == 0
    again = kehu("restore", other / "kehu.zip", "--config", other)
    assert (again.code, "--replace" in again.err) == (1, True)
    assert kehu("restore", other / "kehu.zip", "--config", other, "--replace").code == 0


def test_a_backup_that_cannot_be_written_leaves_nothing(kehu: Kehu, project: Path) -> None:
    refused = kehu("backup", "nowhere/kehu.zip")
    assert (refused.code, "nowhere/kehu.zip" in refused.err) == (1, True)
    assert not list(project.glob("*.part"))
