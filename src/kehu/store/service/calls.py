"""Calls that arrived, and who may be calling: whoever holds the number, then whoever held it.

A number is evidence only inside the interval in which somebody held it: numbers are sold again (二次放号). The newest
statement about a number says whose it is; a customer who was stated to hold it before held it until then. A phone
that a record merely names is a weaker sign than a subscription.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from kehu.errors import NotFoundError
from kehu.model.codes import MediumKind, Role
from kehu.store import asking, sequence, terms, views
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import contact_medium, search_term
from kehu.store.dictionary.households import subscription
from kehu.store.dictionary.loads import load
from kehu.store.dictionary.records import member, record
from kehu.store.dictionary.service import phone_call
from kehu.store.service import numbers

MOST = 50
"""So many statements of a number, the newest, are looked at, and so many customers whom it reaches."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that arrived."""

    call_id: int
    at: datetime
    channel: str
    """Where it arrived."""
    number: str | None
    """The number that called; None where it was withheld."""
    agent: str | None
    """Who took it."""
    customer_id: int | None
    """Who it was, once somebody said so; that customer may have been merged since."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """Since when, and until when, a number reached somebody."""

    customer_id: int
    role: Role | None
    """What they are to the number; None where a record only names it."""
    since: datetime | None
    until: datetime | None
    """None: they hold it still."""
    last_seen: datetime | None
    """When a record stated it last."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Somebody who may be calling."""

    customer: views.Customer
    held: Held


def add(tx: Transaction, made: Call) -> Call:
    """A new call; it is given its number here."""
    numbered = replace(made, call_id=sequence.take(tx, "phone_call"))
    tx.execute(phone_call.insert().values(**vars(numbered)))
    return numbered


def one(tx: Transaction, call_id: int) -> Call:
    """The call of this number.

    Raises:
        NotFoundError: There is none.
    """
    row = tx.execute(sa.select(phone_call).where(phone_call.c.call_id == call_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no call {call_id}")
    return Call(**row)


def known(tx: Transaction, call_id: int, customer_id: int) -> None:
    """Remember who it was that called."""
    tx.execute(phone_call.update().where(phone_call.c.call_id == call_id).values(customer_id=customer_id))


_OF_CUSTOMER = (
    sa.select(phone_call)
    .where(phone_call.c.customer_id.in_(sa.bindparam("numbers", expanding=True)))
    .order_by(phone_call.c.call_id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def of_customer(tx: Transaction, customer_id: int, *, limit: int = 5) -> tuple[Call, ...]:
    """The calls of a living customer, the newest first."""
    found = asking.told(tx, _OF_CUSTOMER, numbers=numbers.of_customer(tx, customer_id), most=limit)
    return tuple(Call(**row._asdict()) for row in found)


def candidates(tx: Transaction, number: str) -> tuple[Candidate, ...]:
    """Who may be calling from a number, the likeliest first."""
    found: dict[int, Held] = {}
    for held in (*_subscribed(tx, number), *_reached(tx, number)):
        # A subscription goes before a phone that is merely named, and the newest statement before older ones.
        found.setdefault(held.customer_id, held)
    known_as = {one.customer_id: one for one in views.customers_of(tx, list(found))}
    likely = sorted((held for held in found.values() if held.customer_id in known_as), key=_likely)
    return tuple(Candidate(customer=known_as[held.customer_id], held=held) for held in likely)


def _likely(held: Held) -> tuple[bool, bool, float, int]:
    """Who holds it still, by a subscription, stated last: those are the likeliest."""
    seen = held.last_seen.timestamp() if held.last_seen else 0.0
    return held.until is not None, held.role is None, -seen, held.customer_id


def _subscribed(tx: Transaction, number: str) -> Iterator[Held]:
    """Whose subscription it is, or was, the newest first: each held it until the next was stated to."""
    # The index starts with the channel, and there are few of those.
    channels = list(tx.execute(sa.select(load.c.channel).distinct()).scalars())
    stated_at = sa.func.coalesce(record.c.updated_at, record.c.received_at).label("stated_at")
    query = (
        sa.select(member.c.customer_id, subscription.c.role, subscription.c.opened_at, stated_at)
        .join(record, record.c.record == subscription.c.record)
        .join(member, member.c.record == subscription.c.record)
        .where(subscription.c.channel.in_(channels), subscription.c.msisdn == number)
        .order_by(stated_at.desc(), record.c.record.desc())
        .limit(MOST)
    )
    told: dict[tuple[int, Role], Held] = {}
    newest: dict[Role, tuple[int, datetime]] = {}
    for row in tx.execute(query):
        role, began = Role(row.role), row.opened_at or row.stated_at
        holder, until = newest.get(role, (row.customer_id, None))
        one = told.get((row.customer_id, role))
        if one is None:
            ended = None if holder == row.customer_id else until
            told[row.customer_id, role] = Held(
                customer_id=row.customer_id, role=role, since=began, until=ended, last_seen=row.stated_at
            )
        else:
            told[row.customer_id, role] = replace(one, since=min(began, one.since or began))
        newest[role] = row.customer_id, began
    yield from told.values()


def _reached(tx: Transaction, number: str) -> Iterator[Held]:
    """Whom records name this phone for; whether they hold it still, nobody said."""
    named = sa.select(search_term.c.customer_id).where(search_term.c.term == terms.WHOLE + number).limit(MOST)
    theirs = (contact_medium.c.customer_id.in_(list(tx.execute(named).scalars())),)
    query = sa.select(contact_medium).where(
        *theirs, contact_medium.c.kind == MediumKind.PHONE.value, contact_medium.c.value == number
    )
    for row in tx.execute(query):
        yield Held(customer_id=row.customer_id, role=None, since=row.first_seen, until=None, last_seen=row.last_seen)
