"""What people want to know: one customer with all its reasons, and who may be meant by what was typed.

Nothing here changes anything.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from kehu.analyse import figures
from kehu.flows.insight import ahead
from kehu.flows.insight.sight import Sight
from kehu.flows.service import attention
from kehu.flows.service.attention import Attention
from kehu.model import codes, masks
from kehu.model.codes import DecidedBy, Flaw
from kehu.model.customers import GOLDEN_COLUMNS
from kehu.model.privacy import Guard
from kehu.process import text
from kehu.resolve import explain, quality
from kehu.resolve.explain import Evidence
from kehu.resolve.model import Model
from kehu.store import filters, households, media, search, views
from kehu.store.database import Database, Transaction
from kehu.store.privacy import children

PHONES = ("phone", "phone_2")

COMPARED_RECORDS = 200
"""So many records of a customer, the newest, are looked through for values that differ."""


NONE = figures.NONE
"""Stands in an address for the customers that state no category."""


@dataclass(frozen=True, kw_only=True)
class Other:
    """A value that did not survive."""

    value: str | date = field(metadata=masks.BY_HOLDER)
    records: int
    """How many records state it."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """One attribute of a customer: its golden value, where it came from, and what else was said."""

    attribute: str
    value: str | date | None = field(metadata=masks.told_by("attribute"))
    record: int | None
    """The record that it came from."""
    channel: str | None
    record_id: str | None
    at: datetime | None
    """When the source last changed that record, or else when we received it."""
    decided_by: DecidedBy | None
    """What told it from the best other value."""
    agreeing: int
    """How many records state it."""
    stating: int
    """How many records state anything."""
    others: tuple[Other, ...] = field(metadata=masks.told_by("attribute"))
    """What else records state, the most frequent first."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two records that a link ties."""

    record: int
    channel: str
    record_id: str
    customer_id: int
    """The customer it belongs to."""
    customer: str | None
    """The name of that customer."""


@dataclass(frozen=True, kw_only=True)
class Tie:
    """A link with its evidence."""

    mine: Side
    """The record of this customer."""
    other: Side
    """The other record: of this customer too, or of another one."""
    weight: float
    """log2 odds that the two are one customer."""
    levels: str
    """The level of each comparison, as stored."""
    state: str
    """linked, refused or doubtful."""
    reason: str | None
    """Why it was not joined."""
    evidence: tuple[Evidence, ...]
    """The weights add up to the link's; empty where the model that scored it is not at hand."""


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """A flaw of a customer, and what it takes off its quality."""

    flaw: Flaw
    points: int
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True)
class AtSight:
    """What one wants to know of a customer at once."""

    customer: views.Customer
    flaws: tuple[Lacking, ...]
    """What its quality lacks: 100 less their points is the quality."""
    media: tuple[media.Medium, ...]
    """How it can be reached: every phone, e-mail and address, the best of each first."""
    values: tuple[Value, ...]
    """Every attribute, filled or not."""
    subscriptions: tuple[households.Subscription, ...]
    """The numbers its records name, those it still holds first."""
    accounts: tuple[households.Account, ...]


@dataclass(frozen=True, kw_only=True)
class Met(AtSight):
    """What somebody who serves a customer wants to know at once."""

    attention: Attention
    """Tickets, calls and notes."""
    guard: Guard
    """Whether they are a child, and a guardian consents."""


@dataclass(frozen=True, kw_only=True)
class Whole(AtSight):
    """One customer and all the reasons."""

    records: views.Page[views.Record]
    ties: tuple[Tie, ...]
    """Why its records are one customer."""
    doubts: tuple[Tie, ...]
    """Links to other customers that were refused or are in doubt."""
    history: tuple[views.Change, ...]
    timeline: households.Timeline
    """The contacts with it, the newest first."""


@dataclass(frozen=True, kw_only=True)
class Lived:
    """A piece of the contacts with a customer."""

    customer_id: int
    """The living customer that was meant."""
    timeline: households.Timeline


@dataclass(frozen=True, kw_only=True)
class Found:
    """Who may be meant by what was typed."""

    customers: tuple[views.Customer, ...]
    cursor: str | None
    """What to ask for the next page with; None where there is none."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A page of the list of customers."""

    page: views.Page[views.Customer]
    total: views.Total
    """How many the filter lets through, on all pages."""


