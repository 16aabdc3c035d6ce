"""Charts: a figure as an ECharts option for the browser, or as mermaid text for a document."""

import re
from typing import Any

from kehu.analyse.figures import ORDINAL, Figure
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


def bars(figure: Figure, language: Language) -> dict[str, Any]:
    """The ECharts option of bars, lying for words and standing for codes that have an order; else as `pie`."""
    labels = [part.label(language) for part in figure.slices]
    data = [{"value": part.customers, "code": part.code} for part in figure.slices]
    words: dict[str, Any] = {"type": "category", "data": labels, "axisTick": {"show": False}}
    numbers = {"type": "value", "minInterval": 1}
    lying = figure.name not in ORDINAL
    if lying:
        words |= {"inverse": True}
    return {
        "aria": {"enabled": True, "decal": {"show": False}, "label": {"description": sentence(figure, language)}},
        "tooltip": {"trigger": "axis", "confine": True, "axisPointer": {"type": "shadow"}},
        "grid": {"left": 8, "right": 24, "top": 32, "bottom": 8, "containLabel": True},
        "xAxis": numbers if lying else words,
        "yAxis": words if lying else numbers,
        "series": [{"type": "bar", "name": figure.title(language), "barMaxWidth": 28, "data": data}],
    }


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


_MEANT_OTHERWISE = str.maketrans({'"': "”", ";": "；", "#": "＃", "\\": "＼"})


def _plain(label: str) -> str:
    """A text that cannot end its line or its quotes; characters that mermaid reads otherwise become their likes."""
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", label.translate(_MEANT_OTHERWISE)).strip()
