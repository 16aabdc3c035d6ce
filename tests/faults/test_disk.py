"""Promise 9 where the disk is full: a clear refusal, nothing half done, and with room again the same run goes on."""

import contextlib
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kehu.store import database

STAGES = ("intake", "identify", "decide")

Life = Any
"""`conftest.Life`, which cannot be imported from here."""
Begin = Callable[[str], Life]


@pytest.mark.parametrize("times", [pytest.param(1, id="once"), pytest.param(20, marks=pytest.mark.faults, id="often")])
def test_where_files_may_not_grow_work_is_refused_in_words_and_goes_on_later(
    begin: Begin, quiet: Life, chance: random.Random, times: int
) -> None:
    life = begin("sqlite")
    life.through("migrate")
    refused = []
    for stage in STAGES:
        for _ in range(times):
            died = life.victims.do(stage, life.store, life.folder, largest_file=chance.randint(4_000, 120_000))
            refused.append(died.refused)
            life.require_sound()
        life.through(stage)
    assert any(refused)
    assert all(why is None or "disk" in why or "raw" in why for why in refused), refused
    assert life.believed() == quiet.believed()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A disk in memory, of so many bytes; asked again, it grows."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["mount", "-t", "tmpfs", "-o"]
    if (
        not shutil.which("mount")
        or subprocess.run([*options, "size=1m", "tmpfs", str(folder)], check=False, capture_output=True).returncode
    ):
        pytest.skip("nothing may be mounted here; the limit on files is tried all the same")

    def size(wanted: int) -> Path:
        subprocess.run(["mount", "-o", f"remount,size={wanted}", str(folder)], check=True)
        return folder

    yield size
    with contextlib.suppress(subprocess.CalledProcessError):
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_backup_for_which_there_is_no_room_leaves_the_one_before(
    quiet: Life, small_disk: Callable[[int], Path]
) -> None:
    whole = (quiet.folder / "kehu.zip").read_bytes()
    path = small_disk(len(whole) * 3 // 2) / "kehu.zip"
    path.write_bytes(whole)
    told = quiet.victims.do("backup", quiet.store, quiet.folder, file=str(path))
    assert told.refused
    assert "the backup cannot be written" in told.refused
    assert [file.name for file in path.parent.iterdir()] == ["kehu.zip"]
    assert path.read_bytes() == whole


def test_a_disk_that_is_full_refuses_in_words_and_nothing_is_lost(
    begin: Begin, quiet: Life, small_disk: Callable[[int], Path], chance: random.Random
) -> None:
    life = begin("sqlite")
    life.folder = small_disk(2**26)
    shutil.copy(quiet.folder / "kehu.key", life.folder / "kehu.key")
    life.store = replace(database.connect("sqlite:///kehu.db", folder=life.folder), vault=quiet.store.vault)
    life.through("migrate")
    for stage in STAGES:
        life.store.close()
        taken = shutil.disk_usage(life.folder).used
        small_disk(taken + chance.randint(1, 10) * 4096)
        died = life.victims.do(stage, life.store, life.folder)
        assert died.refused
        assert "disk" in died.refused or "raw" in died.refused
        small_disk(2**26)
        life.require_sound()
        life.through(stage)
    assert life.believed() == quiet.believed()
    life.store.close()
