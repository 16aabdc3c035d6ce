"""Statements handed to PostgreSQL's own library: most of what psycopg takes for a short one is not the statement.

Values go as texts, answers are read by psycopg, and what is asked again on a connection is prepared there. Several
questions travel together; in a transaction what only changes rows waits, and travels with the next question.
Transactions are ended by psycopg, and begun by it where they begin with a single question.
"""

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import abc, errors, generators, pq, waiting
from psycopg.adapt import PyFormat, Transformer

from kehu.store import unsent
from kehu.store.wire import Answer

AGAIN = 3
"""What is asked for the third time is prepared."""

MOST = 400
"""So many questions are known by each connection."""

INTERRUPT_S = 0.1
"""So long a Ctrl-C may wait for an answer."""

FORGOTTEN = frozenset({b"26000", b"0A000"})
"""What PostgreSQL answers where a prepared question is gone, as somebody between us and it may drop it, or outdated."""


def rows(tx: sa.Connection, text: str, values: Sequence[object]) -> Answer:
    """The answer to a question.

    Args:
        tx: A transaction of PostgreSQL.
        text: A question with `$1` where the first value stands.
        values: The values.
    """
    driver = _driver(tx)
    if _is_to_begin(driver):
        with psycopg.RawCursor(driver) as cursor:
            cursor.execute(text.encode(), values)
            assert cursor.description is not None
            return cursor.fetchall(), [column.type_code for column in cursor.description]
    reader = Transformer(driver)
    return _read(reader, _told(tx, text, _written(reader, values)))


def done(tx: sa.Connection, text: str, values: Sequence[object]) -> int:
    """How many rows a change found."""
    driver = _driver(tx)
    if _is_to_begin(driver):
        with psycopg.RawCursor(driver) as cursor:
            return cursor.execute(text.encode(), values).rowcount
    return _told(tx, text, _written(Transformer(driver), values)).command_tuples or 0


def later(tx: sa.Connection, text: str, several: Sequence[Sequence[object]]) -> None:
    """Run a statement for each of some rows of values, before anything else is done in the transaction or it ends.

    They travel with the next question: nobody waits for what a change found.
    """
    driver = _driver(tx)
    once = tx.get_execution_options().get("once")
    if once is None or driver.pgconn.transaction_status != pq.TransactionStatus.INTRANS:
        for values in several:
            done(tx, text, values)
        return
    reader = Transformer(driver)
    written = [(one, _written(reader, values)) for one, values in _of_each(text, several)]
    if len(unsent.wait(tx, written)) >= unsent.WAITING:
        send(tx)


def _of_each(text: str, several: Sequence[Sequence[object]]) -> Iterator[tuple[str, Sequence[object]]]:
    """A statement for each row of values; where they are rows to insert, one for some of them."""
    if len(several) == 1 or not (plain := PLAIN.fullmatch(text)):
        yield from ((text, row) for row in several)
        return
    for start in range(0, len(several), ROWS):
        rows = several[start : start + ROWS]
        yield _of_rows(*plain.groups(), len(rows)), list(itertools.chain.from_iterable(rows))


PLAIN = re.compile(r"(.* VALUES )\((\$\d+(?:, \$\d+)*)\)([^()$]*)")
"""A statement that inserts a row of values as they are."""


ROWS = 8
"""So many rows are inserted at once; each number of rows is another wording."""


@functools.lru_cache(maxsize=512)
def _of_rows(head: str, marks: str, behind: str, rows: int) -> str:
    """A statement that inserts so many rows, out of the marks of one, what stands before them and what behind."""
    count = marks.count("$")
    told = (", ".join(f"${row * count + place}" for place in range(1, count + 1)) for row in range(rows))
    return f"{head}{', '.join(f'({each})' for each in told)}{behind}"


def send(tx: sa.Connection) -> None:
    """Let what was left for later be done now."""
    if left := unsent.taken(tx):
        _within(tx, left)


def _driver(tx: sa.Connection) -> psycopg.Connection[Any]:
    driver = tx.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _is_to_begin(driver: psycopg.Connection[Any]) -> bool:
    """Whether what is asked next begins a transaction, which psycopg does in its own way."""
    return not driver.autocommit and driver.pgconn.transaction_status == pq.TransactionStatus.IDLE


def _told(tx: sa.Connection, text: str, given: Any) -> pq.abc.PGresult:
    """What the server says to a statement, which is prepared once it was asked several times."""
    if before := unsent.taken(tx):
        return _within(tx, [*before, (text, given)])[-1]
    library = _driver(tx).pgconn
    name = _name(tx, text)
    answer = library.exec_params(text.encode(), given) if name is None else library.exec_prepared(name, given)
    if name is not None and library.transaction_status == pq.TransactionStatus.IDLE and _is_forgotten(answer):
        _known(tx).clear()
        answer = library.exec_params(text.encode(), given)
    _require(library)
    _require_done(answer)
    return answer


