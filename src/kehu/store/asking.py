"""Asking: questions of few values that are asked again and again, put into words once and handed to the driver itself.

SQLAlchemy looks up what it made of a statement before, fits it to the number of values and wraps cursor and rows, each
time anew: several times what SQLite takes to answer.

A server takes longer to be reached than to answer. Whoever knows beforehand what will be asked has it asked at once;
whatever asks it then finds its answer at hand, and is written as if there were nobody who knew:

    asking.ahead(tx, [media.question_of(number), *households.questions_of(number)])
    media.of_customer(tx, number)
"""

import copy
import functools
from collections import namedtuple
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from kehu.store import drivers
from kehu.store.database import Transaction

Question: TypeAlias = sa.Select[*tuple[Any, ...]] | sa.CompoundSelect[*tuple[Any, ...]]
"""A SELECT of any columns, or several joined into one."""

Change: TypeAlias = sa.Update | sa.Insert
"""What changes rows."""

Asked: TypeAlias = Mapping[str, object]
"""The parameters of a question by name; a list for each that may be one of several."""


_Readers: TypeAlias = tuple[tuple[int, Callable[[Any], Any]], ...]
"""How those columns are read, by their place, that Python does not have as the driver gives them."""


@dataclass(slots=True, eq=False)
class _Worded:
    """A question in the words of one driver."""

    text: str
    is_positional: bool
    names: tuple[str, ...]
    """The driver's parameters, in its order."""
    fixed: Mapping[str, object]
    """Those that stand in the question itself."""
    written: Mapping[str, Callable[[Any], Any]]
    """How values are written for the driver, by the parameter's name; the others it takes as they are."""
    row: Callable[[list[Any]], Any]
    """Makes a row of the answer: a tuple with the names of the columns."""
    types: tuple[sa.types.TypeEngine[Any], ...]
    """Those of the columns."""
    readers: _Readers | None = None
    """Told by the first answer: what the driver calls the types stands there."""


class Put(NamedTuple):
    """A question as it will be asked."""

    statement: Question
    asked: Asked


def ahead(tx: Transaction, questions: Iterable[Put]) -> None:
    """Ask at once what is going to be asked, each once and in this order; what comes to nothing is asked in its turn.

    A database in a file is reached at once: there nothing is done.

    Args:
        tx: A look, or a transaction: until they are asked, nothing may be changed in it that would answer otherwise.
        questions: What is going to be asked, its parameters in the same order.
    """
    if (server := drivers.direct(tx)) is None:
        return
    handed = [(put, one) for put in questions if (one := _handed(tx, *put)) is not None]
    answers = server.several(tx, [(one.worded.text, one.told) for _, one in handed])
    at_hand: dict[Hashable, _Answer] = tx.get_execution_options()["once"].setdefault("ahead", {})
    for (put, one), answer in zip(handed, answers, strict=True):
        if answer is not None:
            at_hand[_key(*put)] = _answer(tx, one.worded, *answer)


def _key(statement: Question, asked: Asked) -> Hashable:
    return statement, *((name, tuple(value) if isinstance(value, list) else value) for name, value in asked.items())


def told(tx: Transaction, statement: Question, **asked: object) -> list[Any]:
    """The rows of an answer, as `tx.execute` gives them: named tuples of values as their columns have them.

    Args:
        tx: The transaction.
        statement: A question made once, the same each time.
        asked: Its parameters.
    """
    answer = _asked(tx, statement, asked)
    return [] if answer is None else list(map(answer.worded.row, _read(answer)))


def lists(tx: Transaction, statement: Question, asked: Asked) -> list[list[Any]]:
    """The same, each row a list that may be changed."""
    answer = _asked(tx, statement, asked)
    return [] if answer is None else _read(answer)


def rows(tx: Transaction, statement: Question, asked: Asked) -> Sequence[tuple[Any, ...]]:
    """The rows of an answer as the driver gives them; none where one of the lists is empty.

    Args:
        tx: The transaction.
        statement: A question made once, the same each time.
        asked: Its parameters; it need not have all of them.
    """
    answer = _asked(tx, statement, asked)
    return [] if answer is None else answer.rows


def done(tx: Transaction, statement: Change, asked: Asked) -> int:
    """Change rows; returns how many there were to change.

    Args:
        tx: The transaction.
        statement: What is to be done, made once.
        asked: Its parameters, none of them a list.
    """
    handed = _handed(tx, statement, asked)
    assert handed is not None, "no list is empty"
    if (server := drivers.direct(tx)) is not None:
        return server.done(tx, handed.worded.text, handed.told)
    cursor = tx.connection.cursor()
    try:
        cursor.execute(handed.worded.text, handed.told)
        return int(cursor.rowcount)
    finally:
        cursor.close()


def later(tx: Transaction, statement: Change, asked: Asked) -> None:
    """Change rows, before anything else is asked or the transaction ends; nobody is told how many there were."""
    server, handed = drivers.direct(tx), _handed(tx, statement, asked)
    assert handed is not None, "no list is empty"
    if server is None:
        done(tx, statement, asked)
    else:
        server.later(tx, handed.worded.text, [handed.told])


