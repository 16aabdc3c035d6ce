"""Golden values: for each customer and attribute the value that survives, the record it came from, and what decided."""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import customers as columns
from kehu.model.codes import DecidedBy
from kehu.resolve import quality
from kehu.resolve.coded import FEW, Coded, coded
from kehu.resolve.members import Mask, Members, Numbers
from kehu.resolve.survivorship import DEFAULT, TRUST, Strategy

SURVIVORSHIP: Mapping[str, Sequence[Strategy]] = MappingProxyType(DEFAULT.orders())
"""The order of strategies for each attribute; values that tie in all of them go by the record's key."""

TOGETHER: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "certificate": ("id_number", "id_type"),
    "address": ("address", "province", "city", "district"),
})  # fmt: skip
"""Columns that survive together, so that no customer gets the city of one record and the street of another."""

CERTIFIED: Mapping[str, str] = MappingProxyType({"birth_date": "id_birth_date", "gender": "id_gender"})
"""What a certificate tells, too."""

_BITS: Mapping[Strategy, int] = MappingProxyType({
    Strategy.PINNED: 1, Strategy.VALID_FIRST: 1, Strategy.CHANNEL_TRUST: 8, Strategy.MOST_RECENT: 30,
    Strategy.MOST_FREQUENT: 12, Strategy.LONGEST: 10,
})  # fmt: skip
"""How many bits of a worth each strategy takes: all of them fit into 63."""


def ceiling(strategy: Strategy) -> int:
    """The greatest number that a strategy tells of a value: of two that are longer neither is the longest."""
    return int(2 ** _BITS[strategy] - 1)


LETTERS: Mapping[DecidedBy, str] = MappingProxyType({decider: letter for letter, decider in columns.DECIDED_BY.items()})

TOLD_BY: Mapping[Strategy, str] = MappingProxyType({one: LETTERS[DecidedBy(one.value)] for one in Strategy})

_NO_PINS = pa.Table.from_batches([], columns.PINS)

Letters = npt.NDArray[np.str_]

AT_ONCE = 200_000
"""So many values are weighed at once: all attributes of few records, one or two of many."""


@dataclass(frozen=True)
class _Chosen:
    """For each customer the row whose value survives (-1: none), and the letter of what decided."""

    rows: Numbers
    letters: Letters

    def or_else(self, other: "_Chosen") -> "_Chosen":
        """This choice, and another where there is none."""
        missing = self.rows < 0
        return _Chosen(np.where(missing, other.rows, self.rows), np.where(missing, other.letters, self.letters))

    def told_by(self, decider: DecidedBy) -> "_Chosen":
        """The same rows, decided so."""
        return _Chosen(self.rows, np.where(self.rows < 0, "-", LETTERS[decider]))


def values(
    records: pa.Table,
    *,
    trust: Mapping[str, int],
    survivorship: Mapping[str, Sequence[Strategy]] = SURVIVORSHIP,
    pins: pa.Table = _NO_PINS,
) -> pa.Table:
    """The customers of these records with their golden values: as `of`, of a table.

    Args:
        records: `model.records.CLEAN`, `record` and `customer_id` (int64), and `received_at` where that is known; all
            records of each customer.
        trust: As `of` has it, and what follows.
        survivorship: The order of strategies for each attribute.
        pins: What stewards pinned.
    """
    return of(Members(records), trust=trust, survivorship=survivorship, pins=pins)


