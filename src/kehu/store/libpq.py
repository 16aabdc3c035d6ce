"""Questions handed to PostgreSQL's own library: most of what psycopg takes for a short one is not the question.

Outside transactions, as glances are, values go as texts, answers are read by psycopg, and what is asked again on a
connection is prepared there; several travel together. In a transaction psycopg is asked, with as little around it as
it allows.
"""

import itertools
from collections.abc import Sequence
from typing import Any, TypeAlias

import psycopg
from psycopg import abc, errors, pq
from psycopg.adapt import PyFormat, Transformer

from kehu.store.database import Transaction

AGAIN = 3
"""What is asked for the third time is prepared."""

MOST = 200
"""So many questions are known by each connection."""

FORGOTTEN = frozenset({b"26000", b"0A000"})
"""What PostgreSQL answers where a prepared question is gone, as psycopg drops them all when tables are, or outdated."""

Answer: TypeAlias = tuple[list[tuple[Any, ...]], list[int]]
"""The rows as psycopg reads them, and the type of each column."""


def rows(tx: Transaction, text: str, values: Sequence[object]) -> Answer:
    """The answer to a question.

    Args:
        tx: A transaction of PostgreSQL.
        text: A question with `$1` where the first value stands.
        values: The values.
    """
    driver = tx.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    if not driver.autocommit:
        return _by_psycopg(driver, text, values)
    library, reader, known = driver.pgconn, Transformer(driver), _known(tx)
    given = _written(reader, values)
    told, answer = known.get(text, 0), None
    if isinstance(told, bytes):
        answer = library.exec_prepared(told, given)
        if answer.error_field(pq.DiagnosticField.SQLSTATE) in FORGOTTEN:
            known.clear()
            told, answer = 0, None
    if answer is None:
        answer = library.exec_params(text.encode(), given)
    _require(library)
    if answer.status != pq.ExecStatus.TUPLES_OK:
        raise errors.error_from_result(answer, "utf-8")
    if not isinstance(told, bytes) and (told or len(known) < MOST):
        known[text] = _prepared(library, text) if told + 1 >= AGAIN else told + 1
    return _read(reader, answer)


def several(tx: Transaction, questions: Sequence[tuple[str, Sequence[object]]]) -> list[Answer | None]:
    """The answers to several questions that travel to the server together, and their answers back.

    Half of what a short question takes here is to fall asleep and to be woken.

    Args:
        tx: A look.
        questions: The text of each, and its values.

    Returns:
        None for each that is to be asked alone: it is not prepared yet, or is refused.
    """
    driver = tx.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    library, reader, known = driver.pgconn, Transformer(driver), _known(tx)
    names = [known.get(text) if driver.autocommit else None for text, _ in questions]
    sent = [(name, values) for name, (_, values) in zip(names, questions, strict=True) if isinstance(name, bytes)]
    try:
        came = iter(_together(library, [(name, _written(reader, values)) for name, values in sent]))
    except BaseException:
        # Nobody may be given what the connection has still to say.
        tx.invalidate()
        raise
    answers = [next(came) if isinstance(name, bytes) else None for name in names]
    return [
        _read(reader, one) if one is not None and one.status == pq.ExecStatus.TUPLES_OK else None for one in answers
    ]


def _together(library: pq.abc.PGconn, sent: Sequence[tuple[bytes, Any]]) -> list[pq.abc.PGresult]:
    if not sent:
        return []
    library.enter_pipeline_mode()
    for name, given in sent:
        library.send_query_prepared(name, given)
    library.pipeline_sync()
    answers = []
    for _ in sent:
        answers.append(_next(library))
        library.get_result()  # Behind each answer stands that it is the last to its question.
    _next(library)  # Behind all stands that it was all.
    library.exit_pipeline_mode()
    return answers


def _next(library: pq.abc.PGconn) -> pq.abc.PGresult:
    answer = library.get_result()
    _require(library)
    assert answer is not None, "each question is answered"
    return answer


def _require(library: pq.abc.PGconn) -> None:
    if library.status != pq.ConnStatus.OK:
        raise psycopg.OperationalError("the connection to the server is lost")


def _known(tx: Transaction) -> dict[str, int | bytes]:
    """How often each question was asked on this connection; of those that are prepared, under which name."""
    known: dict[str, int | bytes] = tx.connection.info.setdefault("known", {})
    return known


def _written(reader: abc.Transformer, values: Sequence[object]) -> Any:
    return reader.dump_sequence(values, [PyFormat.TEXT] * len(values))


def _read(reader: abc.Transformer, answer: pq.abc.PGresult) -> Answer:
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


def _by_psycopg(driver: psycopg.Connection[Any], text: str, values: Sequence[object]) -> Answer:
    """The same in a transaction, which psycopg begins, and which a name that was forgotten would end."""
    with psycopg.RawCursor(driver) as cursor:
        cursor.execute(text.encode(), values)
        assert cursor.description is not None
        return cursor.fetchall(), [column.type_code for column in cursor.description]
