"""The file of a backup: a ZIP with one Arrow IPC stream a table, and `manifest.json` behind them.

Any tool that reads ZIP and Arrow reads it. The members are compressed inside (zstd), so the ZIP only stores them; the
manifest comes last because only then the counts are known, and a file that was cut off has none. Beside the number of
its rows each table has a SHA-256 of them as lines of text (`wire.lines`), in the order of their keys: it does not
depend on compression or on the database, so a restored table is asked for the same one.

The manifest is signed with a key derived from the store's keys. The keys are not in the file; what was sealed in the
store is sealed in it.
"""

import hashlib
import hmac
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pydantic

from kehu.errors import StoreError
from kehu.store import fingerprints, wire
from kehu.store.sealing.keyring import Keyring, Use
from kehu.store.sealing.vault import Vault

FORM = 1
"""The form of the file; a greater one is refused."""
MANIFEST = "manifest.json"
ENDING = ".arrow"
COMPRESSED = pa.ipc.IpcWriteOptions(compression="zstd")


class Member(pydantic.BaseModel, frozen=True):
    """What the manifest tells of a table."""

    rows: int
    sha256: str
    """Of its rows, as lines, in the order of their keys."""


class Manifest(pydantic.BaseModel, frozen=True):
    """What a backup holds."""

    form: int
    kehu: str
    """The version of kehu that made it."""
    schema_version: str
    """The version of the tables."""
    made_at: datetime
    keys: dict[int, str]
    """The fingerprint of each key that its values were sealed with."""
    tables: dict[str, Member]
    signature: str = ""
    """Of all the rest."""

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(member.rows for member in self.tables.values())

    def signed(self, keys: Keyring, number: int) -> "Manifest":
        """The same, signed with the key of this number."""
        return self.model_copy(update={"signature": f"{number}:{self._signature(keys, number)}"})

    def is_signed(self, keys: Keyring) -> bool:
        """Whether it is as one of these keys signed it."""
        number, _, signature = self.signature.partition(":")
        return number.isdigit() and hmac.compare_digest(signature, self._signature(keys, int(number)))

    def _signature(self, keys: Keyring, number: int) -> str:
        told = json.dumps(self.model_dump(mode="json", exclude={"signature"}), sort_keys=True, ensure_ascii=False)
        return hmac.digest(keys.derived(Use.BACKUP, number), told.encode(), "sha256").hex()


class Digest:
    """The number and the SHA-256 of rows that come in pieces."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._rows = 0

    def update(self, piece: pa.RecordBatch) -> None:
        """Add the rows of a piece."""
        self._hash.update(wire.lines(pa.Table.from_batches([piece]), hex_mark=""))
        self._rows += piece.num_rows

    def member(self) -> Member:
        """What the manifest tells of them."""
        return Member(rows=self._rows, sha256=self._hash.hexdigest())


class Writer:
    """A backup that is being written."""

    def __init__(self, members: zipfile.ZipFile) -> None:
        self._members = members

    def table(self, name: str, schema: pa.Schema, pieces: Iterator[pa.RecordBatch]) -> Member:
        """Write a table, a piece at a time, and say what the manifest is to tell of it."""
        digest = Digest()
        with (
            self._members.open(name + ENDING, "w", force_zip64=True) as member,
            pa.ipc.new_stream(member, schema, options=COMPRESSED) as stream,
        ):
            for piece in pieces:
                stream.write_batch(piece)
                digest.update(piece)
        return digest.member()

    def manifest(self, manifest: Manifest) -> None:
        """Write what the backup holds; the last thing."""
        self._members.writestr(MANIFEST, manifest.model_dump_json(indent=2))


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Write a backup: whole or not at all, durable, and for its owner's eyes only.

    Raises:
        StoreError: The file cannot be written.
    """
    beside = path.with_name(f"{path.name}.part")
    try:
        # One of a backup that was killed.
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as members:
                yield Writer(members)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _settle(path.parent)
    except OSError as why:
        raise StoreError(f"{path}: the backup cannot be written: {why.strerror or why}") from None
    finally:
        beside.unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """Make the names in a folder durable."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


class Reader:
    """A backup that is being read."""

    def __init__(self, members: zipfile.ZipFile, manifest: Manifest) -> None:
        self._members = members
        self.manifest = manifest

    @contextmanager
    def table(self, name: str) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
        """The columns of a table and its rows, a piece at a time."""
        with self._members.open(name + ENDING) as member, pa.ipc.open_stream(member) as stream:
            yield stream.schema, iter(stream)

    def schema(self, name: str) -> pa.Schema:
        """The columns of a table."""
        with self.table(name) as (schema, _):
            return schema

    def check(self, name: str) -> None:
        """Read a table through, and refuse it where it is not what the manifest tells.

        Raises:
            StoreError: Naming the table.
        """
        digest = Digest()
        with self.table(name) as (_, pieces):
            for piece in pieces:
                digest.update(piece)
        require(name, self.manifest.tables[name], digest.member(), where="the backup")


def require(name: str, told: Member, found: Member, *, where: str) -> None:
    """Refuse a table that is not what the manifest tells.

    Raises:
        StoreError: Naming the table.
    """
    if told != found:
        difference = f"{found.rows:,} rows, not {told.rows:,}" if told.rows != found.rows else "other rows"
        raise StoreError(f"{where} has {difference} in {name} than its manifest tells: take another backup")


@contextmanager
def reading(path: Path, *, vault: Vault) -> Iterator[Reader]:
    """Read a backup.

    Raises:
        StoreError: It cannot be read, is no backup of ours, is cut off or was changed, or has a form that only a newer
            kehu knows.
        SettingsError: Our keys are not those that it was made with.
    """
    no_backup = f"{path}: this is no backup of kehu, or one that was cut off or damaged: take another"
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as members:
            manifest = Manifest.model_validate_json(members.read(MANIFEST))
            if manifest.form > FORM:
                raise StoreError(f"{path}: made by kehu {manifest.kehu}, in a form that only a newer kehu reads")
            fingerprints.require_same(manifest.keys, vault)
            if not manifest.is_signed(vault.keys):
                raise StoreError(f"{path}: what the backup tells of itself was changed since it was made: take another")
            yield Reader(members, manifest)
    except OSError as why:
        # Arrow's own errors are of this kind, too.
        raise StoreError(f"{path}: {why.strerror}" if why.strerror else no_backup) from None
    except (zipfile.BadZipFile, KeyError, EOFError, pydantic.ValidationError, pa.ArrowInvalid):
        raise StoreError(no_backup) from None
