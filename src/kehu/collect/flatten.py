"""Nested records as a table of text: `{"applicant": {"name": "张伟"}}` becomes the column `applicant.name`."""

import json
import re
from collections.abc import Sequence
from contextlib import suppress

import pyarrow as pa

from kehu.errors import UnreadableError
from kehu.model.records import POSITION, BadRow, Reason

MAX_COLUMNS = 2000
"""A batch with more columns than this is not a table: its records use values as keys, or hold long lists."""

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=lambda _: None)
_CONTROLS = bytes(set(range(32)) - {*b"\t\n\r"})
_TOO_DEEP = Reason(zh="该记录嵌套过深", en="the record is nested too deeply")


class _UnfitError(ValueError):
    """A record fits in no table."""

    def __init__(self, *, zh: str, en: str) -> None:
        self.reason = Reason(zh=zh, en=en)
        super().__init__(en)


def parse(text: str | bytes) -> object:
    """Read JSON with every number as the text it is written in, so no digit is rounded.

    >>> parse('{"id": 12345678901234567890, "sum": 1.10}')
    {'id': '12345678901234567890', 'sum': '1.10'}

    Raises:
        ValueError: It is not JSON, is nested too deeply, or is not Unicode.
    """
    written = text if isinstance(text, str) else text.decode("utf-8-sig")
    try:
        return _DECODER.decode(written)
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
    _gather(record, "", flat)
    return flat


def _gather(values: dict[str, object], prefix: str, flat: dict[str, str | None]) -> None:
    for key, value in values.items():
        name = prefix + key
        if isinstance(value, dict):
            _gather(value, name + ".", flat)
        elif isinstance(value, list):
            _gather({str(number): inner for number, inner in enumerate(value)}, name + ".", flat)
        elif name in flat:
            raise _UnfitError(zh=f"该记录的 {name!r} 有两个值", en=f"the record has two values for {name!r}")
        elif isinstance(value, bool):
            flat[name] = "true" if value else "false"
        else:
            flat[name] = None if value is None else str(value)
    if len(flat) > MAX_COLUMNS:
        raise _UnfitError(zh=f"该记录的值超过 {MAX_COLUMNS} 个", en=f"the record has more than {MAX_COLUMNS} values")


def table(records: Sequence[object], positions: Sequence[str]) -> tuple[pa.Table, tuple[BadRow, ...]]:
    """Put records into one table of text columns, in the order in which their names first appear.

    Args:
        records: What `parse` gave for every row; anything but an object is a bad row.
        positions: Where each stands in its source.

    Returns:
        The table, with `POSITION` as its last column, and the rows that fit in no table.
    """
    try:
        return _table(records, positions, check_text=False)
    except UnicodeEncodeError:  # Rare, and costly to look for in every record.
        return _table(records, positions, check_text=True)


def _table(
    records: Sequence[object], positions: Sequence[str], *, check_text: bool
) -> tuple[pa.Table, tuple[BadRow, ...]]:
    flats: list[dict[str, str | None]] = []
    names: dict[str, None] = {}
    bad: list[BadRow] = []
    kept: list[str] = []
    for record, position in zip(records, positions, strict=True):
        try:
            flat = _flat(record, names, check_text=check_text)
        except (_UnfitError, RecursionError) as why:
            reason = why.reason if isinstance(why, _UnfitError) else _TOO_DEEP
            bad.append(BadRow(position=position, raw=written(record), reason=reason))
        else:
            flats.append(flat)
            kept.append(position)
    # Where some records have `null` for what is an object in others, the null is no column of its own.
    inner = {name[:at] for name in names for at, letter in enumerate(name) if letter == "."}
    arrays: dict[str, pa.Array] = {}
    for name in names:
        column = pa.array([flat.get(name) for flat in flats], pa.string())
        if name not in inner or column.null_count < len(column):
            arrays[name] = column
    return positioned(arrays, pa.array(kept, pa.string())), tuple(bad)


def _flat(record: object, names: dict[str, None], *, check_text: bool) -> dict[str, str | None]:
    """A record's values; the names of the columns grow by its own."""
    if not isinstance(record, dict):
        raise _UnfitError(zh="该记录不是对象", en="the record is not an object")
    flat = leaves(record)
    if check_text and any(0xD800 <= ord(letter) < 0xE000 for part in (*flat, *flat.values()) for letter in part or ""):
        raise _UnfitError(
            zh="该记录含有半个字符（单独的代理码元）", en="the record holds half a character (a lone surrogate)"
        )
    if not flat.keys() <= names.keys():
        if len(flat.keys() | names.keys()) > MAX_COLUMNS:
            raise _UnfitError(
                zh=f"加上该记录，所在批次的列就超过 {MAX_COLUMNS} 个",
                en=f"the record would be the one by which its batch has more than {MAX_COLUMNS} columns",
            )
        names.update(dict.fromkeys(flat))
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
        UnreadableError: There is no list.
    """
    found = value_at(answer, path)
    if isinstance(found, list):
        return found
    before, _, last = path.rpartition(".")
    if path and found is None and last in _keys(value_at(answer, before)):
        return []  # Many services write null where a list is empty.
    names = ", ".join(_keys(answer))
    where, where_zh = (f"at {path!r}", f"{path!r} 处") if path else ("at the top", "最上层")
    raise UnreadableError(
        f"{what}: no list of records {where}; set records_at" + (f" (has: {names})" if names else ""),
        zh=f"{what}：{where_zh}没有记录列表，请设置 records_at" + (f"（现有：{names}）" if names else ""),
    )


def _keys(value: object) -> list[str]:
    return list(value) if isinstance(value, dict) else []


def value_at(answer: object, path: str) -> object:
    """What stands at a dotted path; None where the path leads nowhere.

    >>> value_at({"paging": {"next": "7"}}, "paging.next"), value_at([{"id": "1"}, {"id": "2"}], "-1.id")
    ('7', '2')
    """
    for step in path.split(".") if path else ():
        if isinstance(answer, list) and re.fullmatch(r"-?[0-9]{1,9}", step):
            answer = answer[int(step)] if -len(answer) <= int(step) < len(answer) else None
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
