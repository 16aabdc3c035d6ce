"""What SQLite's log holds goes into the file beside other work."""

import logging
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from kehu.errors import ConflictError
from kehu.store import bulk, carrying, database
from kehu.store.database import Database
from kehu.store.dictionary.customers import search_term
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

MANY = 1000


@pytest.fixture
def lite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(bulk, "MANY", MANY)
    store = database.connect("sqlite:///kehu.db", folder=tmp_path, vault=Vault(keyring.made()))
    database.migrate(store)
    with store.read() as tx:
        tx.exec_driver_sql("PRAGMA wal_checkpoint")
    return store


def terms(many: int) -> pa.Table:
    return pa.table({"term": [f"zhangwei{number:06}" for number in range(many)], "customer_id": list(range(many))})


def in_the_file(path: Path) -> int:
    """How many terms the file holds without its log."""
    alone = path / "alone.db"
    shutil.copy(path / "kehu.db", alone)
    with closing(sqlite3.connect(alone)) as copy:
        return int(copy.execute("SELECT count(*) FROM search_term").fetchone()[0])


def carried() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("carrying over"):
            thread.join()


def pages_after(store: Database) -> int:
    with store.read() as tx:
        return int(tx.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one())


def test_a_thread_carries_over_what_was_committed(lite: Database, tmp_path: Path) -> None:
    with lite.begin() as tx:
        bulk.insert(tx, search_term, terms(5 * MANY))
        assert tx.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one() == 0
    carried()
    assert in_the_file(tmp_path) == 5 * MANY
    assert pages_after(lite) == carrying.PAGES


def test_few_rows_stay_in_the_log(lite: Database, tmp_path: Path) -> None:
    with lite.begin() as tx:
        bulk.insert(tx, search_term, terms(5))
    carried()
    assert in_the_file(tmp_path) == 0


def test_few_rows_of_a_log_that_was_large_follow_a_moment_later(
    lite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "SMALL", 1)
    monkeypatch.setattr(carrying, "WAITS_S", 60)
    for number in range(3):
        with lite.begin() as tx:
            bulk.insert(tx, search_term, pa.table({"term": ["zhangwei"], "customer_id": [number]}))
    waiting = [thread for thread in threading.enumerate() if thread.name == "carrying over soon"]
    assert (len(waiting), in_the_file(tmp_path)) == (1, 0), "one waits for more"
    lite.close()  # It waits no longer.
    carried()
    assert in_the_file(tmp_path) == 3


def test_what_was_committed_while_a_thread_carries_over_has_one_of_its_own(
    lite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "SMALL", 1)
    monkeypatch.setattr(carrying, "WAITS_S", 0)
    for number in range(3):
        with lite.begin() as tx:
            bulk.insert(tx, search_term, pa.table({"term": ["zhangwei"], "customer_id": [number]}))
        carried()
        assert in_the_file(tmp_path) == number + 1


def test_what_is_taken_back_leaves_the_connection_as_it_was(lite: Database) -> None:
    with lite.trial() as tx:
        bulk.insert(tx, search_term, terms(MANY))
    assert pages_after(lite) == carrying.PAGES
    with pytest.raises(ConflictError), lite.begin() as tx:
        bulk.insert(tx, search_term, pa.concat_tables([terms(MANY), terms(1)]))
    assert pages_after(lite) == carrying.PAGES


def test_a_log_that_cannot_be_carried_over_is_told_of(
    lite: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: object, **__: object) -> sqlite3.Connection:
        raise sqlite3.OperationalError("disk I/O error")

    with caplog.at_level(logging.WARNING), lite.begin() as tx:
        bulk.insert(tx, search_term, terms(MANY))
        monkeypatch.setattr(sqlite3, "connect", refused)  # Ours is open already.
    carried()
    assert "not carried over" in caplog.text
    with lite.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(search_term)) == MANY
