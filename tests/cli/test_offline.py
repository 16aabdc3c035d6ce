"""`kehu resolve`, `kehu train` and `kehu evaluate` on files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kehu.collect.town import town
from kehu.errors import ModelError
from kehu.resolve import model as models

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


@pytest.mark.parametrize("command", ["resolve", "train"])
@pytest.mark.parametrize(
    ("out", "why"),
    [
        pytest.param("records.parquet", "is the file that is read", id="the file itself"),
        pytest.param("./records.parquet", "is the file that is read", id="the file by another name"),
        pytest.param(".", "is a folder", id="a folder"),
        pytest.param("nowhere/out", "there is no folder nowhere", id="in no folder"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_done(
    kehu: Kehu, records: Path, command: str, out: str, why: str
) -> None:
    before = records.read_bytes()
    told = kehu(command, records, "--out", out)
    assert (told.code, told.out) == (2, "")
    assert why in told.err
    assert records.read_bytes() == before


def test_a_model_that_cannot_be_written_leaves_nothing(kehu: Kehu, records: Path) -> None:
    made = models.shipped()
    with pytest.raises(ModelError, match="cannot be written"):
        made.save(Path("nowhere/model.json"))
    assert not list(Path().glob(".*partial"))


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "big5"])
def test_a_file_in_another_encoding_is_told_the_way_out(kehu: Kehu, encoding: str) -> None:
    Path("hall.csv").write_text("record_id,name,phone\n1,張偉,13912345678\n", encoding=encoding)
    told = kehu("resolve", "hall.csv", "--out", "out.parquet")
    assert told.code == 1
    assert "save it as UTF-8" in told.err


@pytest.mark.parametrize("command", ["resolve", "train"])
def test_columns_that_are_not_ours_are_told(kehu: Kehu, records: Path, command: str) -> None:
    table = pq.read_table(records)
    pq.write_table(table.append_column("telephone", table["phone"]), "more.parquet")
    told = kehu(command, "more.parquet", "--out", "out", "--json")
    assert told.code == 0
    assert "telephone" in told.err
    assert "no columns of ours" not in kehu(command, records, "--out", "out").err


def test_nothing_is_learned_from_records_that_share_nothing(kehu: Kehu) -> None:
    Path("one.csv").write_text("record_id,name,phone\n1,张伟,13912345678\n", encoding="utf-8")
    told = kehu("train", "one.csv", "--out", "model.json")
    assert told.code == 1
    assert "nothing to learn from" in told.err
    assert not Path("model.json").exists()


def test_a_model_of_few_pairs_warns(kehu: Kehu) -> None:
    rows = "".join(f"{number},张伟,13912345678\n" for number in range(5))
    Path("few.csv").write_text(f"record_id,name,phone\n{rows}", encoding="utf-8")
    assert kehu("train", "few.csv", "--out", "model.json", "--json").json["warnings"][0].startswith("few pairs: 10 ")


def _without_a_column(told: dict[str, Any]) -> None:
    del told["frequencies"]["city"]


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        pytest.param(lambda told: told.update(same=1.5), "same and kin", id="a share above one"),
        pytest.param(lambda told: told.update(link_from=float("nan")), "link_from", id="no number"),
        pytest.param(lambda told: told.update(link_from="3"), "not a model", id="a text"),
        pytest.param(lambda told: told.update(review_from=9.0), "review_from", id="thresholds turned round"),
        pytest.param(lambda told: told["rates"]["phone"]["exact"].update(chance=0), "phone, exact", id="a rate of 0"),
        pytest.param(lambda told: told["frequencies"]["city"].update(rest=-1), "city", id="a share below 0"),
        pytest.param(_without_a_column, "city is missing", id="a column is missing"),
    ],
)
def test_a_model_that_was_spoiled_by_hand_is_refused(
    kehu: Kehu, records: Path, edit: Callable[[dict[str, Any]], object], why: str
) -> None:
    models.shipped().save(Path("model.json"))
    told = json.loads(Path("model.json").read_text(encoding="utf-8"))
    edit(told)
    Path("model.json").write_text(json.dumps(told), encoding="utf-8")
    answer = kehu("resolve", records, "--out", "out.parquet", "--model", "model.json")
    assert answer.code == 1
    assert why in answer.err
    assert "kehu train" in answer.err
