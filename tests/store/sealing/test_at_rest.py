"""Certificates at rest: whoever reads the database alone finds none, and whoever has the key finds all."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from kehu.errors import StoreError
from kehu.model.links import KEYS
from kehu.store import bulk, database, finding, keys, pushed, quarantine, records, sealed, search
from kehu.store.database import Database, Transaction
from kehu.store.dictionary.whole import metadata, tables

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
CERTIFICATE = "110101199003070417"
RAW = f'{{"no": "7", "cert": "{CERTIFICATE}"}}'
HASH = bytes(range(16))
PLAIN_KEY = 32 * 12345
BORN = pa.schema([("record", pa.int64()), ("hash", pa.binary(16))])


def version_before_sealing() -> str:
    config = Config()
    config.set_main_option("script_location", "kehu.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    [step] = [one for one in scripts.walk_revisions() if one.path.endswith("_sealed.py")]
    return str(step.down_revision)


def stored_in_clear(tx: Transaction) -> None:
    """What an older kehu stored of one person."""

    def add(name: str, /, **values: Any) -> None:
        tx.execute(sa.Table(name, sa.MetaData(), autoload_with=tx).insert().values(**values))

    at = NOW if tx.dialect.name == "postgresql" else NOW.replace(tzinfo=None)
    counts = dict.fromkeys(("read", "accepted", "duplicate", "quarantined", "warned", "changed", "erased"), 0)
    there = {column["name"] for column in sa.inspect(tx).get_columns("load")}
    add("load", load_id=1, channel="hall", state="done", started_at=at, **{n: 0 for n in counts if n in there})
    add(
        "record", record=1, record_id="7", channel="hall", kind="individual", name="张伟", name_weak=False,
        id_type="resident_id", id_number=CERTIFICATE, id_valid=True, version=1, current=True, origin=1, hash=HASH,
        load_id=1, received_at=at,
    )  # fmt: skip
    add("member", record=1, customer_id=1, since=at)
    add(
        "customer", customer_id=1, kind="individual", id_number=CERTIFICATE, sources="{}", records=1, quality=1.0,
        valid_from=at, why="load 1",
    )  # fmt: skip
    add("search_term", term=f"={CERTIFICATE}", customer_id=1)
    add("search_term", term="=13912345678", customer_id=1)
    add("match_key", key=PLAIN_KEY, record=1)
    add("match_key", key=PLAIN_KEY + 1, record=1)
    add("pushed", record=1, raw=RAW)
    add(
        "quarantine", quarantine_id=1, load_id=1, channel="hall", raw=RAW, reasons="[]", state="open", hash=HASH,
        received_at=at,
    )  # fmt: skip


def everything(tx: Transaction) -> Iterator[str]:
    """All that stands in the database, as it stands there."""
    for table in metadata.sorted_tables:
        for row in tx.exec_driver_sql(f"SELECT * FROM {tx.dialect.identifier_preparer.quote(table.name)}"):
            yield repr(tuple(row))


def test_a_store_in_clear_is_sealed_by_its_migration(bare: Database) -> None:
    database.migrate(bare, to=version_before_sealing())
    with bare.begin() as tx:
        stored_in_clear(tx)
    database.migrate(bare)
    with bare.read() as tx:
        assert not [row for row in everything(tx) if CERTIFICATE in row or repr(HASH) in row]
        assert records.read(tx, columns=("id_number",)).to_pylist() == [{"id_number": CERTIFICATE}]
        assert search.find(tx, CERTIFICATE).customer_ids == (1,)
        assert search.find(tx, "13912345678").customer_ids == (1,)
        assert pushed.raw(tx, 1) == RAW
        assert quarantine.get(tx, 1).raw == RAW
        plain = pa.table({"key": [PLAIN_KEY, PLAIN_KEY + 1], "record": [1, 1]}, schema=KEYS)
        assert keys.held(tx, plain).num_rows == 1
        assert keys.held(tx, finding.keys(tx, plain)).num_rows == 2
        found = bulk.read(tx, sa.select(tables["record"].c.record, tables["record"].c.hash), BORN)
        assert found["hash"].to_pylist() == finding.digests(tx, pa.array([HASH], pa.binary(16))).to_pylist()


def test_a_sealed_column_is_not_read_or_written_past_the_vault(store: Database) -> None:
    with store.begin() as tx, pytest.raises((TypeError, sa.exc.StatementError), match="is written by"):
        tx.execute(tables["pushed"].insert().values(record=1, raw=RAW))
    with store.begin() as tx:
        bulk.insert(tx, tables["pushed"], pa.table({"record": [1], "raw": [RAW]}))
        with pytest.raises(TypeError, match="is read by"):
            tx.scalar(sa.select(tables["pushed"].c.raw))
        assert sealed.rows(tx, sa.select(tables["pushed"].c.raw)) == [{"raw": RAW}]


def test_without_its_keys_a_store_tells_nothing_sealed(store: Database) -> None:
    with store.begin() as tx:
        bulk.insert(tx, tables["pushed"], pa.table({"record": [1], "raw": [RAW]}))
    with Database(engine=store.engine).read() as tx, pytest.raises(StoreError, match="without its keys"):
        pushed.raw(tx, 1)


def test_keyed_hashes_can_be_taken_back_with_the_key(store: Database) -> None:
    hashes = pa.array([HASH, bytes(16)], pa.binary(16))
    with store.read() as tx:
        keyed = finding.digests(tx, hashes)
        assert keyed != hashes
        assert database.vault_of(tx).shuffled(b"".join(keyed.to_pylist()), number=1, back=True) == HASH + bytes(16)
        assert finding.digests(tx, keyed, back_from=1) == keyed
