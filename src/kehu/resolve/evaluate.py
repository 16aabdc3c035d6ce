"""How right a partition is, where the truth is known."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kehu.errors import TableShapeError


@dataclass(frozen=True, kw_only=True)
class Score:
    """Precision, recall and F1 of a partition, over pairs and over records (B-cubed)."""

    records: int
    customers: int
    customers_true: int
    precision: float
    recall: float
    f1: float
    b3_precision: float
    b3_recall: float
    b3_f1: float


def compare(found: pa.Table, truth: pa.Table) -> Score:
    """How a partition agrees with the true one.

    Args:
        found: One row a record: `record_id` and `customer_id` of any type.
        truth: The same; records that stand in one table only are left out.

    Raises:
        TableShapeError: A column is missing, a record stands twice, or the tables share no record.

    Source:
        Pairs: every two records of one customer. B-cubed: Bagga & Baldwin 1998.

    >>> found = pa.table({"record_id": [1, 2, 3], "customer_id": ["a", "a", "b"]})
    >>> truth = pa.table({"record_id": [1, 2, 3], "customer_id": ["x", "x", "x"]})
    >>> score = compare(found, truth)
    >>> score.precision, round(score.recall, 3)
    (1.0, 0.333)
    """
    for table, what in ((found, "the partition"), (truth, "the truth")):
        for column in ("record_id", "customer_id"):
            if column not in table.column_names:
                raise TableShapeError(f"{what} has no column {column!r} (has: {', '.join(table.column_names)})")
    sides = [
        table.select(["record_id", "customer_id"])
        .cast(pa.schema([("record_id", pa.string()), ("customer_id", pa.string())]))
        .rename_columns(["record_id", name])
        for table, name in ((found, "found"), (truth, "true"))
    ]
    joined = sides[0].join(sides[1], "record_id", join_type="inner")
    if not joined.num_rows:
        raise TableShapeError("the partition and the truth share no record_id")
    if joined.num_rows > min(side.num_rows for side in sides):
        raise TableShapeError("a record_id stands twice in the partition or in the truth")
    a, b = (_codes(joined.column(name)) for name in ("found", "true"))
    return _score(a, b)


def _codes(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    indices = column.combine_chunks().dictionary_encode().indices
    return np.asarray(indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def _score(found: npt.NDArray[np.int64], true: npt.NDArray[np.int64]) -> Score:
    _, cell, in_cell = np.unique(found * (true.max() + 1) + true, return_inverse=True, return_counts=True)
    in_found, in_true = np.bincount(found), np.bincount(true)
    right = _pairs(in_cell)
    precision = right / max(_pairs(in_found), 1) if _pairs(in_found) else 1.0
    recall = right / max(_pairs(in_true), 1) if _pairs(in_true) else 1.0
    b3_precision = float((in_cell[cell] / in_found[found]).mean())
    b3_recall = float((in_cell[cell] / in_true[true]).mean())
    return Score(
        records=len(found),
        customers=int((in_found > 0).sum()),
        customers_true=int((in_true > 0).sum()),
        precision=precision,
        recall=recall,
        f1=_harmonic(precision, recall),
        b3_precision=b3_precision,
        b3_recall=b3_recall,
        b3_f1=_harmonic(b3_precision, b3_recall),
    )


def _pairs(sizes: npt.NDArray[np.int64]) -> float:
    return float((sizes * (sizes - 1) // 2).sum())


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
