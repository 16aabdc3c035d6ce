"""Reach: everybody whose group may change where records come, go or are decided about.

Whoever is tied to them, however far, is in their component, and whole components are grouped. One of more than
`group.LARGEST` records is cut at heavier links, and only the part in which they stand is asked for: by a model that
does not fit nearly all records hang together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.flows.identify.pairing import Paired, sides, touching
from kehu.model import arrow
from kehu.model.links import PAIRS
from kehu.resolve import between, group, weights
from kehu.resolve.group import Ties
from kehu.store import customers, decisions, links, records
from kehu.store.database import Transaction

Numbers = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The records whose groups may change, whole components of them."""

    records: pa.Array
    """Their numbers."""
    links: pa.Table
    """The stored links between them that still hold: `store.links.STORED`."""
    beyond: pa.Table
    """Those of them with any other record; they tie nobody."""
    component: Numbers | None = None
    """For each record the number of its component, where these records alone do not tell it."""


def of(tx: Transaction, paired: Paired, pairs: pa.Table, weight: Weights, *, tie_from: float) -> Reach:
    """Everybody whose group the new pairs may change: their components, and the members of their customers.

    Components are tied by links, and by stewards who put records together.

    Args:
        tx: The transaction.
        paired: The pairs that were compared.
        pairs: Those of them that ask to be joined (`model.links.PAIRS`).
        weight: What each of these weighs; `NEVER` where two certificates forbid it.
        tie_from: Lighter links tie nothing.
    """
    newborn = paired.newborn
    had = customers.memberships(tx, arrow.without(paired.anew, newborn))
    mates = customers.members(tx, pc.unique(had.column("customer_id"))) if had.num_rows else had
    seeds = [paired.anew, paired.lost, sides(pairs), *mates.column("record").chunks]
    reached = frontier = _awaited(tx, paired, pc.unique(pa.chunked_array(seeds, pa.int64())))
    web = _Web(anew=paired.anew, seeds=frontier, pairs=pairs, weight=weight, tie_from=tie_from)
    cut = None
    while len(frontier):
        found = links.of_records(tx, arrow.without(frontier, newborn))
        decided = decisions.standing(tx, frontier)
        together = _together(decided)
        web.links.append(found)
        web.together.append(together)
        ends = arrow.without(sides(pa.concat_tables([_heavy(found, tie_from).select(PAIRS.names), together])), reached)
        frontier = _awaited(tx, paired, ends)
        web.waiting.append(arrow.without(ends, frontier))
        if cut is not None and len(sure := _among(frontier, found, tie_from + group.HEAVIER)):
            frontier = sure  # Such ties are cut nowhere: to follow them nothing need be cut first.
        elif cut is not None or (len(frontier) and len(reached) + len(frontier) > group.LARGEST):
            cut = _cut(tx, paired, web, reached)
            frontier = arrow.without(cut.records, reached)
        reached = pa.concat_arrays([reached, frontier])
    every = pa.concat_tables([arrow.empty(links.STORED), *web.links])
    concerned = reached if cut is None else cut.records
    component = None if cut is None else cut.component
    if not every.num_rows:
        return Reach(records=concerned, links=every, beyond=every, component=component)
    every = links.once(arrow.where(every, ~touching(every, paired.anew, np.logical_or)))
    if cut is not None:
        every = arrow.where(every, touching(every, concerned, np.logical_or))
    within = touching(every, concerned, np.logical_and)
    beyond = arrow.where(every, ~within)
    return Reach(records=concerned, links=arrow.where(every, within), beyond=beyond, component=component)


def _heavy(found: pa.Table, least: float) -> pa.Table:
    """Those of links that weigh so much."""
    return arrow.where(found, found.column("weight").to_numpy() >= least)


def _together(decided: pa.Table) -> pa.Table:
    """`PAIRS` that stewards put together."""
    if not decided.num_rows:
        return arrow.empty(PAIRS)
    return decided.filter(pc.equal(decided.column("kind"), decisions.Kind.TOGETHER.value)).select(PAIRS.names)


def _among(numbers: pa.Array, found: pa.Table, tie_from: float) -> pa.Array:
    """Those of these records that links tie which weigh so much."""
    return numbers.filter(pc.is_in(numbers, value_set=sides(_heavy(found, tie_from))))


def _awaited(tx: Transaction, paired: Paired, numbers: pa.Array) -> pa.Array:
    """These records without those that go on waiting."""
    if not paired.others_wait:
        return numbers
    return arrow.without(numbers, arrow.without(records.waiting(tx, numbers), paired.anew))


def _cut(tx: Transaction, paired: Paired, web: "_Web", reached: pa.Array) -> "_Cut":
    """The components of the seeds; once all of their records were asked for, with whole customers."""
    cut = web.cut()
    while cut.is_part and not len(arrow.without(cut.records, reached)) and len(strays := _strays(tx, paired, cut)):
        web.seeds = pa.concat_arrays([web.seeds, strays])
        cut = web.cut()
    return cut


