"""Asking: questions of few values that are asked again and again, put into words once and handed to the driver itself.

SQLAlchemy looks up what it made of a statement before, fits it to the number of values and wraps cursor and rows, each
time anew: several times what SQLite takes to answer.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from kehu.store.database import Transaction

Question: TypeAlias = sa.Select[*tuple[Any, ...]] | sa.CompoundSelect[*tuple[Any, ...]]
"""A SELECT of any columns, or several joined into one."""

Asked: TypeAlias = Mapping[str, object]
"""The parameters of a question by name; a list for each that may be one of several."""


@dataclass(frozen=True, slots=True)
class _Worded:
    """A question in the words of one driver."""

    text: str
    is_positional: bool
    names: tuple[str, ...]
    """The driver's parameters, in its order."""
    fixed: Mapping[str, object]
    """Those that stand in the question itself."""


def rows(tx: Transaction, statement: Question, asked: Asked) -> Sequence[tuple[Any, ...]]:
    """The rows of an answer as the driver gives them; none where one of the lists is empty.

    Args:
        tx: The transaction.
        statement: A question made once, the same each time.
        asked: Its parameters; numbers and texts only, which every driver takes as they are.
    """
    given = {name: _padded(value) if isinstance(value, list) else value for name, value in asked.items()}
    lengths = tuple((name, len(value)) for name, value in given.items() if isinstance(value, list))
    if any(length == 0 for _, length in lengths):
        return []
    worded = _worded(statement, tx.dialect, tuple(given), lengths)
    told = dict(worded.fixed)
    for name, value in given.items():
        if isinstance(value, list):
            told |= {f"{name}_{place}": one for place, one in enumerate(value, 1)}
        else:
            told[name] = value
    cursor = tx.connection.cursor()
    try:
        cursor.execute(worded.text, [told[name] for name in worded.names] if worded.is_positional else told)
        found: Sequence[tuple[Any, ...]] = cursor.fetchall()
    finally:
        cursor.close()
    return found


def _padded(values: list[Any]) -> list[Any]:
    """The values, the last repeated up to a power of two: few wordings, which drivers and servers know again.

    >>> _padded([3, 4, 5])
    [3, 4, 5, 5]
    """
    return values + values[-1:] * ((1 << (len(values) - 1).bit_length()) - len(values)) if values else values


@functools.lru_cache(maxsize=1024)
def _worded(
    statement: Question,
    dialect: sa.Dialect,
    names: tuple[str, ...],
    lengths: tuple[tuple[str, int], ...],
) -> _Worded:
    lists = {name: [0] * length for name, length in lengths}
    made = statement.compile(dialect=dialect)
    state = made.construct_expanded_state({name: lists.get(name, 0) for name in names})
    given = {name for name in names if name not in lists}
    given |= {f"{name}_{place}" for name, length in lengths for place in range(1, length + 1)}
    return _Worded(
        text=state.statement,
        is_positional=made.positional,
        names=tuple(state.positiontup or ()),
        fixed={name: value for name, value in state.parameters.items() if name not in given},
    )
