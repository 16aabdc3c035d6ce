"""What several rooms' tests need: a store of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kehu.store import database


@pytest.fixture(params=["sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[database.Database]:
    """An empty store with its tables, on each database that this machine has."""
    opened = database.connect("sqlite:///kehu.db", folder=tmp_path)
    database.migrate(opened)
    yield opened
    opened.close()
