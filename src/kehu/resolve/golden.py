"""Golden values: for each customer and attribute the value that survives, the record it came from, and what decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import customers as columns
from kehu.model.codes import DecidedBy
from kehu.resolve import quality
from kehu.resolve.coded import Coded, coded
from kehu.resolve.members import Members, Numbers
from kehu.resolve.survivorship import DEFAULT, Strategy

SURVIVORSHIP: Mapping[str, Sequence[Strategy]] = MappingProxyType(DEFAULT.orders())
"""The order of strategies for each attribute; values that tie in all of them go by the record's key."""

_TOGETHER: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "certificate": ("id_number", "id_type"),
    "address": ("address", "province", "city", "district"),
})  # fmt: skip
"""Columns that survive together, so that no customer gets the city of one record and the street of another."""

_CERTIFIED: Mapping[str, str] = MappingProxyType({"birth_date": "id_birth_date", "gender": "id_gender"})
"""What a certificate tells, too."""

_BITS: Mapping[Strategy, int] = MappingProxyType({
    Strategy.PINNED: 1, Strategy.VALID_FIRST: 1, Strategy.CHANNEL_TRUST: 8, Strategy.MOST_RECENT: 30,
    Strategy.MOST_FREQUENT: 12, Strategy.LONGEST: 10,
})  # fmt: skip
"""How many bits of a worth each strategy takes: all of them fit into 63."""

_LETTERS: Mapping[DecidedBy, str] = MappingProxyType(
    {decider: letter for letter, decider in columns.DECIDED_BY.items()}
)

_NO_PINS = pa.Table.from_batches([], columns.PINS)

