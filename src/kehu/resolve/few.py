"""Few: the golden values, quality and contact media of the customers of few records, value by value.

`golden`, `quality` and `media` weigh whole columns: to begin with each of their two hundred steps takes longer than to
be done with a handful of records. Whoever says what is true reads those; this says the same of few in a tenth of the
time, which a test sees to.
"""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa

from kehu.model import arrow
from kehu.model import customers as columns
from kehu.model.codes import DecidedBy, Flaw, Kind, MediumKind
from kehu.resolve import golden, media, quality
from kehu.resolve.survivorship import TRUST, Strategy

MOST = 16
"""So many records are few."""

Row: TypeAlias = dict[str, Any]
"""A record: what is read of it by the names of its columns, and `row`, its place."""

READ = (
    "record", "customer_id", "channel", "record_id", "kind", "name", "name_match", "name_weak", "org_core", "id_type",
    "id_number", "id_valid", "id_birth_date", "id_gender", "phone", "phone_2", "birth_date", "gender", "email",
    "address", "province", "city", "district", "road", "road_number", "building", "unit", "room", "category",
    "star_level", "updated_at", "received_at",
)  # fmt: skip
"""What is read of a record."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Made(NamedTuple):
    """What follows from few records."""

    customers: pa.Table
    """`model.customers.CUSTOMERS`, ordered by `customer_id`."""
    media: pa.Table
    """`model.customers.MEDIA`, ordered by customer, kind and rank."""


def made(
    records: pa.Table,
    *,
    trust: Mapping[str, int],
    survivorship: Mapping[str, Sequence[Strategy]] = golden.SURVIVORSHIP,
    pins: pa.Table | None = None,
) -> Made:
    """The customers of these records: what `golden.of` and `media.of` say of them.

    Args:
        records: As `golden.values` has them.
        trust: For each channel how far it is believed; one that is not named has `survivorship.TRUST`.
        survivorship: The order of strategies for each attribute.
        pins: What stewards pinned.
    """
    rows = _rows(records)
    pinned = _pinned(rows, pins)
    states: list[dict[str, Any]] = []
    reached: list[dict[str, Any]] = []
    for customer_id, its in itertools.groupby(rows, key=itemgetter("customer_id")):
        customer = _Customer(list(its), trust, pinned.get(customer_id, {}))
        state = _state(customer, survivorship)
        states.append(state)
        for kind in sorted(MediumKind):
            reached += _media(customer, state, kind)
    return Made(_table(states, _CUSTOMER), _table(reached, _MEDIUM))


def _table(told: Sequence[Mapping[str, Any]], row: pa.StructType) -> pa.Table:
    """Rows in one go: an array for each of their columns would take three times as long."""
    values = itemgetter(*row.names)
    return pa.Table.from_struct_array(pa.array(list(map(values, told)), row))


_CUSTOMER, _MEDIUM = (pa.struct(list(schema)) for schema in (columns.CUSTOMERS, columns.MEDIA))


def _rows(records: pa.Table) -> list[Row]:
    """The records in the order of `Members`; texts go by their bytes, in Python by code points: that is one order."""
    known = frozenset(records.schema.names)
    there = [name for name in READ if name in known]
    values = zip(*arrow.lists(records.select(there)), strict=True)
    rows = [dict(zip(there, told, strict=True)) for told in values]
    rows.sort(key=itemgetter("customer_id", "channel", "record_id"))
    for place, row in enumerate(rows):
        row["row"] = place
        row["changed"] = _microseconds(row["updated_at"])
    return rows


def _microseconds(moment: datetime | None) -> int:
    """Since 1970; 0 where it is not known."""
    return 0 if moment is None else (moment - _EPOCH) // _MICROSECOND


@dataclass(frozen=True)
class _Pin:
    """What a steward pinned of an attribute."""

    row: int
    value: str | None
    """None where it is what the record itself tells."""


def _pinned(rows: Sequence[Row], pins: pa.Table | None) -> dict[int, dict[str, _Pin]]:
    """For each customer the last pin of each attribute."""
    pinned: dict[int, dict[str, _Pin]] = {}
    if pins is not None and pins.num_rows:
        by_number = {row["record"]: row for row in rows}
        for pin in pins.to_pylist():
            if row := by_number.get(pin["record"]):
                pinned.setdefault(row["customer_id"], {})[pin["attribute"]] = _Pin(row["row"], pin["value"])
    return pinned


class _Customer:
    """The records of one customer in their order."""

    def __init__(self, rows: list[Row], trust: Mapping[str, int], pins: Mapping[str, _Pin]) -> None:
        self.rows = rows
        self.pins = pins
        self.whole = [row["name_weak"] is False for row in rows]
        self.valid = [row["id_valid"] is True for row in rows]
        self._trust = [min(trust.get(row["channel"], TRUST), golden.ceiling(Strategy.CHANNEL_TRUST)) for row in rows]
        self._changed = [row["changed"] for row in rows]

    def values(self, name: str) -> list[Any]:
        """What its records say in a column."""
        return [row[name] for row in self.rows]

    def part(self, strategy: Strategy, attribute: str, values: Sequence[Any], valid: Sequence[bool]) -> Sequence[int]:
        """What a strategy says of the value of each row: the greater, the better."""
        match strategy:
            case Strategy.PINNED:
                pin = self.pins.get(attribute)
                return [int(pin is not None and pin.value is None and pin.row == row["row"]) for row in self.rows]
            case Strategy.VALID_FIRST:
                return valid
            case Strategy.CHANNEL_TRUST:
                return self._trust
            case Strategy.MOST_RECENT:
                return self._changed
            case Strategy.MOST_FREQUENT:
                return [values.count(value) for value in values]
            case Strategy.LONGEST:
                return [min(len(str(value)), golden.ceiling(strategy)) for value in values]


class _Chosen(NamedTuple):
    """The row whose value survives, by its place among those of the customer (-1: none), and what decided."""

    place: int
    letter: str


_NONE = _Chosen(-1, "-")
_ONLY, _RECORD_KEY, _PINNED, _BY_CERTIFICATE = (
    golden.LETTERS[one] for one in (DecidedBy.ONLY, DecidedBy.RECORD_KEY, DecidedBy.PINNED, DecidedBy.CERTIFICATE)
)


def _choose(
    customer: _Customer,
    attribute: str,
    values: Sequence[Any],
    order: Sequence[Strategy],
    valid: Sequence[bool],
    among: Sequence[bool] | None = None,
) -> _Chosen:
    """The first of the rows with the greatest worth, and what told it from the next value: `golden` tells why."""
    places = [place for place, value in enumerate(values) if value is not None and (among is None or among[place])]
    if len(places) < 2:
        return _Chosen(places[0], _ONLY) if places else _NONE
    parts = [customer.part(one, attribute, values, valid) for one in order]
    worths = list(zip(*parts, strict=True)) if parts else [()] * len(values)
    best = max(places, key=worths.__getitem__)  # Of several the first.
    others = [worths[place] for place in places if values[place] != values[best]]
    if not others:
        return _Chosen(best, _ONLY)
    for strategy, own, its in zip(order, worths[best], max(others), strict=True):
        if own != its:
            return _Chosen(best, golden.TOLD_BY[strategy])
    return _Chosen(best, _RECORD_KEY)


def _state(customer: _Customer, survivorship: Mapping[str, Sequence[Strategy]]) -> dict[str, Any]:
    """The state of a customer: `CUSTOMERS`."""
    chosen: dict[str, _Chosen] = {}
    made: dict[str, Any] = {}
    for attribute, order in survivorship.items():
        if attribute == "phone":
            _phones(customer, order, chosen, made)
        elif attribute in golden.CERTIFIED:
            _certified(customer, attribute, order, chosen, made)
        else:
            names = golden.TOGETHER.get(attribute, (attribute,))
            valid = customer.valid if names[0] == "id_number" else customer.whole
            found = _choose(customer, attribute, customer.values(names[0]), order, valid)
            for name in names:
                chosen[name] = found
                made[name] = customer.rows[found.place][name] if found.place >= 0 else None
    _write_pins(customer, chosen, made)
    told = [name for name in columns.GOLDEN_COLUMNS if made[name] is not None]
    made["customer_id"] = customer.rows[0]["customer_id"]
    made["sources"] = json.dumps({
        name: customer.rows[chosen[name].place]["record"] for name in told if chosen[name].place >= 0
    })  # fmt: skip
    made["decided"] = "".join(chosen[name].letter if made[name] is not None else "-" for name in columns.GOLDEN_COLUMNS)
    made["records"] = len(customer.rows)
    made["updated_at"] = max((moment for moment in customer.values("updated_at") if moment is not None), default=None)
    flaws = [flaw for flaw, holds in _flaws(customer, made, chosen["id_number"].place).items() if holds]
    made["quality"] = max(100.0 - sum(quality.POINTS[flaw] for flaw in flaws), 0.0)
    made["flaws"] = "".join(f",{flaw.value}" for flaw in flaws)
    return made


def _phones(customer: _Customer, order: Sequence[Strategy], chosen: dict[str, _Chosen], made: dict[str, Any]) -> None:
    phones, stated = customer.values("phone"), customer.values("phone_2")
    first = chosen["phone"] = _choose(customer, "phone", phones, order, customer.whole)
    made["phone"] = own = phones[first.place] if first.place >= 0 else None
    others = [phone != own for phone in phones]
    second = _choose(customer, "phone", phones, order, customer.whole, others)
    made["phone_2"] = phones[second.place] if second.place >= 0 else None
    if second.place < 0:
        others = [phone != own for phone in stated]
        second = _choose(customer, "phone_2", stated, order, customer.whole, others)
        made["phone_2"] = stated[second.place] if second.place >= 0 else None
    chosen["phone_2"] = second


def _certified(
    customer: _Customer, attribute: str, order: Sequence[Strategy], chosen: dict[str, _Chosen], made: dict[str, Any]
) -> None:
    stated, told = customer.values(attribute), customer.values(golden.CERTIFIED[attribute])
    valid = [is_valid and value is not None for is_valid, value in zip(customer.valid, told, strict=True)]
    if Strategy.VALID_FIRST in order:
        stated = [its if holds else own for holds, its, own in zip(valid, told, stated, strict=True)]
    found = _choose(customer, attribute, stated, order, valid)
    if found.place >= 0:
        chosen[attribute], made[attribute] = found, stated[found.place]
        return
    read = _choose(customer, attribute, told, (Strategy.MOST_FREQUENT, Strategy.MOST_RECENT), valid)
    chosen[attribute] = _Chosen(read.place, _BY_CERTIFICATE if read.place >= 0 else "-")
    made[attribute] = told[read.place] if read.place >= 0 else None


def _write_pins(customer: _Customer, chosen: dict[str, _Chosen], made: dict[str, Any]) -> None:
    for attribute, pin in customer.pins.items():
        name = golden.TOGETHER.get(attribute, (attribute,))[0]
        if pin.value is not None and name in made:
            made[name] = pa.scalar(pin.value).cast(columns.CUSTOMERS.field(name).type).as_py()
            chosen[name] = _Chosen(pin.row - customer.rows[0]["row"], _PINNED)


def _flaws(customer: _Customer, made: Mapping[str, Any], certificate: int) -> dict[Flaw, bool]:
    """What `quality` finds wrong, in its order."""
    rows, valid = customer.rows, customer.valid
    whole = [holds and row["name"] is not None for holds, row in zip(customer.whole, rows, strict=True)]
    names = {
        row["name_match"] if row["org_core"] is None else row["org_core"] for row in itertools.compress(rows, whole)
    }
    received = max(_microseconds(row.get("received_at")) for row in rows)
    newest = made["updated_at"]
    return {
        Flaw.NO_NAME: made["name"] is None,
        Flaw.WEAK_NAME: made["name"] is not None and not any(whole),
        Flaw.NO_CERTIFICATE: made["id_number"] is None,
        Flaw.UNVERIFIED_CERTIFICATE: made["id_number"] is not None and not (certificate >= 0 and valid[certificate]),
        Flaw.NO_PHONE: made["phone"] is None,
        Flaw.NO_ADDRESS: made["address"] is None,
        Flaw.NO_EMAIL: made["email"] is None,
        Flaw.NO_BIRTH_DATE: made["kind"] == Kind.INDIVIDUAL and made["birth_date"] is None,
        Flaw.CONFLICTING_NAME: _differ(names),
        Flaw.CONFLICTING_CERTIFICATE: _differ({row["id_number"] for row in rows}),
        Flaw.CONFLICTING_BIRTH_DATE: _differ(_both(customer, "birth_date", "id_birth_date")),
        Flaw.CONFLICTING_GENDER: _differ(_both(customer, "gender", "id_gender")),
        Flaw.ONE_RECORD: len(rows) == 1,
        Flaw.STALE: newest is not None and received - quality.STALE_US > _microseconds(newest),
    }


def _differ(told: set[Any]) -> bool:
    return len(told - {None}) > 1


def _both(customer: _Customer, stated: str, certified: str) -> set[Any]:
    """What records state, and what their valid certificates tell."""
    return {*customer.values(stated), *itertools.compress(customer.values(certified), customer.valid)}


class _Statement(NamedTuple):
    """One record that states a medium; the least is the best."""

    is_not_golden: bool
    is_second: bool
    age: int
    """When it was stated, the latest first."""
    number: int
    text: str

    @property
    def when(self) -> int:
        return -self.age


def _media(customer: _Customer, state: Mapping[str, Any], kind: MediumKind) -> Iterator[dict[str, Any]]:
    """How the customer is reached by one kind: `MEDIA`, in the order of `media`."""
    found: dict[str, list[_Statement]] = {}
    names = media.STATED[kind]
    for name in names:
        for row in customer.rows:
            if (text := row[name]) is not None:
                seen = row["changed"] if row["updated_at"] is not None else _microseconds(row.get("received_at"))
                value = _door(row) if kind is MediumKind.ADDRESS else text
                statement = _Statement(text != state[names[0]], name != names[0], -seen, row["record"], text)
                found.setdefault(value, []).append(statement)
    ranked = []
    for statements in found.values():
        best = min(statements)
        last = max(one.when for one in statements)
        newest = max(one.number for one in statements if one.when == last)
        rank = (best.is_not_golden, best.is_second, -last, -len(statements), newest)
        first = min((one.when for one in statements if one.when), default=0)
        ranked.append((rank, best.text, first))
    ranked.sort(key=itemgetter(0))
    for place, ((_, _, since, count, newest), text, first) in enumerate(ranked[: media.MOST], 1):
        yield {
            "customer_id": state["customer_id"],
            "kind": kind.value,
            "rank": place,
            "value": text,
            "first_seen": _moment(first) if since else None,
            "last_seen": _moment(-since) if since else None,
            "records": -count,
            "record": newest,
        }


def _moment(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND


def _door(row: Row) -> str:
    """What tells addresses apart: the parts where a road is known, else the text."""
    if row["road"] is None:
        return str(row["address"])
    return "\0".join(row[name] or "" for name in media.DOOR)
