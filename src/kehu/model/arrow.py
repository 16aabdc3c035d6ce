"""pyarrow without what takes it long: pandas, tables made anew, and kernels for a handful of rows."""

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def empty(schema: pa.Schema) -> pa.Table:
    """The table without rows of a schema that is made once, as those of modules are.

    pyarrow makes an array for each column, each time anew: of seven columns that takes as long as asking for a row.
    """
    known = _EMPTY.get(id(schema))
    if known is None:
        known = _EMPTY[id(schema)] = schema, schema.empty_table()
    return known[1]


def typed(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of a schema, in its types; of no rows nothing is made anew."""
    return rows.select(schema.names).cast(schema) if rows.num_rows else empty(schema)


def lists(rows: pa.Table) -> list[list[Any]]:
    """The columns of few rows as Python has them; arrays tell them sooner than a table does."""
    pieces = [[column.to_pylist() for column in piece.columns] for piece in rows.to_batches()]
    if not pieces:
        return [[] for _ in range(rows.num_columns)]
    for piece in pieces[1:]:
        for told, more in zip(pieces[0], piece, strict=True):
            told.extend(more)
    return pieces[0]


def numbers(column: pa.ChunkedArray, *, null: int) -> npt.NDArray[np.int64]:
    """A column of whole numbers, with a number for null; few are looked at one by one."""
    if len(column) > ONE_BY_ONE:
        return np.asarray(pc.fill_null(column, null).to_numpy())
    return np.array([null if one is None else one for one in column.to_pylist()], dtype=np.int64)


_EMPTY: dict[int, tuple[pa.Schema, pa.Table]] = {}
"""By the identity of the schema, which is kept for it: to tell whether two are equal takes long."""


def without(numbers: pa.Array, some: pa.Array) -> pa.Array:
    """These numbers without some of them; none is null."""
    if not len(some):
        return numbers
    if len(numbers) + len(some) <= ONE_BY_ONE:
        known = set(some.to_pylist())
        return pa.array([number for number in numbers.to_pylist() if number not in known], numbers.type)
    return numbers.filter(pc.invert(pc.is_in(numbers, value_set=some)))


ONE_BY_ONE = 64
"""So many numbers, or rows, are looked at one by one."""


def where(rows: pa.Table, holds: np.ndarray) -> pa.Table:
    """The rows for which a condition holds; of few rows nothing is copied."""
    if holds.all():
        return rows
    if len(holds) > ONE_BY_ONE:
        return rows.filter(pa.array(holds))
    return picked(rows, np.flatnonzero(holds))


def picked(rows: pa.Table, places: npt.NDArray[np.int64]) -> pa.Table:
    """The rows at these places, in their order; where these are few pieces of the table, nothing is copied."""
    if len(places) > ONE_BY_ONE:
        return rows.take(pa.array(places))
    runs: list[list[int]] = []
    for place in places.tolist():
        if runs and sum(runs[-1]) == place:
            runs[-1][1] += 1
        else:
            runs.append([place, 1])
    if len(runs) > MOST_RUNS:
        return rows.take(pa.array(places))
    pieces = [rows.slice(first, count) for first, count in runs or [[0, 0]]]
    return pieces[0] if len(pieces) == 1 else pa.concat_tables(pieces)


MOST_RUNS = 6
"""So many pieces of a table are put together sooner than each of its columns is made anew."""


def without_pandas() -> None:
    """Let pyarrow make its first array without loading pandas: that takes as long as loading half of kehu.

    pyarrow asks for it once, to know an array of pandas when it is handed one. For processes of kehu's own, which hand
    it none; not for a notebook. Who wants pandas later imports it as ever, and `to_pandas` still finds it.

    Of each list it asks for a variable, too. Not set it raises an exception each time; empty it says the same.
    """
    os.environ.setdefault("PYARROW_IGNORE_TIMEZONE", "")
    if "pandas" in sys.modules:
        return
    nowhere = _Nowhere()
    sys.meta_path.insert(0, nowhere)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(nowhere)


class _Nowhere:
    """Says of pandas that it is not installed."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,  # noqa: ARG002  (the signature of finders)
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Nothing, so that the other finders are asked; for pandas an error in their place."""
        if name == "pandas":
            raise ModuleNotFoundError(name, name=name)
        return None
