"""Migrations that are stopped at a statement and run again: any version, any statement, each database.

MariaDB commits with each of them, so what is there after the stop is half made: refused until it is finished.
"""

import gc
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from kehu.errors import StoreError
from kehu.store import database, sequence
from kehu.store.database import Database
from kehu.store.dictionary import whole


class StoppedError(BaseException):
    """As if the process were gone: nobody may catch it."""


@contextmanager
def stopped_at(store: Database, last: int | None) -> Iterator[list[str]]:
    """Stop behind the statement of that number that changes the schema or writes; tells of those that ran."""
    ran: list[str] = []

    def count(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.lstrip().split(maxsplit=1)[0].upper() in {"CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE"}:
            ran.append(statement)
            if len(ran) == last:
                raise StoppedError

    sa.event.listen(store.engine, "after_cursor_execute", count)
    try:
        yield ran
    finally:
        sa.event.remove(store.engine, "after_cursor_execute", count)


def is_stopped(store: Database, last: int) -> bool:
    """Migrate and be stopped; nothing of it is held any more, as where a process is gone."""
    try:
        with stopped_at(store, last):
            database.migrate(store)
    except StoppedError:
        # The frames of its way hold cursors, and these SQLite's lock.
        store.close()
    else:
        return False
    gc.collect()
    return True


@pytest.mark.parametrize(
    "points", [pytest.param(2, id="few"), pytest.param(None, marks=pytest.mark.faults, id="every one")]
)
@pytest.mark.parametrize("kind", ["sqlite", "mariadb", "postgresql"])
def test_a_migration_that_stops_at_any_statement_is_finished_by_the_next(
    opened: Callable[[str], Database], kind: str, points: int | None
) -> None:
    seed = int(os.environ.get("KEHU_FAULTS_SEED") or random.SystemRandom().randrange(2**32))
    print(f"KEHU_FAULTS_SEED={seed}")  # noqa: T201
    with stopped_at(undisturbed := opened("sqlite"), None) as every:
        database.migrate(undisturbed)
    assert len(every) > 50
    stops = range(1, len(every) + 1)
    for last in stops if points is None else random.Random(seed).sample(stops, points):
        store = opened(kind)
        assert is_stopped(store, last)
        with pytest.raises(StoreError, match=r"`kehu run` (makes its tables|migrates it)"):
            database.check(store)
        database.migrate(store)
        database.check(store)
        with store.begin() as tx:
            assert compare_metadata(MigrationContext.configure(tx), whole.metadata) == [], last
            assert sequence.take(tx, "record") == 1
        store.close()
