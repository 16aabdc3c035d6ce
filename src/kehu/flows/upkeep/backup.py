"""Backup: all that a store holds at one moment, in one file, read and written a piece at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version as installed
from pathlib import Path

import pyarrow as pa

from kehu.errors import StoreError
from kehu.flows.progress import SILENT, Progress
from kehu.store import database as stores
from kehu.store import fingerprints
from kehu.store.audit import trail
from kehu.store.audit.trail import Act
from kehu.store.backup import archive, kept
from kehu.store.backup.archive import Manifest
from kehu.store.database import Database
from kehu.store.sealing.vault import Vault


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who wants it, when and why: the trail tells of it."""

    who: str
    """A login, or `cli:USER`."""
    at: datetime
    why: str | None = None


def backup(database: Database, path: Path, *, asked: Asked, progress: Progress = SILENT) -> Manifest:
    """Write all that the store holds now to a file, while others go on working; returns what is in it.

    Args:
        database: The store, with its keys.
        path: The file: there, whole and durable, when this returns, else as it was before.
        asked: Who asks for it, when and why.
        progress: Whoever wants to watch.

    Raises:
        StoreError: The file cannot be written.
    """
    vault = held(database)
    with database.begin() as tx:
        trail.note(tx, entry(asked, Act.BACKUP), vault=vault)
    with archive.writing(path) as writer, database.snapshot() as tx:
        version = stores.version(tx)
        assert version is not None, "only stores that have tables are opened"
        progress.task("backup", kept.count(tx))
        members = {}
        for table in kept.tables(tx):
            progress.step(table.name)
            pieces = watched(kept.rows(tx, table), progress)
            members[table.name] = writer.table(table.name, kept.schema_of(table), pieces)
        manifest = Manifest(
            form=archive.FORM,
            kehu=installed("kehu"),
            schema_version=version,
            made_at=asked.at,
            keys=fingerprints.known(tx),
            tables=members,
        ).signed(vault.keys, fingerprints.number(tx))
        writer.manifest(manifest)
    return manifest


def held(database: Database) -> Vault:
    """The keys of a store: neither way goes without them."""
    if database.vault is None:
        raise StoreError(f"store {database.name}: a backup is signed with the keys of the store, and none are given")
    return database.vault


def entry(asked: Asked, act: Act, **detail: int | str) -> trail.Entry:
    """What the trail tells of it."""
    return trail.Entry(at=asked.at, who=asked.who, act=act, what="store", why=asked.why, detail=detail)


def watched(pieces: Iterator[pa.RecordBatch], progress: Progress) -> Iterator[pa.RecordBatch]:
    """The same pieces, each told of when it is done with."""
    for piece in pieces:
        yield piece
        progress.advance(piece.num_rows)