def listed(database: Database, wanted: filters.Filter, *, after: int | None = None, limit: int = 50) -> Listed:
    """A page of the customers wanted, the newest first."""
    with database.read() as tx:
        if wanted.part is not None:
            page, total = views.customers_behind(tx, wanted, wanted.part, after=after, limit=limit)
            return Listed(page=page, total=total)
        return Listed(
            page=views.customers(tx, wanted, after=after, limit=limit), total=views.count_customers(tx, wanted)
        )


def find(database: Database, typed: str, *, sight: Sight, limit: int = 20, cursor: str | None = None) -> Found:
    """The customers that what was typed may mean: a name, pinyin, a phone, a certificate, an e-mail, a number.

    What finds nobody as it stands is tried in other spellings: `139 1234 5678`, `zhang wei`. Whoever's `sight` masks a
    value finds nobody by the beginning of it.
    """
    spellings = _spellings(typed)
    start, _, place = cursor.partition(" ") if cursor else ("0", "", "")
    with database.look() as tx:
        for number in range(int(start), len(spellings)):
            page = search.find(tx, spellings[number], limit=limit, cursor=place or None, is_masked=not sight.is_clear)
            if page.customer_ids or place:
                following = f"{number} {page.cursor}" if page.cursor else None
                return Found(
                    customers=views.customers_of(tx, page.customer_ids, with_restricted=sight.is_whole),
                    cursor=following,
                )
    return Found(customers=(), cursor=None)


def _spellings(typed: str) -> list[str]:
    """The ways to read what was typed, the plainest first.

    >>> _spellings(" 張 偉 "), _spellings("+86 139-1234-5678"), _spellings("zhang wei")
    (['张 伟', '张伟'], ['+86 139-1234-5678', '13912345678'], ['zhang wei', 'zhangwei'])
    """
    plain = " ".join(text.simplify(typed).split())
    packed = plain.replace(" ", "")
    if re.fullmatch(r"[+0-9()\-. ]{5,}", plain):
        packed = re.sub(r"^(\+|00)86", "", re.sub(r"[^+0-9]", "", plain))
    return [plain] if packed == plain else [plain, packed]


def timeline(database: Database, customer_id: int, *, after: int | None = None, limit: int = 50) -> Lived:
    """The contacts with a customer, the newest first; a number that was merged away leads to its survivor.

    Raises:
        NotFoundError: The number was never given.
    """
    with database.look() as tx:
        number = views.customer_of(tx, customer_id).customer_id
        return Lived(customer_id=number, timeline=households.timeline_of(tx, number, after=after, limit=limit))


def met(database: Database, customer_id: int, *, at: datetime) -> Met:
    """What somebody who serves a customer wants to know at once; a number that was merged away leads to its survivor.

    Raises:
        NotFoundError: The number was never given.
    """
    with database.look() as tx:
        ahead.of_met(tx, customer_id, compared=COMPARED_RECORDS)
        customer = views.customer_of(tx, customer_id)
        number = customer.customer_id
        stated = views.records_of(tx, number, limit=COMPARED_RECORDS).rows
        known = {record.record: record for record in stated}
        known |= views.records(tx, sorted(set(customer.sources.values()) - known.keys()))
        return Met(
            **_at_sight(tx, customer, stated, known),
            attention=attention.within(tx, number),
            guard=children.guard_of(tx, number, kind=customer.kind, birth_date=customer.birth_date, at=at),
        )


def _at_sight(
    tx: Transaction, customer: views.Customer, stated: Sequence[views.Record], known: dict[int, views.Record]
) -> dict[str, Any]:
    number = customer.customer_id
    return {
        "customer": customer,
        "flaws": tuple(_lacking(flaw) for flaw in customer.flaws),
        "media": media.of_customer(tx, number),
        "values": tuple(_value(attribute, customer, stated, known) for attribute in GOLDEN_COLUMNS),
        "subscriptions": households.subscriptions_of(tx, number),
        "accounts": households.accounts_of(tx, number),
    }


