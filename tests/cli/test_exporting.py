"""`kehu export` and `kehu verify`, over the project that `kehu init` makes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastexcel
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from kehu.store import database
from kehu.store.dictionary.whole import tables
from kehu.store.sealing import keyring
from kehu.store.sealing.vault import Vault

Kehu = Callable[..., Any]


@pytest.fixture
def project(kehu: Kehu, project: Path) -> Path:
    """The drop folder of the project alone, with an address that is a formula, after a run."""
    (file,) = (project / "hall").glob("*.csv")
    file.write_text(file.read_text("utf-8").replace("杭州市西湖区文三路90号", "=HYPERLINK(A1)号", 1), encoding="utf-8")
    kehu("run")
    return project


def test_customers_are_exported_masked_and_without_formulas(kehu: Kehu, project: Path) -> None:
    told = kehu("export", "out.csv", "--json").json
    table = pcsv.read_csv(project / "out.csv", convert_options=pcsv.ConvertOptions(column_types={"phone": "string"}))
    assert (told["rows"], told["masked"]) == (table.num_rows, True) == (3, True)
    assert (project / "out.csv").stat().st_mode & 0o077 == 0
    phones = [phone for phone in table["phone"].to_pylist() if phone]
    assert phones
    assert all("****" in phone for phone in phones)
    assert [address for address in table["address"].to_pylist() if "=" in (address or "")] == ["'=HYPE***"]


def test_values_in_clear_want_a_reason_and_stand_in_the_trail(kehu: Kehu, project: Path) -> None:
    refused = kehu("export", "out.parquet", "--no-mask")
    assert (refused.code, (project / "out.parquet").exists()) == (2, False)
    assert "--reason" in refused.err
    assert kehu("export", "out.parquet", "--what", "records", "--no-mask", "--reason", "audit").code == 0
    numbers = pq.read_table(project / "out.parquet")["id_number"].drop_null().to_pylist()
    assert any(len(number) == 18 and number[:17].isdigit() for number in numbers)
    opened = database.connect("sqlite:///kehu.db", folder=project, vault=Vault(keyring.read(project / "kehu.key")))
    with opened.read() as tx:
        acts = tx.execute(sa.text("SELECT act, what FROM audit")).all()
    opened.close()
    assert ("export", "records") in [tuple(act) for act in acts]


def test_a_certificate_stays_a_text_in_a_workbook(kehu: Kehu, project: Path) -> None:
    assert kehu("export", "out.xlsx", "--what", "records", "--no-mask", "--reason", "audit").code == 0
    sheet = fastexcel.read_excel(project / "out.xlsx").load_sheet(0, dtypes="string").to_arrow().to_pydict()
    assert any(value and len(value) == 18 for value in sheet["id_number"])


def test_links_are_exported_and_an_unknown_form_is_refused(kehu: Kehu, project: Path) -> None:
    assert kehu("export", "links.csv", "--what", "links").code == 0
    refused = kehu("export", "out.docx")
    assert refused.code == 2
    assert ".parquet" in refused.err
    nowhere = kehu("export", "nowhere/out.csv")
    assert (nowhere.code, "nowhere/out.csv" in nowhere.err) == (1, True)


def test_verify_says_what_is_broken(kehu: Kehu, project: Path) -> None:
    assert kehu("verify", "--rerun", "--json").json == {"sound": True, "findings": [], "remarks": []}
    opened = database.connect("sqlite:///kehu.db", folder=project, vault=Vault(keyring.read(project / "kehu.key")))
    with opened.begin() as tx:
        tx.execute(sa.update(tables["load"]).values(read=tables["load"].c.read + 1))
        tx.execute(sa.delete(tables["member"]))
    opened.close()
    told = kehu("verify")
    assert told.code == 1
    assert "I7" in told.out
    assert "I2" in told.out
    broken = kehu("verify", "--json").json
    assert not broken["sound"]
    assert {"I2", "I7"} <= {one["invariant"] for one in broken["findings"]}