def _strays(tx: Transaction, paired: Paired, cut: "_Cut") -> pa.Array:
    """Who is in other components than records of the same customer: nobody, unless a store was made by other rules."""
    owners = pc.unique(customers.memberships(tx, cut.records).column("customer_id"))
    mates = _awaited(tx, paired, customers.members(tx, owners).column("record").combine_chunks())
    return arrow.without(mates, cut.records)


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """The components in which the seeds of a web stand, or stood."""

    records: pa.Array
    component: Numbers
    """For each of the records the number of the component in which it stands."""
    is_part: bool
    """Whether it was cut: lighter ties lead out of it."""


@dataclass(kw_only=True)
class _Web:
    """What is known of who is tied to whom, while it is asked for: of some records all, of others a part."""

    anew: pa.Array
    """The records whose stored links hold no more."""
    seeds: pa.Array
    """Who gains or loses by what comes and goes: both records of each tie, but for those whom links tell later."""
    pairs: pa.Table
    """The ties that come: `PAIRS`."""
    weight: Weights
    """What they weigh."""
    tie_from: float
    links: list[pa.Table] = field(default_factory=list)
    """The stored links of records that were asked for: `STORED`."""
    together: list[pa.Table] = field(default_factory=list)
    """`PAIRS` of which at least one record was asked for, and that stewards put together."""
    waiting: list[pa.Array] = field(default_factory=list)
    """Records that go on waiting: they are tied to nobody yet."""
    _read: int = 0
    """How many of the tables of links stand in what follows."""
    _held: list[Ties] = field(default_factory=list)
    """The stored ties that still hold, by the numbers of their records."""
    _gone: list[Numbers] = field(default_factory=list)
    """The records of those that do not."""

    def cut(self) -> _Cut:
        """The components of the seeds as far as the web is known: right, once all of their records were asked for.

        A record is in another component than before only if a seed is in it now, or was before. What a seed was in is
        found without what went, which may be unknown by now: the ties that neither came nor went make parts of it, each
        of which has a seed. Where fewer tie, cuts are made at lighter links, and nothing of a part is missed. Nobody
        knows how old a decision is, so of none between seeds it is said that it neither came nor went.
        """
        self._read_links()
        together, come = pa.concat_tables(self.together), _ties(self.pairs, self.weight)
        decided = _ties(together, np.full(together.num_rows, between.ALWAYS))
        asked = decided.where(_touch(decided, self.seeds, np.logical_or))
        seeds = _each(self.seeds, *self._gone, asked.left, asked.right)
        known = [*self._held, decided, come]
        numbers = _each(seeds, *(tie.left for tie in known), *(tie.right for tie in known))
        numbers = np.setdiff1d(numbers, _each(*self.waiting), assume_unique=True)
        steady = [*self._held, decided.where(~_touch(decided, seeds, np.logical_and))]
        rows = np.flatnonzero(np.isin(numbers, seeds))
        concerned = np.zeros(len(numbers), dtype=np.bool_)
        for ties in (_in_rows(steady, numbers), now := _in_rows(known, numbers)):
            component = group.components(ties, len(numbers), tie_from=self.tie_from)
            concerned |= np.isin(component, component[rows])
        left_out = (now.weight >= self.tie_from) & (component[now.left] != component[now.right])
        records = pa.array(numbers[concerned])
        return _Cut(records=records, component=component[concerned], is_part=bool(left_out.any()))

    def _read_links(self) -> None:
        found = pa.concat_tables([arrow.empty(links.STORED), *self.links[self._read :]])
        self._read = len(self.links)
        found = _heavy(found, self.tie_from)
        found = arrow.where(found, ~weights.differ(found))
        gone = touching(found, self.anew, np.logical_or)
        self._gone.append(sides(arrow.where(found, gone)).to_numpy())
        held = arrow.where(found, ~gone)
        self._held.append(_ties(held, held.column("weight").to_numpy()))


def _each(*some: Numbers | pa.Array) -> Numbers:
    """Numbers of records, in order, each once."""
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *some]))


def _ties(pairs: pa.Table, weight: Weights) -> Ties:
    """Pairs and what they weigh."""
    left, right = (pairs.column(side).to_numpy() for side in PAIRS.names)
    return Ties(left=left, right=right, weight=weight)


def _touch(ties: Ties, numbers: Numbers | pa.Array, both: np.ufunc) -> npt.NDArray[np.bool_]:
    """Of which ties one of these records is a side, or both are."""
    return np.asarray(both(np.isin(ties.left, numbers), np.isin(ties.right, numbers)), dtype=np.bool_)


def _in_rows(ties: Sequence[Ties], numbers: Numbers) -> Ties:
    """Ties by the places of their records among these numbers; those of others are left out."""
    left, right = (np.concatenate([getattr(tie, side) for tie in ties]) for side in ("left", "right"))
    one, other = (np.minimum(np.searchsorted(numbers, side), len(numbers) - 1) for side in (left, right))
    there = (numbers[one] == left) & (numbers[other] == right)
    weight = np.concatenate([tie.weight for tie in ties])
    return Ties(left=one[there], right=other[there], weight=weight[there])
