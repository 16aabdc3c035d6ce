import csv
import io
import json
from datetime import UTC, datetime

import pytest

from kehu.analyse import crosses, document, report
from kehu.analyse.crosses import KINDS, Cross
from kehu.analyse.figures import NONE
from kehu.model.languages import Language

COUNTS = [("hall", "calls", 30), ("hall", "-", 12), ("calls", "hall", 4)]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("form", report.Format)
def test_every_cross_is_written_in_every_form(name: str, form: report.Format) -> None:
    told = crosses.cross(name, COUNTS)
    assert all(report.written(told, form, language) for language in Language)


def test_a_table_of_a_cross_can_be_read_back() -> None:
    told = crosses.cross("journey", COUNTS)
    rows = list(csv.DictReader(io.StringIO(report.written(told, report.Format.CSV, Language.EN))))
    assert [(row["row"], row["column"], float(row["value"])) for row in rows] == [
        (cell.row, "" if cell.column == NONE else cell.column, cell.value) for cell in told.cells
    ]
    assert len(json.loads(report.written(told, report.Format.JSON, Language.EN))["cells"]) == len(COUNTS)


def test_small_counts_are_left_out_and_others_rounded() -> None:
    told = crosses.cross("journey", COUNTS, smallest=10)
    assert {(cell.row, cell.column): cell.value for cell in told.cells} == {("hall", "calls"): 30, ("hall", "-"): 10}


@pytest.mark.parametrize("name", KINDS)
def test_a_report_draws_what_it_tells_and_runs_nothing_of_it(name: str) -> None:
    told: Cross = crosses.cross(name, [("<script>", "a&b", 5), ("x", "y", 1)])
    text = document.html([told], Language.EN, at=datetime(2026, 11, 22, tzinfo=UTC))
    assert "<svg" in text
    assert "<script" not in text
