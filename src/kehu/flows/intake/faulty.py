"""The bad rows of a batch: those that no database would keep, and all of them as the quarantine takes them."""

import json

import pyarrow as pa

from kehu.model import arrow
from kehu.model.codes import Severity
from kehu.model.records import POSITION, Batch
from kehu.process import checks, columns, quality
from kehu.store import quarantine, records

UNSTORABLE = {
    "length": ("{}过长，无法存储", "{} is longer than the store holds"),
    "nul": ("{}含有空字符", "{} holds a NUL character"),
}
"""Why no database would keep a value as it is, in zh and en."""


def unstorable(cleaned: pa.Table) -> pa.Table:
    """The rows that hold what no database would keep as it is: `checks.BREACHES`."""
    faults = records.unstorable(cleaned)
    if not faults.num_rows:
        return arrow.empty(checks.BREACHES)
    found = [
        {
            "row": fault["row"],
            "rule": fault["reason"],
            "severity": Severity.REJECT.value,
            "column": fault["column"],
            "reason_zh": UNSTORABLE[fault["reason"]][0].format(columns.TEXTS[fault["column"]][0]),
            "reason_en": UNSTORABLE[fault["reason"]][1].format(columns.TEXTS[fault["column"]][1]),
        }
        for fault in faults.to_pylist()
    ]
    return pa.Table.from_pylist(found, schema=checks.BREACHES)


def rows(batch: Batch, bad: pa.Array, keys: pa.Array, faults: pa.Table) -> pa.Table:
    """The bad rows as the quarantine takes them: `store.quarantine.BROKEN`."""
    if not len(bad) and not batch.bad:
        return arrow.empty(quarantine.BROKEN)
    reasons: dict[int, list[dict[str, str]]] = {}
    for fault in faults.to_pylist():
        reason = {"rule": fault["rule"], "column": fault["column"], "zh": fault["reason_zh"], "en": fault["reason_en"]}
        reasons.setdefault(fault["row"], []).append(reason)
    read = [
        {
            "record_id": key,
            POSITION: row.pop(POSITION),
            "raw": _json({name: value for name, value in row.items() if value is not None}),
            "reasons": _json(reasons[place]),
        }
        for place, key, row in zip(bad.to_pylist(), keys.to_pylist(), batch.rows.take(bad).to_pylist(), strict=True)
    ]
    not_read = [
        {
            "record_id": None,
            POSITION: row.position,
            "raw": row.raw,
            "reasons": _json([{"rule": READABLE, "column": "", **row.reason._asdict()}]),
        }
        for row in batch.bad
    ]
    return pa.Table.from_pylist([*read, *not_read], schema=quarantine.BROKEN)


READABLE = "readable"
"""The rule that a row breaks which could not be read into columns."""


def unread(batch: Batch) -> pa.Table:
    """The rows that could not be read, as rows that broke a rule: `quality.BROKE`."""
    if not batch.bad:
        return arrow.empty(quality.BROKE)
    first, many = batch.rows.num_rows, len(batch.bad)
    told = {"row": range(first, first + many), "rule": [READABLE] * many, "severity": [Severity.REJECT.value] * many}
    return pa.table(told, schema=quality.BROKE)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
