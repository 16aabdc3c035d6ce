"""`kehu resolve`, `kehu train` and `kehu evaluate` on files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kehu.collect.town import town

Kehu = Callable[..., Any]


@pytest.fixture(scope="module")
def made() -> town.Town:
    return town.make(1500, seed=5)


@pytest.fixture
def records(kehu: Kehu, made: town.Town) -> Path:
    pq.write_table(made.records, "records.parquet")
    pq.write_table(made.truth, "truth.parquet")
    return Path("records.parquet")


def test_every_record_gets_one_customer_and_most_of_them_the_right_one(kehu: Kehu, records: Path) -> None:
    told = kehu("resolve", records, "--out", "out.parquet", "--threads", 1, "--json")
    assert told.code == 0
    out = pq.read_table("out.parquet")
    assert out.column_names == ["record_id", "customer_id"]
    assert sorted(out["record_id"].to_pylist()) == sorted(pq.read_table(records)["record_id"].to_pylist())
    assert told.json["records"] == 1500
    assert told.json["customers"] == len(out["customer_id"].unique())
    score = kehu("evaluate", "out.parquet", "truth.parquet", "--json").json
    assert score["f1"] > 0.95
    assert score["precision"] > 0.98


def test_a_csv_file_gives_what_the_parquet_file_gives(kehu: Kehu, records: Path) -> None:
    pa.csv.write_csv(pq.read_table(records), "records.csv")
    for name in ("records.parquet", "records.csv"):
        assert kehu("resolve", name, "--out", f"{name}.out").code == 0
    assert pq.read_table("records.parquet.out").equals(pq.read_table("records.csv.out"))


def test_what_a_model_was_learned_from_is_told(kehu: Kehu, records: Path) -> None:
    told = kehu("train", records, "--out", "model.json", "--json").json
    assert told["pairs"] > 0
    assert told["rounds"] > 1
    assert told["levels"]["phone"]["exact"]["weight"] > 5
    assert told["seen"]["phone"]["exact"] > 0
    unseen = [level for level, pairs in told["seen"]["surname"].items() if not pairs]
    assert unseen
    assert any(warning.startswith("surname: ") for warning in told["warnings"])


def test_a_trained_model_can_be_used(kehu: Kehu, records: Path) -> None:
    assert kehu("train", records, "--out", "model.json").code == 0
    assert kehu("resolve", records, "--out", "out.parquet", "--model", "model.json").code == 0


def test_a_file_that_is_no_model_is_refused(kehu: Kehu, records: Path) -> None:
    Path("model.json").write_text("{}")
    told = kehu("resolve", records, "--out", "out.parquet", "--model", "model.json")
    assert told.code == 1
    assert "model.json" in told.err


def test_the_sentence_of_evaluate_has_pairs_and_records(kehu: Kehu, records: Path) -> None:
    told = kehu("evaluate", "truth.parquet", "truth.parquet")
    assert "pairs    precision 1.0000" in told.out
    assert "B-cubed  precision 1.0000" in told.out
