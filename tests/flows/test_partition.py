"""Resolving flat files: right, and the same however the rows are ordered."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kehu.collect.town import town
from kehu.collect.town.town import Town
from kehu.engine.duck import Duck
from kehu.errors import SettingsError
from kehu.flows import partition
from kehu.model.records import FLAT_COLUMNS
from kehu.resolve import evaluate
from kehu.resolve import model as models

Customers = set[frozenset[str]]


@pytest.fixture(scope="module")
def made() -> Town:
    return town.make(3000, seed=17)


def resolve(flat: pa.Table, *, adapt: bool = False, threads: int = 1) -> partition.Partition:
    return partition.resolve(flat, Duck(threads=threads), models.shipped(), adapt=adapt)


def customers(found: partition.Partition) -> Customers:
    groups: dict[str, set[str]] = {}
    for row in found.customers.to_pylist():
        groups.setdefault(row["customer_id"], set()).add(row["record_id"])
    return {frozenset(group) for group in groups.values()}


def flat(*rows: dict[str, str]) -> pa.Table:
    schema = pa.schema([(name, pa.string()) for name in FLAT_COLUMNS])
    return pa.Table.from_pylist([{"record_id": str(number), **row} for number, row in enumerate(rows)], schema=schema)


@pytest.mark.parametrize("adapt", [pytest.param(False, id="as shipped"), pytest.param(True, id="adapted")])
def test_a_town_is_resolved_rightly_without_labels(made: Town, *, adapt: bool) -> None:
    score = evaluate.compare(resolve(made.records, adapt=adapt).customers, made.truth)
    assert score.precision >= 0.99
    assert score.f1 >= 0.97


@pytest.mark.parametrize("adapt", [pytest.param(False, id="as shipped"), pytest.param(True, id="adapted")])
def test_the_order_of_rows_and_the_number_of_threads_change_nothing(made: Town, *, adapt: bool) -> None:
    order = np.random.default_rng(3).permutation(len(made.records))
    one = resolve(made.records, adapt=adapt)
    other = resolve(made.records.take(pa.array(order)), adapt=adapt, threads=2)
    assert other.customers.equals(one.customers)
    assert other.model == one.model


def test_two_records_teach_nothing() -> None:
    """Fitted to the two, either would be the likeliest of all to be the other."""
    door = {"phone": "13912345678", "address": "成都市武侯区人民南路4号"}
    title = flat({"name": "张伟", **door}, {"name": "张先生", **door})
    strangers = flat({"name": "张伟", "phone": "13912345678"}, {"name": "张伟", "phone": "13812345679"})
    assert len(customers(resolve(title, adapt=True))) == 1
    assert len(customers(resolve(strangers, adapt=True))) == 2


def test_every_record_is_in_one_customer_named_by_its_least_record(made: Town) -> None:
    found = resolve(made.records).customers
    assert sorted(found["record_id"].to_pylist()) == sorted(made.records["record_id"].to_pylist())
    least: dict[str, str] = {}
    for row in found.to_pylist():
        least[row["customer_id"]] = min(least.get(row["customer_id"], row["record_id"]), row["record_id"])
    assert all(name == record for name, record in least.items())


def test_the_report_counts_what_was_found(made: Town) -> None:
    found = resolve(made.records, adapt=True)
    told = found.report.as_json()
    assert told["records"] == len(made.records)
    assert told["customers"] == len(customers(found))
    assert set(told["seconds"]) == {"clean", "pairs", "compare", "train", "score", "group"}  # type: ignore[call-overload]  # a dict
    assert found.report.counts["pairs"] >= found.report.counts["links"] > found.report.counts["refused"]


@pytest.mark.parametrize("rows", [0, 1, 2])
@pytest.mark.parametrize("adapt", [pytest.param(False, id="as shipped"), pytest.param(True, id="adapted")])
def test_hardly_any_records_are_no_error(rows: int, *, adapt: bool) -> None:
    found = resolve(flat(*[{"name": "王小明", "phone": "13912345678", "birth_date": "1980-02-03"}] * rows), adapt=adapt)
    assert found.report.counts["records"] == rows


def test_records_that_say_nothing_stay_alone() -> None:
    assert len(customers(resolve(flat(*[{"phone": "无", "name": "test", "id_number": "0" * 18}] * 300)))) == 300


def test_a_hot_phone_is_reported() -> None:
    names = [
        a + b
        for a in "赵钱孙李周吴郑王冯陈褚"
        for b in ("伟", "秀英", "建国", "婷婷", "晓鹏", "丽", "强", "磊", "军", "洋")
    ]
    found = resolve(flat(*({"name": name, "phone": "15912345678"} for name in names)))
    assert found.report.counts["hot_keys"] == 1
    assert len(customers(found)) == len(names)


Write = Callable[[pa.Table], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(table: pa.Table) -> Path:
        pq.write_table(table, tmp_path / "in.parquet")
        return tmp_path / "in.parquet"

    return to_file


def test_a_file_is_resolved_with_the_shipped_model_fitted_to_it(made: Town, write: Write, tmp_path: Path) -> None:
    report = partition.resolve_file(write(made.records), tmp_path / "out.parquet", Duck())
    assert "train" in report.seconds
    assert pq.read_table(tmp_path / "out.parquet").equals(resolve(made.records, adapt=True).customers)


def test_a_model_that_was_trained_is_used_as_it_is(made: Town, write: Write, tmp_path: Path) -> None:
    """A file resolved without a model, and with the model trained on that file, has the same customers."""
    source = write(made.records)
    partition.train_file(source, tmp_path / "model.json", Duck())
    report = partition.resolve_file(source, tmp_path / "with.parquet", Duck(), model=tmp_path / "model.json")
    partition.resolve_file(source, tmp_path / "without.parquet", Duck())
    assert "train" not in report.seconds
    assert pq.read_table(tmp_path / "with.parquet").equals(pq.read_table(tmp_path / "without.parquet"))


def test_a_file_without_keys_of_its_rows_is_refused(write: Write, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="record_id"):
        partition.resolve_file(write(pa.table({"name": ["王小明"]})), tmp_path / "out.parquet", Duck())
    assert not (tmp_path / "out.parquet").exists()
