"""Whatever is wrong with the input, it is said plainly, the exit code tells, and nothing is half stored."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Kehu = Callable[..., Any]

SETTINGS = """
[channels.hall]
type = "files"
path = "hall"
settle_s = 0
[channels.hall.mapping]
record_id = "no"
name = "name"
phone = "phone"
"""
ONLINE = """
[channels.online]
type = "rest"
url = "http://127.0.0.1:9/applications"
attempts = 1
allow_private = true
[channels.online.mapping]
record_id = "id"
"""
CALLS = """
[channels.calls]
type = "database"
url = "sqlite:///calls.db"
table = "calls"
[channels.calls.mapping]
record_id = "id"
"""
GOOD = "no,name,phone\n1,张伟,13912345678\n2,李娜,13812345678\n"


@pytest.fixture
def hall(tmp_path: Path) -> Path:
    (tmp_path / "kehu.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "hall").mkdir()
    return tmp_path / "hall"


def stored(folder: Path) -> tuple[int, int]:
    """How many records and customers the store holds, asked of the database itself."""
    with sqlite3.connect(folder / "kehu.db") as connection:
        counts = [connection.execute(f"select count(*) from {table}").fetchone()[0] for table in ("record", "customer")]
    connection.close()
    return counts[0], counts[1]


def also(folder: Path, text: str) -> None:
    settings = folder / "kehu.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_a_missing_file(kehu: Kehu) -> None:
    told = kehu("resolve", "missing.parquet", "--out", "out.parquet")
    assert told.code == 1
    assert "missing.parquet: there is no such file" in told.err
    assert not Path("out.parquet").exists()


def test_a_missing_drop_folder(kehu: Kehu, hall: Path, tmp_path: Path) -> None:
    hall.rmdir()
    told = kehu("run")
    assert told.code == 1
    assert "channel 'hall' failed" in told.err
    assert str(hall) in told.err
    assert stored(tmp_path) == (0, 0)


def test_a_missing_database(kehu: Kehu, hall: Path, tmp_path: Path) -> None:
    also(tmp_path, CALLS)
    (hall / "a.csv").write_text(GOOD, encoding="utf-8")
    told = kehu("run")
    assert told.code == 1
    assert "calls.db" in told.err
    assert stored(tmp_path) == (2, 2)
    assert not (tmp_path / "calls.db").exists()


def test_a_table_that_is_not_in_the_database(kehu: Kehu, hall: Path, tmp_path: Path) -> None:
    also(tmp_path, CALLS)
    sqlite3.connect(tmp_path / "calls.db").close()
    told = kehu("run", "--channel", "calls")
    assert told.code == 1
    assert "calls" in told.err


def test_a_wrong_column_name_in_the_mapping(kehu: Kehu, hall: Path, tmp_path: Path) -> None:
    (hall / "a.csv").write_text(GOOD, encoding="utf-8")
    settings = tmp_path / "kehu.toml"
    settings.write_text(SETTINGS.replace('"phone"', '"mobile"'), encoding="utf-8")
    told = kehu("run")
    assert told.code == 1
    assert 'column "mobile" is mapped to phone' in told.err
    assert "no, name, phone" in told.err
    assert stored(tmp_path) == (0, 0)
    assert kehu("check").code == 2


def test_a_file_of_other_columns_holds_up_no_other_and_is_read_once_the_mapping_is_mended(
    kehu: Kehu, hall: Path, tmp_path: Path
) -> None:
    (hall / "a.csv").write_text(GOOD.replace("phone", "mobile"), encoding="utf-8")
    (hall / "b.csv").write_text(GOOD, encoding="utf-8")
    for accepted in (2, 0):
        told = kehu("run", "--json")
        assert told.code == 1
        why = told.json["failed"]["hall"]
        assert 'column "phone" is mapped to phone but is not in the file a.csv (has: no, name, mobile)' in why
        assert "the other files are read" in why
        assert told.json["accepted"] == accepted
    settings = tmp_path / "kehu.toml"
    settings.write_text(SETTINGS.replace('"phone"', '"mobile"'), encoding="utf-8")
    (hall / "b.csv").unlink()
    told = kehu("run", "--json")
    assert (told.code, told.json["records"]) == (0, 2)


def test_a_wrong_key_in_the_settings(kehu: Kehu, hall: Path, tmp_path: Path) -> None:
    also(tmp_path, '\nadress = "address"\n')
    told = kehu("run")
    assert told.code == 2
    assert "did you mean address" in told.err
    assert not (tmp_path / "kehu.db").exists()


def test_a_host_that_cannot_be_reached_does_not_keep_the_others_from_running(
    kehu: Kehu, hall: Path, tmp_path: Path
) -> None:
    also(tmp_path, ONLINE)
    (hall / "a.csv").write_text(GOOD, encoding="utf-8")
    told = kehu("run", "--json")
    assert told.code == 1
    assert set(told.json["failed"]) == {"online"}
    assert "channel 'online' failed" in told.err
    assert stored(tmp_path) == (2, 2)


def test_a_binary_file_among_good_ones(kehu: Kehu, hall: Path, tmp_path: Path) -> None:
    (hall / "a.csv").write_text(GOOD, encoding="utf-8")
    (hall / "b.csv").write_bytes(bytes(range(256)) * 8)
    told = kehu("run", "--json")
    assert told.json["accepted"] == 2
    assert told.json["quarantined"] >= 1
    listed = kehu("quarantine", "list", "--json").json
    assert {row["source_position"].split(":")[0] for row in listed["rows"]} == {"b.csv"}
    assert stored(tmp_path) == (2, 2)


def test_nothing_but_a_binary_file(kehu: Kehu, hall: Path, tmp_path: Path) -> None:
    (hall / "b.csv").write_bytes(bytes(range(256)) * 8)
    told = kehu("run")
    assert told.code == 1
    assert "is usable" in told.err
    assert stored(tmp_path) == (0, 0)


def test_an_empty_file(kehu: Kehu, hall: Path, tmp_path: Path) -> None:
    (hall / "a.csv").touch()
    (hall / "b.csv").write_text(GOOD, encoding="utf-8")
    told = kehu("run", "--json")
    counts = told.json
    assert counts["accepted"] == 2
    assert counts["records"] == counts["accepted"] + counts["duplicates"] + counts["quarantined"]
    assert stored(tmp_path) == (2, 2)


def test_a_row_of_the_wrong_width(kehu: Kehu, hall: Path, tmp_path: Path) -> None:
    (hall / "a.csv").write_text(
        GOOD + "3,王芳\n4,赵敏,13612345678,one,too,many\n5,孙丽,13512345678\n", encoding="utf-8"
    )
    told = kehu("run", "--json")
    assert (told.code, told.json["accepted"], told.json["quarantined"]) == (0, 3, 2)
    rows = kehu("quarantine", "list", "--json").json["rows"]
    assert [row["source_position"] for row in rows] == ["a.csv:4", "a.csv:5"]
    shown = kehu("quarantine", "show", rows[1]["quarantine_id"]).out
    assert "4,赵敏,13612345678,one,too,many" in shown


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        pytest.param("a.parquet", b"PAR1 but no more", 1, "a.parquet: cannot be read", id="no parquet"),
        pytest.param("a.csv", b"", 1, "a.csv: cannot be read", id="empty"),
        pytest.param("a.csv", b"record_id,name\n1,a\n2,b,13912345678\n", 1, "a.csv: cannot be read", id="width"),
        pytest.param("a.csv", b"name,phone\na,1\n", 2, "no column record_id", id="no key"),
        pytest.param("a.csv", b"record_id,name\n1,a\n1,b\n", 1, "repeat the record_id", id="key twice"),
    ],
)
def test_a_flat_file_that_cannot_be_resolved(kehu: Kehu, name: str, content: bytes, code: int, words: str) -> None:
    Path(name).write_bytes(content)
    told = kehu("resolve", name, "--out", "out.parquet", "--json")
    assert (told.code, told.out) == (code, "")
    assert words in told.err
    assert "13912345678" not in told.err
    assert not Path("out.parquet").exists()


def test_a_store_that_is_no_database(kehu: Kehu, hall: Path, tmp_path: Path) -> None:
    (tmp_path / "kehu.db").write_bytes(b"no database at all, but long enough to look at" * 100)
    told = kehu("run")
    assert told.code == 1
    assert "kehu.db" in told.err


def test_a_command_that_does_not_exist(kehu: Kehu) -> None:
    assert kehu("rum").code == 2


def test_no_address_but_this_machine(kehu: Kehu, hall: Path) -> None:
    (hall / "a.csv").write_text(GOOD, encoding="utf-8")
    kehu("run")
    told = kehu("serve", "--host", "0.0.0.0")
    assert told.code == 2
    assert "0.0.0.0" in told.err
