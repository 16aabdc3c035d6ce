"""Resolve, train and evaluate on flat files, without a store."""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect import flat as flat_files
from kehu.engine.engine import Engine, Stage
from kehu.flows import prepare
from kehu.model import links as link_columns
from kehu.resolve import evaluate, joining, keys, weights
from kehu.resolve import model as models
from kehu.resolve.coded import Records
from kehu.resolve.compare import comparisons
from kehu.resolve.model import Model
from kehu.resolve.weights import Rows

HOT_KEY_LIMIT = 100
"""A key that more records share makes no pairs."""

LEARNED_FROM = 7
"""Fewer records are taken as the model has it: fitted to two, these would be one customer for want of anybody else."""


@dataclass
class Report:
    """What a run did, for people and for `--json`."""

    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    """Columns of the file that are none of ours, and were not read."""

    @contextmanager
    def step(self, name: str, progress: Callable[[str], None]) -> Iterator[None]:
        """Time a step and tell that it began."""
        progress(name)
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + round(time.perf_counter() - start, 3)

    def as_json(self) -> dict[str, object]:
        """Counts, seconds per step and the greatest memory so far in MB: ours and that of the greatest helper."""
        peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return {**self.counts, "seconds": self.seconds, "peak_memory_mb": sum(peaks) // 1024}


@dataclass(frozen=True)
class Partition:
    """Every record in its customer."""

    customers: pa.Table
    """`record_id`, `customer_id` (the least record_id of the customer); one row a record."""
    model: Model
    """The model that weighed them."""
    report: Report


def resolve(
    flat: pa.Table, engine: Engine, model: Model, *, adapt: bool, progress: Callable[[str], None] = lambda _: None
) -> Partition:
    """Put every flat record into one customer.

    The rows are first put in the order of their `record_id`, so that the order they came in changes nothing.

    Args:
        flat: Flat records (`model.records.FLAT_COLUMNS`), as dirty as they come.
        engine: Who joins keys into pairs.
        model: What weighs the pairs.
        adapt: Whether the model is first fitted to these records, without labels.
        progress: Called with the name of each step.
    """
    report = Report()
    with engine.started(prepare.prepare, rows=flat.num_rows) as prepared, report.step("clean", progress):
        record_ids, records = _cleaned(flat, prepared)
    return _resolve(record_ids, records, engine, model, report, adapt=adapt, progress=progress)


def _cleaned(flat: pa.Table, prepared: Stage) -> tuple[pa.ChunkedArray, Records]:
    """The ids of the records in their order, and the records."""
    ordered = _in_order(flat)
    return ordered.column("record_id"), Records(prepared(ordered))


def _resolve(
    record_ids: pa.ChunkedArray,
    records: Records,
    engine: Engine,
    model: Model,
    report: Report,
    *,
    adapt: bool,
    progress: Callable[[str], None],
) -> Partition:
    with report.step("pairs", progress):
        left, right, hot = _paired(records, engine)
    with report.step("compare", progress):
        patterns = comparisons.patterns(records, left, right, threads=engine.threads)
    if adapt:
        with report.step("train", progress):
            if len(records) >= LEARNED_FROM:
                model = weights.train(records, patterns, model, threads=engine.threads)
    with report.step("score", progress):
        scores = weights.score(records, left, right, model, patterns=patterns, threads=engine.threads)
    with report.step("group", progress):
        groups = joining.groups(records, scores, model, threads=engine.threads).group
        customers = pa.table({"record_id": record_ids, "customer_id": record_ids.take(pa.array(groups))})
    follow = scores.weight >= model.link_from
    report.counts = {
        "records": len(records),
        "customers": int((groups == np.arange(len(groups))).sum()),
        "pairs": len(left),
        "links": int(follow.sum()),
        "refused": int((groups[left] != groups[right])[follow].sum()),
        "hot_keys": hot,
    }
    return Partition(customers, model, report)


def _paired(records: Records, engine: Engine) -> tuple[Rows, Rows, int]:
    """The rows of every pair that shares a key, and how many keys were hot: those are silent in the records now."""
    made = keys.of(records, np.arange(len(records)), threads=engine.threads)
    found = engine.pairs(made, limits=keys.limits(hot_key_limit=HOT_KEY_LIMIT))
    keys.silence(records, found.hot.column("key").to_numpy())
    left, right = (found.pairs.column(side).to_numpy() for side in link_columns.PAIRS.names)
    return left, right, found.hot.num_rows


def train(
    flat: pa.Table, engine: Engine, start: Model, *, progress: Callable[[str], None] = lambda _: None
) -> tuple[Model, Report]:
    """A model that fits these flat records, learned without labels.

    Raises:
        ModelError: No two of them share a key.
    """
    report = Report()
    with report.step("clean", progress):
        records = Records(engine.map(prepare.prepare, _in_order(flat)))
    with report.step("pairs", progress):
        left, right, _ = _paired(records, engine)
    weights.require_pairs(len(left))
    with report.step("train", progress):
        patterns = comparisons.patterns(records, left, right, threads=engine.threads)
        model = weights.train(records, patterns, start, threads=engine.threads)
    report.counts = {"records": len(records), "pairs": len(left)}
    return model, report


def resolve_file(
    source: Path,
    out: Path,
    engine: Engine,
    *,
    model: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Write the customer of every record of a flat Parquet or CSV file: Parquet `record_id, customer_id`.

    Without a model file the shipped model is fitted to the records first; a model file is used as it is.
    """
    flat_files.require_place(out, beside=source)
    chosen = models.load(model) if model else models.shipped()
    report = Report()
    with engine.started(prepare.prepare, rows=flat_files.rows(source)) as prepared:
        with report.step("read", progress):
            told = flat_files.read(source)
        report.unknown = told.unknown
        with report.step("clean", progress):
            record_ids, records = _cleaned(told.records, prepared)
    del told  # Nobody reads it any more, and it weighs 450 bytes a record.
    found = _resolve(record_ids, records, engine, chosen, report, adapt=model is None, progress=progress)
    with report.step("write", progress):
        flat_files.write(found.customers, out)
    return report


def train_file(
    source: Path, out: Path, engine: Engine, *, progress: Callable[[str], None] = lambda _: None
) -> tuple[Model, Report]:
    """Learn a model from a flat file, and write it."""
    flat_files.require_place(out, beside=source)
    told = flat_files.read(source)
    model, report = train(told.records, engine, models.shipped(), progress=progress)
    report.unknown = told.unknown
    model.save(out)
    return model, report


def evaluate_files(found: Path, truth: Path) -> evaluate.Score:
    """How a partition (`kehu resolve`'s answer) agrees with the truth; both name `record_id` and `customer_id`."""
    return evaluate.compare(flat_files.read_any(found), flat_files.read_any(truth))


def _in_order(flat: pa.Table) -> pa.Table:
    """The rows in the order of their `record_id`."""
    ids = flat.column("record_id")
    if pc.all(pc.less_equal(ids[:-1], ids[1:])).as_py():
        return flat
    return flat.take(pc.sort_indices(ids))
