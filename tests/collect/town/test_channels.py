import collections
import csv
import json
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path

import fastexcel
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from kehu.collect.town import channels, example, hall, town
from kehu.collect.town.rates import Rates

RECORDS = 6_000


@pytest.fixture(scope="module")
def made() -> town.Town:
    return town.make(RECORDS, seed=2, rates=Rates(bad_row=0.01, duplicate=0.03))


@pytest.fixture(scope="module")
def folder(made: town.Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("town")
    channels.write(made, path)
    return path


@pytest.fixture(scope="module")
def delivered(made: town.Town, tmp_path_factory: pytest.TempPathFactory) -> dict[str, channels.Delivery]:
    return channels.write(made, tmp_path_factory.mktemp("again"))


def hall_rows(folder: Path) -> list[list[str]]:
    """All rows of the halls' files, without the heads."""
    rows: list[list[str]] = []
    for path in sorted((folder / channels.HALL).glob("*.csv")):
        with path.open(encoding="gb18030", newline="") as file:
            heads, *lines = csv.reader(file)
        assert tuple(heads) == hall.HEADS
        rows += lines
    return rows


def late_rows(folder: Path) -> list[tuple[str | None, ...]]:
    """The rows of the workbook."""
    (path,) = (folder / channels.HALL).glob("*.xlsx")
    sheet = fastexcel.read_excel(path).load_sheet(0, dtypes="string")
    batch = sheet.to_arrow()
    assert tuple(batch.schema.names) == hall.HEADS
    return list(zip(*(column.to_pylist() for column in batch.columns), strict=True))


def applications(folder: Path) -> list[dict[str, object]]:
    with (folder / channels.APPLICATIONS).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def calls(folder: Path) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(folder / channels.CALLS)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute("select * from calls order by call_id").fetchall()


def test_every_channel_holds_its_records_its_duplicates_and_its_bad_rows(
    folder: Path, delivered: dict[str, channels.Delivery]
) -> None:
    read = {
        "online": len(applications(folder)),
        "calls": len(calls(folder)),
        "hall": len(hall_rows(folder)) + len(late_rows(folder)),
    }
    told = {name: told.records + told.duplicates + told.bad for name, told in delivered.items()}
    assert read == told
    assert sum(told.records for told in delivered.values()) == RECORDS
    assert all(told.bad > 0 for told in delivered.values())
    assert delivered["online"].duplicates > 0
    assert delivered["hall"].duplicates > 0


def test_the_truth_knows_every_record_by_channel_and_key_and_no_bad_row(folder: Path, made: town.Town) -> None:
    truth = pq.read_table(folder / channels.TRUTH)
    assert truth.column_names == ["channel", "key", "customer_id"]
    keys = collections.defaultdict(set)
    for row in truth.to_pylist():
        keys[row["channel"]].add(row["key"])
    known = {name: len(found) for name, found in keys.items()}
    assert sum(known.values()) == RECORDS
    read: dict[str, set[object]] = {
        "online": {application["application_id"] for application in applications(folder)},
        "calls": {str(call["call_id"]) for call in calls(folder)},
        "hall": {row[0] for row in [*hall_rows(folder), *late_rows(folder)]},
    }
    assert all(keys[name] <= read[name] for name in keys)
    assert all(len(read[name] - keys[name]) > 0 for name in keys)


def test_an_application_is_nested_and_says_what_the_record_says(folder: Path, made: town.Town) -> None:
    record = made.records.filter(pc.equal(made.records["channel"], "online")).slice(0, 1).to_pylist()[0]
    application = applications(folder)[0]
    applicant = application["applicant"]
    assert isinstance(applicant, dict)
    assert application["application_id"] == record["record_id"]
    assert application["submitted_at"] == record["updated_at"]
    assert applicant.get("name") == record["name"]
    assert applicant["contact"].get("mobile") == record["phone"]


def test_calls_grow_with_time_and_end_after_they_began(folder: Path) -> None:
    rows = calls(folder)
    started = [row["started_at"] for row in rows]
    assert started == sorted(started)
    assert all(row["started_at"] < row["answered_at"] < row["ended_at"] for row in rows)


def test_files_of_the_halls_are_gbk_and_no_utf_8(folder: Path) -> None:
    for path in (folder / channels.HALL).glob("*.csv"):
        content = path.read_bytes()
        content.decode("gb18030")
        with pytest.raises(UnicodeDecodeError):
            content.decode("utf-8")


def test_a_duplicate_says_the_same_in_every_cell(folder: Path, delivered: dict[str, channels.Delivery]) -> None:
    rows = [tuple(cell or None for cell in row) for row in [*hall_rows(folder), *late_rows(folder)]]
    times = collections.Counter(rows)
    assert sum(count - 1 for count in times.values()) == delivered["hall"].duplicates


def test_some_rows_of_the_halls_have_the_wrong_width(folder: Path) -> None:
    widths = collections.Counter(len(row) for row in hall_rows(folder))
    assert widths[len(hall.HEADS)] > 0
    assert 0 < widths[len(hall.HEADS) + 1] < RECORDS / 50


def test_without_errors_no_row_is_bad_and_none_comes_twice(tmp_path: Path) -> None:
    delivered = channels.write(town.make(500, rates=Rates().scaled(0)), tmp_path)
    assert all(told.duplicates == told.bad == 0 for told in delivered.values())


def test_the_smallest_town_has_channels_too(tmp_path: Path) -> None:
    for records in (1, 2, 5):
        delivered = channels.write(town.make(records), tmp_path)
        assert sum(told.records for told in delivered.values()) == records


def test_the_same_town_is_written_the_same_again(folder: Path, made: town.Town, tmp_path: Path) -> None:
    channels.write(made, tmp_path)
    channels.write(made, tmp_path)
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in {".jsonl", ".csv", ".parquet"}:
            assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes(), path.name
    assert [tuple(row) for row in calls(folder)] == [tuple(row) for row in calls(tmp_path)]


def test_the_example_settings_are_toml_and_name_the_port() -> None:
    read = tomllib.loads(example.settings_toml(9123))
    assert set(read["channels"]) == set(town.CHANNELS)
    assert "9123" in read["channels"]["online"]["url"]
    assert read["town"]["port"] == 9123
