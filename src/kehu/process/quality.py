"""Quality: how full and how valid the attributes of rows are, and which rules the rows broke (数据质量)."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import arrow
from kehu.process import distinct

BROKE = pa.schema([pa.field("row", pa.int64()), pa.field("rule", pa.string()), pa.field("severity", pa.string())])
"""One row a row that broke a rule: each once, however many columns of it the rule complains of."""

BY_RULE = pa.schema([pa.field("rule", pa.string()), pa.field("severity", pa.string()), pa.field("rows", pa.int64())])
"""One row a rule and severity: how many rows broke it."""

BY_ATTRIBUTE = pa.schema(
    [pa.field("attribute", pa.string()), pa.field("filled", pa.int64()), pa.field("valid", pa.int64())]
)
"""One row an attribute: how many rows say something of it, and how many of those say something usable."""

WRITTEN_IN: dict[str, tuple[str, ...]] = {
    "name": ("name", "given_name", "surname"),
    "id_number": ("id_number",),
    "phone": ("phone",),
    "birth_date": ("birth_date",),
    "gender": ("gender",),
    "email": ("email",),
    "address": ("address", "address_1", "address_2"),
    "category": ("category",),
    "star_level": ("star_level",),
    "updated_at": ("updated_at",),
}
"""Attribute -> the flat columns in which a source writes it."""

EMPTY, FILLED, VALID = 0, 1, 2
"""How an attribute stands in a row: nothing written, something written, and something that holds."""


def standing(flat: pa.Table, clean: pa.Table) -> pa.Table:
    """For each attribute how it stands in each row: `EMPTY`, `FILLED` or `VALID`.

    A value is valid if cleaning could make something of it; a certificate, if its check digit and its date are right.

    >>> flat = pa.table({"phone": ["139 1234 5678", "call me", None]})
    >>> clean = pa.table({"phone": ["13912345678", None, None]})
    >>> standing(flat, clean)["phone"].to_pylist()
    [2, 1, 0]

    Args:
        flat: Rows with our column names, dirty as they came.
        clean: The same rows, cleaned.

    Returns:
        A uint8 column for each attribute that the source can write at all.
    """
    columns = {}
    there = frozenset(flat.schema.names)
    for attribute, written_in in WRITTEN_IN.items():
        names = [name for name in written_in if name in there]
        if not names:
            continue
        if flat.num_rows <= distinct.FEW:
            columns[attribute] = _of_few(flat, clean, attribute, names)
            continue
        told = [_wrote(flat.column(name)) for name in names]
        wrote = told[0] if len(told) == 1 else np.logical_or.reduce(told)
        holds = _true(clean.column("id_valid") if attribute == "id_number" else pc.is_valid(clean.column(attribute)))
        columns[attribute] = pa.array(np.where(wrote, np.uint8(FILLED) + holds, np.uint8(EMPTY)))
    return pa.table(columns)


def _of_few(flat: pa.Table, clean: pa.Table, attribute: str, names: Sequence[str]) -> pa.Array:
    """How an attribute that is written in these columns stands in each of few rows."""
    wrote = [
        any(text is not None and text.strip() for text in texts)
        for texts in zip(*(distinct.values(flat.column(name)) for name in names), strict=True)
    ]
    if attribute == "id_number":
        holds = distinct.values(clean.column("id_valid"))
    else:
        holds = [value is not None for value in distinct.values(clean.column(attribute))]
    told = [FILLED + is_valid if is_written else EMPTY for is_written, is_valid in zip(wrote, holds, strict=True)]
    return pa.array(told, pa.uint8())


def by_attribute(standing: pa.Table) -> pa.Table:
    """How many rows fill each attribute, and how many validly: `BY_ATTRIBUTE`.

    >>> by_attribute(pa.table({"phone": pa.array([2, 1, 0], pa.uint8())})).to_pylist()
    [{'attribute': 'phone', 'filled': 2, 'valid': 1}]
    """
    told = [standing.column(name).to_numpy() for name in standing.column_names]
    counts = {
        "attribute": standing.column_names,
        "filled": [int(np.count_nonzero(one >= FILLED)) for one in told],
        "valid": [int(np.count_nonzero(one == VALID)) for one in told],
    }
    return pa.table(counts, schema=BY_ATTRIBUTE)


def by_rule(broke: pa.Table) -> pa.Table:
    """How many rows broke each rule: `BY_RULE`, ordered by rule.

    >>> by_rule(pa.table({"row": [1, 4], "rule": ["length"] * 2, "severity": ["warn"] * 2}, BROKE)).to_pylist()
    [{'rule': 'length', 'severity': 'warn', 'rows': 2}]
    """
    if not broke.num_rows:
        return arrow.empty(BY_RULE)
    counted = broke.group_by(["rule", "severity"]).aggregate([("row", "count")])
    counted = counted.select(["rule", "severity", "row_count"]).rename_columns(BY_RULE.names)
    return counted.cast(BY_RULE).sort_by([("rule", "ascending"), ("severity", "ascending")])


def broke(breaches: pa.Table) -> pa.Table:
    """Of breaches (`checks.BREACHES`) which row broke which rule, each once: `BROKE`."""
    if not breaches.num_rows:
        return arrow.empty(BROKE)
    return breaches.select(BROKE.names).group_by(BROKE.names).aggregate([]).cast(BROKE)


def _wrote(values: pa.ChunkedArray) -> np.ndarray:
    return ~_true(pc.fill_null(distinct.blank(distinct.one_chunk(values)), True))


def _true(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return np.asarray(distinct.one_chunk(values))
