import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from kehu.errors import StoreError, UnstorableError
from kehu.store import at_hand, database, doctor, sequence
from kehu.store.database import Database
from kehu.store.dictionary import whole
from kehu.store.dictionary.whole import tables
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault


def test_the_migrations_make_the_tables_that_we_describe(store: Database) -> None:
    with store.read() as tx:
        assert compare_metadata(MigrationContext.configure(tx), whole.metadata) == []


def test_migrating_again_changes_nothing(store: Database, dump: Any) -> None:
    before = dump()
    database.migrate(store)
    database.check(store)
    assert dump() == before


def test_a_migration_that_was_killed_half_way_is_finished(bare: Database) -> None:
    store = bare
    database.migrate(store)
    with store.begin() as tx:
        tables["search_term"].drop(tx)
        tx.execute(tables["sequence"].delete().where(tables["sequence"].c.name == "load"))
        tx.execute(sa.text("DELETE FROM alembic_version"))
    with pytest.raises(StoreError, match="is empty"):
        database.check(store)
    database.migrate(store)
    with store.begin() as tx:
        assert sequence.take(tx, "load") == 1
        assert compare_metadata(MigrationContext.configure(tx), whole.metadata) == []


UNSAFE = {
    "sqlite": [("PRAGMA synchronous = NORMAL", "PRAGMA synchronous = FULL", "must be FULL")],
    "mariadb": [
        ("SET GLOBAL innodb_flush_log_at_trx_commit = 2", "SET GLOBAL innodb_flush_log_at_trx_commit = 1", "must be 1"),
        ("SET SESSION sql_mode = ''", "SET SESSION sql_mode = 'STRICT_TRANS_TABLES'", "STRICT_TRANS_TABLES"),
        ("SET NAMES latin1", "SET NAMES utf8mb4", "speak utf8mb4"),
    ],
    "postgresql": [("SET synchronous_commit = off", "SET synchronous_commit = on", "synchronous_commit must be on")],
}
"""How a database is made unsafe, made safe again, and what the doctor says in between."""


def test_a_database_that_would_lose_or_change_rows_is_refused(store: Database) -> None:
    # Outside of a transaction, where SQLite heeds its pragmas.
    with store.engine.connect() as spoilt:
        driver: Any = spoilt.connection.driver_connection
        for spoil, mend, says in UNSAFE[spoilt.dialect.name]:
            driver.cursor().execute(spoil)
            driver.commit()
            assert [complaint for complaint in doctor.complaints(spoilt) if says in complaint], spoil
            spoilt.rollback()
            driver.cursor().execute(mend)
            driver.commit()
        assert list(doctor.complaints(spoilt)) == []


def test_a_half_made_schema_is_refused(bare: Database) -> None:
    database.migrate(bare)
    with bare.begin() as tx:
        tables["link"].drop(tx)
    with pytest.raises(StoreError, match="half made, link missing"):
        database.check(bare)


def test_two_that_migrate_at_once_make_one_schema(bare: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(database.migrate, bare) for _ in range(4)]:
            done.result()
    database.check(bare)
    with bare.begin() as tx:
        assert sequence.take(tx, "record") == 1


def test_numbers_taken_at_once_are_given_once(store: Database) -> None:
    def take() -> list[int]:
        taken: list[int] = []
        for _ in range(10):
            with store.begin() as tx:
                first = sequence.take(tx, "customer", 3)
                taken += range(first, first + 3)
        return taken

    with ThreadPoolExecutor(4) as pool:
        numbers = [number for done in [pool.submit(take) for _ in range(4)] for number in done.result()]
    assert sorted(numbers) == list(range(1, 121))


