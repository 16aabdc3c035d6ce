"""Restore: a store made from a backup, on any of the databases, in one transaction.

Whoever kills it in the middle finds the store that was there before: empty, or the one to be replaced. What was put
there is read again and must be, to the row, what the backup tells, before any of it is committed.
"""

from pathlib import Path

import pyarrow as pa

from kehu.errors import ConflictError, StoreError
from kehu.flows.progress import SILENT, Progress
from kehu.flows.upkeep import audit as auditing
from kehu.flows.upkeep.audit import Seal
from kehu.flows.upkeep.backup import Asked, entry, held, watched
from kehu.store import bulk, sequence
from kehu.store import database as stores
from kehu.store.audit import head, trail
from kehu.store.audit.trail import Act
from kehu.store.backup import archive, kept
from kehu.store.backup.archive import Digest, Manifest, Reader
from kehu.store.database import Database, Transaction


def checked(path: Path, database: Database, *, progress: Progress = SILENT) -> Manifest:
    """Read a backup through, and say what is in it; the store stays as it is.

    Raises:
        StoreError: It is no backup of ours, is damaged, or was changed.
    """
    with archive.reading(path, vault=held(database)) as reader:
        progress.task("check", reader.manifest.rows)
        for name, member in reader.manifest.tables.items():
            progress.step(name)
            reader.check(name)
            progress.advance(member.rows)
        return reader.manifest


def restore(
    database: Database,
    path: Path,
    *,
    asked: Asked,
    seal: Seal,
    replaces: bool = False,
    progress: Progress = SILENT,
) -> Manifest:
    """Make the store what a backup tells, and return what was in it.

    A backup of an older kehu is put into tables of its time, and these are migrated. Numbers that were given since the
    backup was made are not given again.

    Args:
        database: The store, with the keys of the backup; it may have no tables yet.
        path: The backup.
        asked: Who asks for it, when and why.
        seal: Signs how far the audit trail goes from now on.
        replaces: The store may hold something, which then is gone.
        progress: Whoever wants to watch.

    Raises:
        ConflictError: The store holds something, and is not to be replaced.
        StoreError: The backup is damaged or does not fit; the store is as it was.
        SettingsError: The keys are not those of the backup.
    """
    with archive.reading(path, vault=held(database)) as reader:
        _prepare(database, reader.manifest, replaces=replaces)
        with database.begin() as tx:
            if not replaces:
                _require_empty(tx, database)  # Again: somebody may have begun to work there.
            _replaced(tx, reader, progress=progress)
            before = head.read(seal.head_at, keys=seal.keys)
            told: dict[str, int | str] = {"rows": reader.manifest.rows, "made_at": reader.manifest.made_at.isoformat()}
            if before is not None:
                told |= {"head_place": before.place, "head_digest": before.digest.hex()}
            trail.note(tx, entry(asked, Act.RESTORE, **told), vault=held(database))
        manifest = reader.manifest
    stores.migrate(database)
    stores.check(database)
    auditing.begun_anew(database, seal, at=asked.at)
    return manifest


def _prepare(database: Database, manifest: Manifest, *, replaces: bool) -> None:
    """Let the store have the tables that the backup was made of."""
    with database.read() as tx:
        if not replaces:
            _require_empty(tx, database)
        has = stores.version(tx)
    if has is None or has < manifest.schema_version:
        stores.migrate(database, to=manifest.schema_version)
    elif has > manifest.schema_version:
        raise StoreError(
            f"the backup has schema {manifest.schema_version}, store {database.name} has {has}: restore it into an "
            "empty database, which is migrated afterwards"
        )


def _require_empty(tx: Transaction, database: Database) -> None:
    if not kept.is_empty(tx):
        raise ConflictError(
            f"store {database.name} is not empty: name another in kehu.toml, or give --replace and lose what it holds"
        )


def _replaced(tx: Transaction, reader: Reader, *, progress: Progress) -> None:
    """Put the rows of the backup in place of all that is there."""
    told, tables = reader.manifest.tables, kept.tables(tx)
    if missing := {table.name for table in tables} ^ set(told):
        raise StoreError(f"the backup and the tables of its time differ in {', '.join(sorted(missing))}: take another")
    given = sequence.all_next(tx)
    kept.clear(tx)
    progress.task("restore", reader.manifest.rows * 2)
    for table in tables:
        progress.step(table.name)
        with reader.table(table.name) as (schema, pieces):
            bulk.fill(tx, kept.shaped(table, schema), map(_table, watched(pieces, progress)))
    for table in tables:
        progress.step(f"check {table.name}")
        digest = Digest()
        for piece in watched(kept.rows(tx, kept.shaped(table, reader.schema(table.name))), progress):
            digest.update(piece)
        archive.require(table.name, told[table.name], digest.member(), where="the restored store")
    kept.number_on(tx)
    sequence.skip(tx, given)


def _table(piece: pa.RecordBatch) -> pa.Table:
    return pa.Table.from_batches([piece])
