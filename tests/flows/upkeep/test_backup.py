"""Backup and restore: the same store on any of the databases, or the one that was there before."""

import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from kehu.errors import ConflictError, SettingsError, StoreError
from kehu.flows.arrive.arrive import Desk
from kehu.flows.upkeep import audit as auditing
from kehu.flows.upkeep import backup, restore
from kehu.flows.upkeep.audit import Seal
from kehu.flows.upkeep.backup import Asked
from kehu.store import contents, database, sequence, verify
from kehu.store.audit import chain, head, trail
from kehu.store.audit.trail import Act, Filter
from kehu.store.backup import archive, kept
from kehu.store.database import Database, Transaction
from kehu.store.dictionary.people import one_time_link
from kehu.store.dictionary.whole import tables
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

ASKED = Asked(who="cli:ann", at=datetime(2026, 11, 23, tzinfo=UTC), why="every night")
PAIRS = [("sqlite", "mariadb"), ("mariadb", "postgresql"), ("postgresql", "sqlite")]
"""The same file comes of each, so these three tell of all nine."""

Opened = Callable[[str], Database]
Live = Callable[[Database], Desk]


def seal_of(store: Database, folder: Path) -> Seal:
    assert store.vault is not None
    return Seal(keys=store.vault.keys, head_at=folder / "audit.head")


def dump(store: Database) -> list[str]:
    """All that a backup keeps, but for what the trail tells of the backup itself, and its chain."""
    transient = (*(f"{table.name} " for table in kept.TRANSIENT), "audit_chain ", "sequence ('audit'")
    ours = ("'backup', 'store'", "'restore', 'store'")
    with store.read() as tx:
        return [
            line for line in contents.lines(tx) if not line.startswith(transient) and not any(o in line for o in ours)
        ]


def acts(store: Database) -> list[Act]:
    assert store.vault is not None
    with store.read() as tx:
        return [noted.act for noted in trail.page(tx, Filter(what="store"), vault=store.vault)]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_store_is_restored_on_any_database_to_the_row(
    opened: Opened, live: Live, tmp_path: Path, source: str, target: str
) -> None:
    old = opened(source)
    live(old)
    before = dump(old)
    manifest = backup.backup(old, tmp_path / "kehu.zip", asked=ASKED)
    assert (tmp_path / "kehu.zip").stat().st_mode & 0o777 == 0o600
    assert dump(old) == before
    new = replace(opened(target), vault=old.vault)
    assert restore.restore(new, tmp_path / "kehu.zip", asked=ASKED, seal=seal_of(new, tmp_path)) == manifest
    assert dump(new) == before
    assert acts(new) == [Act.RESTORE, Act.BACKUP]
    with new.begin() as tx:
        assert list(verify.findings(tx)) == []
        assert list(chain.faults(tx, head=head.read(tmp_path / "audit.head", keys=seal_of(new, tmp_path).keys))) == []
        # Sessions and links that let people in are no part of a backup.
        assert tx.scalar(sa.select(sa.func.count()).select_from(one_time_link)) == 0
        assert sequence.take(tx, "customer") > max(tx.scalars(sa.select(tables["customer"].c.customer_id)))


def test_a_backup_shows_one_moment_while_others_go_on(opened: Opened, live: Live, tmp_path: Path, kind: str) -> None:
    store = opened(kind)
    live(store)

    class Meddling:
        """Somebody writes as soon as the first table is read."""

        has_met = False

        def task(self, name: str, total: int | None = None) -> None: ...

        def advance(self, rows: int) -> None: ...

        def step(self, name: str) -> None:
            if not self.has_met:
                self.has_met = True
                with store.begin() as tx:
                    tx.execute(tables["setting"].insert().values(name="met", value=""))

    watching = Meddling()
    manifest = backup.backup(store, tmp_path / "kehu.zip", asked=ASKED, progress=watching)
    with store.read() as tx:
        stored = tx.scalar(sa.select(sa.func.count()).select_from(tables["setting"]))
    assert watching.has_met
    assert manifest.tables["setting"].rows == (stored or 0) - 1


