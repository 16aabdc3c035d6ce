"""What people look at: lists and one customer whole; never more than a page at once."""

import functools
import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from kehu.model.codes import DecidedBy, Flaw
from kehu.model.customers import DECIDED_BY, GOLDEN_COLUMNS
from kehu.store import asking, filters, loads, sealed, stretches
from kehu.store import customers as states
from kehu.store import quarantine as bad_rows
from kehu.store.behind import Part
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer, customer_history
from kehu.store.dictionary.records import link, member, record
from kehu.store.privacy import restrictions

Row = TypeVar("Row")

COUNTED = 1_000
"""A list that no index counts is counted so far."""

EVIDENCE_LINKS = 60
"""So many links of a customer are shown, the heaviest first."""

HISTORY_SHOWN = 50
"""So many past states of a customer are shown, the last first."""


@dataclass(frozen=True, kw_only=True)
class Page(Generic[Row]):
    """A piece of a list."""

    rows: tuple[Row, ...]
    """The rows, in the order of the list."""
    following: int | None
    """The number after which the next page starts; None on the last page."""


@dataclass(frozen=True, kw_only=True)
class Golden:
    """The values of a customer that survived from its records."""

    kind: str
    name: str | None
    id_type: str | None
    id_number: str | None
    phone: str | None
    phone_2: str | None
    birth_date: date | str | None
    """A text where it is masked."""
    gender: str | None
    email: str | None
    address: str | None
    province: str | None
    city: str | None
    district: str | None
    category: str | None
    star_level: str | None


@dataclass(frozen=True, kw_only=True)
class Customer(Golden):
    """A living customer."""

    customer_id: int
    records: int
    """How many records it has."""
    quality: float
    """0 to 100: 100 less the points of its flaws."""
    flaws: tuple[Flaw, ...]
    """What its quality lacks."""
    updated_at: datetime | None
    """The newest source change among its records."""
    sources: dict[str, int]
    """Attribute -> number of the record its value came from."""
    decided: dict[str, DecidedBy]
    """Attribute -> what decided its value."""
    valid_from: datetime
    """Since when this state holds."""
    why: str
    """What brought this state."""


@dataclass(frozen=True, kw_only=True)
class Record(Golden):
    """One current record of a customer, as cleaned."""

    record: int
    channel: str
    record_id: str
    id_valid: bool
    id_birth_date: date | str | None
    """What the certificate tells; a text where it is masked."""
    id_gender: str | None
    version: int
    updated_at: datetime | None
    received_at: datetime
    load_id: int
    source_position: str | None


@dataclass(frozen=True, kw_only=True)
class Link:
    """A scored pair of records, at least one of them the customer's."""

    record_l: int
    record_r: int
    customer_l: int
    customer_r: int
    weight: float
    levels: str
    state: str
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Change:
    """A past state of a customer and what ended it."""

    valid_from: datetime
    valid_to: datetime
    name: str | None
    records: int
    why: str
    changed: tuple[str, ...]
    """The attributes that the next state changed."""


@dataclass(frozen=True, kw_only=True)
class Total:
    """How many rows a list has."""

    customers: int
    more: bool
    """Whether there are more than these: nobody waits for the last of a million to be counted."""


def customers(tx: Transaction, wanted: filters.Filter, *, after: int | None = None, limit: int = 50) -> Page[Customer]:
    """The customers wanted, the newest first."""
    query = sa.select(customer).where(*wanted.conditions()).order_by(customer.c.customer_id.desc())
    if after is not None:
        query = query.where(customer.c.customer_id < after)
    return _page(_rows(tx, Customer, query.limit(limit + 1)), limit, "customer_id")


def customers_behind(
    tx: Transaction, wanted: filters.Filter, part: Part, *, after: int | None = None, limit: int = 50
) -> tuple[Page[Customer], Total]:
    """A page of a list of who stands behind a part, and how many rows it has, by one walk: that may take seconds."""
    told = stretches.walk(tx, wanted, part, page=limit + 1, most=COUNTED + 1)
    numbers, is_whole = told.numbers, told.is_whole
    # Where somebody may be left, the last who was found is the one more.
    total = Total(customers=len(numbers) if is_whole else len(numbers) - 1, more=not is_whole)
    if after is not None:
        numbers = [number for number in numbers if number < after]
        if len(numbers) <= limit and not is_whole:
            numbers = stretches.walk(tx, wanted, part, before=after, page=limit + 1, most=limit + 1).numbers
    return _page(customers_of(tx, numbers[: limit + 1], with_restricted=True), limit, "customer_id"), total