class _Answer(NamedTuple):
    """What the driver gives."""

    worded: _Worded
    rows: Sequence[tuple[Any, ...]]


class _Handed(NamedTuple):
    """What the driver is handed."""

    worded: _Worded
    told: Any
    """The values in the order of the driver, or by their names."""


def _read(answer: _Answer) -> list[list[Any]]:
    found = list(map(list, answer.rows))
    for place, reader in answer.worded.readers or ():
        for row in found:
            row[place] = reader(row[place])
    return found


def _asked(tx: Transaction, statement: Question, asked: Asked) -> _Answer | None:
    at_hand: dict[Hashable, _Answer] | None = tx.get_execution_options().get("once", {}).get("ahead")
    if at_hand and (answer := at_hand.pop(_key(statement, asked), None)):
        return answer
    handed = _handed(tx, statement, asked)
    return None if handed is None else _answer(tx, handed.worded, *straight(tx, handed.worded.text, handed.told))


def _answer(tx: Transaction, worded: _Worded, found: Sequence[tuple[Any, ...]], types: Sequence[Any]) -> _Answer:
    if worded.readers is None:
        worded.readers = _readers(worded.types, tx.dialect, types)
    return _Answer(worded, found)


def _handed(tx: Transaction, statement: Question | Change, asked: Asked) -> _Handed | None:
    """A statement in the words of the driver with its parameters; None where one of the lists is empty."""
    given = {name: padded(value) if isinstance(value, list) else value for name, value in asked.items()}
    lengths = tuple((name, len(value)) for name, value in given.items() if isinstance(value, list))
    if any(length == 0 for _, length in lengths):
        return None
    worded = _worded(statement, tx.dialect, tuple(given), lengths)
    told = dict(worded.fixed)
    for name, value in given.items():
        write = worded.written.get(name)
        if isinstance(value, list):
            several = value if write is None else map(write, value)
            told |= {f"{name}_{place}": one for place, one in enumerate(several, 1)}
        else:
            told[name] = value if write is None else write(value)
    return _Handed(worded, [told[name] for name in worded.names] if worded.is_positional else told)


def straight(tx: Transaction, text: str, given: Any) -> tuple[Sequence[tuple[Any, ...]], Sequence[Any]]:
    """The rows of an answer to a question in the words of the driver, and what that calls the type of each column."""
    if (server := drivers.direct(tx)) is not None:
        return server.rows(tx, text, given)
    cursor = tx.connection.cursor()
    try:
        cursor.execute(text, given)
        found: Sequence[tuple[Any, ...]] = cursor.fetchall()
        return found, [column[1] for column in cursor.description]
    finally:
        cursor.close()


def _readers(types: Sequence[sa.types.TypeEngine[Any]], dialect: sa.Dialect, told: Sequence[Any]) -> _Readers:
    readers = (one.dialect_impl(dialect).result_processor(dialect, name) for one, name in zip(types, told, strict=True))
    return tuple((place, reader) for place, reader in enumerate(readers) if reader is not None)


def padded(values: list[Any]) -> list[Any]:
    """The values, the last repeated up to a power of two: few wordings, which drivers and servers know again.

    >>> padded([3, 4, 5])
    [3, 4, 5, 5]
    """
    return values + values[-1:] * ((1 << (len(values) - 1).bit_length()) - len(values)) if values else values


@functools.lru_cache(maxsize=16)
def _numbered(dialect: sa.Dialect) -> sa.Dialect:
    """The same, where `$1` stands for the first value."""
    numbered = copy.copy(dialect)
    numbered.paramstyle = "numeric_dollar"
    numbered.positional = True
    return numbered


@functools.lru_cache(maxsize=1024)
def _worded(
    statement: Question | Change,
    dialect: sa.Dialect,
    names: tuple[str, ...],
    lengths: tuple[tuple[str, int], ...],
) -> _Worded:
    lists = {name: [0] * length for name, length in lengths}
    made = statement.compile(dialect=_numbered(dialect) if dialect.driver == "psycopg" else dialect)
    state = made.construct_expanded_state({name: lists.get(name, 0) for name in names})
    given = {name for name in names if name not in lists}
    given |= {f"{name}_{place}" for name, length in lengths for place in range(1, length + 1)}
    writers = {
        name: made.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
        for name in names
        if name in made.binds
    }
    columns = [] if isinstance(statement, Change) else list(statement.selected_columns)
    names_told = [str(getattr(column, "name", "_")) for column in columns]
    named: Any = namedtuple("named", names_told, rename=True)  # type: ignore[misc]  # the question tells its names
    return _Worded(
        text=state.statement,
        is_positional=made.positional,
        names=tuple(state.positiontup or ()),
        fixed={name: value for name, value in state.parameters.items() if name not in given},
        written={name: write for name, write in writers.items() if write is not None},
        row=named._make,
        types=tuple(column.type for column in columns),
    )
