import csv
import io
import json

import pytest

from kehu.analyse import report
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
