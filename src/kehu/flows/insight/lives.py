"""Lives: how a customer came to be what it is, or what was believed of it at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kehu.errors import NotFoundError
from kehu.store import customers, decisions
from kehu.store.database import Database
from kehu.store.decisions import Decision


@dataclass(frozen=True, kw_only=True)
class Life:
    """The states of one number."""

    customer_id: int
    merged_into: int | None
    """The customer that it leads to today; None while it lives."""
    states: tuple[dict[str, Any], ...]
    """The oldest first: the golden values of each, from when to when, what brought it and what the next one changed."""
    records: tuple[int, ...]
    """The records it has, or had at the time asked about."""
    decisions: tuple[Decision, ...]
    """What stewards decided about its records, the newest first; of a time that is over none are told."""


def life(database: Database, customer_id: int, *, as_of: datetime | None = None) -> Life:
    """Every state of a number, or the one at a time.

    Raises:
        NotFoundError: The number was never given, or not yet at that time.
    """
    with database.read() as tx:
        living = customers.get(tx, customer_id)
        states = customers.history(tx, customer_id, as_of=as_of).to_pylist()
        if not states:
            raise NotFoundError(f"there was no customer {customer_id} at that time")
        if as_of is None:
            numbers = customers.records_of(tx, customer_id).column("record").to_pylist()
        else:
            numbers = customers.members_as_of(tx, customer_id, as_of).to_pylist()
        return Life(
            customer_id=customer_id,
            merged_into=living.customer_id if living.redirected else None,
            states=tuple(states),
            records=tuple(numbers),
            decisions=decisions.of_customer(tx, customer_id) if as_of is None else (),
        )
