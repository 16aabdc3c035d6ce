"""Make the model that kehu ships: from made-up towns at several error rates, without labels.

    .venv/bin/python benchmarks/ship_model.py

The rates of Latin names are left as the comparisons state them, also of those compared with Chinese ones: a Chinese
town has too few of such names, and from one generator, to learn them. So is how often two organizations that belong
together are called alike, and how often kin have a document in common: the town has none of those, and what would be
learned are pairs of one customer that were not recognized for certain.

A generator makes the errors that it was told to make, and no others: learned from it, two birth dates of one month and
year would speak against one customer, and so would a postcode in common. Levels that the town hardly knows are mixed
with what the comparisons state; but for those of Chinese names and streets, which it knows well. Of names it knows no
other slips than of sound and of shape: of those that are left the same is done.
"""

import dataclasses
import itertools
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

import kehu.resolve
from kehu.collect.town import town
from kehu.collect.town.rates import Rates
from kehu.engine.duck import Duck
from kehu.flows import partition
from kehu.resolve import forms
from kehu.resolve import model as models
from kehu.resolve.compare.addresses import STREET
from kehu.resolve.compare.names import HAN_NAME, ORGANIZATION_NAME
from kehu.resolve.compare.numbers import DOCUMENT
from kehu.resolve.frequencies import Frequencies
from kehu.resolve.model import Model
from kehu.resolve.model import Rates as LevelRates

RECORDS = 100_000
FACTORS = (0.5, 1.0, 2.0)
LATIN = ("given_name", "surname")
KNOWN_WELL = (HAN_NAME.name, ORGANIZATION_NAME.name, STREET.name)
SLIPS = ("turned", "one_character")
"""What clerks outside the town do to Chinese names."""
HARDLY = 0.2
"""A level that one customer's records are on so much more seldom than the comparison states, the town hardly knows."""
STATED = 0.1
"""What the comparison states of such a level counts so much."""
LISTED = 5_000
"""So many values of a column are listed: which rare names a generator drew says nothing of anybody's customers."""


def main() -> None:
    flats = []
    for place, factor in enumerate(FACTORS):
        records = town.make(RECORDS, seed=100 + place, rates=Rates().scaled(factor)).records
        ids = pc.binary_join_element_wise(str(place), records.column("record_id"), "-")
        flats.append(records.set_column(records.column_names.index("record_id"), "record_id", ids))
    start = models.untrained()
    learned, report = partition.train(pa.concat_tables(flats), Duck(), start, progress=print)
    strangers = {name: _kin_as_stated(name, learned, start) for name in (ORGANIZATION_NAME.name, DOCUMENT.name)}
    spelled = {
        level.name: start.rates[HAN_NAME.name][level.name] for level in HAN_NAME.levels if level.form == "script"
    }
    shipped = dataclasses.replace(
        learned,
        rates={
            name: levels
            if name in KNOWN_WELL
            else {level: _with_stated(rates, start.rates[name][level]) for level, rates in levels.items()}
            for name, levels in (
                learned.rates
                | {name: start.rates[name] for name in LATIN}
                | {HAN_NAME.name: _with_slips(learned.rates[HAN_NAME.name], start.rates[HAN_NAME.name]) | spelled}
                | strangers
            ).items()
        },
        frequencies={column: _shortened(told) for column, told in learned.frequencies.items()},
        learned=f"{len(FACTORS)} made-up towns of {RECORDS} records, error rates x {FACTORS}; {learned.learned}",
    )
    shipped.save(Path(kehu.resolve.__file__).parent / "shipped_model.json")
    print(report.as_json())


def _shortened(told: Frequencies) -> Frequencies:
    """The commonest values; all others have the mean of their shares."""
    kept = dict(itertools.islice(told.listed.items(), LISTED))
    if len(kept) == len(told.listed):
        return told
    others = len(told.listed) - len(kept) + (1 - sum(told.listed.values())) / told.rest
    return dataclasses.replace(told, listed=kept, rest=(1 - sum(kept.values())) / others)


def _kin_as_stated(name: str, learned: Model, start: Model) -> dict[str, LevelRates]:
    return {
        level: dataclasses.replace(rates, kin=start.rates[name][level].kin)
        for level, rates in learned.rates[name].items()
    }


def _with_slips(learned: dict[str, LevelRates], stated: dict[str, LevelRates]) -> dict[str, LevelRates]:
    """The rates of Chinese names, their slips mixed with what is stated; what others tell adds up again."""
    names = [level.name for level in HAN_NAME.levels]
    rates = learned | {level: _with_stated(learned[level], stated[level]) for level in SLIPS}
    for number, others in forms.of(HAN_NAME).told:
        of = [rates[names[other - 1]] for other in others]
        rates[names[number - 1]] = LevelRates(
            **{one: min(sum(getattr(rate, one) for rate in of), 1.0) for one in ("same", "kin", "chance")}
        )
    return rates


def _with_stated(learned: LevelRates, stated: LevelRates) -> LevelRates:
    """What was learned of a level, mixed with what is stated where the town hardly knows it.

    Of pairs by chance it knows more levels than of those that belong together.
    """
    if learned.same >= HARDLY * stated.same:
        return learned
    mixed = {
        one: min((1 - STATED) * getattr(learned, one) + STATED * getattr(stated, one), 1.0)
        for one in ("same", "kin", "chance")
        if one != "chance" or learned.chance < HARDLY * stated.chance
    }
    return dataclasses.replace(learned, **mixed)


if __name__ == "__main__":
    main()
