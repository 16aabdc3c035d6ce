"""Standing: what a customer consented to, whether their data may be used, and what was done for them."""

from dataclasses import dataclass
from datetime import datetime

from kehu.model.privacy import Guard, Purpose
from kehu.store import customers
from kehu.store.audit.trail import Noted
from kehu.store.database import Database
from kehu.store.privacy import children, consents, erasing, persons, requests, restrictions
from kehu.store.privacy.consents import Statement
from kehu.store.privacy.erasing import Receipt
from kehu.store.privacy.restrictions import Restricted

MOST = 50
"""So many requests of a person are told, the latest."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """What holds of one purpose."""

    purpose: Purpose
    latest: Statement | None
    """None: it was never spoken of, which is no consent."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a customer stands with their rights."""

    customer_id: int
    """The living customer that was meant."""
    name: str | None
    words: tuple[Word, ...]
    """One of each purpose."""
    history: tuple[Statement, ...]
    """All that was said, the latest first."""
    restricted: Restricted | None
    guard: Guard
    requests: tuple[Noted, ...]
    """What was done for them, the latest first; empty for those who may not see it."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What everybody asked for, and the receipts of who was erased."""

    requests: tuple[Noted, ...]
    """The latest first."""
    following: int | None
    """Where the next page starts; None on the last one."""
    receipts: tuple[Receipt, ...]


def of_customer(database: Database, customer_id: int, *, at: datetime, with_requests: bool) -> Standing:
    """How a customer stands; a retired number stands for the living one.

    Args:
        database: The store.
        customer_id: The customer.
        at: On which day they are a child or not.
        with_requests: Also what was done for them, with its reasons: for privacy officers.

    Raises:
        NotFoundError: The number was never given.
    """
    with database.read() as tx:
        found = customers.get(tx, customer_id)
        said = consents.of_customer(tx, found.customer_id)
        latest = consents.standing(said)
        asked: list[Noted] = []
        if with_requests and database.vault is not None:
            theirs = persons.merged_into(tx, found.customer_id).to_pylist()
            asked = requests.page(tx, vault=database.vault, customers=theirs, limit=MOST)
        return Standing(
            customer_id=found.customer_id,
            name=name if isinstance(name := found.row["name"], str) else None,
            words=tuple(Word(purpose=purpose, latest=latest.get(purpose)) for purpose in Purpose),
            history=said,
            restricted=restrictions.of_customer(tx, found.customer_id),
            guard=children.guard(tx, found.customer_id, at=at),
            requests=tuple(asked),
        )


def of_everybody(database: Database, *, after: int | None = None, limit: int = MOST) -> Asked:
    """A page of what was asked for, and the latest receipts."""
    with database.read() as tx:
        vault = database.vault
        found = requests.page(tx, vault=vault, before=after, limit=limit + 1) if vault else []
        receipts = erasing.receipts(tx, limit=limit)
    rows = tuple(found[:limit])
    return Asked(requests=rows, following=rows[-1].audit_id if len(found) > limit else None, receipts=tuple(receipts))
