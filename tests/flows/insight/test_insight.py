"""Figures and reports from a store; what pages show of a customer is tested in `tests/serve`."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from kehu.analyse.report import Format
from kehu.errors import NotFoundError, UncountedError
from kehu.flows.analysis import figures
from kehu.flows.analysis.segments import Reader
from kehu.flows.insight import insight, overview, sight
from kehu.model.customers import CUSTOMERS
from kehu.model.languages import Language
from kehu.store import customers, database, filters, tallies, views
from kehu.store.tallies import Cut

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
CLEAR = Reader(sees_persons=True, sight=sight.CLEAR, smallest=0)
CATEGORIES = ["student"] * 4 + ["enterprise"] * 3 + ["ordinary"] * 2 + ["other"]


@pytest.fixture
def people(store: database.Database) -> database.Database:
    """Ten customers, as the seed's pie has them."""
    rows = [
        {"customer_id": at, "kind": "individual", "category": code, "sources": "{}", "records": 1, "quality": 0.5}
        for at, code in enumerate(CATEGORIES, 1)
    ]
    with store.begin() as tx:
        customers.new_ids(tx, len(rows))
        customers.write(tx, pa.Table.from_pylist(rows, schema=CUSTOMERS), at=NOW, why="load 1")
    return store


def test_the_report_is_the_pie_of_the_mission(people: database.Database) -> None:
    told = figures.report(people, Format.MERMAID, Language.ZH, at=NOW, zone=UTC, reader=CLEAR)
    assert told.decode().splitlines() == [
        "pie",
        "    title 用户类别比例",
        '    "学生": 4',
        '    "企业用户": 3',
        '    "普通用户": 2',
        '    "其他": 1',
    ]


def test_a_merged_customer_counts_no_more(people: database.Database) -> None:
    merged = pa.table({"customer_id": pa.array([1], pa.int64()), "survivor": pa.array([5], pa.int64())})
    with people.begin() as tx:
        customers.merge_into(tx, merged, at=NOW.replace(hour=9), why="decision 1")
    figure = overview.category(people)
    assert (figure.total, [part.customers for part in figure.slices]) == (9, [3, 3, 2, 1])
    assert insight.whole(people, 1).customer.customer_id == 5
    assert insight.listed(people, filters.Filter(category="student")).total.customers == 3


def test_many_customers_are_told_as_they_were_counted_last(
    people: database.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "LARGE", 5)
    never = overview.overview(people)
    assert (never.counts.customers, never.category.total, never.at) == (10, 10, None)
    with pytest.raises(UncountedError, match="kehu run"):
        figures.shown(people, Cut(), at=NOW, zone=UTC, reader=CLEAR, may_wait=False)
    figures.refresh(people, at=NOW, zone=UTC)
    merged = pa.table({"customer_id": pa.array([1], pa.int64()), "survivor": pa.array([5], pa.int64())})
    with people.begin() as tx:
        customers.merge_into(tx, merged, at=NOW.replace(hour=9), why="decision 1")
    kept = overview.overview(people)
    assert (kept.counts.customers, kept.category, kept.at) == (10, never.category, NOW)
    monkeypatch.undo()
    assert overview.overview(people).counts.customers == 9
    assert overview.overview(people, smallest=4).counts.customers == 8


def test_the_pages_of_the_list_hold_everybody_once(people: database.Database) -> None:
    seen: list[int] = []
    after = None
    while True:
        page = insight.listed(people, filters.Filter(), after=after, limit=3).page
        seen += [row.customer_id for row in page.rows]
        if (after := page.following) is None:
            break
    assert seen == list(range(10, 0, -1))


def test_a_number_never_given_is_nobody(people: database.Database) -> None:
    with pytest.raises(NotFoundError):
        insight.whole(people, 11)


def test_an_empty_store_has_an_overview(store: database.Database) -> None:
    told = overview.overview(store)
    assert (told.counts.customers, told.channels, told.category.total) == (0, (), 0)


def test_a_list_that_no_index_counts_is_counted_only_so_far(
    people: database.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "COUNTED", 2)
    with people.begin() as tx:
        everybody = customers.states(tx)
        somewhere = pa.repeat("浙江省", len(everybody))
        place = everybody.schema.get_field_index("province")
        customers.write(tx, everybody.set_column(place, "province", somewhere), at=NOW.replace(hour=9), why="load 2")
    both = insight.listed(people, filters.Filter(category="student", province="浙江省")).total
    assert (both.customers, both.more) == (2, True)
    assert insight.listed(people, filters.Filter(category="student")).total == views.Total(customers=4, more=False)
    assert insight.listed(people, filters.Filter(channel="hall")).total == views.Total(customers=0, more=False)
