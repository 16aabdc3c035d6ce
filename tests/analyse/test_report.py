import csv
import io
import json
import re
from datetime import UTC, datetime

import pytest

from kehu.analyse import crosses, document, report
from kehu.analyse.figures import Figure, Slice
from kehu.model.languages import Language

NOW = datetime(2026, 11, 29, tzinfo=UTC)

FIGURE = Figure(
    name="category",
    slices=(
        Slice(code="student", customers=3, percent=75.0),
        Slice(code='=1+1,"x"', customers=1, percent=25.0),
    ),
    total=4,
)


def test_json_holds_the_figure() -> None:
    told = json.loads(report.written(FIGURE, report.Format.JSON, Language.ZH))
    assert told["total"] == 4
    assert told["slices"][0] == {"category": "student", "label": "学生", "customers": 3, "percent": 75.0}


def test_csv_can_be_read_back_and_runs_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(report.written(FIGURE, report.Format.CSV, Language.ZH))))
    assert [row["customers"] for row in rows] == ["3", "1"]
    assert rows[1]["category"] == '\'=1+1,"x"'


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t="])
def test_no_label_of_a_figure_is_run_by_a_spreadsheet(beginning: str) -> None:
    told = crosses.cross("journey", [(f"{beginning}1+1", "hall", 7)])
    [row] = csv.DictReader(io.StringIO(report.written(told, report.Format.CSV, Language.ZH)))
    assert row["row"] == f"'{beginning}1+1"


@pytest.mark.parametrize("form", report.Format)
def test_every_form_is_written_in_both_languages(form: report.Format) -> None:
    assert all(report.written(FIGURE, form, language) for language in Language)


def test_a_hundred_months_stand_side_by_side_and_their_table_is_closed_at_first() -> None:
    months = tuple(
        Slice(code=f"{2019 + place // 12}-{place % 12 + 1:02}", customers=place + 1, percent=1, figure="new")
        for place in range(96)
    )
    figure = Figure(name="new", slices=months, total=sum(one.customers for one in months))
    text = document.html([figure], Language.EN, at=NOW)
    assert (text.count("<rect"), text.count("<details>"), text.count("<td>")) == (96, 1, 192)
    # Some of them are named; the last is told where somebody points at it.
    assert (text.count(">2019-01<"), text.count(">2026-12<")) == (2, 1)
    assert "<title>2026-12: 96</title>" in text


def test_a_month_without_any_has_its_place_and_the_lines_of_the_scale_are_whole() -> None:
    months = tuple(Slice(code=code, customers=6, percent=50, figure="ticket") for code in ("2026-06", "2026-09"))
    text = document.html([Figure(name="ticket", slices=months, total=12)], Language.EN, at=NOW)
    assert text.count("<rect") == 2
    named = re.findall(r'text-anchor="middle" font-size="11">([^<]*)<', text)
    assert named == ["2026-06", "2026-07", "2026-08", "2026-09"]
    assert re.findall(r'text-anchor="end" font-size="11">([^<]*)<', text) == ["0", "2", "4", "6", "8"]


def test_a_cross_says_what_its_rows_and_columns_are() -> None:
    text = document.html([crosses.cross("recency", [("0", "3-4", 7)])], Language.EN, at=NOW)
    assert "Months since the last contact \\ Contacts</th>" in text
    assert text.count(">Contacts</text>") == 1
