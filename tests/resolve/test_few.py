"""Few records: value by value they become the customers that `golden`, `quality` and `media` make of columns."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.resolve.test_golden import FLAT

from kehu.collect.town.town import Town
from kehu.model.customers import PINS
from kehu.process import clean
from kehu.resolve import few, golden, media
from kehu.resolve.members import Members
from kehu.resolve.survivorship import Strategy

NOW = 1_780_000_000_000_000
"""In microseconds since 1970."""

orders = st.fixed_dictionaries({
    attribute: st.lists(st.sampled_from(Strategy), unique=True).map(tuple) for attribute in golden.SURVIVORSHIP
})  # fmt: skip


def of_columns(table: pa.Table, **how: Any) -> tuple[pa.Table, pa.Table]:
    members = Members(table)
    values = golden.of(members, **how)
    return values, media.of(members, values)


def numbered(table: pa.Table, customers: list[int], *, received: list[int] | None) -> pa.Table:
    """Clean records with their numbers, customers and, where it is known, when they were received."""
    size = table.num_rows
    table = table.append_column("record", pa.array([(7 * row) % 101 for row in range(size)], pa.int64()))
    table = table.append_column("customer_id", pa.array(customers[:size], pa.int64()))
    if received is None:
        return table
    return table.append_column("received_at", pa.array(received[:size]).cast(pa.timestamp("us", tz="UTC")))


@settings(max_examples=150, deadline=None)
@given(
    first=st.integers(0, 1_950),
    customers=st.lists(st.integers(1, 3), min_size=1, max_size=12),
    received=st.none() | st.lists(st.integers(NOW // 2, NOW), min_size=12, max_size=12),
    trust=st.dictionaries(st.sampled_from(["hall", "online", "calls"]), st.integers(0, 300)),
    survivorship=st.just(golden.SURVIVORSHIP) | orders,
    pins=st.lists(
        st.tuples(
            st.integers(0, 11),
            st.sampled_from([*(name for name in golden.SURVIVORSHIP if name != "birth_date"), "phone_2"]),
            st.none() | st.just("13900000000"),
        ),
        max_size=4,
    ),
)
def test_few_become_the_customers_that_they_become_among_many(
    a_town: Callable[[int], Town],
    first: int,
    customers: list[int],
    received: list[int] | None,
    trust: dict[str, int],
    survivorship: dict[str, tuple[Strategy, ...]],
    pins: list[tuple[int, str, str | None]],
) -> None:
    cleaned = clean.clean(a_town(2_000).records.slice(first, len(customers)))
    table = numbered(cleaned, customers, received=received)
    told = [{"record": (7 * row) % 101, "attribute": name, "value": value} for row, name, value in pins]
    how = {"trust": trust, "survivorship": survivorship, "pins": pa.Table.from_pylist(told, schema=PINS)}
    assert few.made(table, **how) == of_columns(table, **how)


phones = st.none() | st.sampled_from(["13912345678", "13812345678", "13712345678"])
dates = st.none() | st.sampled_from(["2024-01-01", "2026-01-01", "1969-06-01", "1970-01-01"])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({
            "phone": phones, "phone_2": phones, "updated_at": dates,
            "channel": st.sampled_from(["hall", "calls"]),
            "name": st.none() | st.sampled_from(["张先生", "张伟", "张偉", "王芳"]),
            "birth_date": st.none() | st.sampled_from(["1980-02-03", "1990-01-01"]),
            "address": st.none() | st.sampled_from(
                ["杭州市西湖区文三路138号翠苑小区3幢2单元501室", "杭州市西湖区文三路138号翠苑小区3-2-501", "上海市"]
            ),
        }),
        min_size=1,
        max_size=6,
    )
)  # fmt: skip
def test_what_ties_is_told_apart_alike(rows: list[dict[str, str | None]]) -> None:
    flat = pa.Table.from_pylist([{"record_id": f"{place:03d}", **row} for place, row in enumerate(rows)], schema=FLAT)
    table = numbered(clean.clean(flat), [1] * len(rows), received=None)
    assert few.made(table, trust={"hall": 1}) == of_columns(table, trust={"hall": 1})


def test_nobody_is_no_customer() -> None:
    table = numbered(clean.clean(FLAT.empty_table()), [], received=[])
    assert few.made(table, trust={}) == of_columns(table, trust={})
