"""Resolve a flat file without a store: its records, cleaned, compared and put into customers."""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.engine.engine import Engine
from kehu.model import links as link_columns
from kehu.process import clean
from kehu.resolve import group, keys, weights
from kehu.resolve.coded import Records
from kehu.resolve.model import Model

HOT_KEY_LIMIT = 100
"""A key that more records share makes no pairs."""


@dataclass
class Report:
    """What a run did, for people and for `--json`."""

    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, progress: Callable[[str], None]) -> Iterator[None]:
        """Time a step and tell that it began."""
        progress(name)
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + round(time.perf_counter() - start, 3)

    def as_json(self) -> dict[str, object]:
        """Counts, seconds per step and the greatest memory so far, in MB."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return {**self.counts, "seconds": self.seconds, "peak_memory_mb": peak}


@dataclass(frozen=True)
class Partition:
    """Every record in its customer."""

    customers: pa.Table
    """`record_id`, `customer_id` (the least record_id of the customer); one row a record."""
    links: pa.Table
    """`model.links.LINKS`, by row of `customers`."""
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
    with report.step("clean", progress):
        ordered = flat.take(pc.sort_indices(flat.column("record_id")))
        records = Records(clean.clean(ordered))
    rows = np.arange(len(records))
    with report.step("pairs", progress):
        pairing = engine.pairs(keys.of(records, rows), limits=keys.limits(hot_key_limit=HOT_KEY_LIMIT))
        left, right = (pairing.pairs.column(side).to_numpy() for side in link_columns.PAIRS.names)
    if adapt:
        with report.step("train", progress):
            model = weights.train(records, left, right, model)
    with report.step("score", progress):
        scores = weights.score(records, left, right, model)
    with report.step("group", progress):
        groups = grouped(records, scores, model)
        record_ids = ordered.column("record_id")
        customers = pa.table({"record_id": record_ids, "customer_id": record_ids.take(pa.array(groups))})
    follow = scores.weight >= model.link_from
    report.counts = {
        "records": len(records),
        "customers": len(np.unique(groups)),
        "pairs": len(left),
        "links": int(follow.sum()),
        "refused": int((groups[left] != groups[right])[follow].sum()),
        "hot_keys": pairing.hot.num_rows,
    }
    links = weights.links_of(scores.where(scores.weight >= model.review_from), rows)
    return Partition(customers, links, model, report)


def grouped(records: Records, scores: weights.Scores, model: Model) -> group.Rows:
    """For each record the least row of its group; see `resolve.group`."""
    scored = ruled(records, scores)
    component = group.components(scored, len(records), link_from=model.link_from)
    missing = weights.score(records, *group.missing(scored, component), model)
    return group.partition(scored + ruled(records, missing), component, link_from=model.link_from)


def ruled(records: Records, scores: weights.Scores) -> group.Scored:
    """The pairs for grouping: two records with different valid certificates are never joined."""
    numbers = records.codes("id_number")
    both = records.certified[scores.left] & records.certified[scores.right]
    never = both & (numbers[scores.left] != numbers[scores.right])
    return group.Scored(
        left=scores.left,
        right=scores.right,
        weight=np.where(never, group.NEVER, scores.weight),
        objection=np.where(never, group.NEVER, np.minimum(scores.lasting, 0.0)),
    )
