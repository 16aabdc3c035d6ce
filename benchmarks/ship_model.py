"""Make the model that kehu ships: from made-up towns at several error rates, without labels.

    .venv/bin/python benchmarks/ship_model.py

The rates of Latin names are left as the comparisons state them, also of those compared with Chinese ones: a Chinese
town has too few of such names, and from one generator, to learn them. So is how often two organizations that belong
together are called alike: the town has none of those, and what would be learned are pairs of one organization that were
not recognized for certain.
"""

import dataclasses
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

import kehu.resolve
from kehu.collect.town import town
from kehu.collect.town.rates import Rates
from kehu.engine.duck import Duck
from kehu.flows import partition
from kehu.resolve import model as models
from kehu.resolve.compare.names import HAN_NAME, ORGANIZATION_NAME

RECORDS = 100_000
FACTORS = (0.5, 1.0, 2.0)
LATIN = ("given_name", "surname")


def main() -> None:
    flats = []
    for place, factor in enumerate(FACTORS):
        records = town.make(RECORDS, seed=100 + place, rates=Rates().scaled(factor)).records
        ids = pc.binary_join_element_wise(str(place), records.column("record_id"), "-")
        flats.append(records.set_column(records.column_names.index("record_id"), "record_id", ids))
    start = models.untrained()
    learned, report = partition.train(pa.concat_tables(flats), Duck(), start, progress=print)
    organizations = {
        level: dataclasses.replace(rates, kin=start.rates[ORGANIZATION_NAME.name][level].kin)
        for level, rates in learned.rates[ORGANIZATION_NAME.name].items()
    }
    spelled = {
        level.name: start.rates[HAN_NAME.name][level.name] for level in HAN_NAME.levels if level.form == "script"
    }
    shipped = dataclasses.replace(
        learned,
        rates=learned.rates
        | {name: start.rates[name] for name in LATIN}
        | {HAN_NAME.name: learned.rates[HAN_NAME.name] | spelled, ORGANIZATION_NAME.name: organizations},
        learned=f"{len(FACTORS)} made-up towns of {RECORDS} records, error rates x {FACTORS}; {learned.learned}",
    )
    shipped.save(Path(kehu.resolve.__file__).parent / "shipped_model.json")
    print(report.as_json())


if __name__ == "__main__":
    main()
