"""What customer service holds of one customer: tickets, calls and notes."""

from dataclasses import dataclass

from kehu.store import customers
from kehu.store.database import Database, Transaction
from kehu.store.service import calls, notes, numbers, tickets
from kehu.store.service.calls import Call
from kehu.store.service.notes import Note
from kehu.store.service.tickets import Ticket

SHOWN = 8
"""So many tickets, calls and notes of a customer are shown."""


@dataclass(frozen=True, kw_only=True)
class Attention:
    """What somebody who serves a customer wants to know."""

    tickets: tuple[Ticket, ...]
    """Open ones first, those due first before the others; then the newest ended."""
    more_tickets: bool
    calls: tuple[Call, ...]
    notes: tuple[Note, ...]


NOTHING = Attention(tickets=(), more_tickets=False, calls=(), notes=())


def of_customer(database: Database, customer_id: int) -> Attention:
    """The tickets, calls and notes of a customer.

    Raises:
        NotFoundError: There is no such customer.
    """
    with database.read() as tx:
        return within(tx, customers.get(tx, customer_id).customer_id)


def within(tx: Transaction, customer_id: int) -> Attention:
    """The same, of a living customer."""
    if not numbers.were_served(tx, customer_id):
        return NOTHING
    page = tickets.of_customer(tx, customer_id, limit=SHOWN)
    return Attention(
        tickets=page.rows,
        more_tickets=page.following is not None,
        calls=calls.of_customer(tx, customer_id, limit=SHOWN),
        notes=notes.of_customer(tx, customer_id, limit=SHOWN),
    )
