"""Reports: a figure as text that leaves the house."""

import csv
import io
import json
from enum import StrEnum

from kehu.analyse import charts
from kehu.analyse.crosses import Cross
from kehu.analyse.figures import NONE, Figure
from kehu.model.languages import Language

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would run."""


class Format(StrEnum):
    """How a report is written."""

    MERMAID = "mermaid"
    """A mermaid pie chart, for Markdown."""
    JSON = "json"
    """One JSON object."""
    CSV = "csv"
    """A table with a head row."""
    HTML = "html"
    """One file with every chart in it; it works with the network off."""
    PNG = "png"
    """A picture of every chart; needs the extra `plots`."""


def written(figure: Figure | Cross, form: Format, language: Language) -> str:
    """The figure as text of that form, without a last line end.

    >>> from kehu.analyse.figures import Slice
    >>> parts = (Slice(code="student", customers=3, percent=100.0),)
    >>> print(written(Figure(name="category", slices=parts, total=3), Format.CSV, Language.EN))
    category,label,customers,percent
    student,student,3,100.0
    """
    if isinstance(figure, Cross):
        return _crossed(figure, form, language)
    if form is Format.MERMAID:
        return charts.mermaid_pie(figure, language)
    rows: list[dict[str, object]] = [
        {
            figure.name: None if part.code == NONE else part.code,
            "label": part.label(language),
            "customers": part.customers,
            "percent": part.percent,
        }
        for part in figure.slices
    ]
    if form is Format.JSON:
        told = {"figure": figure.name, "title": figure.title(language), "total": figure.total, "slices": rows}
        return json.dumps(told, ensure_ascii=False, indent=2)
    return _table(rows, [figure.name, "label", "customers", "percent"])


def _crossed(cross: Cross, form: Format, language: Language) -> str:
    if form is Format.MERMAID:
        return charts.mermaid_flow(cross, language)
    rows: list[dict[str, object]] = [
        {
            "row": None if cell.row == NONE else cell.row,
            "column": None if cell.column == NONE else cell.column,
            "value": cell.value,
        }
        for cell in cross.cells
    ]
    if form is Format.JSON:
        told = {"figure": cross.name, "title": cross.title(language), "cells": rows}
        return json.dumps(told, ensure_ascii=False, indent=2)
    return _table(rows, ["row", "column", "value"])


def _table(rows: list[dict[str, object]], columns: list[str]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    # A spreadsheet would take such a text for a formula; the apostrophe makes it a text again.
    table.writerows(
        {name: f"'{value}" if str(value).startswith(FORMULAS) else value for name, value in row.items()} for row in rows
    )
    return text.getvalue().removesuffix("\n")
