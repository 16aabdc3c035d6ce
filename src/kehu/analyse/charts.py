"""Charts: a figure as an ECharts option for the browser, or as mermaid text for a document."""

import re
from typing import Any

from kehu.analyse import grid
from kehu.analyse.crosses import Cross, Drawn
from kehu.analyse.figures import MONTHLY, ORDINAL, Figure, spaced
from kehu.model.languages import Language


def pie(figure: Figure, language: Language) -> dict[str, Any]:
    """The ECharts option of a pie; each slice carries its `code`, so that a click can lead to its customers.

    Colours are not here: the page takes them from its theme, light or dark.
    """
    return {
        "aria": {"enabled": True, "decal": {"show": False}, "label": {"description": sentence(figure, language)}},
        "tooltip": {"trigger": "item", "confine": True},
        "series": [
            {
                "type": "pie",
                "name": figure.title(language),
                "radius": ["40%", "58%"],
                "avoidLabelOverlap": True,
                "data": [
                    {"name": part.label(language), "value": part.customers, "code": part.code, "percent": part.percent}
                    for part in figure.slices
                ],
            }
        ],
    }


LONG = frozenset({"star_level"})
"""Figures whose codes have an order, and words too long to stand side by side."""
NAMED_BARS = 10
"""So many standing bars have room for a name each."""


def bars(figure: Figure, language: Language) -> dict[str, Any]:
    """The ECharts option of bars, lying for words and standing for short codes that have an order; else as `pie`."""
    parts = spaced(figure) if figure.name in MONTHLY else figure.slices
    labels = [part.label(language) for part in parts]
    # Nought is not told: perhaps it was too few.
    data = [{"value": part.customers or None, "code": part.code} for part in parts]
    words: dict[str, Any] = {"type": "category", "data": labels, "axisTick": {"show": False}}
    numbers = {"type": "value", "minInterval": 1}
    lying = figure.name not in ORDINAL or figure.name in LONG
    if lying:
        words |= {"inverse": True}
    elif len(labels) <= NAMED_BARS:
        words |= {"axisLabel": {"interval": 0, "width": 52, "overflow": "break"}}
    return {
        "aria": {"enabled": True, "decal": {"show": False}, "label": {"description": sentence(figure, language)}},
        "tooltip": {"trigger": "axis", "confine": True, "axisPointer": {"type": "shadow"}},
        "grid": {"left": 8, "right": 24, "top": 32, "bottom": 8, "containLabel": True},
        "xAxis": numbers if lying else words,
        "yAxis": words if lying else numbers,
        "series": [{"type": "bar", "name": figure.title(language), "barMaxWidth": 28, "data": data}],
    }


def tiles(figure: Figure, language: Language) -> dict[str, Any]:
    """The ECharts option of provinces as tiles of a map; else as `pie`. Who lives nowhere on it is in the table."""
    on_it = [(part, place) for part in figure.slices if (place := grid.tile(part.code)) is not None]
    data = [
        {
            "value": [*place, part.customers],
            "name": grid.short(part.code),
            "code": part.code,
            "percent": part.percent,
        }
        for part, place in on_it
    ]
    axis = {"type": "category", "show": False}
    return {
        "aria": {"enabled": True, "decal": {"show": False}, "label": {"description": sentence(figure, language)}},
        "tooltip": {"confine": True},
        "grid": {"left": 8, "right": 8, "top": 8, "bottom": 40},
        "xAxis": {**axis, "data": list(range(grid.WIDE))},
        "yAxis": {**axis, "data": list(range(grid.HIGH)), "inverse": True},
        "visualMap": _scale(max((part.customers for part, _ in on_it), default=1)),
        "series": [{"type": "heatmap", "name": figure.title(language), "data": data, "label": {"show": True}}],
    }


def crossed(cross: Cross, language: Language) -> dict[str, Any]:
    """The ECharts option of a cross, drawn as its kind says; else as `pie`."""
    told = ", ".join((cross.title(language), cross.row_words(language), cross.column_words(language)))
    option: dict[str, Any] = {
        "aria": {"enabled": True, "decal": {"show": False}, "label": {"description": told}},
        "tooltip": {"confine": True},
    }
    match cross.kind.drawn:
        case Drawn.HEAT:
            return option | _heat(cross, language)
        case Drawn.STACKED:
            return option | _stacked(cross, language)
        case Drawn.FLOW:
            return option | _flow(cross, language)


def _heat(cross: Cross, language: Language) -> dict[str, Any]:
    columns, rows = list(cross.columns), list(cross.rows)
    data = [
        {
            "value": [columns.index(cell.column), rows.index(cell.row), cell.value],
            "code": cross.code(cell.row, cell.column),
        }
        for cell in cross.cells
    ]
    most = max((cell.value for cell in cross.cells), default=1)
    row, column = cross.row_words(language), cross.column_words(language)
    axis = {"type": "category", "axisTick": {"show": False}, "nameLocation": "middle"}
    return {
        "grid": {"left": 8, "right": 16, "top": 36, "bottom": 48, "containLabel": True},
        "xAxis": {**axis, "data": [cross.label(code, language) for code in columns], "name": column, "nameGap": 26},
        "yAxis": {
            **axis, "data": [cross.label(code, language, of_row=True) for code in rows], "inverse": True,
            "name": row, "nameLocation": "start", "nameTextStyle": {"align": "left"},
        },
        "visualMap": _scale(most),
        "series": [{"type": "heatmap", "data": data, "label": {"show": len(data) <= 60}}],
    }  # fmt: skip


