"""Notes on customers: what an agent wants the next one to know."""

from kehu.errors import SettingsError
from kehu.flows.once import Once, made, noted
from kehu.flows.users.people import By
from kehu.model import masks
from kehu.store import customers
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Entry
from kehu.store.database import Database
from kehu.store.service import notes
from kehu.store.service.notes import Note


def write(database: Database, customer_id: int, text: str, *, by: By, once: Once | None = None) -> Note:
    """A new note on a customer, written `once`; a retired number stands for the living one.

    Raises:
        NotFoundError: There is no such customer.
        SettingsError: Nothing was written.
    """
    if not text.strip():
        raise SettingsError("a note needs words")
    with database.begin() as tx:
        if (before := made(once, tx)) is not None:
            return notes.one(tx, before)
        number = customers.get(tx, customer_id).customer_id
        written = notes.add(tx, number, masks.in_text(text.strip()), who=by.login, at=by.at)
        noted(once, tx, written.note_id)
        trail.tell(tx, Entry(at=by.at, who=by.login, act=Act.NOTE, what=f"customer {number}", whence=by.whence))
        return written


def of_customer(database: Database, customer_id: int, *, limit: int = 50) -> tuple[Note, ...]:
    """The notes on a customer, the newest first.

    Raises:
        NotFoundError: There is no such customer.
    """
    with database.read() as tx:
        return notes.of_customer(tx, customers.get(tx, customer_id).customer_id, limit=limit)
