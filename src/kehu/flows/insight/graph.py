"""The graph of a customer: its records, and how they are tied to each other and to those of others."""

from dataclasses import dataclass

from kehu.flows.insight.insight import COMPARED_RECORDS, Side
from kehu.store import views
from kehu.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Links:
    """The records of a customer and how they are tied, to be drawn."""

    customer_id: int
    """The living customer that was meant."""
    records: tuple[Side, ...]
    """Its own records, and those of others that a link was refused to."""
    links: tuple[views.Link, ...]
    """The heaviest first."""


def links(database: Database, customer_id: int) -> Links:
    """The records of a customer and how they are tied; a number that was merged away leads to its survivor.

    Raises:
        NotFoundError: The number was never given.
    """
    with database.read() as tx:
        customer = views.customer_of(tx, customer_id)
        number = customer.customer_id
        found = (*views.links_of(tx, number, inside=True), *views.links_of(tx, number, inside=False))
        ends = {end for one in found for end in ((one.record_l, one.customer_l), (one.record_r, one.customer_r))}
        own = views.records_of(tx, number, limit=COMPARED_RECORDS).rows
        belongs = dict(ends) | {record.record: number for record in own}
        known = views.records(tx, sorted(belongs))
        named = {one.customer_id: one.name for one in views.customers_of(tx, sorted(set(belongs.values())))}
    sides = tuple(
        Side(
            record=record.record,
            channel=record.channel,
            record_id=record.record_id,
            customer_id=belongs[record.record],
            customer=named.get(belongs[record.record]),
        )
        for record in sorted(known.values(), key=lambda one: one.record)
    )
    return Links(customer_id=number, records=sides, links=found)