def test_a_restore_that_was_killed_before_its_head_was_written_is_told_and_done_again(
    opened: Opened, live: Live, tmp_path: Path
) -> None:
    store = opened("sqlite")
    live(store)
    seal = seal_of(store, tmp_path)
    backup.backup(store, tmp_path / "kehu.zip", asked=ASKED)
    backup.backup(store, tmp_path / "later.zip", asked=ASKED)
    auditing.sealed(store, seal, at=ASKED.at)
    before = seal.head_at.read_bytes()
    restore.restore(store, tmp_path / "kehu.zip", asked=ASKED, seal=seal, replaces=True)
    seal.head_at.write_bytes(before)
    with store.read() as tx:
        assert list(chain.faults(tx, head=head.read(seal.head_at, keys=seal.keys)))
    restore.restore(store, tmp_path / "kehu.zip", asked=ASKED, seal=seal, replaces=True)
    with store.read() as tx:
        assert list(chain.faults(tx, head=head.read(seal.head_at, keys=seal.keys))) == []


def held(store: Database) -> Vault:
    assert store.vault is not None
    return store.vault


@pytest.fixture(params=("sqlite", "mariadb", "postgresql"))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_store_that_holds_something_is_replaced_only_where_that_is_said(
    opened: Opened, live: Live, tmp_path: Path, kind: str
) -> None:
    store = opened(kind)
    live(store)
    seal = seal_of(store, tmp_path)
    path = tmp_path / "kehu.zip"
    backup.backup(store, path, asked=ASKED)
    before = dump(store)
    with store.begin() as tx:
        given = sequence.take(tx, "customer", 50)
        tx.execute(tables["search_term"].delete())
        trail.note(tx, trail.Entry(at=ASKED.at, who="x", act=Act.LOOK, what="customer 1"), vault=held(store))
    auditing.sealed(store, seal, at=ASKED.at)
    further = head.read(seal.head_at, keys=seal.keys)
    changed = dump(store)
    with pytest.raises(ConflictError, match=r"is not empty: .*--replace"):
        restore.restore(store, path, asked=ASKED, seal=seal)
    assert dump(store) == changed
    restore.restore(store, path, asked=ASKED, seal=seal, replaces=True)
    one, other = ([line for line in lines if not line.startswith("sequence ")] for lines in (dump(store), before))
    assert one == other
    with store.begin() as tx:
        assert sequence.take(tx, "customer") == given + 50
        assert list(chain.faults(tx, head=head.read(seal.head_at, keys=seal.keys))) == []
    assert further is not None
    assert head.read(tmp_path / f"audit.head.{further.place}", keys=seal.keys) == further


def test_a_backup_is_refused_with_other_keys_or_none(opened: Opened, live: Live, tmp_path: Path) -> None:
    old = opened("sqlite")
    live(old)
    path = tmp_path / "kehu.zip"
    backup.backup(old, path, asked=ASKED)
    other = opened("sqlite")
    with pytest.raises(SettingsError, match="key 1 is another than the one"):
        restore.restore(other, path, asked=ASKED, seal=seal_of(other, tmp_path))
    lacking = replace(other, vault=Vault(keyring.Keyring(secrets={7: b"0" * 32})))
    with pytest.raises(SettingsError, match="key 1 is missing"):
        restore.checked(path, lacking)
    with pytest.raises(StoreError, match="none are given"):
        backup.backup(replace(old, vault=None), path, asked=ASKED)


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> None:
    """The same ZIP with other members."""
    with zipfile.ZipFile(path) as members:
        told = {name: members.read(name) for name in members.namelist()}
    with zipfile.ZipFile(path, "w") as members:
        for name, content in told.items():
            members.writestr(name, change(name, content))


def without_a_row(content: bytes) -> bytes:
    with pa.ipc.open_stream(content) as stream:
        table = stream.read_all()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.slice(1))
    return bytes(sink.getvalue())


DAMAGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:-100]), "cut off or damaged"),
    "no backup": (lambda path: path.write_text("kehu"), "is no backup"),
    "a manifest that was changed": (
        lambda path: rewritten(path, lambda name, told: told.replace(b'"rows"', b'"rows" ').replace(b"2026", b"2027")),
        "tells of itself was changed",
    ),
    "a row taken out": (
        lambda path: rewritten(path, lambda name, told: without_a_row(told) if name == "member.arrow" else told),
        "rows, not .* in member",
    ),
    "rows of another table": (
        lambda path: rewritten(path, lambda name, told: told[: len(told) // 2] if name == "record.arrow" else told),
        "cut off or damaged",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_refused_and_the_store_stays_empty(
    opened: Opened, live: Live, tmp_path: Path, damage: str
) -> None:
    old = opened("sqlite")
    live(old)
    path = tmp_path / "kehu.zip"
    backup.backup(old, path, asked=ASKED)
    assert restore.checked(path, old).rows > 500
    spoil, says = DAMAGES[damage]
    spoil(path)
    new = replace(opened("sqlite"), vault=old.vault)
    with pytest.raises(StoreError, match=says):
        restore.checked(path, new)
    with pytest.raises(StoreError, match=says):
        restore.restore(new, path, asked=ASKED, seal=seal_of(new, tmp_path))
    with new.read() as tx:
        assert kept.is_empty(tx)


def test_a_row_that_the_database_changes_on_the_way_is_noticed(
    opened: Opened, live: Live, tmp_path: Path, kind: str
) -> None:
    old = opened("sqlite")
    live(old)
    path = tmp_path / "kehu.zip"
    backup.backup(old, path, asked=ASKED)
    new = replace(opened(kind), vault=old.vault)
    database.migrate(new)

    told = kept.rows

    def spoilt(tx: Any, table: sa.Table) -> Any:
        if table.name == "customer":
            tx.execute(tables["customer"].update().values(quality=tables["customer"].c.quality + 1e-9))
        return told(tx, table)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "rows", spoilt)
        with pytest.raises(StoreError, match="other rows in customer"):
            restore.restore(new, path, asked=ASKED, seal=seal_of(new, tmp_path))
    with new.read() as tx:
        assert kept.is_empty(tx)


def of_their_time(tx: Transaction, tables_now: list[sa.Table]) -> list[sa.Table]:
    """The tables as the kehu of that time described them."""
    there = sa.inspect(tx)
    names = {table.name: [column["name"] for column in there.get_columns(table.name)] for table in tables_now}
    return [kept.shaped(table, pa.schema([(name, pa.null()) for name in names[table.name]])) for table in tables_now]


def test_a_backup_of_an_older_kehu_is_migrated(opened: Opened, tmp_path: Path, kind: str) -> None:
    """The tables as they were before there were users."""
    old = opened("sqlite")
    database.migrate(old, to="0006")
    with old.begin() as tx:
        tx.execute(tables["setting"].insert().values(name="a fact", value="old"))
        tx.execute(sa.text("INSERT INTO sequence (name, next) VALUES ('thing', 7)"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "tables", lambda tx, tables=kept.tables: of_their_time(tx, tables(tx)))
        backup.backup(old, tmp_path / "kehu.zip", asked=ASKED)
    new = replace(opened(kind), vault=old.vault)
    manifest = restore.restore(new, tmp_path / "kehu.zip", asked=ASKED, seal=seal_of(new, tmp_path))
    assert manifest.schema_version == "0006"
    database.check(new)
    with new.begin() as tx:
        assert tx.scalar(sa.select(tables["setting"].c.value).where(tables["setting"].c.name == "a fact")) == "old"
        assert sequence.take(tx, "thing") == 7


def test_a_backup_of_a_newer_kehu_is_refused(opened: Opened, live: Live, tmp_path: Path) -> None:
    store = opened("sqlite")
    live(store)
    path = tmp_path / "kehu.zip"
    manifest = backup.backup(store, path, asked=ASKED)
    newer = manifest.model_copy(update={"schema_version": "9999"}).signed(held(store).keys, 1)
    rewritten(path, lambda name, told: newer.model_dump_json().encode() if name == archive.MANIFEST else told)
    new = replace(opened("sqlite"), vault=store.vault)
    with pytest.raises(StoreError, match="schema 9999 is of a newer kehu"):
        restore.restore(new, path, asked=ASKED, seal=seal_of(new, tmp_path))
