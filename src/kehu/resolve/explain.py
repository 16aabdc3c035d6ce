"""Say in words why two records were joined or not."""

import math
from dataclasses import dataclass

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