def count_customers(tx: Transaction, wanted: filters.Filter) -> Total:
    """How many customers are wanted; exact where an index tells, else counted no further than `COUNTED`."""
    query = sa.select(customer.c.customer_id).where(*wanted.conditions())
    asked = [wanted.category, wanted.province, wanted.quality_to]
    is_indexed = all(one is None for one in (wanted.channel, wanted.flaw, wanted.part))
    if is_indexed and sum(one is not None for one in asked) < 2:
        return Total(customers=_number(tx, query.with_only_columns(sa.func.count())), more=False)
    many = _number(tx, sa.select(sa.func.count()).select_from(query.limit(COUNTED + 1).subquery()))
    return Total(customers=min(many, COUNTED), more=many > COUNTED)


def customer_of(tx: Transaction, customer_id: int) -> Customer:
    """The living customer that this number means today; one that was merged away leads to its survivor.

    Raises:
        NotFoundError: The number was never given.
    """
    return _typed(Customer, states.get(tx, customer_id).row)


_CUSTOMERS = sa.select(customer).where(customer.c.customer_id.in_(sa.bindparam("numbers", expanding=True)))
_FREE_CUSTOMERS = _CUSTOMERS.where(restrictions.is_free(customer.c.customer_id))


def customers_of(tx: Transaction, numbers: Sequence[int], *, with_restricted: bool = False) -> tuple[Customer, ...]:
    """The living customers with these numbers, in this order; `with_restricted` also those that may not be used."""
    if not numbers:
        return ()
    # Who lives is asked here: asked there, SQLite may walk an index of all who do.
    query = _CUSTOMERS if with_restricted else _FREE_CUSTOMERS
    living = (row for row in sealed.rows(tx, query, numbers=list(numbers)) if row["merged_into"] is None)
    by_number = {row["customer_id"]: _typed(Customer, row) for row in living}
    return tuple(by_number[number] for number in numbers if number in by_number)


def _told(table: sa.Table, kind: type[Any]) -> list[sa.Column[Any]]:
    """The columns that a dataclass holds: what nobody looks at is not fetched, and not opened."""
    return [table.c[field.name] for field in fields(kind)]


