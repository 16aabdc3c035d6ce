"""How the channels stand, and what a run in progress shows of itself."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kehu.errors import ConflictError, SettingsError
from kehu.flows import board
from kehu.flows.board import Source, Sources
from kehu.flows.upkeep.alone import RUN, alone
from kehu.store import contents, database, dues, loads
from kehu.store.database import Database
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    opened = database.connect("sqlite:///kehu.db", folder=tmp_path, vault=Vault(keyring.made()))
    database.migrate(opened)
    yield opened
    opened.close()


def described(*names: str) -> Sources:
    def nothing(_: str) -> object:
        raise SettingsError("no mapping")

    kinds = tuple(Source(name=name, kind="files", is_mapped=True) for name in names)
    return Sources(described=lambda: kinds, look=nothing)  # type: ignore[arg-type]  # it never answers


def test_channels_that_were_never_read_stand_beside_those_that_nobody_describes(store: Database) -> None:
    with store.begin() as tx:
        number = loads.start(tx, "app", at=NOW)
        loads.advance(tx, number, counts=loads.Counts(read=2, accepted=2), done_at=NOW)
    told = board.board(store, described("hall", "calls"), at=NOW)
    assert [(one.name, one.source is None, one.brought is None) for one in told.channels] == [
        ("hall", False, True), ("calls", False, True), ("app", True, False)
    ]  # fmt: skip
    assert told.running is None


def test_settings_that_are_wrong_are_told_beside_what_the_store_knows(store: Database) -> None:
    def wrong() -> tuple[Source, ...]:
        raise SettingsError("kehu.toml: there is no table [chanels]")

    told = board.board(store, Sources(described=wrong, look=described().look), at=NOW)
    assert told.complaint == "kehu.toml: there is no table [chanels]"


def test_when_channels_are_read_next_is_told_until_nobody_reads_them(store: Database) -> None:
    with store.read() as tx:
        before = list(contents.lines(tx))
    soon, later = NOW + timedelta(minutes=15), NOW + timedelta(hours=1)
    with store.begin() as tx:
        dues.note(tx, ["hall", "calls"], soon)
        dues.note(tx, ["online"], later)
    told = board.board(store, described("hall", "calls", "online", "app"), at=NOW)
    assert [one.next_at for one in told.channels] == [soon, soon, later, None]
    with store.begin() as tx:
        dues.note(tx, ["hall", "calls"], None)
        assert dues.of(tx) == {"online": later}
        dues.note(tx, ["online"], None)
    with store.read() as tx:
        assert list(contents.lines(tx)) == before


def test_a_run_in_progress_shows_the_figures_of_its_loads_as_they_grow(store: Database) -> None:
    with store.begin() as tx:
        loads.finish(tx, loads.start(tx, "calls", at=NOW - timedelta(days=1)), at=NOW)
    with alone(store, RUN, clock=lambda: NOW):
        begun = board.running(store, at=NOW)
        assert begun is not None
        assert (begun.loads, begun.reads) == ((), False)
        with store.begin() as tx:
            number = loads.start(tx, "hall", at=NOW)
        for read in (1_000, 2_000):
            with store.begin() as tx:
                loads.advance(tx, number, counts=loads.Counts(read=1_000, accepted=990, quarantined=10))
            seen = board.running(store, at=NOW)
            assert seen is not None
            assert seen.reads
            assert [(one.channel, one.counts.read) for one in seen.loads] == [("hall", read)]
    assert board.running(store, at=NOW) is None


def test_a_run_that_was_killed_is_no_run_in_progress(store: Database, tmp_path: Path) -> None:
    holds = (
        "import os\nfrom datetime import UTC, datetime\nfrom pathlib import Path\n"
        "from kehu.flows.upkeep.alone import alone\nfrom kehu.store import database\n"
        "with alone(database.connect('sqlite:///kehu.db', folder=Path()), 'run', clock=lambda: datetime.now(UTC)):\n"
        "    os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", holds], cwd=tmp_path, check=False).returncode == 9
    assert board.running(store, at=datetime.now(UTC)) is None


def test_one_looks_at_a_channel_at_a_time() -> None:
    sources = described("hall")
    with sources.busy, pytest.raises(ConflictError):
        board.look(sources, "hall")
    with pytest.raises(SettingsError):
        board.look(sources, "hall")
    assert not sources.busy.locked()
