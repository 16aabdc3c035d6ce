"""Promises 1, 3, 7 and 8 where the program is killed (SIGKILL), at points of its work that chance chooses.

After each kill the store is sound; run again, the work is finished, and the store believes what it would have believed
without any kill. KEHU_FAULTS_SEED replays the points of a run.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest

from kehu.store import records, turning
from kehu.store.backup import archive, kept

DATABASES = ("sqlite", "mariadb", "postgresql")
STAGES = ("migrate", "intake", "identify", "decide")
WAYS = [("sqlite", "mariadb"), ("mariadb", "postgresql"), ("postgresql", "sqlite")]

Life = Any
"""`conftest.Life`, which cannot be imported from here."""
Begin = Callable[[str], Life]


def times(fast: int, often: int) -> pytest.MarkDecorator:
    """A few kills in every run of the tests, many in `make faults`."""
    many = pytest.param(often, marks=pytest.mark.faults, id="often")
    return pytest.mark.parametrize("kills", [pytest.param(fast, id="few"), many])


@times(1, 25)
@pytest.mark.parametrize("kind", DATABASES)
def test_a_run_or_a_backup_that_is_killed_anywhere_is_finished_by_the_next(
    begin: Begin, quiet: Life, chance: random.Random, kind: str, kills: int
) -> None:
    life = begin(kind)
    for stage in STAGES:
        for _ in range(kills):
            life.killed(stage, chance, most=quiet.calls[stage])
            life.require_sound()
        life.through(stage)
    assert life.kills >= kills
    assert life.believed() == quiet.believed()
    life.through(*STAGES)  # What was finished is not done again.
    assert life.believed() == quiet.believed()
    path = life.folder / "kehu.zip"
    life.through("backup", file=str(path))
    for _ in range(kills):
        life.killed("backup", chance, most=quiet.calls["backup"], file=str(path))
        with archive.reading(path, vault=life.store.vault) as reader:  # The one before, or a new one: both are whole.
            for name in reader.manifest.tables:
                reader.check(name)
    life.through("backup", file=str(path))
    assert not path.with_name("kehu.zip.part").exists()


@times(2, 20)
@pytest.mark.parametrize("kind", DATABASES)
def test_what_was_acknowledged_is_stored_whenever_the_program_is_killed(
    begin: Begin, quiet: Life, chance: random.Random, kind: str, kills: int
) -> None:
    life = begin(kind)
    life.through("migrate")
    told = life.folder / "acknowledged"
    told.touch()
    for _ in range(kills):
        life.killed("arrive", chance, most=quiet.calls["arrive"], file=str(told))
        life.require_sound()
        with life.store.read() as tx:
            stored = set(records.read(tx, columns=("record_id",))["record_id"].to_pylist())
        acknowledged = set(told.read_text().split())
        assert acknowledged <= stored
        assert len(stored - acknowledged) <= 1  # What was in flight.


@times(1, 25)
@pytest.mark.parametrize("kind", DATABASES)
def test_a_rotation_that_is_killed_leaves_all_that_can_be_found_and_is_finished_by_the_next(
    begin: Begin, quiet: Life, chance: random.Random, kind: str, kills: int
) -> None:
    life = begin(kind)
    life.through(*STAGES)
    for _ in range(kills):
        life.killed("rotate", chance, most=quiet.calls["rotate"])
        life.require_sound()
        life.require_known()
        assert life.believed() == quiet.believed()
    life.through("rotate")
    life.require_known()
    assert life.believed() == quiet.believed()
    with life.store.read() as tx:
        assert not [one.name for one in turning.COLUMNS if turning.is_left(tx, one)]


@times(2, 25)
@pytest.mark.parametrize("kind", DATABASES)
def test_a_restore_that_is_killed_leaves_an_empty_store(
    begin: Begin, quiet: Life, chance: random.Random, kind: str, kills: int
) -> None:
    life = begin(kind)
    path = str(quiet.folder / "kehu.zip")
    is_empty = True
    for _ in range(kills):
        died = life.killed("restore", chance, most=quiet.calls["restore"], file=path)
        assert is_empty or died.refused or died.is_killed
        with life.store.read() as tx:
            is_empty = kept.is_empty(tx)
        if not is_empty:  # It was committed, or done before the kill.
            assert life.believed() == quiet.believed()
    if is_empty:
        life.through("restore", file=path)
    life.require_sound()
    assert life.believed() == quiet.believed()
