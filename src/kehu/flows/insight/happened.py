"""What happened with a customer: contacts, records that came, tickets, calls and consents, on one line of time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kehu.store import arrived
from kehu.store.arrived import Arrival
from kehu.store.database import Database, Transaction
from kehu.store.households import Interaction, Timeline
from kehu.store.privacy import consents
from kehu.store.privacy.consents import Statement
from kehu.store.service import calls, numbers, tickets
from kehu.store.service.calls import Call
from kehu.store.service.tickets import Ticket

SHOWN = 50
"""So many tickets and calls are looked through."""


class What(StrEnum):
    """What happened."""

    CONTACT = "contact"
    """A contact that a record tells of."""
    ARRIVAL = "arrival"
    """Records came with a load."""
    OPENED = "opened"
    """A ticket was opened."""
    ENDED = "ended"
    """A ticket was resolved, or ended otherwise."""
    CALL = "call"
    """A call arrived here."""
    CONSENT = "consent"
    """They gave a consent, or took it back."""


@dataclass(frozen=True, kw_only=True)
class Happened:
    """One thing that happened."""

    at: datetime
    what: What
    told: Interaction | Arrival | Ticket | Call | Statement


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """The time that a page of the contacts covers: what happened then stands on that page."""

    since: datetime | None
    """None: from the beginning."""
    until: datetime | None
    """None: until today."""

    def covers(self, at: datetime) -> bool:
        """Whether this happened within it."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def along(
    database: Database, customer_id: int, contacts: Timeline, *, after: int | None = None, serves: bool
) -> tuple[Stretch, tuple[Happened, ...]]:
    """What happened in the time of a page of contacts, in no order, and that time.

    Args:
        database: The store.
        customer_id: A living customer.
        contacts: The page.
        after: The last contact of the page before.
        serves: Whoever looks may see tickets and calls.
    """
    with database.look() as tx:
        stretch = Stretch(
            since=contacts.rows[-1].started_at if contacts.following else None,
            until=arrived.contact_at(tx, after) if after else None,
        )
        beside = [*_kept(tx, customer_id), *(_served(tx, customer_id) if serves else ())]
    met = [Happened(at=one.started_at, what=What.CONTACT, told=one) for one in contacts.rows]
    return stretch, (*met, *(one for one in beside if stretch.covers(one.at)))


def _kept(tx: Transaction, customer_id: int) -> Iterator[Happened]:
    for arrival in arrived.of_customer(tx, customer_id):
        yield Happened(at=arrival.at, what=What.ARRIVAL, told=arrival)
    for said in consents.of_customer(tx, customer_id):
        yield Happened(at=said.at, what=What.CONSENT, told=said)


def _served(tx: Transaction, customer_id: int) -> Iterator[Happened]:
    if not numbers.were_served(tx, customer_id):
        return
    for call in calls.of_customer(tx, customer_id, limit=SHOWN):
        yield Happened(at=call.at, what=What.CALL, told=call)
    for ticket in tickets.of_customer(tx, customer_id, limit=SHOWN).rows:
        yield Happened(at=ticket.opened_at, what=What.OPENED, told=ticket)
        if over := ticket.ended_at or ticket.resolved_at:
            yield Happened(at=over, what=What.ENDED, told=ticket)
