import csv
import io
import json
from datetime import UTC, datetime

import pytest

from kehu.analyse import document, report
from kehu.analyse.figures import Figure, Slice
from kehu.model.languages import Language

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


@pytest.mark.parametrize("form", report.Format)
def test_every_form_is_written_in_both_languages(form: report.Format) -> None:
    assert all(report.written(FIGURE, form, language) for language in Language)


def test_a_hundred_months_stand_side_by_side_and_their_table_is_closed_at_first() -> None:
    months = tuple(
        Slice(code=f"{2019 + place // 12}-{place % 12 + 1:02}", customers=place + 1, percent=1, figure="new")
        for place in range(96)
    )
    figure = Figure(name="new", slices=months, total=sum(one.customers for one in months))
    text = document.html([figure], Language.EN, at=datetime(2026, 11, 29, tzinfo=UTC))
    assert (text.count("<rect"), text.count("<details>"), text.count("<td>")) == (96, 1, 192)
    # Some of them are named; the last is told where somebody points at it.
    assert (text.count(">2019-01<"), text.count(">2026-12<")) == (2, 1)
    assert "<title>2026-12: 96</title>" in text
