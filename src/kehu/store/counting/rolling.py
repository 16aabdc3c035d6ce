"""Rolling up: things counted by category, province and channel, and again without each of these."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.store.tallies import ANY

INSTANT = pa.timestamp("us", tz="UTC")

KEY = ("category", "province", "channel", "month", "code")
"""What is counted by; things are tables with these columns, a row each, or with `many` several at once."""


def up(*things: pa.Table, without: Sequence[str] = ()) -> pa.Table:
    """Things counted by all of `KEY`, and again as of any value of each of these sides.

    >>> things = {"category": ["student"], "province": ["-"], "channel": ["hall"], "month": [""], "code": ["投诉"]}
    >>> up(pa.table(things), without=["channel"]).select(["category", "channel", "many"]).to_pylist()
    [{'category': 'student', 'channel': 'hall', 'many': 1}, {'category': 'student', 'channel': '', 'many': 1}]
    """
    # Each table is counted before they are joined: counts are small, things are not.
    counts = _summed(pa.concat_tables([_summed(one) for one in things]))
    for side in without:
        whole = counts.set_column(counts.column_names.index(side), side, constant(ANY, counts.num_rows))
        counts = pa.concat_tables([counts, _summed(whole)])
    return counts


def only(counts: pa.Table, side: str, named: pa.Array, rest: str) -> pa.Table:
    """Counts in which the values of a side that are not among those named are called the rest."""
    value = pc.if_else(pc.is_in(counts[side], value_set=named), counts[side], rest)
    return counts.set_column(counts.column_names.index(side), side, value)


def constant(text: str, rows: int) -> pa.Array:
    """One text, so many times."""
    return pa.array([text], pa.string()).take(pa.array(np.zeros(rows, np.int32)))


def nothing() -> pa.Table:
    """Counts of nothing."""
    return pa.table({**{name: pa.array([], pa.string()) for name in KEY}, "many": pa.array([], pa.int64())})


def months(at: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """The month of each time, in UTC.

    >>> from datetime import UTC, datetime
    >>> months(pa.array([datetime(2026, 11, 22, tzinfo=UTC)])).to_pylist()
    ['2026-11']
    """
    # A text is made once a month, not once a row.
    whole = pc.floor_temporal(at, unit="month").dictionary_encode()
    if isinstance(whole, pa.ChunkedArray):
        return pa.chunked_array([_texts(chunk) for chunk in whole.chunks], pa.string())
    return _texts(whole)


def month_numbers(at: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """The month of each time, in UTC, as a number: months since the year nought.

    >>> from datetime import UTC, datetime
    >>> month_numbers(pa.array([datetime(2026, 11, 22, tzinfo=UTC)], INSTANT)).tolist()
    [24322]
    """
    moments = at.cast(pa.int64()).to_numpy(zero_copy_only=False) if len(at) else np.empty(0, np.int64)
    return moments.astype(np.int64).view("datetime64[us]").astype("datetime64[M]").astype(np.int64) + 1970 * 12


def month_texts(months: np.ndarray) -> pa.Array:
    """Such numbers as `months` writes them.

    >>> month_texts(np.array([24322])).to_pylist()
    ['2026-11']
    """
    once, which = np.unique(months, return_inverse=True)
    return pa.array([f"{one // 12:04}-{one % 12 + 1:02}" for one in once.tolist()], pa.string()).take(pa.array(which))


def _texts(whole: pa.DictionaryArray) -> pa.Array:
    return pc.strftime(whole.dictionary, "%Y-%m").take(whole.indices)


def found(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where each wanted key stands among ordered keys; -1 where it does not.

    >>> found(np.array([2, 5, 9]), np.array([9, 4, 2])).tolist()
    [2, -1, 0]
    """
    if not len(keys):
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, -1)


def _summed(counts: pa.Table) -> pa.Table:
    if "many" not in counts.column_names:
        counts = counts.append_column("many", pa.array(np.ones(counts.num_rows, np.int64)))
    summed = counts.group_by(list(KEY)).aggregate([("many", "sum")])
    return summed.rename_columns({"many_sum": "many"}).select([*KEY, "many"])
