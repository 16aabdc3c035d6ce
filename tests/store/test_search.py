from typing import Any

import pyarrow as pa
import pytest

from kehu.store import customers, finding, search, terms, views
from kehu.store.database import Database

PEOPLE: list[dict[str, Any]] = [
    {"customer_id": 1, "name": "张偉", "name_match": "张伟", "surname": "张", "given_name": "伟",
     "name_sound": "zhang wei", "id_number": "33010619870302123X", "phone": "13912345678", "email": "Wei@Example.com"},
    {"customer_id": 1, "name": "张伟", "name_match": "张伟", "surname": "张", "given_name": "伟",
     "name_sound": "zhang wei", "phone": "13700001111", "phone_2": "13912345678"},
    {"customer_id": 2, "name": "张伟明", "name_match": "张伟明", "surname": "张", "given_name": "伟明",
     "name_sound": "zhang wei ming", "phone": "13812345678"},
    {"customer_id": 3, "name": "浙江华信科技有限公司", "name_match": "浙江华信科技有限公司", "org_core": "华信科技"},
    {"customer_id": 4, "name": "John Paul Smith", "name_match": "john paul smith", "surname": "smith",
     "given_name": "john paul"},
    {"customer_id": 12, "name": "欧阳娜娜", "name_match": "欧阳娜娜", "surname": "欧阳", "given_name": "娜娜",
     "name_sound": "ouyang na na", "road": "文三路", "road_number": "138", "building": "3", "room": "501"},
]  # fmt: skip


@pytest.fixture
def town(store: Database, clean: Any, golden: Any, now: Any) -> Database:
    rows = clean([{key: value for key, value in row.items() if key != "customer_id"} | {"record_id": str(place)}
                  for place, row in enumerate(PEOPLE)])  # fmt: skip
    rows = rows.append_column("customer_id", pa.array([row["customer_id"] for row in PEOPLE]))
    living = sorted({row["customer_id"] for row in PEOPLE})
    with store.begin() as tx:
        customers.write(tx, golden([{"customer_id": number} for number in living]), at=now, why="load 1")
        found_by = terms.kept(terms.of(rows.select(list(terms.NEEDS))), finding.finder(tx))
        search.replace(tx, pa.array(living), found_by)
    return store


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("张伟", (1, 2)),
        ("张偉", (1,)),
        (" 张 ", (1, 2)),
        ("zhangwei", (1, 2)),
        ("ZhangWeiM", (2,)),
        ("zw", (1, 2)),
        ("ｚｗｍ", (2,)),
        ("ouyang", (12,)),
        ("13912345678", (1,)),
        ("5678", (1, 2)),
        ("139", ()),
        ("33010619870302123x", (1,)),
        ("3301061987", ()),
        ("wei@ex", (1,)),
        ("文三路138", (12,)),
        ("华信", (3,)),
        ("浙江华信", (3,)),
        ("smith", (4,)),
        ("smith john", (4,)),
        ("John P", (4,)),
        ("12", (12,)),
        ("=5678", (1, 2)),
        ("#wei@ex", (1,)),
        ("%", ()),
        ("", ()),
        ("\0", ()),
    ],
)
def test_a_customer_is_found_by_what_is_typed(town: Database, typed: str, found: tuple[int, ...]) -> None:
    with town.read() as tx:
        assert search.find(tx, typed).customer_ids == found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("zhangweim", (2,)),
        ("13912345678", (1,)),
        ("5678", (1, 2)),
        ("33010619870302123x", (1,)),
        ("3301061987", ()),
        ("wei@example.com", (1,)),
        ("wei@ex", ()),
        ("#wei@ex", ()),
        ("文三", ()),
        ("文三路138号3-501", ()),
    ],
)
def test_who_sees_values_masked_finds_them_whole_or_not_at_all(
    town: Database, typed: str, found: tuple[int, ...]
) -> None:
    with town.read() as tx:
        assert search.find(tx, typed, is_masked=True).customer_ids == found


@pytest.mark.parametrize("typed", ["z", "张", "5678", "1"])
def test_pages_hold_every_customer_once(town: Database, typed: str) -> None:
    with town.read() as tx:
        at_once = search.find(tx, typed, limit=50)
        one_by_one: list[int] = []
        cursor = None
        while True:
            page = search.find(tx, typed, limit=1, cursor=cursor)
            one_by_one += page.customer_ids
            if (cursor := page.cursor) is None:
                break
    assert at_once.cursor is None
    assert tuple(one_by_one) == at_once.customer_ids


def test_new_terms_take_the_place_of_old_ones(town: Database) -> None:
    with town.begin() as tx:
        search.replace(tx, pa.array([1]), pa.table({"term": ["zhangwu"], "customer_id": pa.array([1])}))
        assert search.find(tx, "zhangw").customer_ids == (2, 1)
        assert search.find(tx, "13912345678").customer_ids == ()


@pytest.mark.parametrize("stage", [1, 2])
def test_a_query_walks_along_the_index(store: Database, stage: int) -> None:
    many = pa.table(
        {"term": [f"zhangwei{number}" for number in range(3000)], "customer_id": list(range(3000))}, terms.TERMS
    )
    with store.begin() as tx:
        search.replace(tx, many.column("customer_id").combine_chunks(), many)
        if tx.dialect.name == "postgresql":
            # A table of a few pages is faster read whole; we ask about one of millions.
            tx.exec_driver_sql("ANALYZE search_term")
            tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
        query = search._walks(is_masked=False, has_at=False, is_number=False)[stage]
        asked = query.params(**search._values("zhangw", []), most=20)
        said = asked.compile(tx, compile_kwargs={"literal_binds": True, "render_postcompile": True})
        explain = "EXPLAIN QUERY PLAN" if tx.dialect.name == "sqlite" else "EXPLAIN"
        plan = "\n".join(str(row) for row in tx.exec_driver_sql(f"{explain} {said}".replace("%%", "%")))
    assert not [way for way in ("SCAN", "Seq Scan", "'ALL'", "TEMP B-TREE", "filesort", "Sort") if way in plan], plan
    assert "ix_search_term_customer_id" in plan


def test_the_customers_found_are_read_by_their_numbers(store: Database) -> None:
    """SQLite took the index of all who were never merged, and walked a million of them for each key that was typed."""
    with store.read() as tx:
        asked = views._FREE_CUSTOMERS.params(numbers=[1, 2, 3])
        said = asked.compile(tx, compile_kwargs={"literal_binds": True, "render_postcompile": True})
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if tx.dialect.name == "sqlite" else "EXPLAIN"
        plan = "\n".join(str(row) for row in tx.exec_driver_sql(f"{explain} {said}"))
    assert "ix_customer_merged_into" not in plan, plan


def test_few_records_have_the_terms_that_they_have_among_many(clean: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = clean([{key: value for key, value in row.items() if key != "customer_id"} for row in PEOPLE])
    rows = rows.append_column("customer_id", pa.array([row["customer_id"] for row in PEOPLE]))
    few = terms.of(rows)
    few_kept = terms.kept(few, lambda numbers: [number[::-1] for number in numbers])
    monkeypatch.setattr(terms, "HANDFUL", 0)
    monkeypatch.setattr(terms, "FEW", 0)
    assert terms.of(rows).sort_by("term").to_pylist() == few.sort_by("term").to_pylist()
    assert terms.kept(few, lambda numbers: [number[::-1] for number in numbers]).equals(few_kept)
