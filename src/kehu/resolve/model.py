"""A model: the rates and frequencies that weights are made of, as a readable, versioned JSON file."""

import functools
import hashlib
import importlib.resources
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kehu.errors import ModelError
from kehu.resolve.compare import names
from kehu.resolve.compare.comparisons import ALL
from kehu.resolve.frequencies import Frequencies

SUPPORT = 2.0
"""By how much the many records of a group can lift a link that weighs too little by itself."""

FEW_PAIRS = 1_000
"""Who learns from fewer pairs is warned."""

VERSION = 1
"""Of the file's form; a file of another version is refused."""


@dataclass(frozen=True, kw_only=True)
class Rates:
    """How often a level is seen in each class of pairs, among the pairs where the comparison is known."""

    same: float
    kin: float
    chance: float


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What a model was learned from, and how well."""

    records: int
    pairs: int
    """That share a key."""
    rounds: int
    change: float
    """How far a rate still moved in the last round."""
    converged: bool
    """Whether it moved less than was asked for; else more rounds would have changed the model."""
    seen: dict[str, dict[str, int]]
    """By comparison and level how many of the pairs were on it."""
    told: int = 0
    """Of how many of the pairs stewards had said whether they are one customer."""

    def warnings(self) -> list[str]:
        """What to know before the model is trusted: rates that were not learned but taken over."""
        found = []
        if self.pairs < FEW_PAIRS:
            found.append(f"few pairs: {self.pairs:,} share a key; how many of all pairs are one customer is a guess")
        found += [] if self.converged else [f"not converged: a rate still moved by {self.change:.2g} in the last round"]
        for comparison, levels in self.seen.items():
            if not any(levels.values()):
                found.append(f"{comparison}: no pair can be compared by it, its rates are those of the model before")
            else:
                bare = [level for level, pairs in levels.items() if not pairs]
                found += [f"{comparison}: no pair is on the level {level}, its rates are a guess" for level in bare]
        return found


def logarithms(rates: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """The log2 of rates in one array: one row a comparison, one column a level number."""
    return _padded([np.log2(of) for of in rates])


def _padded(rows: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    whole = np.full((len(rows), max(map(len, rows))), np.nan)
    for place, row in enumerate(rows):
        whole[place, : len(row)] = row
    return whole


@dataclass(frozen=True, kw_only=True)
class Model:
    """Everything that turns the levels of a pair into a weight."""

    rates: dict[str, dict[str, Rates]]
    """By comparison and level."""
    same: float
    """The share of all pairs of records that are of one customer."""
    kin: float
    """The share of all pairs that are of two customers who belong together."""
    records: int
    """How many records those shares are of: among more records a chance agreement is likelier."""
    frequencies: dict[str, Frequencies]
    """By column."""
    link_from: float
    """Weight (log2 odds) from which a pair is joined."""
    review_from: float
    """Weight from which a pair that is not joined is shown to a steward."""
    learned: str
    """What it was learned from, for people."""
    training: Learned | None = None
    """The same in figures; None for a model that was not learned."""

    def tables(self) -> tuple[list[npt.NDArray[np.float64]], ...]:
        """The rates of same, kin and chance: for each comparison an array by level number, 1 for "not known"."""
        return self._tables

    @functools.cached_property
    def _tables(self) -> tuple[list[npt.NDArray[np.float64]], ...]:
        return tuple(
            [
                np.array(
                    [1.0, *(getattr(self.rates[comparison.name][level.name], kind) for level in comparison.levels)]
                )
                for comparison in ALL
            ]
            for kind in ("same", "kin", "chance")
        )

    @functools.cached_property
    def logarithms(self) -> tuple[npt.NDArray[np.float64], ...]:
        """The same as log2, each in one array: one row a comparison."""
        return tuple(map(logarithms, self._tables))

    @functools.cached_property
    def evidence(self) -> npt.NDArray[np.float64]:
        """What each level says of what lasts for life, log2: one row a comparison; NaN where it says nothing.

        Those who are met in one group are kin if they are not one, more often than by chance: brothers differ in one
        character of their names, as a name with a slip in it does, and any two seldom.
        """
        says = []
        for comparison, same, kin, any_two in zip(ALL, *self._tables, strict=True):
            evidence = np.log2(same / np.maximum(kin, any_two))
            evidence[0] = np.nan
            for number, level in enumerate(comparison.levels, 1):
                if level.told_by and evidence[number] > 0.0:
                    evidence[number] = np.nan  # A title that fits takes nothing from what whole names said.
            says.append(evidence)
        return _padded(says)

    @property
    def tie_from(self) -> float:
        """Weight from which a pair ties two records into one component: they may end in one group.

        Lighter pairs than those a steward is shown are not stored, and tie nothing.
        """
        return max(self.link_from - SUPPORT, min(self.review_from, self.link_from))

    @property
    def prior(self) -> float:
        """The weight of a pair of which nothing is known."""
        return math.log2(self.same / (1.0 - self.same))

    @functools.cached_property
    def fingerprint(self) -> str:
        """Of all that weighs: two models of one fingerprint group alike."""
        weighing = asdict(replace(self, learned="", training=None))
        return hashlib.sha256(json.dumps(weighing, sort_keys=True).encode()).hexdigest()

    def save(self, path: Path) -> None:
        """Write it as JSON, whole or not at all.

        Raises:
            ModelError: It cannot be written there.
        """
        text = json.dumps({"version": VERSION, **asdict(self)}, ensure_ascii=False, indent=1) + "\n"
        partial = path.with_name(f".{path.name}.partial")
        try:
            partial.write_text(text, "utf-8")
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise ModelError(f"{path}: the model cannot be written ({error.strerror})") from error


def load(path: Path) -> Model:
    """The model of a file.

    Raises:
        ModelError: The file is not there, is no model, or is of other comparisons than this version knows.
    """
    try:
        return _parsed(path.read_text("utf-8"), of=str(path))
    except OSError as error:
        raise ModelError(f"model {path}: cannot be read ({error.strerror}); `kehu train` makes one") from error


@functools.cache
def shipped() -> Model:
    """The model that comes with kehu."""
    file = importlib.resources.files("kehu.resolve").joinpath("shipped_model.json")
    return _parsed(file.read_text("utf-8"), of="the shipped model")


def untrained() -> Model:
    """The rates that the comparisons themselves name: where the first training starts."""
    return Model(
        rates={
            comparison.name: {
                level.name: Rates(same=level.same, kin=level.kin, chance=level.chance) for level in comparison.levels
            }
            for comparison in ALL
        },
        same=3e-6,
        kin=3e-6,
        records=1_000_000,
        frequencies={
            column: Frequencies(listed={}, rest=1e-3, mean=1e-3)
            for column in (*names.HAN, *names.LATIN, "org_core", "district", "city")
        },
        link_from=3.5,
        review_from=-3.0,
        learned="nothing: the rates are what the comparisons start from",
    )


def _parsed(text: str, *, of: str) -> Model:
    try:
        raw = json.loads(text)
        if raw.pop("version") != VERSION:
            raise ModelError(f"{of} was written by another version of kehu; `kehu train` makes a new one")
        rates = {
            comparison.name: {
                level.name: Rates(**raw["rates"][comparison.name][level.name]) for level in comparison.levels
            }
            for comparison in ALL
        }
        frequencies = {column: Frequencies(**known) for column, known in raw["frequencies"].items()}
        training = Learned(**known) if (known := raw.get("training")) else None
        model = Model(**{**raw, "rates": rates, "frequencies": frequencies, "training": training})
        _require_sense(model)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{of} is not a model of this version ({error!r}); `kehu train` makes a new one") from error
    return model


def _require_sense(model: Model) -> None:
    """Refuse a model by which nothing can be weighed: somebody wrote in its file.

    Raises:
        ValueError: A figure is none of its kind.
    """
    for comparison, levels in model.rates.items():
        for level, rates in levels.items():
            # A rate that others tell is their sum, which may be off by the last bit.
            if not all(0.0 < rate < 1.0 + 1e-6 for rate in (rates.same, rates.kin, rates.chance)):
                raise ValueError(f"rates of {comparison}, {level}: a rate is more than 0, and 1 at the most")
    if missing := untrained().frequencies.keys() - model.frequencies.keys():
        raise ValueError(f"frequencies: {', '.join(sorted(missing))} is missing")
    for column, told in model.frequencies.items():
        if not all(0.0 < share < 1.0 + 1e-6 for share in (*told.listed.values(), told.rest, told.mean)):
            raise ValueError(f"frequencies of {column}: a share is more than 0, and 1 at the most")
    if not (min(model.same, model.kin) > 0.0 and model.same + model.kin < 1.0):
        raise ValueError("same and kin are shares of all pairs, together less than 1")
    if not -math.inf < model.review_from < model.link_from < math.inf:
        raise ValueError("review_from is less than link_from")