def of(
    members: Members,
    *,
    trust: Mapping[str, int],
    survivorship: Mapping[str, Sequence[Strategy]] = SURVIVORSHIP,
    pins: pa.Table = _NO_PINS,
) -> pa.Table:
    """The golden values of these customers.

    Args:
        members: All records of each customer.
        trust: For each channel how far it is believed; one that is not named has `survivorship.TRUST`.
        survivorship: The order of strategies for each attribute.
        pins: What stewards pinned, `model.customers.PINS`; pins of other records are left aside.

    Returns:
        `model.customers.CUSTOMERS`, ordered by `customer_id`.
    """
    chooser = _Chooser(members, trust, _Pins(members, pins))
    made: dict[str, pa.Array] = {}
    asked = {"updated_at": chooser.asked("", "updated_at", (Strategy.MOST_RECENT,))}
    for attribute, order in survivorship.items():
        if attribute in CERTIFIED:
            told = CERTIFIED[attribute]
            asked[attribute] = chooser.certified(attribute, order)
            asked[told] = chooser.asked(attribute, told, (Strategy.MOST_FREQUENT, Strategy.MOST_RECENT))
        else:
            asked[attribute] = chooser.asked(attribute, TOGETHER.get(attribute, (attribute,))[0], order)
    found = chooser.chosen(asked)
    if "phone" in asked:
        found |= chooser.chosen(chooser.second_phones(asked["phone"].order, found["phone"]))
    chosen: dict[str, _Chosen] = {}
    for attribute, order in survivorship.items():
        names = TOGETHER.get(attribute, (attribute,))
        if attribute == "phone":
            # Only where no record has another number for its first one, a second one that was stated is taken.
            second, stated = found["second"], found["stated"]
            chosen |= {"phone": found["phone"], "phone_2": second.or_else(stated)}
            made["phone"] = members.take("phone", found["phone"].rows)
            made["phone_2"] = pc.coalesce(members.take("phone", second.rows), members.take("phone_2", stated.rows))
        elif attribute in CERTIFIED:
            read = found[CERTIFIED[attribute]]
            chosen[attribute] = found[attribute].or_else(read.told_by(DecidedBy.CERTIFICATE))
            made[attribute] = chooser.certified_values(attribute, order, found[attribute], read)
        else:
            chosen |= dict.fromkeys(names, found[attribute])
            made |= {name: members.take(name, chosen[name].rows) for name in names}
    chooser.pins.write(chosen, made)
    made["customer_id"] = members.customer_ids
    made["sources"] = _sources(members, chosen, made)
    made["decided"] = _decided(chosen, made)
    made["records"] = pa.array(members.sizes)
    made["updated_at"] = members.take("updated_at", found["updated_at"].rows)
    made["quality"], made["flaws"] = quality.of(members, made, certificate=chosen["id_number"].rows)
    return pa.table([made[name] for name in columns.CUSTOMERS.names], schema=columns.CUSTOMERS)


class _Pins:
    """What stewards pinned for these customers: the last of each attribute."""

    def __init__(self, members: Members, pins: pa.Table) -> None:
        row_of = dict(zip(members.numbers.tolist(), range(len(members)), strict=True)) if len(pins) else {}
        # Stewards decide one at a time, so there is a handful of these, however many records there are.
        told = [(row_of[pin["record"]], pin) for pin in pins.to_pylist() if pin["record"] in row_of]
        self._last = {(int(members.of[row]), pin["attribute"]): (row, pin["value"]) for row, pin in told}

    def __bool__(self) -> bool:
        return bool(self._last)

    def rows(self, attribute: str, size: int) -> Numbers:
        """1 for each row whose own value is pinned, 0 for the others."""
        flags = np.zeros(size, dtype=np.int64)
        flags[[row for (_, name), (row, value) in self._last.items() if name == attribute and value is None]] = 1
        return flags

    def write(self, chosen: dict[str, _Chosen], made: dict[str, pa.Array]) -> None:
        """Put the values that were written, not pointed at, in place of what was chosen."""
        for (customer, attribute), (row, value) in self._last.items():
            name = TOGETHER.get(attribute, (attribute,))[0]
            if value is None or name not in made:
                continue
            column, where = made[name], np.arange(len(made[name])) == customer
            pinned = pa.array([value]).cast(column.type)
            made[name] = pc.if_else(pa.array(where), pinned[0], column)
            rows, letters = chosen[name].rows.copy(), chosen[name].letters.copy()
            rows[customer], letters[customer] = row, LETTERS[DecidedBy.PINNED]
            chosen[name] = _Chosen(rows, letters)


@dataclass(frozen=True)
class _Asked:
    """A value that is to survive for each customer."""

    attribute: str
    source: Coded
    order: tuple[Strategy, ...]
    valid: Mask
    """Where `valid_first` finds a value valid."""
    among: Mask | None = None
    """The rows that may be chosen, all where it is None; the others count as well where values are counted."""


@functools.cache
def _below(order: tuple[Strategy, ...]) -> dict[Strategy, int]:
    """How many bits of a worth stand behind those of each strategy of an order."""
    return {one: sum(_BITS[other] for other in order[place + 1 :]) for place, one in enumerate(order)}


