"""Restrict: what is held on a customer is stored and not used, until a privacy officer frees it."""

from kehu.errors import ConflictError, NotFoundError
from kehu.flows.privacy import asked as asking
from kehu.flows.privacy.asked import Asked
from kehu.model.privacy import Bound
from kehu.store import customers
from kehu.store.audit import trail
from kehu.store.audit.trail import Act
from kehu.store.database import Database
from kehu.store.privacy import persons, restrictions
from kehu.store.privacy.restrictions import Restricted


def of_customer(database: Database, customer_id: int) -> Restricted | None:
    """Why a customer's data may not be used; None where it may.

    Raises:
        NotFoundError: The number was never given.
    """
    with database.read() as tx:
        return restrictions.of_customer(tx, customers.get(tx, customer_id).customer_id)


def is_free(database: Database, customer_id: int) -> bool:
    """Whether a customer's data may be used, or there is none of that number; asked before every page about one."""
    with database.read() as tx:
        if not restrictions.are_there(tx):  # As in most stores.
            return True
        try:
            return restrictions.of_customer(tx, customers.get(tx, customer_id).customer_id) is None
        except NotFoundError:
            return True


def restrict(database: Database, customer_id: int, *, asked: Asked) -> int:
    """Let what is held on a customer be stored only; returns the living number.

    Raises:
        NotFoundError: The number was never given.
        SettingsError: There is no reason.
    """
    return _switch(database, customer_id, asked=asked, on=True)


def free(database: Database, customer_id: int, *, asked: Asked) -> int:
    """Let it be used again; returns the living number.

    Raises:
        NotFoundError: The number was never given.
        ConflictError: They were erased but for what law makes us keep: that is never used again.
        SettingsError: There is no reason.
    """
    return _switch(database, customer_id, asked=asked, on=False)


def _switch(database: Database, customer_id: int, *, asked: Asked, on: bool) -> int:
    asking.require_reason(asked, of="restricting a customer" if on else "freeing a customer")
    vault = asking.keys(database)
    with database.begin() as tx:
        customers.next_id(tx)  # Nobody takes a record of theirs elsewhere meanwhile.
        living = customers.get(tx, customer_id).customer_id
        origins = persons.of_customer(tx, living).origins
        if on:
            changed = restrictions.restrict(tx, origins, bound=Bound.ASKED, at=asked.at, by=asked.who)
        else:
            changed = restrictions.free(tx, origins, at=asked.at, by=asked.who)
            held = restrictions.of_customer(tx, living)
            if held is not None:
                raise ConflictError(f"customer {living} was erased: what is left is kept by law, and never used")
        trail.note(tx, asked.entry(Act.RESTRICT, living, on=on, records=changed), vault=vault)
    return living
