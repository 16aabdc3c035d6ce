"""Groups: which records are one customer, decided on groups and not on pairs alone.

Links that ask to be followed first tie records into components. Inside a component every pair counts: a link joins
two groups only if what is known between all their records does not speak against it more than the link speaks for
it. So no chain of plausible links joins two people, and two different valid certificates are never joined.

All pairs of a component are its square, and one more record may change all of it. One of more than `LARGEST` records
is therefore cut at heavier links, as far as `HEAVIER`. What is too large even then is grouped in rounds: its heaviest
links make blocks of at most `BLOCK`, each block is grouped, and what came of it goes into the next round as one, until
every link was asked. A large customer stays whole, and a chain of accidents falls apart at its objections.

What is weighed between two groups, and in which order they join, stands in `between`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from kehu.resolve import between
from kehu.resolve.between import EXCLUDES, Between, Codes, Floats, Mask, Rows

LARGEST = 400
"""A component of so many records is looked at as it is, all its pairs."""

HEAVIER = 10
"""So much more a link must weigh at most to tie the records of a larger component, log2. Lighter ones tie strangers
most often, by a model that does not fit the records nearly all of them; whom heavier ones tie is a large customer."""

BLOCK = 100
"""Of a larger one so many records or groups are looked at together. It is seldom a customer: weak links tie strangers,
and with a model that does not fit the records nearly all of them. Each record of it costs half a block of pairs."""

CELLS = 1_000_000
"""About so many pairs of groups are decided at one time: it bounds the memory."""

STEP = 4.0
"""By how much more a link must weigh to join groups of a component that is too large to look at all its pairs."""


@dataclass(frozen=True, kw_only=True)
class Ties:
    """Pairs of rows with their weights, in any order."""

    left: Rows
    right: Rows
    weight: Floats
    """log2 odds; `NEVER` and `ALWAYS` where a certificate or a steward decides."""

    def where(self, holds: Mask) -> Self:
        """Those for which a condition holds."""
        return type(self)(**{name: told[holds] for name, told in vars(self).items()})

    def __add__(self, other: Self) -> Self:
        if not len(other.left):  # Most often nothing is added to millions, which need not be copied for it.
            return self
        return type(self)(**{name: np.concatenate([told, getattr(other, name)]) for name, told in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class Scored(Ties):
    """Pairs of rows and what they say; of a pair that stands twice the last counts."""

    lasting: Floats
    """What the pair says of each thing that customers keep for life, their name or their birth date, log2: one column a
    thing, NaN where it says nothing, `NEVER` where the two must stay apart."""


def components(ties: Ties, size: int, *, tie_from: float) -> Rows:
    """For each of `size` rows the number of its component.

    Links from `tie_from` up tie rows. Where that makes a component of more than `LARGEST` only heavier ones do, by 1
    and 1 as far as `HEAVIER`, until it falls into smaller ones. So whom a row is tied to can be told by few others.
    """
    component = _connected(ties.left, ties.right, ties.weight >= tie_from, size)
    for heavier in range(1, HEAVIER + 1):
        large = (np.bincount(component, minlength=1) > LARGEST)[component]
        if not large.any():
            break
        ties = ties.where(large[ties.left])
        parts = _connected(ties.left, ties.right, ties.weight >= tie_from + heavier, size)
        component = np.unique(np.where(large, size + parts, component), return_inverse=True)[1]
    return component


def _connected(left: Rows, right: Rows, follow: Mask, size: int) -> Rows:
    """For each row the number of its component, counted in the order of their least rows.

    Every tree is hung below the least one that it is tied to, and made flat, until no tie leaves its tree.
    """
    least = np.arange(size)
    a, b = left[follow], right[follow]
    while len(a):
        np.minimum.at(least, np.maximum(a, b), np.minimum(a, b))
        while ((up := least[least]) != least).any():
            least = up
        a, b = least[a], least[b]
        a, b = a[a != b], b[a != b]
    return np.asarray((np.cumsum(least == np.arange(size)) - 1)[least])


def blocks(scored: Scored, component: Rows, *, tie_from: float) -> Rows:
    """For each row the number of its block: its component, or in one of more than `LARGEST` rows a part of it."""
    block = component.copy()
    large = (np.bincount(component, minlength=1) > LARGEST)[component]
    follow = large[scored.left] & (scored.weight >= tie_from)
    if follow.any():
        left, right = np.minimum(scored.left, scored.right)[follow], np.maximum(scored.left, scored.right)[follow]
        block[large] = int(component.max()) + 1 + _blocks(left, right, scored.weight[follow], len(component))[large]
    return block


def _blocks(left: Rows, right: Rows, weight: Floats, size: int) -> Rows:
    """For each of `size` rows the least row of its block: the heaviest links first, as long as a block is small."""
    block = list(range(size))
    rows = [1] * size

    def root(row: int) -> int:
        while block[row] != row:
            block[row] = row = block[block[row]]
        return row

    for place in np.lexsort((right, left, -weight)).tolist():
        a, b = sorted((root(int(left[place])), root(int(right[place]))))
        if a != b and rows[a] + rows[b] <= BLOCK:
            block[b], rows[a] = a, rows[a] + rows[b]
    return np.array([root(row) for row in range(size)], dtype=np.int64)


def missing(scored: Scored, block: Rows) -> tuple[Rows, Rows]:
    """The pairs inside blocks of three records and more that were not scored, as they share no key."""
    order = np.argsort(block, kind="stable")
    sizes = np.bincount(block)
    sizes = np.where(sizes > 2, sizes, 1)
    rows = order[sizes[block[order]] > 1]  # Block after block, in each by row.
    size = sizes[block[rows]]
    starts = np.arange(len(rows)) - _counted(sizes[sizes > 1])
    partners = size - 1 - (np.arange(len(rows)) - starts)
    first = np.repeat(np.arange(len(rows)), partners)
    left, right = rows[first], rows[first + _counted(partners) + 1]
    # Where among these pairs one stands is known without a search: after all those of the rows before its first.
    place = np.full(len(block), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    a, b = place[scored.left], place[scored.right]
    inside = (block[scored.left] == block[scored.right]) & (a >= 0)
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


def partition(scored: Scored, block: Rows, certificate: Codes, *, link_from: float) -> Rows:
    """For each row the least row of its group.

    Args:
        scored: The pairs that share a key, and the `missing` ones.
        block: For each row its block.
        certificate: For each row the code of its valid certificate, -1 where it has none; asked between blocks, where
            not every pair was scored.
        link_from: What a join must weigh, objections taken off.
    """
    size = len(block)
    known = _once(scored, block, link_from=link_from)
    group = _grouped(known, np.arange(size), block, certificate, link_from=link_from)
    open_ = (known.weight >= link_from + STEP) & (block[known.left] != block[known.right])
    while (open_ := open_ & (group[known.left] != group[known.right])).any():
        block = _blocks(group[known.left[open_]], group[known.right[open_]], known.weight[open_], size)[group]
        open_ &= block[known.left] != block[known.right]
        group = _grouped(known, group, block, certificate, link_from=link_from)
    return group


def _once(scored: Scored, block: Rows, *, link_from: float) -> Scored:
    """Each pair once, as it was told last, the lesser row left, in the order of the rows.

    Pairs between blocks are left out where no link between blocks is to be asked: they are more than half.
    """
    left, right = np.minimum(scored.left, scored.right), np.maximum(scored.left, scored.right)
    pair = left * np.int64(len(block)) + right  # One number a pair is sorted sooner than two.
    order = np.argsort(pair, kind="stable")
    told = order[np.diff(pair[order], append=-1) != 0]
    inside = block[left[told]] == block[right[told]]
    if not (scored.weight[told[~inside]] >= link_from + STEP).any():
        told = told[inside]
    return Scored(left=left[told], right=right[told], weight=scored.weight[told], lasting=scored.lasting[told])


def _grouped(scored: Scored, group: Rows, block: Rows, certificate: Codes, *, link_from: float) -> Rows:
    """The groups of before, joined within each block: for each row the least row of its group."""
    size = len(block)
    a, b = group[scored.left], group[scored.right]
    asked = (block[scored.left] == block[scored.right]) & (a != b)
    if not asked.all():  # Most often all are: a copy of what they say would be the largest of all.
        scored, a, b = scored.where(asked), a[asked], b[asked]
    weight, lasting, of_pair = scored.weight, scored.lasting, block[a]
    worst = np.zeros((int(block.max(initial=-1)) + 1, lasting.shape[1]))
    against = np.flatnonzero((lasting < 0.0).any(axis=1))  # One pair in ten.
    told, of_told = lasting[against], of_pair[against]
    told[~(told < 0.0)] = 0.0
    np.minimum.at(worst, of_told, told)
    summed = [np.bincount(of_told, thing, len(worst)) for thing in told.T[between.EACH_BY_ITSELF]]
    # What links tie that even the worst objections of a block stop nowhere is one group as it is.
    rows = np.bincount(block, minlength=len(worst))
    objection = between.worst(worst, np.stack(summed, axis=1), rows)
    plain = (objection > EXCLUDES) & ~_several(certificate, block, len(worst))
    tied = plain[of_pair] & (weight >= (link_from - objection)[of_pair])
    group = _least(_connected(a, b, tied, size)[group])
    a, b = group[scored.left], group[scored.right]
    # Nobody joins where no link is heavy enough, nor would be with the support of all records.
    has_groups = np.zeros(len(worst), dtype=np.bool_)
    has_groups[block[group != np.arange(size)]] = True
    support = np.where(has_groups, np.log2(np.maximum(rows, 1)), 0.0)
    live = np.zeros(len(worst), dtype=np.bool_)
    live[of_pair[(a != b) & (weight + support[of_pair] >= link_from)]] = True
    hard = np.flatnonzero(live[of_pair] & (a != b))
    a, b, weight, lasting = a[hard], b[hard], weight[hard], lasting[hard]
    joined = group.copy()
    held = _held(certificate, group)
    records = np.bincount(group, minlength=size)
    for own, pairs, of_own, l, r in _laid(a, b, block):  # noqa: E741 - the words for it
        known = Between.of(of_own, l, r, weight[pairs], lasting[pairs], records[own])
        known.part(held[own])
        joined[own] = np.take_along_axis(own, known.joined(link_from=link_from), axis=1)
    return joined[group]


def _least(label: Rows) -> Rows:
    """For each row the least row of its label.

    >>> _least(np.array([7, 4, 7, 4])).tolist()
    [0, 1, 0, 1]
    """
    least = np.full(int(label.max(initial=-1)) + 1, len(label), dtype=np.int64)
    np.minimum.at(least, label, np.arange(len(label)))
    return np.asarray(least[label])


def _laid(a: Rows, b: Rows, block: Rows) -> Iterator[tuple[Rows, Rows, Rows, Rows, Rows]]:
    """Blocks of equally many groups, laid on each other.

    Args:
        a: The one group of each pair.
        b: The other.
        block: For each group its block.

    Yields:
        The groups of each block, one row a block; which pairs are theirs; and for each of those the row of its block
        and the places of its two groups in it.
    """
    groups = np.unique(np.concatenate([a, b]))
    groups = groups[np.argsort(block[groups], kind="stable")]
    starts = np.flatnonzero(np.diff(block[groups], prepend=-1))
    sizes = np.diff(starts, append=len(groups))
    place = np.zeros(len(block), dtype=np.int64)
    place[groups] = _counted(sizes)
    number = np.zeros(int(block.max(initial=-1)) + 1, dtype=np.int64)
    number[block[groups[starts]]] = np.arange(len(starts))
    of_pair = number[block[a]]
    for size in np.unique(sizes).tolist():
        alike = np.flatnonzero(sizes == size)
        most = -(-CELLS // size**2)
        for first in range(0, len(alike), most):
            chosen = alike[first : first + most]
            row = np.full(len(starts), -1, dtype=np.int64)
            row[chosen] = np.arange(len(chosen))
            pairs = np.flatnonzero(row[of_pair] >= 0)
            own = groups[starts[chosen][:, None] + np.arange(size)]
            yield own, pairs, row[of_pair[pairs]], place[a[pairs]], place[b[pairs]]


def _held(certificate: Codes, group: Rows) -> Codes:
    """For each least row of a group the first valid certificate that its records hold; -1 where they hold none.

    A steward may have put several together: the codes of which one is greater depends on who else is there.
    """
    held = np.full(len(group), -1, dtype=np.int32)
    rows = np.flatnonzero(certificate >= 0)[::-1]
    held[group[rows]] = certificate[rows]  # Of several the last one written, which is that of the first row.
    return held


def _several(certificate: Codes, block: Rows, size: int) -> Mask:
    """For each block whether its records hold different valid certificates."""
    rows = np.flatnonzero(certificate >= 0)
    most = np.full(size, -1, dtype=np.int32)
    np.maximum.at(most, block[rows], certificate[rows])
    several = np.zeros(size, dtype=np.bool_)
    several[block[rows[most[block[rows]] != certificate[rows]]]] = True
    return several


def reasons(
    left: Rows, right: Rows, weight: Floats, group: Rows, component: Rows, differ: Mask, *, link_from: float
) -> npt.NDArray[np.str_]:
    """Why each pair was not joined; "" where it was.

    Args:
        left: Row of the left record of each pair.
        right: Row of the right record.
        weight: log2 odds.
        group: For each row its group.
        component: For each row its component.
        differ: Which of the pairs have two different valid certificates.
        link_from: A lighter pair is in doubt (`doubtful`); a heavier one was refused, as its certificates differ
            (`certificate`), as its groups are at odds (`group`), or as too many hang together by such links (`crowd`).
    """
    together = group[left] == group[right]
    refused = np.where(component[left] == component[right], "group", "crowd")
    refused = np.where(differ, "certificate", np.where(weight >= link_from, refused, "doubtful"))
    return np.where(together, "", refused)
