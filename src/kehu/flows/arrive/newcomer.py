"""A newcomer: whom somebody who stands at the counter may already be, before anything is stored.

The record is cleaned, paired and weighed as one that arrives would be, by what is stored, and nothing is written.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect import push
from kehu.flows.arrive import arrive
from kehu.flows.arrive.arrive import Desk, Row
from kehu.flows.identify import coding
from kehu.flows.intake import intake
from kehu.model import arrow
from kehu.model.records import CLEAN
from kehu.resolve import explain, keys, weights
from kehu.resolve.coded import Records
from kehu.resolve.explain import Evidence
from kehu.store import keys as stored
from kehu.store import records, views
from kehu.store.database import Database, Transaction

NOBODY = 0
"""The number of a record that is not stored; those that are start at 1."""

SHOWN = 5
"""So many customers are told, the likeliest first."""

COMPARED = 500
"""So many records are weighed: those that share most with the newcomer."""


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """A customer that a newcomer may be."""

    customer: views.Customer
    weight: float
    """log2 odds that its closest record and the newcomer are one customer."""
    joins: bool
    """Whether that would be enough to make them one."""
    record: int
    """Its closest record."""
    evidence: tuple[Evidence, ...]
    """The weights add up to the weight."""


@dataclass(frozen=True, kw_only=True)
class Met:
    """What can be said of a newcomer before anything is stored."""

    reasons: Sequence[Mapping[str, str]]
    """Why the record would lie in quarantine: `rule`, `column`, `zh`, `en`."""
    likely: tuple[Likeness, ...]
    """Whom they may be, the likeliest first."""


def meet(database: Database, desk: Desk, row: Row) -> Met:
    """Say whom a record that somebody is filling in may be.

    Args:
        database: The store.
        desk: What weighs records.
        row: The record as far as it is filled in, with its channel.
    """
    channel = row["channel"] or ""
    judged = intake.judge(push.batch([row]), desk.feed(channel, arrive.OURS), home=desk.home)
    if not judged.clean.num_rows:
        return Met(reasons=json.loads(judged.faulty.column("reasons")[0].as_py()), likely=())
    with database.read() as tx:
        return Met(reasons=(), likely=_likely(tx, desk, judged.clean.select(CLEAN.names)))


def _likely(tx: Transaction, desk: Desk, newcomer: pa.Table) -> tuple[Likeness, ...]:
    limits = keys.limits(hot_key_limit=desk.hot_key_limit)
    own = keys.of(Records(newcomer), np.array([NOBODY], np.int64))
    sharing = stored.sharing(tx, own, limits=limits)
    others = _closest(sharing.keys.column("record").to_numpy())
    known = records.read(tx, pa.array(others, pa.int64()))
    known = known.filter(pc.and_(known.column("current"), pc.is_valid(known.column("customer_id"))))
    if not known.num_rows:
        return ()
    both = Records(pa.concat_tables([newcomer.cast(CLEAN), arrow.typed(known, CLEAN)]).combine_chunks())
    coding.silence(tx, both, limits)
    right = np.arange(1, known.num_rows + 1)
    scores = weights.score(both, np.zeros_like(right), right, desk.model)
    found = weights.links_of(scores, np.arange(len(right) + 1)).sort_by(
        [("weight", "descending"), ("record_r", "ascending")]
    )
    best: dict[int, tuple[int, float, str]] = {}
    customer_ids = known.column("customer_id").to_pylist()
    numbers = known.column("record").to_pylist()
    for link in found.to_pylist():
        place = link["record_r"] - 1
        if link["weight"] >= desk.model.review_from and len(best) < SHOWN:
            best.setdefault(customer_ids[place], (numbers[place], link["weight"], link["levels"]))
    return tuple(
        Likeness(
            customer=customer,
            weight=weight,
            joins=weight >= desk.model.link_from,
            record=record,
            evidence=tuple(explain.evidence(levels, weight, desk.model)),
        )
        for customer in views.customers_of(tx, list(best))
        for record, weight, levels in [best[customer.customer_id]]
    )


def _closest(sharing: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The records that share most keys."""
    found, times = np.unique(sharing, return_counts=True)
    return found[np.lexsort((found, -times))[:COMPARED]]
