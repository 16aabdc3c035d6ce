"""From scored pairs to groups: the rules that no weight overrides, and the pairs that no key found."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kehu.resolve import between, group, weights
from kehu.resolve.between import Floats, Mask, Rows
from kehu.resolve.coded import Codes, Records
from kehu.resolve.compare.levels import Facet
from kehu.resolve.group import Scored, Ties
from kehu.resolve.model import Model
from kehu.resolve.weights import Scores


@dataclass(frozen=True)
class Decided:
    """What stewards decided about pairs of rows."""

    left: Rows
    right: Rows
    together: Mask
    """Where the two are one customer; elsewhere they are two."""


NOTHING = Decided(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_))
"""No decision at all."""


class Grouped(NamedTuple):
    """Which records are one customer."""

    group: Rows
    """For each record the least row of its group."""
    component: Rows
    """For each record the number of its component; no link joins two."""


def groups(
    records: Records,
    scores: Scores,
    model: Model,
    decided: Decided = NOTHING,
    *,
    component: Rows | None = None,
    threads: int = 1,
) -> Grouped:
    """The records in groups.

    Args:
        records: The records; equal weights go by their order, so it must not depend on how they came.
        scores: The pairs that share a key.
        model: What weighs the pairs that share none, inside a component.
        decided: What stewards decided; a *together* goes before everything else, an *apart* before every weight.
        component: For each record the number of its component, where that follows from others than these.
        threads: How many threads compare at once.
    """
    if not len(decided.left) and not (scores.weight >= model.tie_from).any():
        return Grouped(np.arange(len(records)), np.arange(len(records)))
    never = np.full((len(decided.left), len(Facet)), between.NEVER)
    by_stewards = Scored(
        left=decided.left,
        right=decided.right,
        weight=np.where(decided.together, between.ALWAYS, between.NEVER),
        lasting=np.where(decided.together[:, None], np.nan, never),
    )
    if component is None:
        ties = _ties(records, scores, tie_from=model.tie_from) + by_stewards
        component = group.components(ties, len(records), tie_from=model.tie_from)
    # What the others say matters to nobody: no link ties their records together.
    inside = scores.where(component[scores.left] == component[scores.right])
    scored = _ruled(records, inside) + by_stewards
    block = group.blocks(scored, component, tie_from=model.tie_from)
    # A store keeps no lighter pairs: between blocks, where not all pairs are compared, nobody is to know more than it.
    kept = (block[inside.left] == block[inside.right]) | (inside.weight >= model.review_from)
    if not kept.all():
        scored = _ruled(records, inside.where(kept)) + by_stewards
    missing = weights.score(records, *group.missing(scored, block), model, threads=threads)
    known = scored + _ruled(records, missing)
    return Grouped(group.partition(known, block, certificates(records), link_from=model.link_from), component)


def certificates(records: Records) -> Codes:
    """For each record the code of its valid certificate; -1 where it has none."""
    return np.where(records.certified, records.codes("id_number"), np.int32(-1))


def ruled(records: Records, left: Rows, right: Rows, weight: Floats) -> Floats:
    """The weight of pairs; `NEVER` where two certificates forbid that they are one customer."""
    return np.where(differ(records, left, right), between.NEVER, weight)


def differ(records: Records, left: Rows, right: Rows) -> Mask:
    """Which of the pairs have two different valid certificates."""
    held = certificates(records)
    a, b = held[left], held[right]
    return np.asarray((a >= 0) & (b >= 0) & (a != b), dtype=np.bool_)


def _ties(records: Records, scores: Scores, *, tie_from: float) -> Ties:
    """The pairs that tie records into components."""
    tied = scores.weight >= tie_from
    left, right = scores.left[tied], scores.right[tied]
    return Ties(left=left, right=right, weight=ruled(records, left, right, scores.weight[tied]))


def _ruled(records: Records, scores: Scores) -> Scored:
    """The pairs for grouping: two records with different valid certificates are never joined."""
    never = differ(records, scores.left, scores.right)
    lasting = scores.lasting  # Made for whoever asks.
    lasting[never] = between.NEVER
    weight = np.where(never, between.NEVER, scores.weight)
    return Scored(left=scores.left, right=scores.right, weight=weight, lasting=lasting)
