"""Foresee: what erasing a customer would take away, and what law keeps of them; nothing is changed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kehu.flows.privacy import reach as reaching
from kehu.flows.privacy.erase import Room
from kehu.store import customers
from kehu.store.database import Database
from kehu.store.privacy import persons


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Records that law makes us keep, restricted to storage."""

    records: int
    until: datetime | None
    """None: while the service lasts, and some years beyond."""


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What erasing a customer would do."""

    customer_id: int
    """The living customer that was meant."""
    rows: int
    """So many rows would go."""
    tables: Mapping[str, int]
    """How many of which table."""
    kept: tuple[Kept, ...]
    """What law makes us keep, by until when."""


def erasing(database: Database, customer_id: int, *, room: Room, at: datetime) -> Foreseen:
    """What erasing a customer would take away.

    Raises:
        NotFoundError: The number was never given, or is erased already.
    """
    with database.read() as tx:
        living = customers.get(tx, customer_id).customer_id
        whose = persons.of_customer(tx, living)
        reach = reaching.of_origins(tx, whose.origins, room.keep, at=at)
        tables = Counter(persons.count(tx, reach.gone))
        # A customer of whom law keeps something stays, emptied; but for what customer service holds of them.
        of_them = persons.SERVICE if reach.keep else persons.WHOSE
        tables.update(persons.count(tx, reaching.of_numbers(whose.customers), of_them))
        tables["quarantine"] = len(reach.quarantined)
    kept = Counter(reach.keep.values())
    order = sorted(kept, key=lambda until: (until is None, until and until.timestamp()))
    return Foreseen(
        customer_id=living,
        rows=tables.total(),
        tables={name: many for name, many in sorted(tables.items()) if many},
        kept=tuple(Kept(records=kept[until], until=until) for until in order),
    )
