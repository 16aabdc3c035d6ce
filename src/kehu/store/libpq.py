"""Questions handed to PostgreSQL's own library: most of what psycopg takes for a short one is not the question.

Outside transactions, as glances are, values go as texts, answers are read by psycopg, and what is asked again on a
connection is prepared there. In a transaction psycopg is asked, with as little around it as it allows.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer

from kehu.store.database import Transaction

AGAIN = 3
"""What is asked for the third time is prepared."""

MOST = 200
"""So many questions are known by each connection."""

FORGOTTEN = frozenset({b"26000", b"0A000"})
"""What PostgreSQL answers where a prepared question is gone, as psycopg drops them all when tables are, or outdated."""


def rows(tx: Transaction, text: str, values: Sequence[object]) -> tuple[list[tuple[Any, ...]], list[int]]:
    """The rows of an answer as psycopg reads them, and the type of each column.

    Args:
        tx: A transaction of PostgreSQL.
        text: A question with `$1` where the first value stands.
        values: The values.
    """
    driver = tx.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    if not driver.autocommit:
        return _by_psycopg(driver, text, values)
    library, reader = driver.pgconn, Transformer(driver)
    given: Any = reader.dump_sequence(values, [PyFormat.TEXT] * len(values))
    # How often each question was asked on this connection; of those that are prepared, under which name.
    known: dict[str, int | bytes] = tx.connection.info.setdefault("known", {})
    told, answer = known.get(text, 0), None
    if isinstance(told, bytes):
        answer = library.exec_prepared(told, given)
        if answer.error_field(pq.DiagnosticField.SQLSTATE) in FORGOTTEN:
            known.clear()
            told, answer = 0, None
    if answer is None:
        answer = library.exec_params(text.encode(), given)
    if library.status != pq.ConnStatus.OK:
        raise psycopg.OperationalError("the connection to the server is lost")
    if answer.status != pq.ExecStatus.TUPLES_OK:
        raise errors.error_from_result(answer, "utf-8")
    if not isinstance(told, bytes) and (told or len(known) < MOST):
        known[text] = _prepared(library, text) if told + 1 >= AGAIN else told + 1
    reader.set_pgresult(answer)
    return reader.load_rows(0, answer.ntuples, tuple), [answer.ftype(at) for at in range(answer.nfields)]


def _prepared(library: pq.abc.PGconn, text: str) -> int | bytes:
    """The name under which a question was prepared; a number where it could not be."""
    name = b"kehu%d" % next(_NUMBERS)
    return name if library.prepare(name, text.encode()).status == pq.ExecStatus.COMMAND_OK else AGAIN


_NUMBERS = itertools.count()


def done(tx: Transaction, text: str, values: Sequence[object]) -> int:
    """How many rows a change found, in a transaction that psycopg begins."""
    driver = tx.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with psycopg.RawCursor(driver) as cursor:
        return cursor.execute(text.encode(), values).rowcount


def _by_psycopg(
    driver: psycopg.Connection[Any], text: str, values: Sequence[object]
) -> tuple[list[tuple[Any, ...]], list[int]]:
    """The same in a transaction, which psycopg begins, and which a name that was forgotten would end."""
    with psycopg.RawCursor(driver) as cursor:
        cursor.execute(text.encode(), values)
        assert cursor.description is not None
        return cursor.fetchall(), [column.type_code for column in cursor.description]
