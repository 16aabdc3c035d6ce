"""Golden values: for each customer and attribute the value that survives, and the record it came from."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import customers as columns
from kehu.resolve.coded import coded

Numbers = npt.NDArray[np.int64]


class Strategy(StrEnum):
    """What makes one value survive another; the first that tells them apart decides."""

    VALID_FIRST = "valid_first"
    """A name that is whole before a mere title; a certificate with the right check digit before one without."""
    CHANNEL_TRUST = "channel_trust"
    """The channel with the higher `trust`."""
    MOST_RECENT = "most_recent"
    """The record its source changed last."""
    MOST_FREQUENT = "most_frequent"
    """The value that most records of the customer hold."""
    LONGEST = "longest"
    """The value with most characters: the address with its room."""


V, T, R, F, L = Strategy  # One letter each, so that the table below can be read at a glance.

SURVIVORSHIP: Mapping[str, tuple[Strategy, ...]] = MappingProxyType({
    "kind": (F, T, R),
    "name": (V, F, T, R, L),
    "certificate": (V, F, T, R),
    "phone": (R, F, T),
    "birth_date": (F, T, R),
    "gender": (F, T, R),
    "email": (R, F, T),
    "address": (L, R, T),
    "category": (T, R, F),
})  # fmt: skip
"""The order of strategies for each attribute; values that tie in all of them go by the record's key."""

_TOGETHER: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "certificate": ("id_number", "id_type"),
    "address": ("address", "province", "city", "district"),
})  # fmt: skip
"""Columns that survive together, so that no customer gets the city of one record and the street of another."""

QUALITY: Mapping[str, float] = MappingProxyType(
    {"name": 0.2, "id_number": 0.25, "phone": 0.2, "birth_date": 0.1, "address": 0.15, "email": 0.1}
)
"""What each attribute of a customer adds to its quality when it is filled."""


def values(
    records: pa.Table,
    *,
    trust: Mapping[str, int],
    survivorship: Mapping[str, Sequence[Strategy]] = SURVIVORSHIP,
) -> pa.Table:
    """The customers of these records with their golden values.

    Args:
        records: `model.records.CLEAN`, `record` and `customer_id` (int64); all records of each customer.
        trust: For each channel how far it is believed; one that is not named has 0.
        survivorship: The order of strategies for each attribute.

    Returns:
        `model.customers.CUSTOMERS`, ordered by `customer_id`.
    """
    keys = [("customer_id", "ascending"), ("channel", "ascending"), ("record_id", "ascending")]
    ordered = records.take(pc.sort_indices(records, sort_keys=keys))
    chooser = _Chooser(ordered, trust)
    chosen: dict[str, Numbers] = {}
    for attribute, order in survivorship.items():
        lead, *rest = _TOGETHER.get(attribute, (attribute,))
        if attribute == "phone":
            chosen["phone"], chosen["phone_2"] = chooser.two_phones(order)
        else:
            chosen |= dict.fromkeys((lead, *rest), chooser.best(lead, order))
    made = {name: chooser.take("phone" if name == "phone_2" else name, rows) for name, rows in chosen.items()}
    # Only where no record has another number for its first one, a second one that was stated is taken.
    seconds = np.where(chosen["phone_2"] < 0, chooser.stated_second(survivorship["phone"], chosen["phone"]), -1)
    made["phone_2"] = pc.coalesce(made["phone_2"], chooser.take("phone_2", seconds))
    chosen["phone_2"] = np.maximum(chosen["phone_2"], seconds)
    for stated, certified in (("birth_date", "id_birth_date"), ("gender", "id_gender")):
        # What nobody states is read off the certificate.
        rows = np.where(chosen[stated] < 0, chooser.best(certified, (F, R)), -1)
        made[stated] = pc.coalesce(made[stated], chooser.take(certified, rows))
        chosen[stated] = np.maximum(chosen[stated], rows)
    made["customer_id"] = ordered.column("customer_id").take(pa.array(chooser.starts))
    made["sources"] = chooser.sources({name: chosen[name] for name in columns.GOLDEN_COLUMNS}, made)
    made["records"] = pa.array(chooser.sizes)
    quality = sum(share * np.asarray(made[name].is_valid()) for name, share in QUALITY.items())
    made["quality"] = pa.array(np.round(quality, 4))
    made["updated_at"] = chooser.take("updated_at", chooser.best("updated_at", (R,)))
    return pa.table([made[name] for name in columns.CUSTOMERS.names], schema=columns.CUSTOMERS)


