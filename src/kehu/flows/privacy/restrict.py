"""Restrict: what is held on a customer is stored and not used, until a privacy officer frees it."""

from collections.abc import Collection

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
    with database.glance() as tx:
        if not restrictions.are_there(tx):  # As in most stores.
            return True
    with database.read() as tx:
        try:
            return restrictions.of_customer(tx, customers.get(tx, customer_id).customer_id) is None
        except NotFoundError:
            return True


def require_use(database: Database, numbers: Collection[int], *, asked: Asked) -> None:
    """Refuse to look at customers whose data may not be used, unless somebody says why; that is noted first.

    Raises:
        ConflictError: Nobody says why, or law alone keeps what is left of them.
        SettingsError: The reason is too short to be one.
    """
    held = {number: told for number in sorted(numbers) if (told := of_customer(database, number))}
    for number, told in held.items():
        if told.bound is not Bound.ASKED:
            raise ConflictError(f"customer {number} was erased: what is left is kept by law, and never used")
        if not asked.why.strip():
            raise ConflictError(
                f"customer {number}'s data is restricted: it is stored and not used; say why it must be looked at all "
                "the same (--reason), which the audit trail keeps"
            )
    if not held:
        return
    asking.require_reason(asked, of="looking at restricted data")
    with database.begin() as tx:
        for number in held:
            trail.note(tx, asked.entry(Act.LOOK, number, restricted=True), vault=asking.keys(database))


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
