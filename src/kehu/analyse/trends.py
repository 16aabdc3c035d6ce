"""Trends: counts or shares by day, as an ECharts option for the browser."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

NAMED = 8
"""So many series are drawn, the greatest; more colours nobody tells apart, and the table beside has all."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """A value of a series on a day."""

    day: date
    series: str
    value: float


def bars(points: Iterable[Point], *, title: str) -> dict[str, Any]:
    """Counts by day, one on top of the other.

    >>> day = date(2026, 11, 2)
    >>> told = bars([Point(day=day, series="length", value=3)], title="Bad rows")
    >>> told["xAxis"]["data"], [(one["name"], one["data"]) for one in told["series"]]
    (['2026-11-02'], [('length', [3])])
    """
    return _option(points, title, {"type": "bar", "stack": "all", "barMaxWidth": 28})


def lines(points: Iterable[Point], *, title: str) -> dict[str, Any]:
    """Values by day, a line for each series; a day without a value is left out of the line."""
    return _option(points, title, {"type": "line", "connectNulls": True, "symbolSize": 7})


def _option(points: Iterable[Point], title: str, kind: dict[str, Any]) -> dict[str, Any]:
    """Colours are not here: the page takes them from its theme, light or dark."""
    held = {(point.series, point.day): point.value for point in points}
    days = sorted({day for _, day in held})
    sums = Counter[str]()
    for (series, _), value in held.items():
        sums[series] += value  # type: ignore[assignment]  # a Counter adds up floats, too
    shown = sorted(sums, key=lambda series: (-sums[series], series))[:NAMED]
    return {
        "aria": {"enabled": True, "decal": {"show": False}, "label": {"description": f"{title}: {', '.join(shown)}"}},
        "tooltip": {"trigger": "item", "confine": True},
        "legend": {"type": "scroll", "top": 0},
        "grid": {"left": 8, "right": 16, "top": 36, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "data": [day.isoformat() for day in days]},
        "yAxis": {"type": "value"},
        "series": [{**kind, "name": series, "data": [held.get((series, day)) for day in days]} for series in shown],
    }
