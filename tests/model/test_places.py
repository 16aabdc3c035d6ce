import pyarrow.compute as pc

from kehu.model import places


def test_every_division_stands_under_one_that_exists() -> None:
    codes = set(places.divisions()["code"].to_pylist())
    assert all(code[:-2] in codes for code in codes if len(code) > 2)


def test_a_code_has_the_length_of_its_level_and_names_one_division() -> None:
    divisions = places.divisions()
    digits = {"province": 2, "city": 4, "district": 6}
    rows = divisions.to_pylist()
    assert all(len(row["code"]) == digits[row["level"]] and row["name"] for row in rows)
    assert pc.count_distinct(divisions["code"]).as_py() == len(rows)
    assert sum(row["level"] == "province" for row in rows) == 31
