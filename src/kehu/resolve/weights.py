"""Weights: how strongly the levels of a pair speak for one customer, learned without labels.

A pair of records belongs to one of three classes: the *same* customer; *kin*, two customers who belong together (a
family, a firm and its staff) and so share a phone, an address, a surname without being one; or *chance*, any two.
Within a class the comparisons are taken as independent, so a pair's likelihood in it is a product over its levels.
The weight is the log2 odds of the first class against the other two together. Two classes, as is usual, would count
a shared phone, door and surname as three pieces of evidence, and join families.

Source:
    Fellegi & Sunter 1969; Winkler 1988 (EM for m, chance levels from random pairs); Larsen & Rubin 2001 (more than
    two classes); Zhu et al. 2009 and Splink (frequency of the value in place of the chance to agree).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.errors import ModelError
from kehu.model import links
from kehu.resolve import chance, forms
from kehu.resolve.coded import FEW, Codes, Records
from kehu.resolve.compare import comparisons, names, numbers
from kehu.resolve.compare.comparisons import ALL, Matrix, Patterns
from kehu.resolve.compare.levels import Facet
from kehu.resolve.frequencies import Frequencies
from kehu.resolve.model import Learned, Model, Rates, logarithms

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Training:
    """What learning is told."""

    random_pairs: int = 250_000
    """How many random pairs tell of each comparison how often values agree by chance; all, if there are fewer."""
    rounds: int = 40
    """How many rounds of expectation and maximization at the most."""
    tolerance: float = 1e-4
    """Learning ends when no rate changes by more."""
    trust_same: float = 100.0
    """How many pairs of one customer the model we start from is worth."""
    trust_kin: float = 300.0
    """How many pairs of kin the model we start from is worth."""
    trust_chance: float = 0.2
    """How much the model we start from says of chance, against what is seen: among few records, who agrees by chance
    and who because they are one is a circle, and without a floor every shared birth date would end as proof."""
    seed: int = 1


@dataclass(frozen=True)
class Told:
    """What stewards said of some of the pairs: their class is known, and is not guessed."""

    same: npt.NDArray[np.bool_]
    """Of each pair whether it is one customer."""
    apart: npt.NDArray[np.bool_]
    """Of each pair whether it is two."""


@dataclass(frozen=True)
class Scores:
    """What is known of each of many pairs of rows."""

    left: Rows
    right: Rows
    weight: Floats
    """log2 odds that the two are one customer."""
    patterns: Patterns
    """Their levels."""
    says: Floats
    """What each pattern says of each thing that lasts for life, log2: one column a `Facet`; NaN is not known."""

    @property
    def lasting(self) -> Floats:
        """The part of the evidence that is in what lasts for life, one row a pair."""
        return self.says[self.patterns.of]

    @property
    def levels(self) -> Matrix:
        """One row a pair, one column a comparison."""
        return self.patterns.levels

    def __add__(self, other: "Scores") -> "Scores":
        return Scores(
            left=np.concatenate([self.left, other.left]),
            right=np.concatenate([self.right, other.right]),
            weight=np.concatenate([self.weight, other.weight]),
            patterns=self.patterns + other.patterns,
            says=np.concatenate([self.says, other.says]),
        )

    def where(self, holds: npt.NDArray[np.bool_]) -> "Scores":
        """The pairs for which a condition holds."""
        return Scores(self.left[holds], self.right[holds], self.weight[holds], self.patterns.where(holds), self.says)


def score(
    records: Records,
    left: Rows,
    right: Rows,
    model: Model,
    *,
    patterns: Patterns | None = None,
    threads: int = 1,
) -> Scores:
    """The weight of every pair of rows.

    Args:
        records: What the rows point into.
        left: Row of the left record of each pair.
        right: Row of the right record of each pair.
        model: Rates and frequencies.
        patterns: What `comparisons.patterns` says of the pairs, if it was asked before.
        threads: How many threads weigh at once.
    """
    asked = comparisons.patterns(records, left, right, threads=threads) if patterns is None else patterns
    if not len(left):
        return Scores(left, right, np.zeros(0), asked, np.zeros((len(asked.distinct), len(Facet))))
    of_same, of_kin, of_any = (_likelihood(asked.distinct, of) for of in model.logarithms)
    of_same = of_same + np.log2(model.same)
    of_kin, of_any = of_kin + np.log2(model.kin), of_any + np.log2(1.0 - model.same - model.kin)
    surprises = _Surprises(records, asked.distinct, model.frequencies)
    weight = np.empty(len(left))

    def weigh(piece: slice) -> None:
        of = asked.of[piece]
        given, others = surprises.of(of, left[piece], right[piece])
        weight[piece] = of_same[of] - np.logaddexp2(of_kin[of] + given, of_any[of] + given + others)

    comparisons.in_pieces(weigh, len(left), threads=threads)
    return Scores(left, right, weight, asked, _lasting(asked.distinct, model.evidence))


def _lasting(patterns: Matrix, evidence: Floats) -> Floats:
    """What each pattern says of each facet, log2; NaN where it says nothing."""
    says = evidence[_PLACES, patterns.T]
    is_known = ~np.isnan(says)
    says = np.where(is_known, says, 0.0)
    told = np.empty((len(patterns), len(Facet)))
    for facet, (first, *others) in _OF_FACET.items():
        known, total = is_known[first], says[first]
        for place in others:
            known, total = known | is_known[place], total + says[place]
        told[:, facet] = np.where(known, total, np.nan)
    return told


_PLACES = np.arange(len(ALL))[:, None]
_OF_FACET = {facet: [place for place, one in enumerate(ALL) if one.facet is facet] for facet in Facet}
"""The comparisons that tell of each facet."""


class _Surprises:
    """How much likelier than usual the values of pairs agree by chance, log2.

    A rare name makes it negative. Given names tell kin apart from one another as well; a surname, a district or a city
    does not, as a family has it in common, be it rare or not.
    """

    def __init__(self, records: Records, patterns: Matrix, frequencies: dict[str, Frequencies]) -> None:
        self._of_record: dict[str, Floats] = {}
        self._levels: list[tuple[npt.NDArray[np.bool_], tuple[str, ...]]] = []
        for place, comparison in enumerate(ALL):
            for number, level in enumerate(comparison.levels, 1):
                if level.frequency_of and (holds := patterns[:, place] == number).any():
                    self._levels.append((holds, level.frequency_of))
                    for column in set(level.frequency_of) - self._of_record.keys():
                        self._of_record[column] = frequencies[column].of(records, column)

    def of(self, patterns: Codes, left: Rows, right: Rows) -> tuple[Floats, Floats]:
        """Of each pair: that of given names, and that of everything else."""
        sums = (np.zeros(len(left)), np.zeros(len(left)))
        for holds, columns in self._levels:
            rows = np.flatnonzero(holds[patterns])
            l, r = left[rows], right[rows]  # noqa: E741 - the words for it
            for column in columns:
                of_record = self._of_record[column]
                into = sums[0] if column in names.GIVEN else sums[1]
                into[rows] += np.maximum(of_record[l], of_record[r])
        return sums


def require_pairs(pairs: int) -> None:
    """Refuse to learn from nothing: half of all pairs would be taken for one customer, by a model that looks learned.

    Raises:
        ModelError: No two records share a key.
    """
    if not pairs:
        raise ModelError("no two records share a key, so there is nothing to learn from; take more records")


def train(
    records: Records,
    levels: Patterns,
    start: Model,
    *,
    training: Training | None = None,
    told: Told | None = None,
    threads: int = 1,
    progress: Callable[[int, float], None] = lambda _round, _change: None,
) -> Model:
    """A model that fits these records, learned from the pairs that share a key.

    Args:
        records: The records.
        levels: The levels of all pairs that share a key; a pair that shares none is taken for two customers.
        start: Where learning starts, and what it falls back on where the records do not speak.
        training: How.
        told: What stewards said of these pairs; it sharpens what the records say, a pair as one pair.
        threads: How many threads sample at once.
        progress: Called with each round and its greatest change.
    """
    how = training or Training()
    size = len(records)
    everything = max(size * (size - 1) / 2, 1.0)
    with ThreadPoolExecutor(threads) as workers:
        sampled = list(workers.map(lambda one: chance.sample(records, one, pairs=how.random_pairs, seed=how.seed), ALL))
    patterns, back = levels.distinct, levels.of
    nobody = np.zeros(len(levels), dtype=np.bool_)
    is_same, is_apart = (nobody, nobody) if told is None else (told.same, told.apart)
    counts, counts_same, counts_apart = (
        np.bincount(back[of], minlength=len(patterns)).astype(np.float64)
        for of in (~(is_same | is_apart), is_same, is_apart)
    )
    onehot = [patterns[:, place, None] == np.arange(len(c.levels) + 1) for place, c in enumerate(ALL)]
    prior_same, prior_kin, prior_chance = start.tables()
    same_rates, kin_rates, chance_rates = start.tables()
    same, kin = start.same * start.records / max(size, 2), start.kin * start.records / max(size, 2)
    same, kin = min(same, 0.2), min(kin, 0.2)
    rounds, change = 0, 1.0
    while rounds < how.rounds and change > how.tolerance:
        odds = np.stack([
            np.log2(same) + _likelihood(patterns, logarithms(same_rates)),
            np.log2(kin) + _likelihood(patterns, logarithms(kin_rates)),
            np.log2(1.0 - same - kin) + _likelihood(patterns, logarithms(chance_rates)),
        ])  # fmt: skip
        shares = np.exp2(odds - np.logaddexp2.reduce(odds)) * counts
        shares[0] += counts_same
        shares[1:] += np.exp2(odds[1:] - np.logaddexp2.reduce(odds[1:])) * counts_apart
        new_same, new_kin, new_chance = [], [], []
        for place, hot in enumerate(onehot):
            of_same, of_kin = shares[0] @ hot, shares[1] @ hot
            by_form = forms.of(ALL[place])
            new_same.append(by_form.rates(of_same, prior_same[place], how.trust_same))
            new_kin.append(by_form.rates(of_kin, prior_kin[place], how.trust_kin))
            rest = sampled[place].beyond(of_same + of_kin, shares[2] @ hot)
            new_chance.append(
                by_form.rates(rest, prior_chance[place], max(how.trust_chance * sampled[place].pairs.sum(), 1.0))
            )
        change = max(float(np.abs(new - old).max()) for new, old in zip(new_same, same_rates, strict=True))
        same_rates, kin_rates, chance_rates = new_same, new_kin, new_chance
        same = min(max(shares[0].sum(), 1.0) / everything, 0.4)
        kin = min(max(shares[1].sum(), 1.0) / everything, 0.4)
        rounds += 1
        progress(rounds, change)
    return Model(
        rates={
            comparison.name: {
                level.name: Rates(
                    same=float(same_rates[place][number]),
                    kin=float(kin_rates[place][number]),
                    chance=float(chance_rates[place][number]),
                )
                for number, level in enumerate(comparison.levels, 1)
            }
            for place, comparison in enumerate(ALL)
        },
        same=float(same),
        kin=float(kin),
        records=size,
        frequencies={column: Frequencies.learned(records.coded(column)) for column in start.frequencies},
        link_from=start.link_from,
        review_from=start.review_from,
        training=Learned(
            records=size,
            pairs=len(levels),
            rounds=rounds,
            change=change,
            converged=change <= how.tolerance,
            told=int((is_same | is_apart).sum()),
            seen={
                comparison.name: {
                    level.name: int(((counts + counts_same + counts_apart) @ onehot[place])[number])
                    for number, level in enumerate(comparison.levels, 1)
                }
                for place, comparison in enumerate(ALL)
            },
        ),
        learned=f"{size} records, {len(levels)} pairs, {rounds} rounds, last change {change:.2g}",
    )


def links_of(scores: Scores, numbers: Rows) -> pa.Table:
    """The scored pairs as `model.links.LINKS`.

    Args:
        scores: The pairs.
        numbers: The number of each row.
    """
    told = [numbers[scores.left], numbers[scores.right], scores.weight, levels_of(scores)]
    return pa.table(told, schema=links.LINKS)


def levels_of(scores: Scores) -> pa.Array:
    """The levels of each scored pair as `model.links.LINKS` has them."""
    digits = _DIGITS[scores.patterns.distinct]
    letters = [one.decode() for one in np.ascontiguousarray(digits).view(f"S{len(ALL)}").ravel().tolist()]
    if len(scores.left) <= FEW:
        return pa.array([letters[place] for place in scores.patterns.of.tolist()], pa.string())
    return pa.array(letters, pa.string()).take(pa.array(scores.patterns.of))


def of_links(stored: pa.Table, left: Rows, right: Rows, model: Model) -> Scores:
    """What `links_of` made a table of: nobody has to compare those records again.

    Args:
        stored: `model.links.LINKS`, scored by this model.
        left: Row of the left record of each.
        right: Row of the right record of each.
        model: Rates and frequencies.
    """
    letters = np.frombuffer("".join(stored.column("levels").to_pylist()).encode(), dtype=np.uint8)
    patterns = Patterns(
        np.searchsorted(_DIGITS, letters).astype(np.uint8).reshape(-1, len(ALL)), np.arange(len(left), dtype=np.int32)
    )
    says = _lasting(patterns.distinct, model.evidence)
    return Scores(left, right, stored.column("weight").to_numpy(), patterns, says)


def differ(stored: pa.Table) -> npt.NDArray[np.bool_]:
    """Which pairs of a table of `links_of` have two different valid certificates: no weight joins these."""
    told = pc.utf8_slice_codeunits(stored.column("levels"), _CERTIFICATE, _CERTIFICATE + 1)
    return np.asarray(pc.equal(told, _OTHER_PERSON).to_numpy(), dtype=np.bool_)


_DIGITS = np.frombuffer(b"0123456789abcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
"""What a level is called in a link."""

_CERTIFICATE = ALL.index(numbers.CERTIFICATE)
_OTHER_PERSON = chr(_DIGITS[numbers.CERTIFICATE.number("other_person")])


def _likelihood(patterns: Matrix, of: Floats) -> Floats:
    """log2 of how likely each pattern is by `logarithms`; a level not known says nothing."""
    # One comparison after the other, be the patterns one or many: in another order the last bit might differ.
    return np.asarray(sum(of[_PLACES, patterns.T]))
