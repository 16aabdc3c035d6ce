"""Subscriptions, accounts and interactions, as records state them; whose they are follows from the records' customers.

Every statement of every record stays: which of them is in force is found when somebody looks. So it makes no
difference in which order they came.
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.model import households as model
from kehu.model.codes import AccountType, Direction, IdType, InteractionKind, NumberState, Role
from kehu.store import asking, bulk, plans, sealed
from kehu.store.database import Transaction
from kehu.store.dictionary.households import account, interaction, subscription
from kehu.store.dictionary.records import member, record

Row = TypeVar("Row")

MOST = 500
"""So many statements of one customer's numbers, the newest, are read."""

CONTACTS_SHOWN = 20
"""So many contacts with a customer are a page of them."""


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A number or a broadband login, and what a customer is to it."""

    channel: str
    msisdn: str
    role: Role
    """What the customer is to it."""
    held: bool
    """False: a newer record gives this role to another customer, so the number changed hands."""
    plan: str | None
    number_state: NumberState | None
    opened_at: datetime | None
    account_id: str | None
    user_name: str | None
    """Who really uses it, if not the holder."""
    proxy_name: str | None
    """Who acted for the holder last."""
    proxy_id_type: IdType | None
    proxy_id_number: str | None
    record: int
    """The newest record of this customer that names it."""
    record_id: str
    stated_at: datetime
    """When the source says that record changed, or else when we received it."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account that a customer has."""

    channel: str
    account_id: str
    held: bool
    """False: a newer record gives it to another customer."""
    account_type: AccountType | None
    payer_name: str | None
    """Who pays, if not the customer."""
    record: int
    """The newest record of this customer that names it."""
    record_id: str
    stated_at: datetime
    """When the source says that record changed, or else when we received it."""


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """A contact between a customer and the operator."""

    record: int
    channel: str
    record_id: str
    kind: InteractionKind
    started_at: datetime
    ended_at: datetime | None
    direction: Direction | None
    number: str | None
    """The number that called or was called."""
    reasons: tuple[str, ...]
    """What it was about, from the first level to the last."""
    verified: bool | None
    """Whether the agent asked for the certificate."""
    agent: str | None
    satisfaction: int | None
    """1 to 5."""
    msisdn: str | None
    """The number it was about, where the record names one."""


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """A piece of the contacts with a customer."""

    rows: tuple[Interaction, ...]
    """The newest first."""
    following: int | None
    """The record after which the next page starts; None on the last page."""


def add(tx: Transaction, stated: pa.Table, *, records: pa.Array, channel: str) -> None:
    """Keep what rows state.

    Args:
        tx: The transaction.
        stated: The columns of `households.STATED` that the channel has, one row a row.
        records: The number of each row's new record; null where the row was a duplicate.
        channel: The channel they came by.
    """
    stated = stated.append_column("record", records).filter(pc.is_valid(records))
    for table, key, schema in (
        (subscription, "msisdn", model.SUBSCRIPTION),
        (account, "account_id", model.ACCOUNT),
        (interaction, "interaction_at", model.INTERACTION),
    ):
        if key not in stated.column_names:
            continue
        wanted = [*schema.names, *(["account_id"] if table is subscription else [])]
        names = [name for name in ("record", *wanted) if name in stated.column_names]
        rows = stated.filter(pc.is_valid(stated.column(key))).select(names)
        if table is interaction:
            rows = rows.rename_columns([_IN_TABLE.get(name, name.removeprefix("interaction_")) for name in names])
        else:
            rows = rows.append_column("channel", pa.repeat(pa.scalar(channel), rows.num_rows))
        bulk.insert(tx, table, rows)
        if table is subscription and "plan" in names:
            plans.follow(tx, rows.filter(pc.is_valid(rows.column("plan"))).column("record"))


_IN_TABLE = {"interaction_at": "started_at"}


def questions_of(customer_id: int) -> list[asking.Put]:
    """What `subscriptions_of` and `accounts_of` ask."""
    return [sealed.put(_stated_of(table, ("channel", *key)), customer=customer_id) for table, key in _KEYS.items()]


def subscriptions_of(tx: Transaction, customer_id: int) -> tuple[Subscription, ...]:
    """The numbers that a customer's records name, those it still holds first, then by number."""
    found = [Subscription(**row) for row in _in_force(tx, subscription, customer_id, _SUBSCRIPTION_CODES)]
    return tuple(sorted(found, key=lambda one: (not one.held, one.msisdn, one.channel, one.role)))


def accounts_of(tx: Transaction, customer_id: int) -> tuple[Account, ...]:
    """The accounts that a customer's records name, those it still has first, then by key."""
    codes: _Codes = {"account_type": AccountType}
    found = [Account(**row) for row in _in_force(tx, account, customer_id, codes)]
    return tuple(sorted(found, key=lambda one: (not one.held, one.account_id, one.channel)))


_Codes = dict[str, Callable[[str], Any]]
_SUBSCRIPTION_CODES: _Codes = {"role": Role, "number_state": NumberState, "proxy_id_type": IdType}
# Who acted in one matter did not act in the next: a proxy is told by the newest statement alone.
_OF_THE_NEWEST = ("proxy_name", "proxy_id_type", "proxy_id_number")


