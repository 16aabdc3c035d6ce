"""Identity: which group keeps which customer id, so that ids last."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Identity:
    """The customer of every record, and where the ids that no group kept now lead."""

    customer: Numbers
    """For each record its customer; -1 - i where the i-th new id is wanted."""
    new: int
    """How many new ids are wanted."""
    retired: Numbers
    """Customers whose records all went to others."""
    survivor: Numbers
    """For each retired one the customer that has most of its records; may be a new one, as above."""


def assign(group: Numbers, now: Numbers, *, prefer: Numbers | None = None) -> Identity:
    """Let each group keep the id of the customer it shares most records with; ties go to the oldest id.

    An id is kept by one group only; the smaller part of a customer that was split gets a new one.

    Args:
        group: For each record its group.
        now: For each record the customer it has; -1 where it is new.
        prefer: For each record the customer whose id it shall have again, where the groups are not the customers
            that are there: a merge was taken back. Such an id may be a retired one, and lives again.

    >>> found = assign(np.array([0, 0, 2, 2]), np.array([7, 5, 7, 7]))
    >>> found.customer.tolist(), found.new
    ([5, 5, 7, 7], 0)
    >>> found = assign(np.array([0, 0, 0]), np.array([7, 5, 7]))
    >>> found.customer.tolist(), found.retired.tolist(), found.survivor.tolist()
    ([7, 7, 7], [5], [7])
    >>> assign(np.array([0, 0, 2]), np.array([7, 7, 7]), prefer=np.array([7, 7, 5])).customer.tolist()
    [7, 7, 5]
    """
    before = now if prefer is None or _same_parts(group, now) else prefer
    groups, of_record = np.unique(group, return_inverse=True)
    of_group, old, counts = _shared(of_record, before)
    kept = np.full(len(groups), -1, dtype=np.int64)
    alone = (np.bincount(of_group, minlength=len(groups)) == 1)[of_group] & _single(old)
    kept[of_group[alone]] = old[alone]  # Nobody else claims it: the common case.
    taken = set()
    disputed = np.flatnonzero(~alone)
    for claim in disputed[np.lexsort((of_group[disputed], old[disputed], -counts[disputed]))].tolist():
        g, customer = int(of_group[claim]), int(old[claim])
        if kept[g] < 0 and customer not in taken:
            kept[g] = customer
            taken.add(customer)
    wanting = np.flatnonzero(kept < 0)
    kept[wanting] = -1 - np.arange(len(wanting))
    if before is not now:
        of_group, old, counts = _shared(of_record, now)
    left = kept[of_group] != old
    if not left.any():  # Every id is kept by whoever has records of it.
        nothing = np.empty(0, dtype=np.int64)
        return Identity(kept[of_record], len(wanting), nothing, nothing)
    left &= ~np.isin(old, kept)
    order = np.lexsort((of_group[left], -counts[left], old[left]))
    retired, first = np.unique(old[left][order], return_index=True)
    return Identity(kept[of_record], len(wanting), retired, kept[of_group[left][order][first]])


def _shared(group: Numbers, customer: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Each group and customer that share records, and how many."""
    had = customer >= 0
    if not had.any():
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing, nothing
    known, which = np.unique(customer[had], return_inverse=True)
    both, counts = np.unique(group[had] * len(known) + which, return_counts=True)
    return both // len(known), known[both % len(known)], counts


def _same_parts(group: Numbers, now: Numbers) -> bool:
    """Whether the groups are the customers that are there."""
    both = np.unique(np.stack([group, now]), axis=1).shape[1]
    return both == len(np.unique(group)) == len(np.unique(now)) and bool((now >= 0).all())


def _single(values: Numbers) -> npt.NDArray[np.bool_]:
    """Where a value stands once."""
    _, back, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(counts[back] == 1)