class _Chooser:
    """Chooses one row for each customer; the rows stand in order of the customers, then of the records' keys."""

    def __init__(self, ordered: pa.Table, trust: Mapping[str, int]) -> None:
        self._rows = ordered.combine_chunks()
        customer = ordered.column("customer_id").to_numpy()
        self.starts = np.flatnonzero(np.diff(customer, prepend=customer[0] - 1 if len(customer) else 0))
        self.sizes = np.diff(self.starts, append=len(customer))
        self._of = np.repeat(np.arange(len(self.starts)), self.sizes)
        changed = ordered.column("updated_at").cast(pa.int64()).fill_null(0).to_numpy()
        self._recency = np.unique(changed, return_inverse=True)[1].astype(np.uint64)
        channels = coded(ordered.column("channel"))
        trusts = np.array([trust.get(name, 0) for name in channels.distinct.to_pylist()] or [0], dtype=np.uint64)
        self._trust = np.minimum(trusts, np.uint64(255))[channels.codes]
        self._weak = np.asarray(pc.invert(ordered.column("name_weak")).to_numpy(), dtype=np.uint64)
        self._valid = np.asarray(ordered.column("id_valid").to_numpy(), dtype=np.uint64)

    def best(self, column: str, order: Sequence[Strategy]) -> Numbers:
        """For each customer the row whose value survives; -1 where none has one."""
        codes = coded(self._rows.column(column).cast(pa.string()))
        return self._first(self._worth(column, codes.codes, codes.distinct, order), codes.codes >= 0)

    def two_phones(self, order: Sequence[Strategy]) -> tuple[Numbers, Numbers]:
        """For each customer the row of its first phone and of its second, another number; -1 where there is none."""
        codes = coded(self._rows.column("phone"))
        worth = self._worth("phone", codes.codes, codes.distinct, order)
        first = self._first(worth, codes.codes >= 0)
        others = (codes.codes >= 0) & (codes.codes != np.append(codes.codes, -1)[first][self._of])
        return first, self._first(worth, others)

    def stated_second(self, order: Sequence[Strategy], first: Numbers) -> Numbers:
        """For each customer the row that states another number than its first phone beside its own; -1 for none."""
        codes = coded(self._rows.column("phone_2"))
        same = pc.equal(self._rows.column("phone_2"), self.take("phone", first).take(pa.array(self._of)))
        others = (codes.codes >= 0) & ~np.asarray(pc.fill_null(same, False).to_numpy(zero_copy_only=False))
        return self._first(self._worth("phone_2", codes.codes, codes.distinct, order), others)

    def take(self, column: str, rows: Numbers) -> pa.Array:
        """The values of the chosen rows; null where none was chosen."""
        return self._rows.column(column).take(pa.array(rows, mask=rows < 0)).combine_chunks()

    def sources(self, chosen: Mapping[str, Numbers], made: Mapping[str, pa.Array]) -> pa.Array:
        """For each customer a JSON object: attribute -> number of the record its value came from."""
        parts = []
        numbers = self._rows.column("record").cast(pa.string())
        for name, rows in chosen.items():
            has = made[name].is_valid()
            number = numbers.take(pa.array(rows, mask=rows < 0)).combine_chunks()
            part = pc.binary_join_element_wise(f', "{name}": ', number, "")
            parts.append(pc.fill_null(pc.if_else(has, part, None), ""))
        joined = pc.binary_join_element_wise(*parts, "")
        return pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(joined, 2), "}", "")

    def _worth(
        self, column: str, codes: npt.NDArray[np.int32], distinct: pa.Array, order: Sequence[Strategy]
    ) -> Numbers:
        """One number a row: the greater it is, the better the value, by the strategies in their order."""
        worth = np.zeros(len(codes), dtype=np.uint64)
        for strategy in order:
            match strategy:
                case Strategy.VALID_FIRST:
                    part, bits = (self._valid if column == "id_number" else self._weak), 1
                case Strategy.CHANNEL_TRUST:
                    part, bits = self._trust, 8
                case Strategy.MOST_RECENT:
                    part, bits = self._recency, 30
                case Strategy.MOST_FREQUENT:
                    _, back, counts = np.unique(
                        self._of * (len(distinct) + 1) + codes, return_inverse=True, return_counts=True
                    )
                    part, bits = counts[back].astype(np.uint64), 12
                case Strategy.LONGEST:
                    lengths = np.append(pc.utf8_length(distinct).to_numpy(zero_copy_only=False), 0)
                    part, bits = lengths[codes].astype(np.uint64), 10
            worth = (worth << np.uint64(bits)) | np.minimum(part, np.uint64(2**bits - 1))
        return worth.astype(np.int64)

    def _first(self, worth: Numbers, filled: npt.NDArray[np.bool_]) -> Numbers:
        """For each customer the first of its rows with the greatest worth."""
        if not len(worth):
            return np.zeros(0, dtype=np.int64)
        ranked = np.where(filled, worth, -1)
        greatest = np.maximum.reduceat(ranked, self.starts)
        winners = (ranked == greatest[self._of]) & filled
        place = np.where(winners, np.arange(len(worth)), len(worth))
        first = np.minimum.reduceat(place, self.starts)
        return np.where(first < len(worth), first, -1)
