from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kehu.errors import ConflictError, StoreError
from kehu.store import bulk, drivers, packets, wire
from kehu.store.database import Database
from kehu.store.dictionary.whole import tables

TERMS = pa.schema([("term", pa.string()), ("customer_id", pa.int64())])
TIMES = st.datetimes(timezones=st.just(UTC))
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)

LOADS = pa.schema(
    [
        ("load_id", pa.int64()),
        ("channel", pa.string()),
        ("started_at", pa.timestamp("us", tz="UTC")),
        ("finished_at", pa.timestamp("us", tz="UTC")),
        ("failure", pa.string()),
        ("read", pa.int64()),
    ]
)


def terms(*texts: str) -> pa.Table:
    return pa.table({"term": list(texts), "customer_id": list(range(1, len(texts) + 1))}, schema=TERMS)


def stored(tx: Any, table: sa.Table, schema: pa.Schema) -> pa.Table:
    order = [*table.primary_key]
    return bulk.read(tx, sa.select(*(table.c[name] for name in schema.names)).order_by(*order), schema)


def streamed(tx: Any, table: sa.Table, schema: pa.Schema) -> pa.Table:
    """The same as those that are many are read, with values of each kind in the question."""
    asked = sa.select(*(table.c[name] for name in schema.names)).order_by(*table.primary_key)
    wanted = (table.c.channel != "it's 100 % \\ :all", table.c.started_at >= datetime(1, 1, 1, tzinfo=UTC))
    return pa.Table.from_batches(list(bulk.batches(tx, asked.where(*wanted), schema, are_many=True)), schema=schema)