_KEYS = {subscription: ("msisdn", "role"), account: ("account_id",)}
"""What tells the statements of a channel from one another."""


def _in_force(tx: Transaction, table: sa.Table, customer_id: int, codes: _Codes) -> Iterable[dict[str, Any]]:
    """What is in force of the statements of this customer's records: one row a channel and key.

    The newest statement of anybody says whose it is. Every other value is the newest that this customer's records
    state: a payment names no plan, and so changes none.
    """
    wanted = ("channel", *_KEYS[table])
    newest: dict[tuple[str, ...], int] = {}
    told: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in sealed.rows(tx, _stated_of(table, wanted), customer=customer_id):
        number = tuple(row[name] for name in wanted)
        holder = newest.setdefault(number, row["customer_id"])
        if row["customer_id"] != customer_id:
            continue
        values = {name: row[name] for name in (*table.c.keys(), "record_id", "stated_at")}
        if number not in told:
            told[number] = {**values, "held": holder == customer_id}
            continue
        for name, value in values.items():
            if told[number][name] is None and name not in _OF_THE_NEWEST:
                told[number][name] = value
    for values in told.values():
        yield values | {name: code(values[name]) for name, code in codes.items() if values[name] is not None}


@functools.cache
def _stated_of(table: sa.Table, wanted: tuple[str, ...]) -> sealed.Query:
    """All that anybody states of what a customer's records name."""
    stated_at = sa.func.coalesce(record.c.updated_at, record.c.received_at).label("stated_at")
    mine = (
        sa.select(*(table.c[name] for name in wanted))
        .join(member, member.c.record == table.c.record)
        .where(member.c.customer_id == sa.bindparam("customer"))
        .distinct()
        .limit(MOST)
        .subquery()
    )
    return (
        sa.select(table, record.c.record_id, stated_at, member.c.customer_id)
        .join(mine, sa.and_(*(table.c[name] == mine.c[name] for name in wanted)))
        .join(member, member.c.record == table.c.record)
        .join(record, record.c.record == table.c.record)
        .order_by(stated_at.desc(), record.c.record_id.desc())
    )


def question_of_timeline(customer_id: int) -> asking.Put:
    """What `timeline_of` asks for the first page."""
    return asking.Put(_contacts(is_first=True), {"customer": customer_id, "most": CONTACTS_SHOWN + 1})


def timeline_of(
    tx: Transaction, customer_id: int, *, after: int | None = None, limit: int = CONTACTS_SHOWN
) -> Timeline:
    """The contacts with a customer, the newest first.

    Args:
        tx: The transaction.
        customer_id: A living customer.
        after: The `following` of the page before.
        limit: How many at most.
    """
    values = {"customer": customer_id, "most": limit + 1} | ({} if after is None else {"after": after})
    told = asking.told(tx, _contacts(is_first=after is None), **values)
    found = [_interaction(row._asdict()) for row in told]
    return Timeline(rows=tuple(found[:limit]), following=found[limit - 1].record if len(found) > limit else None)


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A contact, and whose it was."""

    record: int
    customer_id: int
    started_at: datetime
    reason: str


def latest_contacts(tx: Transaction, *, reasons: Sequence[str], limit: int) -> tuple[Contact, ...]:
    """The latest contacts for one of these reasons, the oldest of them first."""
    columns = (interaction.c.record, member.c.customer_id, interaction.c.started_at, interaction.c.reason)
    query = sa.select(*columns).join(member, member.c.record == interaction.c.record)
    query = query.where(interaction.c.reason.in_(reasons))
    rows = tx.execute(query.order_by(interaction.c.started_at.desc(), interaction.c.record.desc()).limit(limit))
    return tuple(Contact(**row) for row in reversed(rows.mappings().all()))


@functools.cache
def _contacts(*, is_first: bool) -> sa.Select[Any]:
    query = (
        sa.select(interaction, record.c.channel, record.c.record_id, subscription.c.msisdn)
        .join(member, member.c.record == interaction.c.record)
        .join(record, record.c.record == interaction.c.record)
        .join(subscription, subscription.c.record == interaction.c.record, isouter=True)
        .where(member.c.customer_id == sa.bindparam("customer"))
        .order_by(interaction.c.started_at.desc(), interaction.c.record.desc())
        .limit(sa.bindparam("most", type_=sa.Integer))
    )
    if is_first:
        return query
    after = sa.bindparam("after", type_=sa.BigInteger)
    last = sa.select(interaction.c.started_at).where(interaction.c.record == after).scalar_subquery()
    same = sa.and_(interaction.c.started_at == last, interaction.c.record < after)
    return query.where(sa.or_(interaction.c.started_at < last, same))


def _interaction(row: Mapping[str, Any]) -> Interaction:
    same = ("record", "channel", "record_id", "started_at", "ended_at", "number", "verified", "agent", "satisfaction")
    return Interaction(
        **{name: row[name] for name in (*same, "msisdn")},
        kind=InteractionKind(row["kind"]),
        direction=Direction(row["direction"]) if row["direction"] else None,
        reasons=tuple(row[name] for name in ("reason", "reason_2", "reason_3") if row[name]),
    )
