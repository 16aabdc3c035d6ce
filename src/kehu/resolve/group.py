"""Groups: which records are one customer, decided on groups and not on pairs alone.

Links that ask to be followed first tie records into components. Inside a component every pair counts: a link joins
two groups only if what is known between all their records does not speak against it more than the link speaks for
it. So no chain of plausible links joins two people, and two different valid certificates are never joined.

Source:
    Kruskal's order with must-not-link constraints (Wagstaff & Cardie 2000); the objection of the other pairs is
    average linkage, of which only the part that speaks against joining is counted.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NEVER = -1e6
"""The weight between records that must stay apart, whatever speaks for them."""

ALWAYS = 1e9
"""The weight between records that a steward put together; it outweighs every `NEVER` of theirs."""

EXCLUDES = -4.0
"""Two groups whose records object to each other so much, on average, are two customers."""

LARGEST = 400
"""A component of more records is cut at its lightest links: all its pairs are looked at, and they are its square."""

STEP = 4.0
"""By how much more a link must weigh, round after round, to be followed in a component that is too large."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Pairs of rows with their weights, in any order; of a pair that stands twice the last counts."""

    left: Rows
    right: Rows
    weight: Floats
    """log2 odds; `NEVER` and `ALWAYS` where a certificate or a steward decides."""
    objection: Floats
    """What speaks against the two being one, whatever else they share: other names, other birth dates; at most 0."""

    def __add__(self, other: "Scored") -> "Scored":
        return Scored(
            left=np.concatenate([self.left, other.left]),
            right=np.concatenate([self.right, other.right]),
            weight=np.concatenate([self.weight, other.weight]),
            objection=np.concatenate([self.objection, other.objection]),
        )


def components(scored: Scored, size: int, *, link_from: float) -> Rows:
    """For each of `size` rows the number of its component, following the links from `link_from` up.

    Where that makes a component larger than `LARGEST`, only its heavier links are followed. What a steward put
    together is never cut.
    """
    least, follow = link_from, scored.weight >= link_from
    while True:
        component = _connected(scored, size, follow)
        large = (np.bincount(component) > LARGEST)[component]
        inside = follow & large[scored.left]
        if not (inside & (scored.weight < ALWAYS)).any():
            return component
        least += STEP
        follow &= ~(inside & (scored.weight < min(least, ALWAYS)))


