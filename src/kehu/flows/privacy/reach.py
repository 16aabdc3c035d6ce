"""Reach: what erasing somebody reaches, and what law makes us keep; found once, to be shown and to be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kehu.store import customers, records
from kehu.store.database import Transaction
from kehu.store.privacy import lawful, persons, traces
from kehu.store.privacy.lawful import Keep
from kehu.store.privacy.persons import Whose
from kehu.store.privacy.traces import Known

NUMBERS = pa.nulls(0, pa.int64())


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What erasing records reaches."""

    whole: Whose
    """All versions of the records."""
    owners: Sequence[int]
    """The customers that have them."""
    keep: Mapping[int, datetime | None]
    """The records that law makes us keep, and until when; None while the service lasts."""
    kept: pa.Array
    """Their numbers, in order."""
    kept_origins: pa.Array
    """The origin of each of them."""
    gone: Whose
    """All the others."""
    known: Known
    """By what the person is known in rows that are not theirs."""
    quarantined: Sequence[Mapping[str, Any]]
    """The rows in quarantine that are theirs."""


def of_origins(tx: Transaction, origins: pa.Array, keep: Keep | None, *, at: datetime) -> Reach:
    """What erasing these records reaches; without `keep` nothing is kept."""
    whole = persons.of_origins(tx, origins)
    owners = sorted(set(customers.memberships(tx, whole.records).column("customer_id").to_pylist()))
    bound: dict[int, datetime | None] = {}
    for owner in owners if keep else ():
        assert keep is not None
        bound |= lawful.kept(tx, owner, keep, at=at)
    mine = set(whole.records.to_pylist())
    bound = {record: until for record, until in bound.items() if record in mine}
    kept = pa.array(sorted(bound), pa.int64())
    kept_origins = records.read(tx, kept, columns=("record", "origin")).column("origin").combine_chunks()
    known = traces.known_by(tx, whole)
    return Reach(
        whole=whole,
        owners=owners,
        keep=bound,
        kept=kept,
        kept_origins=kept_origins,
        gone=Whose(records=_without(whole.records, kept), origins=_without(origins, kept_origins), customers=NUMBERS),
        known=known,
        quarantined=traces.quarantined(tx, known),
    )


def of_numbers(numbers: pa.Array) -> Whose:
    """What is found by the numbers of customers alone."""
    return Whose(records=NUMBERS, origins=NUMBERS, customers=numbers)


def _without(numbers: pa.Array, some: pa.Array) -> pa.Array:
    return numbers.filter(pc.invert(pc.is_in(numbers, value_set=some)))