class _Chooser:
    """Chooses one row for each customer."""

    def __init__(self, members: Members, trust: Mapping[str, int], pins: _Pins) -> None:
        self._members = members
        self.pins = pins
        changed = members.column("updated_at").cast(pa.int64()).fill_null(0).to_numpy()
        self._recency = np.unique(changed, return_inverse=True)[1].astype(np.uint64)
        channels = members.coded("channel")
        trusts = np.array([trust.get(name, TRUST) for name in channels.values] or [0], dtype=np.uint64)
        self._trust = np.minimum(trusts, np.uint64(255))[channels.codes]
        self._whole = members.mask(pc.invert(members.column("name_weak")))
        self._valid = members.mask(members.column("id_valid"))

    def asked(self, attribute: str, column: str, order: Sequence[Strategy]) -> _Asked:
        """The value in a column."""
        valid = self._valid if column == "id_number" else self._whole
        return _Asked(attribute, self._members.coded(column), tuple(order), valid)

    def certified(self, attribute: str, order: Sequence[Strategy]) -> _Asked:
        """A birth date or a gender: what records state, or their certificates tell.

        Where `valid_first` is asked for, a valid certificate overrules what its own record states. What nobody states
        is read off any certificate.
        """
        valid = self._told_valid(attribute)
        return _Asked(attribute, coded(self._effective(attribute, order).cast(pa.string())), tuple(order), valid)

    def certified_values(
        self, attribute: str, order: Sequence[Strategy], stated: _Chosen, fallback: _Chosen
    ) -> pa.Array:
        """The values of what was chosen so."""
        read = self._members.take(CERTIFIED[attribute], np.where(stated.rows < 0, fallback.rows, -1))
        taken = self._effective(attribute, order).take(pa.array(stated.rows, mask=stated.rows < 0))
        return pc.coalesce(taken, read)

    def _told_valid(self, attribute: str) -> Mask:
        return self._valid & self._members.mask(pc.is_valid(self._members.column(CERTIFIED[attribute])))

    def _effective(self, attribute: str, order: Sequence[Strategy]) -> pa.ChunkedArray:
        stated = self._members.column(attribute)
        if Strategy.VALID_FIRST not in order:
            return stated
        told = self._members.column(CERTIFIED[attribute])
        return pc.if_else(pa.array(self._told_valid(attribute)), told, stated)

    def second_phones(self, order: tuple[Strategy, ...], first: _Chosen) -> dict[str, _Asked]:
        """The second phone: the first one of another record, or another one that a record states beside its own."""
        members = self._members
        phone, stated = members.coded("phone"), members.coded("phone_2")
        firsts = np.append(phone.codes, np.int32(-1))[first.rows][members.of]
        same = members.mask(
            pc.equal(members.column("phone_2"), members.take("phone", first.rows).take(pa.array(members.of)))
        )
        return {
            "second": _Asked("phone", phone, order, self._whole, among=phone.codes != firsts),
            "stated": _Asked("phone_2", stated, order, self._whole, among=~same),
        }

    def chosen(self, asked: Mapping[str, _Asked]) -> dict[str, _Chosen]:
        """For each that is asked for the rows whose values survive; as many at once as fit the processor's cache."""
        size = len(self._members.starts)
        found = dict.fromkeys(asked, _Chosen(np.full(size, -1, dtype=np.int64), np.full(size, "-")))
        told = [name for name, one in asked.items() if one.source.size]
        piece = max(AT_ONCE // max(len(self._members), 1), 1)
        for start in range(0, len(told), piece):
            names = told[start : start + piece]
            found |= zip(names, self._choose([asked[name] for name in names]), strict=True)
        return found

    def _worth(self, asked: Sequence[_Asked], codes: Numbers) -> Numbers:
        """For each that is asked for one number a row: the greater, the better its value, by strategies in order."""
        worth = np.zeros(codes.shape, dtype=np.uint64)
        for strategy in Strategy:
            those = [place for place, one in enumerate(asked) if strategy in one.order]
            if not those or (strategy is Strategy.PINNED and not self.pins):
                continue
            part: npt.NDArray[Any]
            match strategy:
                case Strategy.PINNED:
                    part = np.stack([self.pins.rows(asked[place].attribute, codes.shape[1]) for place in those])
                case Strategy.VALID_FIRST:
                    part = np.stack([asked[place].valid for place in those])
                case Strategy.CHANNEL_TRUST:
                    part = self._trust
                case Strategy.MOST_RECENT:
                    part = self._recency
                case Strategy.MOST_FREQUENT:
                    most = int(codes.max()) + 2
                    of = np.arange(len(those))[:, None] * len(self._members.starts) + self._members.of
                    _, back, counts = np.unique(of * most + codes[those], return_inverse=True, return_counts=True)
                    part = counts[back].reshape(len(those), -1)
                case Strategy.LONGEST:
                    part = np.stack([asked[place].source.lengths[asked[place].source.codes] for place in those])
            below = np.array([_below(asked[place].order)[strategy] for place in those], dtype=np.uint64)[:, None]
            worth[those] |= np.minimum(part.astype(np.uint64), np.uint64(ceiling(strategy))) << below
        return worth.view(np.int64)

    def _choose(self, asked: Sequence[_Asked]) -> list[_Chosen]:
        """For each customer the first of its rows with the greatest worth, and what told it from the next value."""
        starts, of = self._members.starts, self._members.of
        codes = np.stack([one.source.codes for one in asked]).astype(np.int64)
        worth = self._worth(asked, codes)
        for place, one in enumerate(asked):
            if one.among is not None:
                codes[place, ~one.among] = -1
        filled = codes >= 0
        rows = codes.shape[1]
        greatest = np.maximum.reduceat(np.where(filled, worth, -1), starts, axis=1)
        winners = (worth == greatest[:, of]) & filled
        first = np.minimum.reduceat(np.where(winners, np.arange(rows), rows), starts, axis=1)
        own = np.take_along_axis(np.pad(codes, ((0, 0), (0, 1)), constant_values=-1), first, axis=1)
        beaten = filled & (codes != own[:, of])
        runner_up = np.maximum.reduceat(np.where(beaten, worth, -1), starts, axis=1)
        first[first == rows] = -1
        letters = _deciders(first, greatest, runner_up, [one.order for one in asked])
        return [_Chosen(*one) for one in zip(first, letters, strict=True)]


def _deciders(rows: Numbers, greatest: Numbers, runner_up: Numbers, orders: Sequence[tuple[Strategy, ...]]) -> Letters:
    """For each customer the letter of the first strategy in which the winner beats the best other value."""
    letters = np.where(rows < 0, "-", np.where(runner_up < 0, LETTERS[DecidedBy.ONLY], LETTERS[DecidedBy.RECORD_KEY]))
    open_ = (rows >= 0) & (runner_up >= 0)
    for place in range(max(map(len, orders))):
        if not open_.any():
            break
        # Behind the last strategy of an order nothing is left that could differ.
        there = [order[place] if place < len(order) else None for order in orders]
        bits = [_below(order)[one] if one else 0 for order, one in zip(orders, there, strict=True)]
        names = np.array([TOLD_BY[one] if one else "-" for one in there])
        below = np.array(bits)[:, None]
        told = open_ & ((greatest >> below) != (runner_up >> below))
        letters = np.where(told, names[:, None], letters)
        open_ &= ~told
    return letters


def _sources(members: Members, chosen: Mapping[str, _Chosen], made: Mapping[str, pa.Array]) -> pa.Array:
    """For each customer a JSON object: attribute -> number of the record its value came from."""
    parts = []
    if len(members.starts) <= FEW:
        return pa.array(_few_sources(members, chosen, made), pa.string())
    numbers = pa.array(members.numbers).cast(pa.string())
    for name in columns.GOLDEN_COLUMNS:
        rows = chosen[name].rows
        missing = (rows < 0) | made[name].is_null().to_numpy(zero_copy_only=False)
        if missing.all():
            continue
        part = pc.binary_join_element_wise(f', "{name}": ', numbers.take(pa.array(rows, mask=missing)), "")
        parts.append(pc.fill_null(part, ""))
    if not parts:
        return pa.repeat("{}", len(members.starts))
    joined = pc.binary_join_element_wise(*parts, "")
    return pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(joined, 2), "}", "")


def _few_sources(members: Members, chosen: Mapping[str, _Chosen], made: Mapping[str, pa.Array]) -> list[str]:
    """The same for few customers."""
    numbers = members.numbers.tolist()
    told: list[dict[str, int]] = [{} for _ in members.starts]
    for name in columns.GOLDEN_COLUMNS:
        for its, row, value in zip(told, chosen[name].rows.tolist(), made[name].to_pylist(), strict=True):
            if row >= 0 and value is not None:
                its[name] = numbers[row]
    return [json.dumps(its) for its in told]


def _decided(chosen: Mapping[str, _Chosen], made: Mapping[str, pa.Array]) -> pa.Array:
    """For each customer one letter an attribute."""
    letters = [
        np.where(made[name].is_valid().to_numpy(zero_copy_only=False), chosen[name].letters, "-")
        for name in columns.GOLDEN_COLUMNS
    ]
    joined = np.ascontiguousarray(np.stack(letters, axis=1)).view(f"<U{len(letters)}")
    return pa.array(joined.ravel(), pa.string())