def _name(tx: sa.Connection, text: str) -> bytes | None:
    """The name under which a statement is prepared, from when it is asked again; None where it is not."""
    known = _known(tx)
    told = known.get(text, 0)
    if isinstance(told, bytes):
        return told
    if told or len(known) < MOST:
        known[text] = told = _prepared(_driver(tx).pgconn, text) if told + 1 >= AGAIN else told + 1
    return told if isinstance(told, bytes) else None


def _is_forgotten(answer: pq.abc.PGresult) -> bool:
    return answer.error_field(pq.DiagnosticField.SQLSTATE) in FORGOTTEN


def _within(tx: sa.Connection, statements: Sequence[tuple[str, Any]]) -> list[pq.abc.PGresult]:
    """What the server says to some statements of a transaction, which travel together."""
    driver = _driver(tx)
    sent = [(_name(tx, text), text, given) for text, given in statements]
    if _is_to_begin(driver):
        sent.insert(0, (None, driver._get_tx_start_command().decode(), []))  # noqa: SLF001 - as psycopg would do it
    answers = _together(tx, sent)
    for answer in answers:
        _require_done(answer)
    return answers[len(answers) - len(statements) :]


def _require_done(answer: pq.abc.PGresult) -> None:
    if answer.status not in {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}:
        raise errors.error_from_result(answer, "utf-8")


def several(tx: sa.Connection, questions: Sequence[tuple[str, Sequence[object]]]) -> list[Answer | None]:
    """The answers to several questions that travel to the server together, and their answers back.

    Half of what a short question takes here is to fall asleep and to be woken.

    Args:
        tx: A look, or a transaction: which is spoiled where one of them is refused.
        questions: The text of each, and its values.

    Returns:
        None for each that is to be asked alone: of a look one that is not prepared yet, or is refused.
    """
    if not questions:
        return []
    driver = _driver(tx)
    reader, known = Transformer(driver), _known(tx)
    told = [(text, _written(reader, values)) for text, values in questions]
    if not driver.autocommit:
        every = _within(tx, [*unsent.taken(tx), *told])
        return [_read(reader, one) for one in every[len(every) - len(told) :]]
    names = [known.get(text) for text, _ in questions]
    sent = [(name, *one) for name, one in zip(names, told, strict=True) if isinstance(name, bytes)]
    came = iter(_together(tx, sent))
    answers = [next(came) if isinstance(name, bytes) else None for name in names]
    return [
        _read(reader, one) if one is not None and one.status == pq.ExecStatus.TUPLES_OK else None for one in answers
    ]


def _together(tx: sa.Connection, sent: Sequence[tuple[bytes | None, str, Any]]) -> list[pq.abc.PGresult]:
    """The answers to statements, each with its name if it is prepared, its text and its values."""
    if not sent:
        return []
    try:
        return _answers(_driver(tx).pgconn, sent)
    except BaseException:
        # Nobody may be given what the connection has still to say.
        tx.invalidate()
        raise


def _answers(library: pq.abc.PGconn, sent: Sequence[tuple[bytes | None, str, Any]]) -> list[pq.abc.PGresult]:
    library.enter_pipeline_mode()
    for name, text, given in sent:
        if name is None:
            library.send_query_params(text.encode(), given)
        else:
            library.send_query_prepared(name, given)
    library.pipeline_sync()
    if library.flush():  # More than the way takes at once: the server may answer before it was told all.
        waiting.wait(generators.send(library), library.socket, interval=INTERRUPT_S)
    answers = []
    for _ in sent:
        answers.append(_next(library))
        _come(library)  # Behind each answer stands that it is the last to its question.
    _next(library)  # Behind all stands that it was all.
    library.exit_pipeline_mode()
    return answers


def _next(library: pq.abc.PGconn) -> pq.abc.PGresult:
    answer = _come(library)
    _require(library)
    assert answer is not None, "each question is answered"
    return answer


def _come(library: pq.abc.PGconn) -> pq.abc.PGresult | None:
    """What comes next. The library would wait without letting Python go on, and with it whoever has a lock we want."""
    if not library.is_busy():
        return library.get_result()
    answer: pq.abc.PGresult | None = waiting.wait(generators.fetch(library), library.socket, interval=INTERRUPT_S)
    return answer


def _require(library: pq.abc.PGconn) -> None:
    if library.status != pq.ConnStatus.OK:
        raise psycopg.OperationalError("the connection to the server is lost")


def _known(tx: sa.Connection) -> dict[str, int | bytes]:
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