def _connected(scored: Scored, size: int, follow: Mask) -> Rows:
    ones = np.ones(int(follow.sum()), dtype=np.int8)
    graph = coo_array((ones, (scored.left[follow], scored.right[follow])), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def missing(scored: Scored, component: Rows) -> tuple[Rows, Rows]:
    """The pairs inside components of three records and more that were not scored, as they share no key.

    A component larger than `LARGEST`, as only stewards make it, is not completed.
    """
    order = np.argsort(component, kind="stable")
    sizes = np.bincount(component)
    sizes = np.where((sizes > 2) & (sizes <= LARGEST), sizes, 1)
    rows = order[sizes[component[order]] > 1]  # Component after component, in each by row.
    size = sizes[component[rows]]
    starts = np.arange(len(rows)) - _counted(sizes[sizes > 1])
    partners = size - 1 - (np.arange(len(rows)) - starts)
    first = np.repeat(np.arange(len(rows)), partners)
    left, right = rows[first], rows[first + _counted(partners) + 1]
    # Where among these pairs one stands is known without a search: after all those of the rows before its first.
    place = np.full(len(component), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    a, b = place[scored.left], place[scored.right]
    inside = (component[scored.left] == component[scored.right]) & (a >= 0)
    a, b = np.minimum(a[inside], b[inside]), np.maximum(a[inside], b[inside])
    new = np.ones(len(left), dtype=np.bool_)
    new[(np.cumsum(partners) - partners)[a] + b - a - 1] = False
    return left[new], right[new]


def _counted(sizes: Rows) -> Rows:
    """For each of several runs the numbers from 0 up to its size, one run after the other.

    >>> _counted(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    return np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def partition(scored: Scored, component: Rows, *, link_from: float) -> Rows:
    """For each row the least row of its group.

    Args:
        scored: The pairs that share a key, and the `missing` ones.
        component: For each row its component; groups never cross one.
        link_from: What a join must weigh, objections taken off.
    """
    size = len(component)
    inside = component[scored.left] == component[scored.right]
    left = np.minimum(scored.left, scored.right)[inside]
    right, weight = np.maximum(scored.left, scored.right)[inside], scored.weight[inside]
    objection, of_pair = scored.objection[inside], component[left]
    disputed = np.zeros(int(component.max(initial=-1)) + 1, dtype=np.bool_)
    disputed[of_pair[objection < 0]] = True
    # In most components nobody objects: they are one group as they are.
    least = np.full(len(disputed), size, dtype=np.int64)
    np.minimum.at(least, component, np.arange(size))
    group = least[component]
    hard = np.flatnonzero(disputed[of_pair])
    hard = hard[np.lexsort((right[hard], left[hard], of_pair[hard]))]
    bounds = np.flatnonzero(np.diff(of_pair[hard], prepend=-1, append=-2))
    for start, stop in itertools.pairwise(bounds):
        pairs = hard[start:stop]
        rows = np.unique(np.concatenate([left[pairs], right[pairs]]))
        a, b = np.searchsorted(rows, left[pairs]), np.searchsorted(rows, right[pairs])
        group[rows] = rows[_joined(len(rows), a, b, weight[pairs], objection[pairs], link_from=link_from)]
    return group


def _joined(size: int, a: Rows, b: Rows, weight: Floats, objection: Floats, *, link_from: float) -> Rows:
    """The groups of one component of `size` rows: for each the least row it is grouped with."""
    strongest = np.full((size, size), -np.inf)
    strongest[a, b] = strongest[b, a] = weight
    objections = np.zeros((size, size))  # Summed over the pairs between two groups.
    objections[a, b] = objections[b, a] = objection
    members = np.ones(size)
    group = np.arange(size)
    worth = strongest + objections
    asked = worth.copy()  # Where a join was refused it is not asked for again, but it is a rival still.
    while True:
        best = int(asked.argmax())
        i, j = sorted(divmod(best, size))
        if asked[i, j] < link_from:
            return group
        decided = strongest[i, j] >= ALWAYS  # By a steward: other decisions are no rivals to it.
        if not decided and worth[i, j] - _rivalry(i, j, worth, objections / np.outer(members, members)) < link_from:
            asked[i, j] = asked[j, i] = -np.inf
            continue
        group[group == j] = i
        members[i] += members[j]
        strongest[i] = strongest[:, i] = np.maximum(strongest[i], strongest[j])
        objections[i] = objections[:, i] = objections[i] + objections[j]
        strongest[j] = strongest[:, j] = strongest[i, i] = -np.inf
        worth[i] = worth[:, i] = strongest[i] + np.minimum(objections[i] / (members[i] * members), 0.0)
        worth[j] = worth[:, j] = worth[i, i] = -np.inf
        asked[i] = asked[:, i] = worth[i]
        asked[j] = asked[:, j] = -np.inf


def _rivalry(i: int, j: int, worth: Floats, objection: Floats) -> float:
    """What a join loses because one side could as well belong to a third group that excludes the other, log2.

    A nameless call from the phone of a couple is his or hers, but not both: the odds of each are divided by one plus
    the odds of the other.
    """
    rivals = np.concatenate([worth[i, objection[j] < EXCLUDES], worth[j, objection[i] < EXCLUDES]])
    return float(np.logaddexp2.reduce(np.append(rivals, 0.0)))


def reasons(
    left: Rows, right: Rows, weight: Floats, group: Rows, certificate: npt.NDArray[np.int32], *, link_from: float
) -> npt.NDArray[np.str_]:
    """Why each pair was not joined; "" where it was.

    Args:
        left: Row of the left record of each pair.
        right: Row of the right record.
        weight: log2 odds.
        group: For each row its group.
        certificate: For each row the code of its valid certificate; -1 where it has none.
        link_from: A lighter pair is in doubt (`doubtful`); a heavier one was refused, as its certificates differ
            (`certificate`) or as its groups are at odds (`group`).
    """
    together = group[left] == group[right]
    certificates = (certificate[left] >= 0) & (certificate[right] >= 0) & (certificate[left] != certificate[right])
    return np.select([together, certificates, weight >= link_from], ["", "certificate", "group"], default="doubtful")