_RECORDS_OF = (
    sa.select(*_told(record, Record))
    .join(member, member.c.record == record.c.record)
    .where(member.c.customer_id == sa.bindparam("number"))
    .order_by(record.c.record.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_OLDER_RECORDS_OF = _RECORDS_OF.where(record.c.record < sa.bindparam("after"))


RECORDS_SHOWN = 12
"""So many records of a customer are a page of them."""


def first(records: Sequence[Record]) -> Page[Record]:
    """The first page of the records of a customer, of which the first were read."""
    return _page(tuple(records[: RECORDS_SHOWN + 1]), RECORDS_SHOWN, "record")


def question_of_records(customer_id: int, *, limit: int = RECORDS_SHOWN) -> asking.Put:
    """What `records_of` asks for the first page."""
    return sealed.put(_RECORDS_OF, number=customer_id, most=limit + 1)


def records_of(
    tx: Transaction, customer_id: int, *, after: int | None = None, limit: int = RECORDS_SHOWN
) -> Page[Record]:
    """The records of a customer, those stored last first."""
    if after is None:
        return _page(_rows(tx, Record, _RECORDS_OF, number=customer_id, most=limit + 1), limit, "record")
    found = _rows(tx, Record, _OLDER_RECORDS_OF, number=customer_id, most=limit + 1, after=after)
    return _page(found, limit, "record")


_RECORDS = sa.select(*_told(record, Record)).where(record.c.record.in_(sa.bindparam("numbers", expanding=True)))


def records(tx: Transaction, numbers: Sequence[int]) -> dict[int, Record]:
    """The records with these numbers."""
    return {row.record: row for row in _rows(tx, Record, _RECORDS, numbers=list(numbers))} if numbers else {}


@functools.cache
def _links(*, inside: bool) -> sealed.Query:
    mine = sa.select(member.c.record).where(member.c.customer_id == sa.bindparam("number"))
    # Two lookups by index; an OR would read the whole table.
    touching = (
        sa.select(link).where(link.c.record_l.in_(mine)).union(sa.select(link).where(link.c.record_r.in_(mine)))
    ).subquery()
    left, right = member.alias(), member.alias()
    return (
        sa.select(touching, left.c.customer_id.label("customer_l"), right.c.customer_id.label("customer_r"))
        .join(left, left.c.record == touching.c.record_l)
        .join(right, right.c.record == touching.c.record_r)
        .where(left.c.customer_id == right.c.customer_id if inside else left.c.customer_id != right.c.customer_id)
        .order_by(touching.c.weight.desc(), touching.c.record_l, touching.c.record_r)
        .limit(sa.bindparam("most", type_=sa.Integer))
    )


def questions_of_past(customer_id: int) -> list[asking.Put]:
    """What `links_of`, from within and to others, and `history_of` ask."""
    return [
        *(sealed.put(_links(inside=inside), number=customer_id, most=EVIDENCE_LINKS) for inside in (True, False)),
        sealed.put(_HISTORY_OF, number=customer_id, most=HISTORY_SHOWN),
    ]


def links_of(tx: Transaction, customer_id: int, *, inside: bool, limit: int = EVIDENCE_LINKS) -> tuple[Link, ...]:
    """The links between a customer's records, or (not `inside`) from them to other customers; the heaviest first."""
    return _rows(tx, Link, _links(inside=inside), number=customer_id, most=limit)


_HISTORY_OF = (
    sa.select(*_told(customer_history, Change))
    .where(customer_history.c.customer_id == sa.bindparam("number"))
    .order_by(customer_history.c.valid_from.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def history_of(tx: Transaction, customer_id: int, *, limit: int = HISTORY_SHOWN) -> tuple[Change, ...]:
    """The past states of a customer, the last first."""
    return _rows(tx, Change, _HISTORY_OF, number=customer_id, most=limit)


def loads_page(
    tx: Transaction, *, channel: str | None = None, after: int | None = None, limit: int = 50
) -> Page[loads.Load]:
    """The loads, the newest first."""
    return _page(tuple(loads.recent(tx, channel=channel, before=after, limit=limit + 1)), limit, "load_id")


def quarantine_page(
    tx: Transaction,
    *,
    channel: str | None = None,
    rule: str | None = None,
    state: bad_rows.State | None = bad_rows.State.OPEN,
    after: int | None = None,
    limit: int = 50,
) -> Page[bad_rows.BadRow]:
    """The rows that wait to be mended, or are in another state, in the order they came."""
    found = bad_rows.page(tx, channel=channel, rule=rule, state=state, after=after or 0, limit=limit + 1)
    return _page(tuple(found), limit, "quarantine_id")


def _number(tx: Transaction, query: sa.Select[Any]) -> int:
    return int(tx.execute(query).scalar() or 0)


@functools.lru_cache(maxsize=1024)
def _flaws(text: str) -> tuple[Flaw, ...]:
    return tuple(Flaw(name) for name in text.split(",") if name)


@functools.lru_cache(maxsize=1024)
def _decided(letters: str) -> tuple[tuple[str, DecidedBy], ...]:
    named = zip(GOLDEN_COLUMNS, letters, strict=False)
    return tuple((name, DECIDED_BY[letter]) for name, letter in named if letter in DECIDED_BY)


_FROM_TEXT: dict[str, Any] = {
    "sources": json.loads,
    "changed": lambda text: tuple(json.loads(text)),
    "flaws": lambda text: _flaws(text or ""),
    "decided": lambda letters: dict(_decided(letters or "")),
}


def _rows(tx: Transaction, kind: type[Row], query: sealed.Query, **values: Any) -> tuple[Row, ...]:
    return tuple(_typed(kind, row) for row in sealed.rows(tx, query, **values))


def _typed(kind: type[Row], row: Mapping[Any, Any]) -> Row:
    """A row as a value of a dataclass whose fields are named like the columns."""
    plain, read = _names(kind)  # type: ignore[arg-type]  # kinds are dataclasses
    if not read and len(plain) == len(row):
        return kind(**row)
    return kind(**{name: row[name] for name in plain}, **{name: _FROM_TEXT[name](row[name]) for name in read})


@functools.cache
def _names(kind: Hashable) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields that stand in a row as they are, and those that are read from its texts."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # kinds are dataclasses
    plain = tuple(name for name in names if name not in _FROM_TEXT)
    return plain, tuple(name for name in names if name in _FROM_TEXT)


def _page(rows: tuple[Row, ...], limit: int, number: str) -> Page[Row]:
    """One row more than wanted was asked for: it says whether there is a next page."""
    more = len(rows) > limit
    return Page(rows=rows[:limit], following=getattr(rows[limit - 1], number) if more else None)
