"""The sets that the peers are measured on: flat records with the truth known."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from unseen import historical, operator

from kehu.collect import flat as flat_files
from kehu.collect.town import town
from kehu.collect.town.rates import Rates

TOWN_RECORDS = 40_000
TOWN_FACTORS = (0.5, 1.0, 2.0)
"""How often errors happen, as a multiple of the town's own rates."""
TOWN_SEED = 2026
"""Not one of those that the shipped model was learned from."""

FEBRL = {
    "given_name": "given_name", "surname": "surname", "address_2": "address_2", "suburb": "suburb",
    "postcode": "postcode", "state": "state", "date_of_birth": "birth_date", "soc_sec_id": "id_number",
}  # fmt: skip
FAKE = {
    "unique_id": "record_id", "first_name": "given_name", "surname": "surname", "dob": "birth_date", "city": "city",
    "email": "email",
}  # fmt: skip
HISTORICAL = {
    "unique_id": "record_id", "first_name": "given_name", "surname": "surname", "dob": "birth_date", "gender": "gender",
    "birth_place": "city", "postcode_fake": "postcode",
}  # fmt: skip
"""A set's own columns, and what they are called in a flat record."""


@dataclass(frozen=True, kw_only=True)
class Set:
    """Records whose customers are known."""

    name: str
    kind: str
    """Which settings fit it: town, febrl3, febrl4, fake_1000, historical."""
    flat: pa.Table
    """Flat records, as dirty as they come."""
    truth: pa.Table
    """`record_id`, `customer_id`."""
    source: tuple[pa.Table, ...] = ()
    """The tables as published, for a peer whose documented settings name their columns; trimmed, blanks null."""


def towns(records: int = TOWN_RECORDS) -> Iterator[Set]:
    """The town at each error rate."""
    for factor in TOWN_FACTORS:
        made = town.make(records, seed=TOWN_SEED, rates=Rates().scaled(factor))
        name = f"town {records:,}, errors x {factor:g}"
        yield Set(name=name, kind="town", flat=made.records, truth=made.truth)


def unseen() -> Iterator[Set]:
    """Made-up sets that nothing was ever learned from, each from one seed."""
    flat, truth = operator.make(43_000, seed=3)
    yield Set(name="another operator 43,000", kind="town", flat=flat, truth=truth)
    flat, truth = historical.make(50_000, seed=5)
    theirs = {ours: theirs for theirs, ours in HISTORICAL.items()}
    source = flat.drop_columns(["name"]).rename_columns(theirs)
    both = pc.binary_join_element_wise(flat["given_name"], flat["surname"], " ")
    source = source.append_column("first_name_surname_concat", both)
    yield Set(name="persons of history 50,000", kind="historical", flat=flat, truth=truth, source=(source,))


def published(folder: Path) -> Iterator[Set | str]:
    """The public sets of a folder; for one that is not there, a sentence that says so."""
    for name, kind, files in (
        ("FEBRL 3", "febrl3", ("febrl/dataset3.csv",)),
        ("FEBRL 4", "febrl4", ("febrl/dataset4a.csv", "febrl/dataset4b.csv")),
        ("fake_1000", "fake_1000", ("splink/fake_1000.csv",)),
    ):
        missing = [file for file in files if not (folder / file).is_file()]
        if missing:
            yield f"{name} is left out: {folder} has no {', '.join(missing)}"
        else:
            source = tuple(_trimmed(flat_files.read_any(folder / file)) for file in files)
            flat, truth = (_fake if kind == "fake_1000" else _febrl)(pa.concat_tables(source))
            yield Set(name=name, kind=kind, flat=flat, truth=truth, source=source)


def _febrl(rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The true customer stands in the record's own key: rec-1496-org, rec-1496-dup-0."""
    both = pc.binary_join_element_wise(rows["street_number"], rows["address_1"], " ")
    door = pc.coalesce(both, rows["address_1"], rows["street_number"])
    flat = {"record_id": rows["rec_id"], "address_1": door}
    flat |= {ours: rows[theirs] for theirs, ours in FEBRL.items()}
    customer = pc.extract_regex(rows["rec_id"], r"^(?P<customer>rec-\d+)")
    truth = {"record_id": rows["rec_id"], "customer_id": pc.struct_field(customer, "customer")}
    return pa.table(flat), pa.table(truth)


def _fake(rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    flat = {ours: rows[theirs] for theirs, ours in FAKE.items()}
    return pa.table(flat), pa.table({"record_id": rows["unique_id"], "customer_id": rows["cluster"]})


def _trimmed(rows: pa.Table) -> pa.Table:
    columns = [pc.utf8_trim_whitespace(column) for column in rows.columns]
    return pa.table([pc.if_else(pc.equal(column, ""), None, column) for column in columns], rows.column_names)