@given(rows=st.lists(st.tuples(TEXTS, TIMES, st.none() | TIMES, st.none() | TEXTS, st.integers(-(2**63), 2**63 - 1))))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("few", [0, 500], ids=["through a temporary table", "row by row"])
def test_whatever_is_stored_comes_back(store: Database, rows: list[Any], few: int) -> None:
    given_rows = pa.table(
        [pa.array([number + 1 for number in range(len(rows))], pa.int64())]
        + [pa.array([row[place] for row in rows], field.type) for place, field in enumerate(list(LOADS)[1:])],
        schema=LOADS,
    )
    counts = {name: pa.repeat(pa.scalar(2**62), len(rows)) for name in COUNTS}
    state = pa.repeat("running", len(rows))
    with store.begin() as tx, pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "FEW", few)
        patch.setattr(bulk, "FIRST", few)
        tx.execute(tables["load"].delete())
        full = pa.table({**dict(zip(LOADS.names, given_rows.columns, strict=True)), **counts, "state": state})
        bulk.insert(tx, tables["load"], full)
        assert stored(tx, tables["load"], LOADS) == given_rows
        assert streamed(tx, tables["load"], LOADS) == given_rows
        again = given_rows.take(pa.array(range(len(rows))[::-1], pa.int64())) if rows else given_rows
        shifted = again.set_column(0, "load_id", given_rows.column("load_id"))
        bulk.update(tx, tables["load"], shifted, by=["load_id"])
        assert stored(tx, tables["load"], LOADS) == shifted
        bulk.delete(tx, tables["load"], shifted.select(["channel"]).slice(0, len(rows) // 2))
        gone = set(shifted.column("channel").to_pylist()[: len(rows) // 2])
        left = stored(tx, tables["load"], LOADS).column("channel").to_pylist()
        assert left == [channel for channel in shifted.column("channel").to_pylist() if channel not in gone]


WRITTEN = pa.schema([("customer_id", pa.int64()), ("changed", pa.string()), ("phone", pa.string())])


def written(store: Database, count: int) -> pa.Table:
    """Stored rows with texts of all lengths, in the order of their numbers."""
    texts = ["客" * (places % 7) ** 6 for places in range(count)]
    phones = [None if place % 3 else str(place) for place in range(count)]
    rows = pa.table([list(range(count)), texts, phones], schema=WRITTEN)
    at = pa.repeat(pa.scalar(datetime(2026, 1, 1, tzinfo=UTC), pa.timestamp("us", tz="UTC")), count)
    fixed = {"valid_from": at, "valid_to": at}
    fixed |= {name: pa.repeat("x", count) for name in ("kind", "name", "why")}
    with store.begin() as tx:
        table = tables["customer_history"]
        given = rows
        for column in table.c:
            if column.name not in rows.column_names and not column.nullable:
                given = given.append_column(column.name, fixed.get(column.name, pa.repeat(0, count)))
        bulk.insert(tx, table, given)
    return rows


def test_texts_of_all_lengths_come_back_in_many_blocks(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packets, "BLOCK_BYTES", 100_000)
    rows = written(store, 400)
    with store.read() as tx:
        assert stored(tx, tables["customer_history"], WRITTEN) == rows


def test_whoever_does_not_read_to_the_end_can_ask_something_else(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packets, "BLOCK_BYTES", 100_000)
    rows = written(store, 400)
    table = tables["customer_history"]
    with store.read() as tx:
        pieces: Any = bulk.batches(tx, sa.select(*(table.c[name] for name in WRITTEN.names)), WRITTEN)
        assert next(pieces).num_rows
        next(pieces, None)
        pieces.close()
        assert stored(tx, table, WRITTEN) == rows


COUNTS = {"accepted", "duplicate", "quarantined", "warned", "changed"}


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(("abc", "ABC", "Abc"), id="case"),
        pytest.param(("x", "x ", "x  ", " x"), id="blanks at the end"),
        pytest.param(("e\u0301", "é", "e"), id="accents"),
        pytest.param(("张", "張", "𠮷", "吉", "\U0003134a"), id="rare characters"),
        pytest.param(("😀", "😃", "👨‍👩‍👧", ""), id="emoji"),
        pytest.param(("a\tb", "a\nb", "a\rb", "a\\b", "\\N", "a'b", 'a"b', "a;b", "a,b"), id="what files are made of"),
        pytest.param(("％", "%", "_", "\ufeff", "\u200b", "\x7f", "\x01"), id="signs and controls"),
    ],
)
def test_texts_that_differ_in_a_byte_are_different_keys(store: Database, texts: tuple[str, ...]) -> None:
    rows = pa.table({"term": list(texts), "customer_id": [1] * len(texts)}, schema=TERMS)
    with store.begin() as tx:
        bulk.insert(tx, tables["search_term"], rows)
        found = stored(tx, tables["search_term"], TERMS).column("term").to_pylist()
    # Every database orders by code point, which is the order of Python.
    assert found == sorted(texts)


def test_a_key_that_is_taken_is_refused_or_left_alone_as_asked(store: Database) -> None:
    with store.begin() as tx:
        bulk.insert(tx, tables["search_term"], terms("a", "b"))
    with pytest.raises(ConflictError), store.begin() as tx:
        bulk.insert(tx, tables["search_term"], terms("x", "b"))
    with store.begin() as tx:
        bulk.insert(tx, tables["search_term"], terms("a", "b", "c"), unless_there=True)
        assert stored(tx, tables["search_term"], TERMS) == terms("a", "b", "c")


def test_a_first_load_builds_the_indexes_it_left_out(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MANY", 3)
    before = indexes(store)
    with store.begin() as tx:
        bulk.insert(tx, tables["search_term"], terms("a", "b", "c", "d"))
        bulk.insert(tx, tables["search_term"], terms("e", "f", "g", "h"))
    assert indexes(store) == before
    assert before


def test_many_rows_are_stored_each_once_whatever_their_number(store: Database) -> None:
    many = terms(*(f"{place:06}" for place in range(drivers.PIECE + drivers.VALUES + 7)))
    more = pa.concat_tables([many, pa.table({"term": ["one more"], "customer_id": [7]}, schema=TERMS)])
    with store.begin() as tx:
        bulk.insert(tx, tables["search_term"], many)
        assert stored(tx, tables["search_term"], TERMS) == many
        bulk.insert(tx, tables["search_term"], more, unless_there=True)
        assert stored(tx, tables["search_term"], TERMS) == more


def test_a_server_that_forbids_load_data_is_fed_more_slowly_with_one_notice(
    store: Database, caplog: pytest.LogCaptureFixture
) -> None:
    if store.engine.dialect.name != "mariadb":
        pytest.skip("LOAD DATA is of MariaDB and MySQL")
    many = terms(*(f"{place:06}" for place in range(bulk.FEW + 7)))
    with store.engine.connect() as server:
        server.exec_driver_sql("SET GLOBAL local_infile = 0")
        try:
            with store.begin() as tx:
                bulk.insert(tx, tables["search_term"], many.slice(0, bulk.FED + 1))
                bulk.insert(tx, tables["search_term"], many, unless_there=True)
                assert stored(tx, tables["search_term"], TERMS) == many
        finally:
            server.exec_driver_sql("SET GLOBAL local_infile = 1")
    assert caplog.text.count("forbids LOAD DATA LOCAL") == 1


def test_a_first_load_that_brings_a_key_twice_is_refused_whole(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MANY", 3)
    twice = pa.table({"term": ["a", "b", "a"], "customer_id": [1, 1, 1]}, schema=TERMS)
    with pytest.raises(ConflictError), store.begin() as tx:
        bulk.insert(tx, tables["search_term"], twice)
    with store.begin() as tx:
        assert stored(tx, tables["search_term"], TERMS).num_rows == 0
        bulk.insert(tx, tables["search_term"], twice, unless_there=True)
        assert stored(tx, tables["search_term"], TERMS).num_rows == 2


def test_who_plans_a_query_is_told_how_large_a_table_became(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MANY", 3)
    told = {
        "sqlite": "SELECT DISTINCT CAST(stat AS INTEGER) FROM sqlite_stat1 WHERE tbl = 'search_term'",
        "postgresql": "SELECT reltuples FROM pg_class WHERE relname = 'search_term'",
    }
    with store.begin() as tx:
        for rows, together in (("abcd", 4), ("efgh", 8)):
            bulk.insert(tx, tables["search_term"], terms(*rows))
            if tx.dialect.name in told:  # MariaDB and MySQL look themselves, once in a while.
                assert tx.exec_driver_sql(told[tx.dialect.name]).all() == [(together,)]


def indexes(store: Database) -> list[Any]:
    """All that is kept beside the rows: the primary key and the indexes, each with its columns."""
    with store.read() as tx:
        looked = sa.inspect(tx)
        kept = {index["name"]: index["column_names"] for index in looked.get_indexes("search_term")}
        return [looked.get_pk_constraint("search_term"), kept]


def test_a_number_beyond_64_bits_never_reaches_the_database(store: Database) -> None:
    with pytest.raises((pa.ArrowInvalid, OverflowError)):
        pa.table({"term": ["a"], "customer_id": [2**64]}, schema=TERMS)
    with store.begin() as tx:
        bulk.insert(tx, tables["search_term"], pa.table({"term": ["a"], "customer_id": [2**63 - 1]}, schema=TERMS))
        assert stored(tx, tables["search_term"], TERMS).column("customer_id").to_pylist() == [2**63 - 1]


def test_times_keep_microseconds_and_lose_their_zone_only(store: Database) -> None:
    shanghai = datetime.fromisoformat("2026-11-22T08:30:00.000001+08:00")
    with store.begin() as tx:
        counts = dict.fromkeys((*COUNTS, "read"), 0)
        tx.execute(
            tables["load"].insert().values(load_id=1, channel="hall", state="done", started_at=shanghai, **counts)
        )
        told = tx.scalar(sa.select(tables["load"].c.started_at))
        in_bulk = bulk.read(
            tx, sa.select(tables["load"].c.started_at), pa.schema([("at", pa.timestamp("us", tz="UTC"))])
        )
        found = tx.scalar(sa.select(tables["load"].c.load_id).where(tables["load"].c.started_at == shanghai))
    assert told == shanghai
    assert told is not None
    assert told.utcoffset() == timedelta(0)
    assert in_bulk.column("at").to_pylist() == [shanghai]
    assert found == 1


def test_the_error_of_a_driver_never_quotes_a_value(store: Database) -> None:
    secret = "33010619870302123X"
    with store.begin() as tx:
        bulk.insert(tx, tables["search_term"], terms(secret))
    with pytest.raises(StoreError) as refused, store.begin() as tx:
        tx.execute(tables["search_term"].insert().values(term=secret, customer_id=1))
    assert secret not in str(refused.value)
    assert refused.value.__cause__ is None


@given(moments=st.lists(st.none() | TIMES, min_size=1, max_size=4))
def test_few_times_are_written_and_read_as_many_are(moments: list[datetime | None]) -> None:
    instant = pa.timestamp("us", tz="UTC")
    few = pa.table({"at": pa.array(moments, instant)})
    many = pa.concat_tables([few] * (wire.HANDFUL + 1))
    texts = [text for (text,) in wire.rows(few, iso=True)]
    assert wire.rows(many, iso=True) == [(text,) for text in texts] * (wire.HANDFUL + 1)
    assert wire.column(texts, instant).to_pylist() == few["at"].to_pylist()
    assert wire.column(texts * (wire.HANDFUL + 1), instant).to_pylist() == many["at"].to_pylist()


EVERY = pa.schema(
    [
        pa.field("name", pa.string(), nullable=False), ("number", pa.int64()), ("weight", pa.float64()),
        ("born", pa.date32()), ("at", pa.timestamp("us", tz="UTC")), ("key", pa.uint64()), ("holds", pa.bool_()),
        ("hash", pa.binary(4)),
    ]
)  # fmt: skip
every = st.fixed_dictionaries({
    "name": st.text(max_size=3),
    "number": st.none() | st.integers(-(2**63), 2**63 - 1),
    "weight": st.none() | st.floats(allow_nan=False),
    "born": st.none() | st.dates(),
    "at": st.none() | st.datetimes(timezones=st.just(UTC)),
    "key": st.integers(0, 2**64 - 1),
    "holds": st.none() | st.booleans(),
    "hash": st.none() | st.binary(min_size=4, max_size=4),
})  # fmt: skip


@pytest.mark.parametrize("iso", [True, False])
@given(told=st.lists(every, min_size=1, max_size=4))
def test_few_rows_go_to_a_driver_and_come_back_as_many_do(told: list[dict[str, object]], *, iso: bool) -> None:
    rows = pa.Table.from_pylist(told, EVERY)
    columns = (wire.handful(one.to_pylist(), one.type, iso=iso) for one in rows.itercolumns())
    few = list(zip(*columns, strict=True))
    many = wire.rows(pa.concat_tables([rows] * (wire.HANDFUL + 1)), iso=iso)
    assert few == many[: len(few)]
    assert wire.table(few, EVERY).equals(rows)
    assert wire.table(few, EVERY).schema.equals(EVERY)
