"""What is known between the groups of a block, two by two, and which of them join.

A block is a few groups of records that links tie together. Most blocks are small, and there are thousands of them:
those of equally many groups are laid on each other and decided at one time, each by itself.

Source:
    Kruskal's order with must-not-link constraints (Wagstaff & Cardie 2000); the objection of the other pairs is
    average linkage, facet by facet, of which only the part that speaks against joining is counted, for what is known
    by slips alone once for each record that says so independently (a product of likelihoods).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kehu.resolve.compare.levels import Facet

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

NEVER = -1e6
"""The weight between records that must stay apart, whatever speaks for them."""

ALWAYS = 1e9
"""The weight between records that a steward put together; it outweighs every `NEVER` of theirs."""

EXCLUDES = -4.0
"""Two groups whose records object to each other so much are two customers."""

DOUBT = 2.0
"""How many pairs that say nothing are added to those between two groups: the average of few is not believed in full."""

EACH_BY_ITSELF = slice(Facet.BIRTH, Facet.GENDER + 1)
"""Things of which one record is wrong whatever the others say. A name is wrong many times in one way: a short form, a
second name, that of a husband."""

_BEYOND = 500.0
"""No evidence weighs so much: what does was decided by a certificate or a steward."""

_NO_ODDS = 1e-200
"""Of two groups that no pair ties."""


@dataclass(frozen=True, kw_only=True)
class Between:
    """What is known between the groups of blocks of equally many groups; changed in place as groups join.

    The first axis is the block, the last two are a group and another one of the block.
    """

    strongest: Floats
    """The heaviest link between two groups."""
    told: Floats
    """What their pairs say of each thing that lasts, summed up; the second axis is the thing."""
    known: Floats
    """How many pairs say anything of it; likewise."""
    odds: Floats
    """The odds of all pairs between two groups, summed up."""
    records: Rows
    """How many records each group is made of; the second axis is the group."""

    @classmethod
    def of(cls, block: Rows, a: Rows, b: Rows, weight: Floats, lasting: Floats, records: Rows) -> "Between":
        """Of pairs of groups, each told by its block and its place there; two groups may have many pairs."""
        blocks, size = records.shape
        shape = (blocks, size, size)
        # Counted at once: `np.add.at` takes ten times as long.
        cells = np.concatenate([(block * size + a) * size + b, (block * size + b) * size + a])

        def summed(of_pair: Floats | Mask) -> Floats:
            sums = np.bincount(cells, np.concatenate([of_pair, of_pair]), blocks * size * size)
            return np.asarray(sums.reshape(shape), dtype=np.float64)

        strongest = np.full(blocks * size * size, -np.inf)
        np.maximum.at(strongest, cells, np.concatenate([weight, weight]))
        known = ~np.isnan(lasting)
        told = np.where(known, lasting, 0.0)
        return cls(
            strongest=strongest.reshape(shape),
            told=np.stack([summed(thing) for thing in told.T], axis=1),
            known=np.stack([summed(thing) for thing in known.T], axis=1),
            odds=summed(np.exp2(np.clip(weight, -_BEYOND, _BEYOND))) + _NO_ODDS,
            records=records.copy(),
        )

    def part(self, held: Codes) -> None:
        """Keep groups apart that hold different certificates, but where a steward put them together."""
        one, other = held[:, :, None], held[:, None]
        apart = (one >= 0) & (other >= 0) & (one != other)
        self.strongest[apart & (self.strongest < ALWAYS)] = NEVER
        np.copyto(self.told, np.minimum(self.told, NEVER), where=apart[:, None])

    def joined(self, *, link_from: float) -> Rows:
        """For each group of each block the least one it is joined with."""
        blocks, size = self.records.shape
        group = np.tile(np.arange(size), (blocks, 1))
        records = self.records[:, :, None], self.records[:, None]
        excluding, objection = _objections(self.told, self.known, np.maximum(*records))
        worth = objection + _tie(self.strongest, self.odds, np.minimum(*records))
        ruled = np.zeros((blocks, size), dtype=np.bool_)  # Where a steward put together what excludes each other.
        asked = worth.copy()  # Where a join was refused it is not asked for again, but it is a rival still.
        block = np.arange(blocks)
        while True:  # Each block that is not done yet is asked for its best join.
            best = asked[block].reshape(len(block), -1).argmax(axis=1)
            one, other = np.divmod(best, size)
            i, j = np.minimum(one, other), np.maximum(one, other)
            is_open = asked[block, i, j] >= link_from
            if not is_open.any():
                return group
            block, i, j = block[is_open], i[is_open], j[is_open]
            decided = self.strongest[block, i, j] >= ALWAYS  # By a steward: other decisions are no rivals to it.
            left = worth[block, i, j] - _rivalry(block, i, j, worth, excluding)
            joins = decided | ruled[block, i] | ruled[block, j] | (left >= link_from)
            refused = (block[~joins], i[~joins], j[~joins])
            asked[refused] = asked[refused[0], refused[2], refused[1]] = -np.inf
            at, i, j = block[joins], i[joins], j[joins]
            group[at] = np.where(group[at] == j[:, None], i[:, None], group[at])
            ruled[at, i] |= ruled[at, j] | decided[joins]
            self._join(at, i, j)
            records = self.records[at, i][:, None], self.records[at]
            one_pair, objection = _objections(self.told[at, :, i], self.known[at, :, i], np.maximum(*records))
            excluding[at, i] = excluding[at, :, i] = one_pair
            tie = _tie(self.strongest[at, i], self.odds[at, i], np.minimum(*records))
            worth[at, i] = worth[at, :, i] = tie + objection
            asked[at, i] = asked[at, :, i] = worth[at, i]
            for gone in (worth, asked):
                gone[at, j] = gone[at, :, j] = -np.inf

    def _join(self, block: Rows, i: Rows, j: Rows) -> None:
        """Make group `j` a part of group `i`, once in each of these blocks."""
        for values, both, nothing in ((self.strongest, np.maximum, -np.inf), (self.odds, np.add, _NO_ODDS)):
            values[block, i] = values[block, :, i] = both(values[block, i], values[block, j])
            values[block, j] = values[block, :, j] = nothing
            values[block, i, i] = nothing
        self.records[block, i] += self.records[block, j]
        for sums in (self.told, self.known):
            sums[block, :, i] = sums[block, :, :, i] = sums[block, :, i] + sums[block, :, j]


def _tie(strongest: Floats, odds: Floats, records: Rows) -> Floats:
    """What speaks for joining two groups, of which the lesser one has so many records.

    Who calls from a phone is by so much likelier the one who called before, as that one called more often: the odds
    of all pairs add up, for each record of the lesser group. So no single pair need say everything.

    Source:
        The rule of succession (Laplace 1774).
    """
    return np.asarray(np.maximum(strongest, np.log2(odds / records)))


def worst(told: Floats, summed: Floats, rows: Rows) -> Floats:
    """What can speak against joining any two groups of a block, at most; below 0.

    Args:
        told: The worst that a pair of each block says of each thing, at most 0; one row a block.
        summed: All that its pairs say against it of the things that are `EACH_BY_ITSELF`, at most 0.
        rows: How many records each block is made of.
    """
    pairs = rows**2 // 4  # Two groups have at most so many, and of few an average is not believed in full.
    each = told * (pairs / (pairs + DOUBT))[:, None]
    one = each[:, EACH_BY_ITSELF]
    # What counts more than once is divided by the records of the greater group, two at least.
    each[:, EACH_BY_ITSELF] = np.minimum(one, np.maximum(one * (rows // 2)[:, None], summed / 2.0))
    return np.asarray(each.sum(axis=1))


def _objections(told: Floats, known: Floats, greater: Rows) -> tuple[Floats, Floats]:
    """What speaks against joining two groups, whatever ties them, as one pair and as all of them; at most 0.

    The averages of what is told of each thing that lasts, where they speak against joining, summed up over the things,
    the second axis. As all, what slips by itself counts for each record of the lesser group that tells it: ten records
    of one birth date and ten of another were not all mistaken. Of ten and a single one, one may be.

    Args:
        told: What the pairs say of each thing, summed up.
        known: How many pairs say anything of it.
        greater: How many records the greater of the two groups is made of; there is no second axis.
    """
    each = np.minimum(told / (known + DOUBT), 0.0)
    as_one = np.asarray(each.sum(axis=1))
    each[:, EACH_BY_ITSELF] *= np.maximum(known[:, EACH_BY_ITSELF] / greater[:, None], 1.0)
    return as_one, np.asarray(each.sum(axis=1))


def _rivalry(block: Rows, i: Rows, j: Rows, worth: Floats, excluding: Floats) -> Floats:
    """What each join loses because one side could as well belong to a third group that excludes the other, log2.

    A nameless call from the phone of a couple is his or hers, but not both: the odds of each are divided by one plus
    the odds of the other.
    """
    rivals = [
        np.where(excluding[block, other] < EXCLUDES, worth[block, one], -np.inf) for one, other in ((i, j), (j, i))
    ]
    return np.asarray(np.logaddexp2.reduce(np.hstack([*rivals, np.zeros((len(block), 1))]), axis=1))
