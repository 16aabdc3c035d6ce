"""`kehu segment`: added from a file, listed, counted and taken out, over the project that `kehu init` makes."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastexcel
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

Kehu = Callable[..., Any]

PERSONS = {"column": "customer.kind", "is": "one_of", "values": ["individual", "'; DROP TABLE customer; --"]}
WHY = ("--purpose", "a survey", "--recipient", "the team")


@pytest.fixture
def project(kehu: Kehu, project: Path) -> Path:
    """After a run, one address a formula, with a segment of persons."""
    (file,) = (project / "hall").glob("*.csv")
    file.write_text(file.read_text("utf-8").replace("杭州市西湖区文三路90号", "=HYPERLINK(A1)号", 1), encoding="utf-8")
    kehu("run")
    (project / "persons.json").write_text(json.dumps(PERSONS), encoding="utf-8")
    assert kehu("segment", "add", "persons.json", "--name", "=persons").code == 0
    return project


def _sql(project: Path, statement: str) -> list[Any]:
    with sqlite3.connect(project / "kehu.db") as connection:
        return connection.execute(statement).fetchall()


def test_a_segment_is_counted_by_its_name_and_by_its_file(kehu: Kehu, project: Path) -> None:
    living = _sql(project, "SELECT kind = 'individual' FROM customer WHERE merged_into IS NULL")
    told = {"customers": sum(one for (one,) in living), "of": len(living)}
    assert told["customers"]
    assert kehu("segment", "count", "=persons", "--json").json == told
    assert kehu("segment", "count", "persons.json", "--json").json == told
    assert f"{told['customers']} of {told['of']} customers" in kehu("segment", "count", "=persons").out


def test_a_name_that_is_there_gets_another_version(kehu: Kehu, project: Path) -> None:
    assert "version 2" in kehu("segment", "add", "persons.json", "--name", "=persons", "--with-each-run").out
    # It is counted by a run that brings nothing, too, and once.
    kehu("run")
    kehu("run")
    [told] = kehu("segment", "list", "--json").json["segments"]
    assert (told["name"], told["version"], told["condition"]) == ("=persons", 2, PERSONS)
    assert told["customers"] == kehu("segment", "count", "=persons", "--json").json["customers"]
    assert _sql(project, "SELECT version FROM segment_count") == [(2,)]


def test_a_list_runs_no_formula_and_keeps_certificates_as_texts(kehu: Kehu, project: Path) -> None:
    (project / "all.json").write_text('{"column": "customer.kind", "is": "known"}', encoding="utf-8")
    kehu("segment", "add", "all.json", "--name", "=all")
    tables = {}
    for form in ("csv", "xlsx", "parquet"):
        told = kehu("segment", "export", "=all", f"out.{form}", *WHY, "--no-mask", "--json").json
        assert (told["masked"], told["left_out"]) == (False, 0)
        assert (project / f"out.{form}").stat().st_mode & 0o077 == 0
    texts = pcsv.ConvertOptions(column_types=dict.fromkeys(("id_number", "phone"), "string"))
    tables["csv"] = pcsv.read_csv(project / "out.csv", convert_options=texts).to_pydict()
    tables["xlsx"] = fastexcel.read_excel(project / "out.xlsx").load_sheet(0, dtypes="string").to_arrow().to_pydict()
    tables["parquet"] = pq.read_table(project / "out.parquet").to_pydict()
    for form, table in tables.items():
        assert any(len(number or "") == 18 for number in table["id_number"]), form
        [address] = [one for one in table["address"] if "HYPERLINK" in (one or "")]
        # A workbook and a Parquet file know what is a text.
        assert address.startswith("'=" if form == "csv" else "="), form


def test_a_list_says_who_is_left_out_and_why(kehu: Kehu, project: Path) -> None:
    _sql(project, "UPDATE customer SET birth_date = '2020-01-01' WHERE customer_id = 1")
    wanted = kehu("segment", "export", "=persons", "out.csv", *WHY, "--for", "service").out
    assert "1 are left out: children whose guardian has not consented" in " ".join(wanted.split())
    shared = kehu("segment", "export", "=persons", "out.csv", *WHY, "--for", "sharing").out
    assert "did not consent to sharing, or are children" in " ".join(shared.split())


def test_a_list_wants_a_purpose_a_recipient_and_a_name_that_the_trail_can_keep(kehu: Kehu, project: Path) -> None:
    assert kehu("segment", "export", "=persons", "out.csv", "--purpose", "a survey").code == 2
    assert kehu("segment", "export", "=persons", "out.csv", "--recipient", "the team").code == 2
    unnamed = kehu("segment", "export", "persons.json", "out.csv", *WHY)
    assert (unnamed.code, "kehu segment add" in unnamed.err) == (2, True)
    assert kehu("segment", "export", "nobody", "out.csv", *WHY).code == 1
    assert _sql(project, "SELECT count(*) FROM audit WHERE act = 'export'") == [(0,)]
    assert kehu("segment", "export", "=persons", "out.csv", *WHY).code == 0
    assert _sql(project, "SELECT what FROM audit WHERE act = 'export'") == [("segment 1",)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("{", "not JSON", id="no JSON"),
        pytest.param('{"sql": "1=1"}', "segment", id="no condition"),
        pytest.param('{"column": "customer.name", "is": "begins", "value": "张"}', "personal", id="a personal value"),
    ],
)
def test_a_file_that_is_no_segment_is_refused(kehu: Kehu, project: Path, text: str, says: str) -> None:
    (project / "broken.json").write_text(text, encoding="utf-8")
    for command in (("count", "broken.json"), ("add", "broken.json", "--name", "broken")):
        refused = kehu("segment", *command)
        assert (refused.code, says in " ".join(refused.err.split())) == (2, True)
