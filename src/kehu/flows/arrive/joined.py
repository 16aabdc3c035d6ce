"""Joined: which records one that arrived was joined with, and why: most of it was found out a moment ago."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa

from kehu.flows.identify.grouping import Settled
from kehu.resolve import explain
from kehu.resolve.explain import Evidence
from kehu.resolve.model import Model
from kehu.store import links, records
from kehu.store.database import Transaction

SHOWN_LINKS = 20
"""So many links of a record are told, the heaviest first."""


@dataclass(frozen=True, kw_only=True)
class Linked:
    """A record that is the same customer, and why."""

    channel: str
    record_id: str
    weight: float
    """log2 odds that the two are one customer."""
    evidence: tuple[Evidence, ...]
    """The weights add up to the link's."""


class Known(NamedTuple):
    """What is known of the keys that arrived, once they have their customers."""

    in_force: Mapping[int, tuple[str, str]]
    """The record in force of each: its number, its channel and key."""
    settled: Settled
    """Those that had no customer before, and all that they touched."""


def of_each(tx: Transaction, model: Model, known: Known) -> dict[tuple[str, str | None], tuple[Linked, ...]]:
    """For each key that arrived the records that its record in force was joined with."""
    mine, settled = known.in_force, known.settled
    told = _names(settled.records)
    asked = pa.array([number for number in mine if number not in told], pa.int64())
    found = settled.links.to_pylist()
    if len(asked):
        found += links.of_records(tx, asked).to_pylist()
    # A link between two that arrived is found from both.
    linked = {(link["record_l"], link["record_r"]): link for link in found if link["state"] == links.State.LINKED}
    of_mine: dict[int, list[tuple[int, dict[str, Any]]]] = {}
    for _, link in sorted(linked.items(), key=lambda one: (-one[1]["weight"], one[0])):
        for own, other in itertools.permutations((link["record_l"], link["record_r"])):
            if own in mine and len(of_mine.setdefault(own, [])) < SHOWN_LINKS:
                of_mine[own].append((other, link))
    others = {other for shown in of_mine.values() for other, _ in shown} - told.keys()
    told |= _names(records.read(tx, pa.array(sorted(others), pa.int64()), columns=NAMES))
    return {
        mine[own]: tuple(
            Linked(
                channel=told[other][0],
                record_id=told[other][1],
                weight=link["weight"],
                evidence=tuple(explain.evidence(link["levels"], link["weight"], model)),
            )
            for other, link in shown
        )
        for own, shown in of_mine.items()
    }


NAMES = ("record", "channel", "record_id")


def _names(rows: pa.Table) -> dict[int, tuple[str, str]]:
    """The channel and key of each record."""
    number, *names = (rows[name].to_pylist() for name in NAMES)
    return dict(zip(number, zip(*names, strict=True), strict=True))