def whole(
    database: Database,
    customer_id: int,
    *,
    model: Model | None = None,
    records_after: int | None = None,
    timeline_after: int | None = None,
) -> Whole:
    """One customer and all the reasons; a number that was merged away leads to its survivor.

    Args:
        database: The store.
        customer_id: Its number, or a retired one.
        model: The model that weighed the links; without it they come without evidence.
        records_after: The last record of the page of records before.
        timeline_after: The last contact of the page of contacts before.

    Raises:
        NotFoundError: The number was never given.
    """
    with database.look() as tx:
        ahead.of_whole(tx, customer_id, compared=COMPARED_RECORDS, is_first=timeline_after is None)
        customer = views.customer_of(tx, customer_id)
        number = customer.customer_id
        stated = views.records_of(tx, number, limit=COMPARED_RECORDS).rows
        inside = views.links_of(tx, number, inside=True)
        outside = views.links_of(tx, number, inside=False)
        known = {record.record: record for record in stated}
        wanted = {*customer.sources.values(), *_ends(inside), *_ends(outside)}
        known |= views.records(tx, sorted(wanted - known.keys()))
        others = {found for link in outside for found in (link.customer_l, link.customer_r)} - {number}
        names = {found.customer_id: found.name for found in (customer, *views.customers_of(tx, sorted(others)))}
        return Whole(
            **_at_sight(tx, customer, stated, known),
            records=views.records_of(tx, number, after=records_after) if records_after else views.first(stated),
            ties=tuple(_tie(link, number, known, names, model) for link in inside),
            doubts=tuple(_tie(link, number, known, names, model) for link in outside),
            history=views.history_of(tx, number),
            timeline=households.timeline_of(tx, number, after=timeline_after),
        )


def _lacking(flaw: Flaw) -> Lacking:
    zh, en = codes.TEXTS[flaw]
    return Lacking(flaw=flaw, points=quality.POINTS[flaw], zh=zh, en=en)


CERTIFIED = {"birth_date": "id_birth_date", "gender": "id_gender"}
"""What a valid certificate tells beside what its record states."""


def _said(stated: Iterable[views.Record], attribute: str) -> Iterator[Collection[str | date]]:
    """What each of these records says of an attribute, if it says anything."""
    if attribute not in PHONES and attribute not in CERTIFIED:
        yield from ((value,) for record in stated if (value := getattr(record, attribute)) is not None)
        return
    # One record's phone may be another's second phone: they are one list, which the customer shows the best two of.
    columns, certified = PHONES if attribute in PHONES else (attribute,), CERTIFIED.get(attribute)
    for record in stated:
        values = {getattr(record, column) for column in columns}
        if certified is not None and record.id_valid:
            values.add(getattr(record, certified))
        values.discard(None)
        if values:
            yield values


def _value(
    attribute: str, customer: views.Customer, stated: Iterable[views.Record], known: dict[int, views.Record]
) -> Value:
    golden = getattr(customer, attribute)
    stating, said = 0, dict[str | date, int]()
    for values in _said(stated, attribute):
        stating += 1
        for value in values:
            said[value] = said.get(value, 0) + 1
    agreeing = said.get(golden, 0)
    for column in PHONES if attribute in PHONES else (attribute,):
        said.pop(getattr(customer, column), None)
    source = known.get(customer.sources.get(attribute, -1))
    return Value(
        attribute=attribute,
        value=golden,
        record=source.record if source else None,
        channel=source.channel if source else None,
        record_id=source.record_id if source else None,
        at=(source.updated_at or source.received_at) if source else None,
        decided_by=customer.decided.get(attribute),
        agreeing=agreeing,
        stating=stating,
        others=tuple(
            Other(value=value, records=count) for value, count in sorted(said.items(), key=itemgetter(1), reverse=True)
        ),
    )


def _ends(links: Iterable[views.Link]) -> Iterable[int]:
    return (record for link in links for record in (link.record_l, link.record_r))


def _tie(
    link: views.Link,
    number: int,
    known: Mapping[int, views.Record],
    names: Mapping[int, str | None],
    model: Model | None,
) -> Tie:
    left, right = (
        Side(
            record=record,
            channel=known[record].channel,
            record_id=known[record].record_id,
            customer_id=customer_id,
            customer=names.get(customer_id),
        )
        for record, customer_id in ((link.record_l, link.customer_l), (link.record_r, link.customer_r))
    )
    mine, other = (left, right) if left.customer_id == number else (right, left)
    return Tie(
        mine=mine,
        other=other,
        weight=link.weight,
        levels=link.levels,
        state=link.state,
        reason=link.reason,
        evidence=tuple(explain.evidence(link.levels, link.weight, model)) if model else (),
    )