Letters = npt.NDArray[np.str_]


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
        return _Chosen(self.rows, np.where(self.rows < 0, "-", _LETTERS[decider]))


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
        trust: For each channel how far it is believed; one that is not named has 0.
        survivorship: The order of strategies for each attribute.
        pins: What stewards pinned, `model.customers.PINS`; pins of other records are left aside.

    Returns:
        `model.customers.CUSTOMERS`, ordered by `customer_id`.
    """
    chooser = _Chooser(members, trust, _Pins(members, pins))
    chosen: dict[str, _Chosen] = {}
    made: dict[str, pa.Array] = {}
    for attribute, order in survivorship.items():
        names = _TOGETHER.get(attribute, (attribute,))
        if attribute == "phone":
            chosen["phone"], second = chooser.two_phones(order)
            # Only where no record has another number for its first one, a second one that was stated is taken.
            stated = chooser.stated_second(order, chosen["phone"])
            chosen["phone_2"] = second.or_else(stated)
            made["phone"] = members.take("phone", chosen["phone"].rows)
            made["phone_2"] = pc.coalesce(members.take("phone", second.rows), members.take("phone_2", stated.rows))
        elif attribute in _CERTIFIED:
            chosen[attribute], made[attribute] = chooser.certified(attribute, order)
        else:
            chosen |= dict.fromkeys(names, chooser.best(attribute, names[0], order))
            made |= {name: members.take(name, chosen[name].rows) for name in names}
    chooser.pins.write(chosen, made)
    made["customer_id"] = members.customer_ids
    made["sources"] = _sources(members, chosen, made)
    made["decided"] = _decided(chosen, made)
    made["records"] = pa.array(members.sizes)
    made["updated_at"] = members.take("updated_at", chooser.best("", "updated_at", (Strategy.MOST_RECENT,)).rows)
    made["quality"], made["flaws"] = quality.of(members, made, certificate=chosen["id_number"].rows)
    return pa.table([made[name] for name in columns.CUSTOMERS.names], schema=columns.CUSTOMERS)


class _Pins:
    """What stewards pinned for these customers: the last of each attribute."""

    def __init__(self, members: Members, pins: pa.Table) -> None:
        row_of = dict(zip(members.numbers.tolist(), range(len(members)), strict=True)) if len(pins) else {}
        # Stewards decide one at a time, so there is a handful of these, however many records there are.
        told = [(row_of[pin["record"]], pin) for pin in pins.to_pylist() if pin["record"] in row_of]
        self._last = {(int(members.of[row]), pin["attribute"]): (row, pin["value"]) for row, pin in told}

    def rows(self, attribute: str, size: int) -> Numbers:
        """1 for each row whose own value is pinned, 0 for the others."""
        flags = np.zeros(size, dtype=np.uint64)
        flags[[row for (_, name), (row, value) in self._last.items() if name == attribute and value is None]] = 1
        return flags.view(np.int64)

    def write(self, chosen: dict[str, _Chosen], made: dict[str, pa.Array]) -> None:
        """Put the values that were written, not pointed at, in place of what was chosen."""
        for (customer, attribute), (row, value) in self._last.items():
            name = _TOGETHER.get(attribute, (attribute,))[0]
            if value is None or name not in made:
                continue
            column, where = made[name], np.arange(len(made[name])) == customer
            pinned = pa.array([value]).cast(column.type)
            made[name] = pc.if_else(pa.array(where), pinned[0], column)
            rows, letters = chosen[name].rows.copy(), chosen[name].letters.copy()
            rows[customer], letters[customer] = row, _LETTERS[DecidedBy.PINNED]
            chosen[name] = _Chosen(rows, letters)


class _Chooser:
    """Chooses one row for each customer."""

    def __init__(self, members: Members, trust: Mapping[str, int], pins: _Pins) -> None:
        self._members = members
        self.pins = pins
        changed = members.column("updated_at").cast(pa.int64()).fill_null(0).to_numpy()
        self._recency = np.unique(changed, return_inverse=True)[1].astype(np.uint64)
        channels = members.coded("channel")
        trusts = np.array([trust.get(name, 0) for name in channels.values] or [0], dtype=np.uint64)
        self._trust = np.minimum(trusts, np.uint64(255))[channels.codes]
        self._whole = members.mask(pc.invert(members.column("name_weak"))).astype(np.uint64)
        self._valid = members.mask(members.column("id_valid"))
        size = len(members.starts)
        self._nobody = _Chosen(np.full(size, -1, dtype=np.int64), np.full(size, "-"))

    def best(self, attribute: str, column: str, order: Sequence[Strategy]) -> _Chosen:
        """For each customer the row whose value in the column survives."""
        valid = self._valid.astype(np.uint64) if column == "id_number" else self._whole
        source = self._members.coded(column)
        if not source.size:
            return self._nobody
        return self._choose(source, self._worth(attribute, source, order, valid=valid), order)

    def certified(self, attribute: str, order: Sequence[Strategy]) -> tuple[_Chosen, pa.Array]:
        """Of a birth date or a gender: what records state, or their certificates tell.

        Where `valid_first` is asked for, a valid certificate overrules what its own record states. What nobody states
        is read off any certificate.
        """
        told = self._members.column(_CERTIFIED[attribute])
        told_valid = self._valid & self._members.mask(pc.is_valid(told))
        effective = self._members.column(attribute)
        if Strategy.VALID_FIRST in order:
            effective = pc.if_else(pa.array(told_valid), told, effective)
        source = coded(effective.cast(pa.string()))
        worth = self._worth(attribute, source, order, valid=told_valid.astype(np.uint64))
        stated = self._choose(source, worth, order)
        fallback = self.best(attribute, _CERTIFIED[attribute], (Strategy.MOST_FREQUENT, Strategy.MOST_RECENT))
        read = self._members.take(_CERTIFIED[attribute], np.where(stated.rows < 0, fallback.rows, -1))
        made = pc.coalesce(effective.take(pa.array(stated.rows, mask=stated.rows < 0)), read)
        return stated.or_else(fallback.told_by(DecidedBy.CERTIFICATE)), made

    def two_phones(self, order: Sequence[Strategy]) -> tuple[_Chosen, _Chosen]:
        """For each customer the row of its first phone and of its second, another number."""
        source = self._members.coded("phone")
        worth = self._worth("phone", source, order, valid=self._whole)
        first = self._choose(source, worth, order)
        firsts = np.append(source.codes, np.int32(-1))[first.rows][self._members.of]
        return first, self._choose(source.where(source.codes != firsts), worth, order)

    def stated_second(self, order: Sequence[Strategy], first: _Chosen) -> _Chosen:
        """For each customer the row that states another number than its first phone beside its own."""
        source = self._members.coded("phone_2")
        firsts = self._members.take("phone", first.rows).take(pa.array(self._members.of))
        same = self._members.mask(pc.equal(self._members.column("phone_2"), firsts))
        worth = self._worth("phone_2", source, order, valid=self._whole)
        return self._choose(source.where(~same), worth, order)

    def _worth(
        self, attribute: str, source: Coded, order: Sequence[Strategy], *, valid: npt.NDArray[np.uint64]
    ) -> Numbers:
        """One number a row: the greater it is, the better the value, by the strategies in their order."""
        worth = np.zeros(len(source.codes), dtype=np.uint64)
        for strategy in order:
            match strategy:
                case Strategy.PINNED:
                    part = self.pins.rows(attribute, len(worth)).view(np.uint64)
                case Strategy.VALID_FIRST:
                    part = valid
                case Strategy.CHANNEL_TRUST:
                    part = self._trust
                case Strategy.MOST_RECENT:
                    part = self._recency
                case Strategy.MOST_FREQUENT:
                    stated = self._members.of * (source.size + 1) + source.codes
                    _, back, counts = np.unique(stated, return_inverse=True, return_counts=True)
                    part = counts[back].astype(np.uint64)
                case Strategy.LONGEST:
                    part = source.lengths[source.codes].astype(np.uint64)
            bits = _BITS[strategy]
            worth = (worth << np.uint64(bits)) | np.minimum(part, np.uint64(2**bits - 1))
        return worth.view(np.int64)

    def _choose(self, source: Coded, worth: Numbers, order: Sequence[Strategy]) -> _Chosen:
        """For each customer the first of its rows with the greatest worth, and what told it from the next value."""
        members = self._members
        filled = source.codes >= 0
        if not len(worth):
            return _Chosen(np.zeros(0, dtype=np.int64), np.zeros(0, dtype="<U1"))
        greatest = members.greatest(np.where(filled, worth, -1))
        winners = (worth == greatest[members.of]) & filled
        first = members.least(np.where(winners, np.arange(len(worth)), len(worth)))
        rows = np.where(first < len(worth), first, -1)
        beaten = filled & (source.codes != np.append(source.codes, np.int32(-1))[rows][members.of])
        runner_up = members.greatest(np.where(beaten, worth, -1))
        return _Chosen(rows, _deciders(rows, greatest, runner_up, order))


def _deciders(rows: Numbers, greatest: Numbers, runner_up: Numbers, order: Sequence[Strategy]) -> Letters:
    """For each customer the letter of the first strategy in which the winner beats the best other value."""
    letters = np.where(rows < 0, "-", np.where(runner_up < 0, _LETTERS[DecidedBy.ONLY], _LETTERS[DecidedBy.RECORD_KEY]))
    open_ = (rows >= 0) & (runner_up >= 0)
    if not open_.any():
        return letters
    below = sum(_BITS[strategy] for strategy in order)
    for strategy in order:
        below -= _BITS[strategy]
        told = open_ & ((greatest >> below) != (runner_up >> below))
        letters[told] = _LETTERS[DecidedBy(strategy.value)]
        open_ &= ~told
    return letters


def _sources(members: Members, chosen: Mapping[str, _Chosen], made: Mapping[str, pa.Array]) -> pa.Array:
    """For each customer a JSON object: attribute -> number of the record its value came from."""
    parts = []
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


def _decided(chosen: Mapping[str, _Chosen], made: Mapping[str, pa.Array]) -> pa.Array:
    """For each customer one letter an attribute."""
    parts = []
    for name in columns.GOLDEN_COLUMNS:
        has = made[name].is_valid().to_numpy(zero_copy_only=False)
        parts.append(pa.array(np.where(has, chosen[name].letters, "-"), pa.string()))
    return pc.binary_join_element_wise(*parts, "")
