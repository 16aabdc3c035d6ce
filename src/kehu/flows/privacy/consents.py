"""Consent: what a customer says of each purpose; refusing blocks nothing but that purpose."""

from dataclasses import dataclass
from datetime import datetime

from kehu.errors import ConflictError, SettingsError
from kehu.flows.once import Once, made, noted
from kehu.flows.privacy import asked as asking
from kehu.flows.privacy.asked import Asked
from kehu.model.privacy import CHILD_YEARS, Guard, Purpose, Said
from kehu.store import customers
from kehu.store.audit import trail
from kehu.store.audit.trail import Act
from kehu.store.database import Database, Transaction
from kehu.store.privacy import children, consents
from kehu.store.privacy.consents import Statement


@dataclass(frozen=True, kw_only=True)
class Consents:
    """What a customer said."""

    customer_id: int
    """The living customer."""
    standing: tuple[Statement, ...]
    """What holds of each purpose that was ever spoken of."""
    history: tuple[Statement, ...]
    """All of it, the latest first."""


def of_customer(database: Database, customer_id: int) -> Consents:
    """What a customer said of each purpose; a retired number stands for the living one.

    Raises:
        NotFoundError: The number was never given.
    """
    with database.read() as tx:
        living = customers.get(tx, customer_id).customer_id
        told = consents.of_customer(tx, living)
    return Consents(customer_id=living, standing=tuple(consents.standing(told).values()), history=told)


def note(
    database: Database,
    customer_id: int,
    *,
    purpose: Purpose,
    said: Said,
    notice: str,
    channel: str,
    asked: Asked,
    at: datetime | None = None,
    once: Once | None = None,
) -> Statement:
    """Note what a customer said of a purpose.

    Args:
        database: The store.
        customer_id: The customer; a retired number stands for the living one.
        purpose: What it is about.
        said: Yes or no.
        notice: Version of the notice that they were shown.
        channel: The way they said it.
        asked: Who notes it, and when.
        at: When they said it; else now.
        once: Where it comes again, it is answered with what was noted then.

    Raises:
        NotFoundError: The number was never given.
        SettingsError: They would say it in the future.
        ConflictError: They are a child, and no guardian has consented yet.
    """
    if at is not None and at > asked.at:
        raise SettingsError("a consent cannot be given in the future")
    vault = asking.keys(database)
    with database.begin() as tx:
        customers.next_id(tx)  # Whoever merges or splits meanwhile would take the record that carries it elsewhere.
        if (before := made(once, tx)) is not None:
            return consents.one(tx, before)
        living = customers.get(tx, customer_id).customer_id
        if said is Said.GIVEN and purpose is not Purpose.GUARDIAN:
            _require_guardian(tx, living, at=asked.at)
        told = consents.note(
            tx,
            living,
            purpose=purpose,
            said=said,
            notice=notice,
            channel=channel,
            at=at or asked.at,
            noted_at=asked.at,
            noted_by=asked.who,
        )
        noted(once, tx, told.consent_id)
        detail = {"purpose": purpose.value, "said": said.value, "notice": notice}
        trail.note(tx, asked.entry(Act.CONSENT, living, **detail), vault=vault)
    return told


def _require_guardian(tx: Transaction, customer_id: int, *, at: datetime) -> None:
    if children.guard(tx, customer_id, at=at) is Guard.LACKING:
        raise ConflictError(
            f"customer {customer_id} is under {CHILD_YEARS}: note the consent of a guardian first (purpose guardian)"
        )
