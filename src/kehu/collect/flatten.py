"""Nested records as a table of text: `{"applicant": {"name": "张伟"}}` becomes the column `applicant.name`."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pyarrow as pa

from kehu.errors import SourceError
from kehu.model.records import POSITION, BadRow

MAX_COLUMNS = 2000
"""A batch with more columns than this is not a table: its records use values as keys, or hold long lists."""

_CONTROLS = bytes(set(range(32)) - {*b"\t\n\r"})


def parse(text: str | bytes) -> object:
    """Read JSON with every number as the text it is written in, so no digit is rounded.

    >>> parse('{"id": 12345678901234567890, "sum": 1.10}')
    {'id': '12345678901234567890', 'sum': '1.10'}

    Raises:
        ValueError: It is not JSON, is nested too deeply, or is not Unicode.
    """
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=lambda _: None)
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def leaves(record: dict[str, object]) -> dict[str, str | None]:
    """Every value of a nested record under its dotted name.

    An empty list or object has no leaves, and so no column.

    >>> leaves({"id": "7", "phones": ["138", "139"], "vip": True, "to": {"city": None}})
    {'id': '7', 'phones.0': '138', 'phones.1': '139', 'vip': 'true', 'to.city': None}

    Raises:
        ValueError: Two values have the same dotted name, or there are too many.
    """
    flat: dict[str, str | None] = {}
    for name, value in _walk(record, ""):
        if name in flat:
            raise ValueError(f"has two values for {name!r}")
        flat[name] = value
        if len(flat) > MAX_COLUMNS:
            raise ValueError(f"has more than {MAX_COLUMNS} values")
    return flat


def _walk(value: object, name: str) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _walk(inner, f"{name}.{number}" if name else str(number))
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    else:
        yield name, None if value is None else str(value)


def table(records: Sequence[object], positions: Sequence[str]) -> tuple[pa.Table, tuple[BadRow, ...]]:
    """Put records into one table of text columns, in the order in which their names first appear.

    Args:
        records: What `parse` gave for every row; anything but an object is a bad row.
        positions: Where each stands in its source.

    Returns:
        The table, with `POSITION` as its last column, and the rows that fit in no table.
    """
    columns: dict[str, list[str | None]] = {}
    bad: list[BadRow] = []
    kept: list[str] = []
    for record, position in zip(records, positions, strict=True):
        try:
            flat = _flat(record)
            if len(flat.keys() | columns.keys()) > MAX_COLUMNS:
                raise ValueError(f"its batch has more than {MAX_COLUMNS} columns")  # noqa: TRY301 - one way to be bad
        except (ValueError, RecursionError) as why:
            bad.append(BadRow(position=position, raw=written(record), reason=f"the record {why}"))
            continue
        for name, value in flat.items():
            column = columns.setdefault(name, [])
            column.extend([None] * (len(kept) - len(column)))
            column.append(value)
        kept.append(position)
    for column in columns.values():
        column.extend([None] * (len(kept) - len(column)))
    # Where some records have `null` for what is an object in others, the null is no column of its own.
    inner = {name[:at] for name in columns for at, letter in enumerate(name) if letter == "."}
    arrays = {
        name: pa.array(column, pa.string())
        for name, column in columns.items()
        if name not in inner or any(value is not None for value in column)
    }
    return positioned(arrays, pa.array(kept, pa.string())), tuple(bad)


def _flat(record: object) -> dict[str, str | None]:
    if not isinstance(record, dict):
        raise ValueError("is not an object")  # noqa: TRY004 - a bad row, not a wrong call
    flat = leaves(record)
    try:
        "".join(value for value in flat.values() if value).encode()
        "".join(flat).encode()
    except UnicodeEncodeError:
        raise ValueError("holds half a character (a lone surrogate)") from None
    return flat


def written(record: object) -> str:
    """The record as JSON again, for the quarantine.

    >>> written({"name": "张伟"})
    '{"name": "张伟"}'
    """
    try:
        text = json.dumps(record, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply to be written)"
    return text.encode("utf-8", "backslashreplace").decode()


def positioned(columns: dict[str, pa.Array], positions: pa.Array) -> pa.Table:
    """A table of these columns and `POSITION`; a source column of that very name gets a `.2` behind it."""
    names = [f"{name}.2" if name == POSITION else name for name in columns]
    return pa.table([*columns.values(), positions], names=[*names, POSITION])


def unique(heads: Sequence[str | None]) -> list[str]:
    """Column heads with none empty and none twice.

    >>> unique(["姓名", " 备注 ", "", "备注"])
    ['姓名', '备注', 'column 3', '备注 (2)']
    """
    names: list[str] = []
    for number, head in enumerate(heads, 1):
        name = stem = (head or "").strip().strip("\ufeff") or f"column {number}"
        again = 1
        while name in names or name == POSITION:
            again += 1
            name = f"{stem} ({again})"
        names.append(name)
    return names


def records_at(answer: object, path: str, *, what: str) -> list[object]:
    """The list of records in an answer.

    >>> records_at({"page": {"rows": [1, 2]}}, "page.rows", what="hall.json")
    [1, 2]

    Args:
        answer: From `parse`.
        path: The dotted way to the list; empty where the answer is the list.
        what: Whose answer, for the error.

    Raises:
        SourceError: There is no list.
    """
    found = value_at(answer, path)
    if isinstance(found, list):
        return found
    has = f" (has: {', '.join(answer)})" if isinstance(answer, dict) else ""
    where = f"at {path!r}" if path else "at the top"
    raise SourceError(f"{what}: no list of records {where}; set records_at{has}")


def value_at(answer: object, path: str) -> object:
    """What stands at a dotted path; None where the path leads nowhere.

    >>> value_at({"paging": {"next": "7"}}, "paging.next")
    '7'
    """
    for step in path.split(".") if path else ():
        if isinstance(answer, list) and step.isdecimal() and int(step) < len(answer):
            answer = answer[int(step)]
        elif isinstance(answer, dict):
            answer = answer.get(step)
        else:
            return None
    return answer


def bytes_text(value: bytes) -> str:
    r"""Bytes as the text they hold, else as hexadecimal digits.

    >>> bytes_text("张".encode()), bytes_text(b"\xff"), bytes_text(b"\x01")
    ('张', 'ff', '01')
    """
    if value.translate(None, _CONTROLS) == value:
        with suppress(UnicodeDecodeError):
            return value.decode()
    return value.hex()
