"""Families, households and firms: the customers that one belongs together with. Shown, never merged.

Nothing of it is stored: whoever shares a phone, an e-mail or a door today is found by the keys of the customer's
records and by the terms of its doors, and weighed by the model's rates of kin.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model.codes import Kind, MediumKind, Relation
from kehu.model.records import CLEAN
from kehu.resolve import keys, kin
from kehu.resolve.coded import Mask, Records
from kehu.resolve.model import Model
from kehu.store import customers, records, search, views
from kehu.store import keys as stored
from kehu.store.database import Database

MOST_RECORDS = 200
"""So many records of a customer are asked, the newest."""

MOST_OTHERS = 400
"""So many records of others are looked at."""

SHARED_BY = 50
"""A value that more records share tells of a switchboard or a dormitory, not of a relation."""


@dataclass(frozen=True, kw_only=True)
class Related:
    """A customer that another one belongs together with."""

    customer_id: int
    name: str | None
    kind: str
    relation: Relation
    shares: tuple[MediumKind, ...]
    """What the two share."""
    weight: float
    """How much likelier what the strongest pair of records says is of kin than by chance, log2."""
    record: int
    """The record of this customer in that pair."""
    other_record: int
    """The record of the other one."""


@dataclass(frozen=True, kw_only=True)
class Relations:
    """The customers that one belongs together with, the strongest first."""

    customer_id: int
    """The living customer that was meant."""
    related: tuple[Related, ...]


def relations(database: Database, customer_id: int, *, model: Model) -> Relations:
    """Whom a customer shares a phone, an e-mail or a door with, where that is no chance.

    Raises:
        NotFoundError: The number was never given.
    """
    with database.read() as tx:
        number = views.customer_of(tx, customer_id).customer_id
        mine = records.read(tx, customers.members(tx, pa.array([number], pa.int64())).column("record").combine_chunks())
        mine = mine.slice(max(0, mine.num_rows - MOST_RECORDS))
        coded = Records(mine.select(CLEAN.names))
        own = keys.of(
            coded, mine.column("record").to_numpy(), kinds=tuple(one for one in keys.KINDS if one.name in _TELLING)
        )
        limits = [min(limit, SHARED_BY) for limit in keys.limits(hot_key_limit=SHARED_BY)]
        sharing = pc.unique(stored.sharing(tx, own, limits=limits).keys.column("record"))
        neighbours = search.sharing_doors(tx, mine, most=SHARED_BY)
        found = pc.unique(
            pa.concat_arrays([sharing, customers.members(tx, neighbours).column("record").combine_chunks()])
        )
        others = records.read(tx, found.slice(0, MOST_OTHERS))
        others = others.filter(pc.and_(others.column("current"), pc.not_equal(others.column("customer_id"), number)))
        related = _related(mine, others, model)
        named = {one.customer_id: one for one in views.customers_of(tx, sorted(related))}
    told = [
        Related(
            customer_id=other,
            name=named[other].name,
            kind=named[other].kind,
            relation=_relation(
                mine.column("kind")[0].as_py(), named[other].kind, best["shares"], same_surname=best["surname"]
            ),
            shares=best["shares"],
            weight=best["weight"],
            record=best["record"],
            other_record=best["other_record"],
        )
        for other, best in related.items()
        if other in named
    ]
    return Relations(customer_id=number, related=tuple(sorted(told, key=lambda one: (-one.weight, one.customer_id))))


_TELLING = {"phone", "second phone", "e-mail", "organization's door"}
"""The kinds of keys that tell of something shared; doors are found by their terms."""


def _related(mine: pa.Table, others: pa.Table, model: Model) -> dict[int, dict[str, Any]]:
    """By other customer what its records share with ours, and the strongest pair."""
    if not others.num_rows or not mine.num_rows:
        return {}
    both = pa.concat_tables([mine, others]).combine_chunks()
    coded = Records(both.select(CLEAN.names))
    left = np.repeat(np.arange(mine.num_rows), others.num_rows)
    right = np.tile(np.arange(others.num_rows), mine.num_rows) + mine.num_rows
    held, odds = kin.shared(coded, left, right, model)
    surname = kin.same_surname(coded, left, right)
    number, customer = both.column("record").to_numpy(), both.column("customer_id").to_pylist()
    related: dict[int, dict[str, Any]] = {}
    for pair in np.flatnonzero(_any(held) & (odds > 0)).tolist():
        other = customer[right[pair]]
        shares = {kind for kind, holds in held.items() if holds[pair]}
        known = related.setdefault(other, {"shares": set(), "weight": -np.inf, "surname": False})
        known["shares"] |= shares
        known["surname"] |= bool(surname[pair])
        if odds[pair] > known["weight"]:
            known |= {"weight": round(float(odds[pair]), 2), "record": int(number[left[pair]])}
            known["other_record"] = int(number[right[pair]])
    for known in related.values():
        known["shares"] = tuple(kind for kind in MediumKind if kind in known["shares"])
    return related


def _any(held: dict[MediumKind, Mask]) -> Mask:
    return np.asarray(np.logical_or.reduce(list(held.values())))


def _relation(mine: str, other: str, shares: tuple[MediumKind, ...], *, same_surname: bool) -> Relation:
    kinds = {mine, other}
    if kinds == {Kind.INDIVIDUAL, Kind.ORGANIZATION}:
        return Relation.STAFF
    if kinds == {Kind.ORGANIZATION}:
        return Relation.AFFILIATED
    if same_surname:
        return Relation.FAMILY
    return Relation.HOUSEHOLD if MediumKind.ADDRESS in shares else Relation.SHARED_CONTACT
