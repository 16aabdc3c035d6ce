"""A raw file goes over to another key whole, and says the same as before."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kehu.collect import closed, raw
from kehu.errors import SettingsError
from kehu.model.records import POSITION, Batch
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault, Wrap

OLD = keyring.made()
BOTH = Vault(OLD.with_another())
NEW = Vault(BOTH.keys.without({1}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A batch that was kept under the old key."""
    found = tmp_path / "raw" / "hall" / "000001" / "000001.parquet"
    rows = pa.table({"no": ["1", "2"], POSITION: ["a:1", "a:2"]})
    hashes = pa.array([bytes(16), bytes(range(16))], pa.binary(16))
    raw.keep(Batch(rows=rows, cursor="7"), found, hashes=hashes, wrap=Wrap(Vault(OLD)))
    return found


def test_a_file_that_was_closed_anew_opens_without_the_old_key_and_says_the_same(path: Path) -> None:
    before = closed.read(path, Wrap(BOTH))
    assert raw.closed_by(path.parents[2], wrap=Wrap(BOTH)) == {1: 1}
    assert raw.close_anew(path, wrap=Wrap(BOTH, 2))
    assert raw.closed_by(path.parents[2], wrap=Wrap(BOTH)) == {2: 1}
    assert closed.read(path, Wrap(NEW)).equals(before, check_metadata=True)
    assert not raw.close_anew(path, wrap=Wrap(BOTH, 2))
    with pytest.raises(SettingsError, match="key 2 is missing"):
        closed.read(path, Wrap(Vault(OLD)))


def test_a_file_of_an_older_kehu_is_closed_too(tmp_path: Path) -> None:
    path = tmp_path / "old.parquet"
    pq.write_table(pa.table({"no": ["1"]}), path)
    assert raw.close_anew(path, wrap=Wrap(NEW))
    assert path.read_bytes().startswith(closed.MAGIC)
    assert closed.read(path, Wrap(NEW)).to_pylist() == [{"no": "1"}]


def test_a_file_that_went_meanwhile_is_nobodys_business(tmp_path: Path) -> None:
    assert not raw.close_anew(tmp_path / "gone.parquet", wrap=Wrap(NEW))
