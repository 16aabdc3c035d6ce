"""Change: what another grouping of the same records would merge and split."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Change:
    """From today's customers to other groups."""

    customers: int
    """Today's customers."""
    groups: int
    """The customers there would be."""
    merging: Numbers
    """The groups that hold records of several of today's customers, those of most records first."""
    splitting: Numbers
    """Today's customers whose records would be in several groups, those of most records first."""
    joined: int
    """How many of today's customers would share a group with another one."""


def between(now: Numbers, then: Numbers) -> Change:
    """What differs between two partitions of the same records.

    Args:
        now: For each record the customer it has; -1 where it has none yet, which changes nobody.
        then: For each record its group.

    >>> change = between(np.array([7, 7, 8, 9, 9, -1]), np.array([0, 0, 0, 3, 4, 5]))
    >>> change.customers, change.groups, change.joined
    (3, 4, 2)
    >>> change.merging.tolist(), change.splitting.tolist()
    ([0], [9])
    """
    known = now >= 0
    groups, customers = np.unique(np.stack([then[known], now[known]]), axis=1)
    group, of_group, customers_in = np.unique(groups, return_inverse=True, return_counts=True)
    customer, groups_of = np.unique(customers, return_counts=True)
    return Change(
        customers=len(customer),
        groups=len(np.unique(then)),
        merging=_greatest_first(group[customers_in > 1], then[known]),
        splitting=_greatest_first(customer[groups_of > 1], now[known]),
        joined=len(np.unique(customers[customers_in[of_group] > 1])),
    )


def sample(of: Numbers, parts: Numbers, wanted: int, *, most: int) -> Numbers:
    """Some rows of one group (or customer), by turns of each of its parts, so that every part is seen.

    >>> sample(np.array([1, 1, 1, 1, 2]), np.array([7, 7, 7, 8, 9]), 1, most=3).tolist()
    [0, 3, 1]
    """
    rows = np.flatnonzero(of == wanted)
    _, part, counts = np.unique(parts[rows], return_inverse=True, return_counts=True)
    order = np.argsort(part, kind="stable")
    turn = np.empty(len(rows), dtype=np.int64)
    turn[order] = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    return rows[np.lexsort((part, turn))][:most]


def _greatest_first(some: Numbers, every: Numbers) -> Numbers:
    """Those of most rows first; of equal ones the lesser number."""
    found, counts = np.unique(every[np.isin(every, some)], return_counts=True)
    return np.asarray(found[np.lexsort((found, -counts))])