def _stacked(cross: Cross, language: Language) -> dict[str, Any]:
    series = [
        {
            "type": "bar", "stack": "all", "barMaxWidth": 28, "name": cross.label(column, language),
            "data": [{"value": cross.value(row, column), "code": cross.code(row, column)} for row in cross.rows],
        }
        for column in cross.columns
    ]  # fmt: skip
    rows = [cross.label(row, language, of_row=True) for row in cross.rows]
    return {
        "tooltip": {"trigger": "axis", "confine": True, "axisPointer": {"type": "shadow"}},
        "legend": {"type": "scroll", "top": 0},
        "grid": {"left": 8, "right": 24, "top": 36, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": rows, "inverse": True, "axisTick": {"show": False}},
        "series": series,
    }


def _flow(cross: Cross, language: Language) -> dict[str, Any]:
    # A channel stands on both sides; its two nodes may not share a name.
    left = [{"name": f"1 {code}", "depth": 0} for code in cross.rows]
    right = [{"name": f"2 {code}", "depth": 1} for code in cross.columns]
    labels = {f"1 {code}": cross.label(code, language, of_row=True) for code in cross.rows}
    labels |= {f"2 {code}": cross.label(code, language) for code in cross.columns}
    links = [
        {
            "source": f"1 {cell.row}", "target": f"2 {cell.column}", "value": cell.value,
            "code": cross.code(cell.row, cell.column),
        }
        for cell in cross.cells
    ]  # fmt: skip
    nodes = [{**node, "label": {"formatter": labels[str(node["name"])]}} for node in (*left, *right)]
    return {
        "series": [{"type": "sankey", "left": 8, "right": 96, "top": 8, "bottom": 8, "data": nodes, "links": links}]
    }


def _scale(most: float) -> dict[str, Any]:
    return {
        "type": "continuous", "min": 0, "max": most, "orient": "horizontal", "left": "center", "bottom": 0,
        "itemHeight": 120, "itemWidth": 12, "calculable": False, "text": [f"{most:,}".removesuffix(".0"), "0"],
    }  # fmt: skip


def sentence(figure: Figure, language: Language) -> str:
    """The figure in a sentence, for who cannot see the chart.

    >>> from kehu.analyse.figures import Slice
    >>> parts = (Slice(code="student", customers=3, percent=75.0), Slice(code="other", customers=1, percent=25.0))
    >>> sentence(Figure(name="category", slices=parts, total=4), Language.EN)
    'Customers by category: student 75.0 %, other 25.0 %.'
    """
    parts = [f"{part.label(language)} {part.percent:.1f} %" for part in figure.slices]
    if language is Language.ZH:
        return f"{figure.title(language)}：{'，'.join(parts)}。"
    return f"{figure.title(language)}: {', '.join(parts)}."


def mermaid_pie(figure: Figure, language: Language) -> str:
    """The figure as a mermaid pie chart, with the counts as values.

    >>> from kehu.analyse.figures import Slice
    >>> parts = (Slice(code="student", customers=3, percent=75.0), Slice(code="other", customers=1, percent=25.0))
    >>> print(mermaid_pie(Figure(name="category", slices=parts, total=4), Language.ZH))
    pie
        title 用户类别比例
        "学生": 3
        "其他": 1
    """
    lines = ["pie", f"    title {_plain(figure.title(language))}"]
    lines += [f'    "{_plain(part.label(language))}": {part.customers}' for part in figure.slices]
    return "\n".join(lines)


def mermaid_flow(cross: Cross, language: Language) -> str:
    """A cross as a mermaid sankey diagram: row, column, value.

    >>> from kehu.analyse.crosses import cross
    >>> print(mermaid_flow(cross("journey", [("hall", "calls", 3), ("hall", "-", 1)]), Language.EN))
    sankey-beta
    "hall","calls ",3
    "hall","came no more ",1
    """
    lines = ["sankey-beta"]
    for cell in cross.cells:
        row, column = cross.label(cell.row, language, of_row=True), cross.label(cell.column, language)
        # What stands on both sides would be one node: the blank tells them apart.
        lines.append(f'"{_plain(row)}","{_plain(column)} ",{cell.value:g}')
    return "\n".join(lines)


_MEANT_OTHERWISE = str.maketrans({'"': "”", ";": "；", "#": "＃", "\\": "＼"})


def _plain(label: str) -> str:
    """A text that cannot end its line or its quotes; characters that mermaid reads otherwise become their likes."""
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", label.translate(_MEANT_OTHERWISE)).strip()
