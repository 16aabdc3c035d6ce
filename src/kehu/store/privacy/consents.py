"""Consents: what people said of each purpose, and what holds today.

A statement goes with a record of theirs, the oldest, whatever customer that belongs to. So a merge brings both sides'
statements together, and taking it back parts them as they were. The latest statement of a purpose holds; of two at one
time, that which refuses: nobody is asked to prove that they did not want something.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from kehu.errors import NotFoundError
from kehu.model.privacy import Purpose, Said
from kehu.store import sequence
from kehu.store.database import Transaction
from kehu.store.dictionary.privacy import consent
from kehu.store.dictionary.records import member, record


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What somebody said of one purpose."""

    consent_id: int
    """Its number."""
    purpose: Purpose
    said: Said
    notice: str
    """Version of the notice that they were shown."""
    channel: str
    """The way they said it."""
    at: datetime
    """When they said it."""
    noted_at: datetime
    """When it was noted here."""
    noted_by: str
    """Who noted it."""


def note(
    tx: Transaction,
    customer_id: int,
    *,
    purpose: Purpose,
    said: Said,
    notice: str,
    channel: str,
    at: datetime,
    noted_at: datetime,
    noted_by: str,
) -> Statement:
    """Add what somebody said; `customer_id` is a living customer's."""
    carrier = tx.scalar(
        sa.select(sa.func.min(record.c.origin))
        .join(member, member.c.record == record.c.record)
        .where(member.c.customer_id == customer_id)
    )
    number = sequence.take(tx, "consent")
    told = Statement(
        consent_id=number, purpose=purpose, said=said, notice=notice, channel=channel, at=at, noted_at=noted_at,
        noted_by=noted_by,
    )  # fmt: skip
    tx.execute(consent.insert().values(origin=carrier, **{**vars(told), "purpose": purpose.value, "said": said.value}))
    return told


def of_customer(tx: Transaction, customer_id: int) -> tuple[Statement, ...]:
    """All that the customer said, the latest first."""
    theirs = (
        sa.select(record.c.origin)
        .join(member, member.c.record == record.c.record)
        .where(member.c.customer_id == customer_id)
    )
    rows = tx.execute(sa.select(consent).where(consent.c.origin.in_(theirs))).mappings()
    return tuple(sorted(map(_read, rows), key=_rank, reverse=True))


def one(tx: Transaction, consent_id: int) -> Statement:
    """A statement.

    Raises:
        NotFoundError: There is none of this number.
    """
    row = tx.execute(sa.select(consent).where(consent.c.consent_id == consent_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no consent {consent_id}")
    return _read(row)


def _read(row: sa.RowMapping) -> Statement:
    told = {name: row[name] for name in row if name not in ("origin", "purpose", "said")}
    return Statement(purpose=Purpose(row["purpose"]), said=Said(row["said"]), **told)


def standing(statements: Sequence[Statement]) -> dict[Purpose, Statement]:
    """What holds of each purpose that was ever spoken of."""
    return {one.purpose: one for one in sorted(statements, key=_rank)}


def refusing(purpose: Purpose) -> sa.Select[tuple[int]]:
    """The customers whose latest word on a purpose is no: a query of `customer_id`s."""
    return _whose(purpose, Said.WITHDRAWN)


def consenting(purpose: Purpose, *, customer_id: int | sa.BindParameter[int] | None = None) -> sa.Select[tuple[int]]:
    """The customers whose latest word on a purpose is yes, or that one of them: a query of `customer_id`s."""
    return _whose(purpose, Said.GIVEN, customer_id)


ASKED_FIRST = frozenset({Purpose.SHARING, Purpose.ABROAD})
"""For these a yes is needed; for the others that nobody said no."""


def allows(customer_id: sa.ColumnElement[int], purpose: Purpose) -> sa.ColumnElement[bool]:
    """The condition that a customer may be on a list for this purpose."""
    return customer_id.in_(consenting(purpose)) if purpose in ASKED_FIRST else customer_id.not_in(refusing(purpose))


def latest(*of: sa.ColumnElement[bool]) -> sa.Subquery:
    """What each customer said last of each purpose: a query of `customer_id`, `purpose`, `said` and `at`.

    Args:
        of: Conditions on the customer and the purpose; one on anything else would make earlier words the latest.
    """
    spoken = (
        sa.select(
            member.c.customer_id,
            consent.c.purpose,
            consent.c.said,
            consent.c.at,
            sa.func.row_number()
            .over(
                partition_by=(member.c.customer_id, consent.c.purpose),
                order_by=(consent.c.at.desc(), consent.c.said.desc(), consent.c.consent_id.desc()),
            )
            .label("place"),
        )
        .join(record, record.c.origin == consent.c.origin)
        .join(member, member.c.record == record.c.record)
        .where(*of)
        .subquery()
    )
    return sa.select(*(spoken.c[name] for name in spoken.c.keys()[:-1])).where(spoken.c.place == 1).subquery()


def _whose(
    purpose: Purpose, said: Said, customer_id: int | sa.BindParameter[int] | None = None
) -> sa.Select[tuple[int]]:
    of = [consent.c.purpose == purpose.value]
    if customer_id is not None:
        of.append(member.c.customer_id == customer_id)
    spoken = latest(*of)
    return sa.select(spoken.c.customer_id).where(spoken.c.said == said.value)


def _rank(one: Statement) -> tuple[datetime, bool, int]:
    return one.at, one.said is Said.WITHDRAWN, one.consent_id
