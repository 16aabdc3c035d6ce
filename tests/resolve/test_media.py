"""Contact media: every way to reach a customer, the best first."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.resolve.test_golden import Row, members

from kehu.model.customers import MEDIA
from kehu.resolve import golden, media
from kehu.resolve.members import Members


def reached(table: pa.Table) -> pa.Table:
    return media.of(Members(table), golden.values(table, trust={}))


def of_kind(rows: Sequence[Row], kind: str) -> list[dict[str, object]]:
    return [row for row in reached(members(rows)).to_pylist() if row["kind"] == kind]


def test_all_numbers_are_ranked_with_their_intervals() -> None:
    rows = [
        {"phone": "13912345678", "updated_at": "2026-03-01"},
        {"phone": "13912345678", "updated_at": "2024-02-01", "phone_2": "13700000001"},
        {"phone": "13812345678", "updated_at": "2025-01-01"},
        {"phone": "13612345678"},
    ]
    found = of_kind(rows, "phone")
    assert [(row["rank"], row["value"], row["records"]) for row in found] == [
        (1, "13912345678", 2),
        (2, "13812345678", 1),
        (3, "13612345678", 1),
        (4, "13700000001", 1),
    ]
    assert [str(found[0][name])[:10] for name in ("first_seen", "last_seen")] == ["2024-02-01", "2026-03-01"]
    assert found[0]["record"] == 100
    assert found[2]["first_seen"] is None


def test_the_golden_value_comes_first() -> None:
    rows = [
        {"address": "杭州市西湖区文三路138号501室"},
        {"address": "上海市徐汇区漕溪北路18号", "updated_at": "2026-01-01"},
    ]
    assert of_kind(rows, "address")[0]["value"] == "杭州市西湖区文三路138号501室"


def test_an_address_written_in_two_ways_is_one() -> None:
    rows = [
        {"address": "浙江省杭州市西湖区文三路138号翠苑小区3幢2单元501室"},
        {"address": "杭州市西湖区文三路138号翠苑小区3-2-501"},
    ]
    [address] = of_kind(rows, "address")
    assert (address["records"], address["value"]) == (2, "浙江省杭州市西湖区文三路138号翠苑小区3幢2单元501室")


def test_customers_keep_their_own() -> None:
    rows = [{"email": "a@x.org"}, {"email": "b@x.org"}, {"email": "a@x.org"}, {"name": "张伟"}]
    found = reached(members(rows, [1, 1, 2, 3]))
    assert found.schema.equals(MEDIA)
    assert {(row["customer_id"], row["value"], row["rank"]) for row in found.to_pylist()} == {
        (1, "a@x.org", 1),
        (1, "b@x.org", 2),
        (2, "a@x.org", 1),
    }


def test_a_switchboard_keeps_the_best_only() -> None:
    found = of_kind([{"phone": f"138{number:08d}"} for number in range(40)], "phone")
    assert [row["rank"] for row in found] == list(range(1, media.MOST + 1))


def test_nobody_has_none() -> None:
    assert reached(members([])).num_rows == 0


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_records_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [
        {
            "phone": f"1391234567{rng.integers(3)}",
            "email": f"{'ab'[rng.integers(2)]}@x.org",
            "updated_at": f"2026-0{rng.integers(1, 4)}-01",
        }
        for _ in range(8)
    ]
    table = members(rows)
    shuffled = table.take(pa.array(rng.permutation(len(rows))))
    assert reached(shuffled).equals(reached(table))