def test_a_store_of_a_newer_kehu_is_refused(bare: Database) -> None:
    store = bare
    database.migrate(store)
    with store.begin() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for refuse in (database.check, database.migrate):
        with pytest.raises(StoreError, match="has schema 9999, which this kehu does not know"):
            refuse(store)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("kehu.db", "not a database URL"),
        ("oracle://scott@host/db", "oracle is not one of mariadb, mysql, postgresql, sqlite"),
        ("sqlite://", "keeps its store in a file"),
        ("sqlite:///not/there/kehu.db", "not/there is not there"),
    ],
)
def test_a_url_that_cannot_be_a_store_is_refused(tmp_path: Path, url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        database.connect(url, folder=tmp_path)


def test_the_password_of_a_store_is_never_told(tmp_path: Path) -> None:
    unreachable = database.connect("postgresql://kehu:geheim@127.0.0.1:9/kehu?password=geheim", folder=tmp_path)
    with pytest.raises(StoreError) as refused, unreachable.read():
        pass
    assert "geheim" not in str(refused.value)
    assert "127.0.0.1:9" in str(refused.value)
    unreachable.close()


def test_every_table_and_column_says_what_it_is() -> None:
    for table in whole.metadata.tables.values():
        assert table.comment, table.name
        assert [column.name for column in table.c if not column.comment] == []


def test_tables_of_mysql_are_those_of_mariadb_but_for_the_name_of_a_collation() -> None:
    ours, theirs = (_made(sa.create_engine(f"{kind}+pymysql://nowhere/kehu").dialect) for kind in ("mysql", "mariadb"))
    assert ours == theirs.replace("utf8mb4_nopad_bin", "utf8mb4_0900_bin")
    assert ours != theirs


def _made(dialect: sa.Dialect) -> str:
    """All tables and indexes in the words of a dialect; which words it quotes tells nothing."""
    made: list[sa.schema.ExecutableDDLElement] = []
    for table in whole.metadata.sorted_tables:
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        made += [sa.schema.CreateTable(table), *(sa.schema.CreateIndex(index) for index in indexes)]
    return "".join(str(one.compile(dialect=dialect)) for one in made).replace("`", "")


def test_a_time_without_a_zone_is_refused(store: Database) -> None:
    query = sa.select(tables["load"]).where(tables["load"].c.started_at == datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(sa.exc.StatementError, match="without a zone"), store.read() as tx:
        tx.execute(query)


def test_a_number_of_something_unknown_is_refused(store: Database) -> None:
    with pytest.raises(StoreError, match="numbers no dragon"), store.begin() as tx:
        sequence.take(tx, "dragon")


def test_who_gets_no_connection_in_time_is_refused_in_words(store: Database) -> None:
    narrow = sa.create_engine(store.engine.url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    one = replace(store, engine=narrow)
    with one.read(), pytest.raises(StoreError, match="all connections are in use"), one.read():
        pass
    one.close()


@pytest.mark.parametrize("column", ["channel", "failure"])
def test_a_nul_is_refused_alike_whether_it_is_stored_or_looked_for(store: Database, column: str) -> None:
    load = tables["load"]
    told = {"load_id": 1, "channel": "hall", "state": "done", "started_at": datetime(2026, 1, 5, tzinfo=UTC)}
    told |= dict.fromkeys(("read", "accepted", "duplicate", "quarantined", "warned", "changed"), 0)
    with pytest.raises(UnstorableError, match="NUL"), store.begin() as tx:
        tx.execute(load.insert().values({**told, column: "a\0b"}))
    with pytest.raises(UnstorableError, match="NUL"), store.read() as tx:
        tx.execute(sa.select(load.c.load_id).where(load.c[column] == "a\0b"))


def test_the_files_of_the_steps_tell_the_versions_that_alembic_reads_out_of_them(store: Database) -> None:
    config = Config()
    config.set_main_option("script_location", "kehu.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    with store.read() as tx:
        has, newest, known = database._versions(tx)
    assert known == {script.revision for script in scripts.walk_revisions()}
    assert has == newest == scripts.get_current_head()


@pytest.mark.parametrize("asked", ["read", "glance"])
def test_a_connection_that_was_cut_while_it_lay_idle_is_not_used_again(
    store: Database, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    if store.engine.dialect.name == "sqlite":
        pytest.skip("a connection to SQLite is a file: nobody else can cut it")
    own, kill = {
        "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})"),
        "mysql": ("SELECT CONNECTION_ID()", "KILL {}"),
        "mariadb": ("SELECT CONNECTION_ID()", "KILL {}"),
    }[store.engine.dialect.name]
    other = sa.create_engine(store.engine.url)
    monkeypatch.setattr(at_hand, "IDLE_S", 0.0)
    with getattr(store, asked)() as tx:
        number = tx.execute(sa.text(own)).scalar_one()
    with other.connect() as tx:
        tx.execute(sa.text(kill.format(number)))
    with getattr(store, asked)() as tx:
        assert tx.execute(sa.text(own)).scalar_one() != number
    other.dispose()


def test_a_connection_for_glances_is_used_again_and_knows_nothing_of_the_glance_before(store: Database) -> None:
    with store.glance() as tx:
        first = tx.connection.dbapi_connection
        tx.get_execution_options()["once"]["key"] = 7
        tx.execute(sa.select(1))
    with store.look() as tx:
        assert tx.connection.dbapi_connection is first
        assert tx.get_execution_options()["once"] == {}
    with store.glance() as one, store.glance() as other:
        assert one.connection.dbapi_connection is not other.connection.dbapi_connection
        assert not one.in_transaction()


def test_a_connection_on_which_a_glance_failed_is_given_back(store: Database) -> None:
    with pytest.raises(RuntimeError), store.glance() as tx:
        raise RuntimeError
    assert tx.closed


def test_no_more_connections_are_kept_for_glances_than_a_few(store: Database) -> None:
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(store.glance()) for _ in range(at_hand.MOST + 2)]
    assert sum(not tx.closed for tx in taken) == at_hand.MOST
    store.close()
    assert all(tx.closed for tx in taken)


def test_a_glance_that_ends_after_the_store_was_closed_keeps_no_connection(store: Database) -> None:
    with store.glance() as tx:
        store.close()
    assert tx.closed


def test_a_connection_for_glances_opens_with_the_keys_of_its_own_store(store: Database) -> None:
    with store.glance():
        pass
    other = replace(store, vault=Vault(keyring.made()))
    with other.glance() as tx:
        assert database.vault_of(tx) is other.vault


def test_glances_leave_transactions_as_many_connections_as_ever(store: Database) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(at_hand.MOST):
            stack.enter_context(store.glance())
    with contextlib.ExitStack() as stack:
        assert len([stack.enter_context(store.read()) for _ in range(15)]) == 15
