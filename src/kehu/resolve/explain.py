"""Say in words why two records were joined or not."""

import math
from dataclasses import dataclass

import numpy as np

from kehu.resolve import keys, weights
from kehu.resolve.coded import Records
from kehu.resolve.compare.comparisons import ALL
from kehu.resolve.model import Model


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one comparison says of a pair."""

    comparison: str
    level: str
    weight: float
    """log2: positive speaks for one customer, negative against."""
    zh: str
    en: str


def evidence(levels: str, weight: float, model: Model) -> list[Evidence]:
    """The evidence behind a link, in the order of the comparisons.

    The weights add up to the link's. The last two say what no single comparison does: where the search began (any two
    records are rarely one customer), and what the values themselves change (a rare name says more; what a family
    shares says less).

    Args:
        levels: As `model.links.LINKS` has them.
        weight: The weight of the link.
        model: The model that weighed it.
    """
    found = []
    for comparison, digit in zip(ALL, levels, strict=True):
        number = int(digit, 36)
        if not number:
            continue
        level = comparison.levels[number - 1]
        rates = model.rates[comparison.name][level.name]
        found.append(
            Evidence(
                comparison=comparison.name,
                level=level.name,
                weight=round(math.log2(rates.same / rates.chance), 2),
                zh=f"{comparison.zh}：{level.zh}",
                en=f"{comparison.en}: {level.en}",
            )
        )
    found.append(
        Evidence(
            comparison="prior",
            level="prior",
            weight=round(model.prior, 2),
            zh="任意两条记录很少是同一客户",
            en="any two records are rarely one customer",
        )
    )
    rest = round(weight - sum(part.weight for part in found), 2)
    return [
        *found,
        Evidence(
            comparison="values",
            level="rarity_and_kin",
            weight=rest,
            zh="取值的常见程度，以及同住或同单位的人也会相同之处",
            en="how common the values are, and what people of one household or firm share anyway",
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class Frequency:
    """How common a value is that the two share: a rare one says more. The value itself is not told."""

    column: str
    """The column it stands in, or what was made of it: han_surname, given_sound, city."""
    one_in: float
    """One of so many records holds it."""
    weight: float
    """log2: how much likelier than usual a chance agreement on it is; negative where it is rarer."""


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """All that the model says of one pair."""

    weight: float
    """log2 odds that the two are one customer."""
    levels: str
    evidence: tuple[Evidence, ...]
    """The weights add up to the pair's."""
    frequencies: tuple[Frequency, ...]
    """What stands behind the last piece of evidence."""
    certificates_differ: bool
    """Whether both hold a valid certificate, and not the same."""


def pair(records: Records, model: Model) -> Weighed:
    """What the model says of two records, the only ones given."""
    left, right = np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64)
    scores = weights.score(records, left, right, model)
    link = weights.links_of(scores, np.arange(2)).to_pylist()[0]
    certificate = records.codes("id_number")
    return Weighed(
        weight=link["weight"],
        levels=link["levels"],
        evidence=tuple(evidence(link["levels"], link["weight"], model)),
        frequencies=tuple(_frequencies(records, scores, model)),
        certificates_differ=bool(records.certified.all() and certificate[0] != certificate[1]),
    )


def _frequencies(records: Records, scores: weights.Scores, model: Model) -> list[Frequency]:
    found = {}
    for comparison, number in zip(ALL, scores.levels[0].tolist(), strict=True):
        for column in comparison.levels[number - 1].frequency_of if number else ():
            known = model.frequencies[column]
            weight = float(known.of(records, column).max())
            found[column] = Frequency(
                column=column, one_in=round(1.0 / (known.mean * 2.0**weight), 1), weight=round(weight, 2)
            )
    return list(found.values())


def shared(records: Records) -> dict[int, tuple[str, ...]]:
    """The keys that two records share, the only ones given, each with the names of its kinds.

    Two kinds may have a number in common, and the surname of one may be the given name of the other.
    """
    found: dict[int, list[str]] = {}
    sides: dict[int, set[int]] = {}
    for kind in keys.KINDS:
        made = keys.of(records, np.arange(2), kinds=(kind,))
        for key, row in zip(*(column.to_pylist() for column in made.columns), strict=True):
            found.setdefault(key, []).append(kind.name)
            sides.setdefault(key, set()).add(row)
    return {key: tuple(dict.fromkeys(names)) for key, names in found.items() if len(sides[key]) > 1}
