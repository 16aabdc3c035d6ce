"""Cleaners of your own: functions of other packages, named in a mapping, that see values before ours do."""

import functools
import inspect
from collections.abc import Callable

import pyarrow as pa

from kehu.errors import SettingsError, SourceError
from kehu.model import plugged
from kehu.process import distinct

GROUP = "kehu.cleaners"
"""The entry points by which cleaners are found."""


def require(name: str) -> str:
    """The name again, if there is a cleaner of that name.

    Raises:
        ValueError: There is none; it names those there are.
    """
    try:
        _function(name)
    except SettingsError as why:
        raise ValueError(f"cleaner: {why}") from None
    return name


def cleaned(texts: pa.Array, name: str) -> pa.Array:
    """A column as a cleaner leaves it.

    Raises:
        SettingsError: There is no such cleaner.
        SourceError: It failed, or did not answer with one text or null a row.
    """
    function = _function(name)
    try:
        found = function(texts) if _takes_columns(function) else distinct.mapped(texts, function)
        answer = distinct.one_chunk(found).cast(pa.string())
    except Exception as why:  # noqa: BLE001 - it is not our code, and its message may hold somebody's certificate
        raise SourceError(f"cleaner {name!r} failed with {type(why).__name__}; mend it, or take it out") from None
    if len(answer) != len(texts):
        raise SourceError(f"cleaner {name!r} made {len(answer)} values of {len(texts)}; it must answer one a row")
    return answer


@functools.cache
def _function(name: str) -> Callable[..., object]:
    function = plugged.load(GROUP, name)
    if not callable(function):
        raise SettingsError(f"{name!r} is no function of a value")
    return function  # type: ignore[no-any-return]  # whatever the package has there


def _takes_columns(function: Callable[..., object]) -> bool:
    """Whether the argument is annotated as a whole column."""
    arguments = list(inspect.signature(function, eval_str=True).parameters.values())
    return bool(arguments) and arguments[0].annotation is pa.Array
