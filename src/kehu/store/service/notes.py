"""Notes on customers: what somebody wants the next one to know. Rows are only added."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from kehu.errors import NotFoundError
from kehu.store import asking, sequence
from kehu.store.database import Transaction
from kehu.store.dictionary.service import note
from kehu.store.service import numbers


@dataclass(frozen=True, kw_only=True)
class Note:
    """What somebody wrote about a customer."""

    note_id: int
    customer_id: int
    """Whom it was written about; that customer may have been merged since."""
    at: datetime
    who: str
    text: str


def add(tx: Transaction, customer_id: int, text: str, *, who: str, at: datetime) -> Note:
    """A new note."""
    written = Note(note_id=sequence.take(tx, "note"), customer_id=customer_id, at=at, who=who, text=text)
    tx.execute(note.insert().values(**vars(written)))
    return written


def one(tx: Transaction, note_id: int) -> Note:
    """A note.

    Raises:
        NotFoundError: There is none of this number.
    """
    row = tx.execute(sa.select(note).where(note.c.note_id == note_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no note {note_id}")
    return Note(**row)


_OF_CUSTOMER = (
    sa.select(note)
    .where(note.c.customer_id.in_(sa.bindparam("numbers", expanding=True)))
    .order_by(note.c.note_id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def of_customer(tx: Transaction, customer_id: int, *, limit: int = 20) -> tuple[Note, ...]:
    """The notes on a living customer, the newest first."""
    found = asking.told(tx, _OF_CUSTOMER, numbers=numbers.of_customer(tx, customer_id), most=limit)
    return tuple(Note(**row._asdict()) for row in found)
