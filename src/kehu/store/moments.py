"""Moments of changes: each is later than the last one of the same row, even where the clock is set back.

Two states of a row that begin at one moment could not be told apart, and one that ends before it begins never was.
"""

from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

INSTANT = pa.timestamp("us", tz="UTC")

_LEAST = timedelta(microseconds=1)
"""So long after a moment is the next that every database can tell from it."""


def after(last: pa.ChunkedArray, at: datetime) -> pa.ChunkedArray:
    """For each row the moment `at`, or the first after its last one where that is not before `at`.

    >>> noon = datetime.fromisoformat("2026-11-22T12:00:00+00:00")
    >>> for told in after(pa.chunked_array([[noon - timedelta(hours=1), noon]], INSTANT), noon).to_pylist():
    ...     print(told.time())
    12:00:00
    12:00:00.000001
    """
    now = pa.scalar(at, INSTANT)
    return pc.if_else(pc.less(last, now), now, pc.add(last, pa.scalar(_LEAST, pa.duration("us"))))


def not_before(last: pa.ChunkedArray, at: datetime) -> pa.ChunkedArray:
    """As `after`, but a row may change twice at one moment: what it was in between nobody saw."""
    return pc.if_else(pc.equal(last, pa.scalar(at, INSTANT)), last, after(last, at))
