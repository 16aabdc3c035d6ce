"""The values of a database driver: as text for the rows, and as a cursor that keeps its type."""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect import flatten
from kehu.errors import SourceError

_ZERO_DATE = r"^0000-00-00([ T]00:00:00(\.0+)?)?$"


def columns(name: str, values: Sequence[Any]) -> dict[str, pa.Array]:
    """A column of a result as text; several where it holds nested values."""
    kinds = {type(value) for value in values} - {type(None)}
    if kinds <= {str}:
        return {name: _without_zero_dates(pa.array(values, pa.string()))}
    if kinds == {int}:
        return {name: pa.array([str(value) if value is not None else None for value in values], pa.string())}
    if kinds & {dict, list}:
        rows, _ = flatten.table([{name: value} for value in values], [""] * len(values))
        return {found: rows.column(found).combine_chunks() for found in rows.column_names[:-1]}
    column = pa.array([None if value is None else text(value) for value in values], pa.string())
    # Only what is no date comes as text, so zeros stand beside dates.
    return {name: _without_zero_dates(column) if str in kinds else column}


def _without_zero_dates(column: pa.Array) -> pa.Array:
    zero = pc.match_substring_regex(column, _ZERO_DATE)
    return pc.if_else(zero, pa.scalar(None, pa.string()), column) if pc.any(zero).as_py() else column


def text(value: object) -> str:
    """A value of a database as text that keeps every digit.

    >>> text(Decimal("1.10")), text(1e15), text(dt.date(2024, 1, 2)), text(b"ab"), text(True)
    ('1.10', '1000000000000000', '2024-01-02', 'ab', 'true')
    """
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        case Decimal():
            return format(value, "f")
        case dt.timedelta():  # What MySQL calls a TIME.
            hours, seconds = divmod(int(abs(value).total_seconds()), 3600)
            sign = "-" if value < dt.timedelta() else ""
            return f"{sign}{hours:02}:{seconds // 60:02}:{seconds % 60:02}"
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat(" ") if isinstance(value, dt.datetime) else value.isoformat()
        case bytes() | bytearray() | memoryview():
            return flatten.bytes_text(bytes(value))
        case _:
            return str(value)


def earlier(last: Any, overlap: float, channel: str) -> Any:
    """Where to start: the cursor less the overlap."""
    if last is None or not overlap:
        return last
    match last:
        case int() | Decimal():
            return last - type(last)(overlap)
        case float():
            return last - overlap
        case dt.datetime() | dt.date():
            return (
                last - dt.timedelta(seconds=overlap)
                if isinstance(last, dt.datetime)
                else last - dt.timedelta(days=-(-overlap // 86400))
            )
        case str():
            try:
                moment = dt.datetime.fromisoformat(last) - dt.timedelta(seconds=overlap)
            except ValueError:
                raise SourceError(
                    f"channel {channel!r}: overlap needs a cursor column of numbers or times; set overlap = 0"
                ) from None
            if len(last) == 10:
                return moment.date().isoformat()
            return moment.isoformat(last[10], "microseconds" if "." in last else "seconds")
    return last


def later(last: Any, seen: Any) -> Any:
    """The cursor to store: it never goes back, though the overlap is read again."""
    if seen is None or last is None:
        return last if seen is None else seen
    return max(last, seen) if type(last) is type(seen) else seen


def written_cursor(value: Any, channel: str) -> str | None:
    """The cursor as it is stored.

    >>> written_cursor(Decimal("7.50"), "calls")
    '{"type": "Decimal", "value": "7.50"}'

    Raises:
        SourceError: Its column holds values of a kind that no run could go on from.
    """
    if value is None:
        return None
    if type(value).__name__ not in _CURSORS:
        raise SourceError(
            f"channel {channel!r}: a cursor column of {type(value).__name__} values cannot be gone on from; "
            "name one of numbers, times or texts"
        )
    return json.dumps({"type": type(value).__name__, "value": value.hex() if isinstance(value, bytes) else str(value)})


def read_cursor(cursor: str | None, channel: str) -> Any:
    """The cursor as the driver gave it.

    Raises:
        SourceError: It is none of a database.
    """
    if cursor is None:
        return None
    try:
        read = json.loads(cursor)
        return _CURSORS[read["type"]](read["value"])
    except (ValueError, KeyError, TypeError, ArithmeticError):
        raise SourceError(f"channel {channel!r}: its stored cursor is not one of a database") from None


_CURSORS: dict[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "Decimal": Decimal,
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "str": str,
    "bytes": bytes.fromhex,
    "UUID": UUID,
}
