"""A relational database as a channel: SQLite, MariaDB and PostgreSQL, each a real one."""

import gc
import sqlite3
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from kehu.collect import database
from kehu.errors import SettingsError, SourceError
from kehu.model.records import POSITION, Batch


@dataclass
class Source:
    """A database we fill, and the folder it is found from."""

    url: str
    folder: Path
    engine: sa.Engine

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    def channel(self, **settings: Any) -> database.DatabaseChannel:
        source = database.DatabaseSource.model_validate({"url": self.url, **settings})
        return database.DatabaseChannel("calls", source, folder=self.folder, sleep=lambda _: None)

    def read(self, *, after: str | None = None, **settings: Any) -> list[Batch]:
        return list(self.channel(**settings).batches(after=after))


@pytest.fixture(params=["sqlite", "mariadb", "postgresql"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'calls.db'}", poolclass=sa.NullPool)
        yield Source("sqlite:///calls.db", tmp_path, engine)
        return
    server = sa.make_url(request.getfixturevalue(f"{request.param}_server"))
    name = f"calls_{uuid.uuid4().hex}"
    whole = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    coding = " CHARACTER SET utf8mb4" if request.param == "mariadb" else ""
    with whole.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}{coding}"))
    url = server.set(database=name)
    yield Source(url.render_as_string(hide_password=False), tmp_path, sa.create_engine(url, poolclass=sa.NullPool))
    with whole.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name}"))


def rows(batches: list[Batch]) -> list[dict[str, str | None]]:
    return [row for batch in batches for row in batch.rows.drop_columns([POSITION]).to_pylist()]


def ids(batches: list[Batch]) -> list[str | None]:
    return [row["call_id"] for row in rows(batches)]


CALLS = "CREATE TABLE calls (call_id INTEGER PRIMARY KEY, name VARCHAR(20), at TIMESTAMP NULL)"


def filled(source: Source, *numbers: int) -> None:
    lines = ", ".join(f"({number}, '客户{number}', '2024-06-{number:02} 10:00:00')" for number in numbers)
    source.run(f"INSERT INTO calls VALUES {lines}")


def test_a_table_is_read_in_batches_and_then_only_what_is_new(source: Source) -> None:
    source.run(CALLS)
    filled(source, *range(1, 8))
    batches = source.read(table="calls", cursor="call_id", batch_rows=3)
    assert [batch.rows.num_rows for batch in batches] == [3, 3, 1]
    assert rows(batches)[0] == {"call_id": "1", "name": "客户1", "at": "2024-06-01 10:00:00"}
    assert batches[1].rows[POSITION][0].as_py() == "calls: call_id 4"
    assert source.read(table="calls", cursor="call_id", after=batches[-1].cursor) == []
    filled(source, 9, 8)
    assert ids(source.read(table="calls", cursor="call_id", after=batches[-1].cursor)) == ["8", "9"]
    assert ids(source.read(table="calls", cursor="call_id", after=batches[0].cursor)) == ["4", "5", "6", "7", "8", "9"]


def test_without_a_cursor_everything_is_read_every_time(source: Source) -> None:
    source.run(CALLS)
    filled(source, 1, 2)
    batches = source.read(table="calls")
    assert batches[0].cursor is None
    assert batches[0].rows[POSITION].to_pylist() == ["calls: row 1", "calls: row 2"]
    assert len(rows(source.read(table="calls", after=batches[0].cursor))) == 2


def test_a_query_may_end_in_a_comment(source: Source) -> None:
    source.run(CALLS)
    filled(source, 1, 2)
    query = "select call_id from calls -- of all halls"
    assert ids(source.read(query=query, cursor="call_id")) == ["1", "2"]
    assert source.channel(query=query).sample(1).rows.num_rows == 1


def test_a_query_that_is_refused_is_what_to_look_at(source: Source) -> None:
    source.run(CALLS)
    with pytest.raises(SourceError, match="check table or query, cursor, and whether the user may read them"):
        source.read(query="select * frm calls")


def test_rows_at_the_cursor_come_again_where_it_is_not_unique(source: Source) -> None:
    source.run(CALLS)
    filled(source, 1, 2)
    cursor = source.read(table="calls", cursor="at")[-1].cursor
    source.run("INSERT INTO calls VALUES (3, 'x', '2024-06-02 10:00:00')")
    assert sorted(ids(source.read(table="calls", cursor="at", after=cursor)), key=str) == ["2", "3"]


def test_rows_without_a_cursor_value_come_every_time(source: Source) -> None:
    source.run(CALLS, "INSERT INTO calls VALUES (1, 'x', NULL)")
    filled(source, 2)
    first = source.read(table="calls", cursor="at")
    assert sorted(ids(first), key=str) == ["1", "2"]
    assert sorted(ids(source.read(table="calls", cursor="at", after=first[-1].cursor)), key=str) == ["1", "2"]


@pytest.mark.parametrize(("cursor", "overlap"), [("call_id", 2), ("at", 2 * 86_400)])
def test_an_overlap_finds_rows_that_were_committed_late(source: Source, cursor: str, overlap: int) -> None:
    source.run(CALLS)
    filled(source, 1, 2, 3, 5)
    settings: dict[str, Any] = {"table": "calls", "cursor": cursor, "overlap": overlap}
    after = source.read(**settings)[-1].cursor
    filled(source, 4)
    again = source.read(after=after, batch_rows=1, **settings)
    assert ids(again) == ["3", "4", "5"]
    assert {batch.cursor for batch in again} == {after}


def test_a_query_is_read_like_a_table(source: Source) -> None:
    source.run(CALLS)
    filled(source, 1, 2, 3)
    query = "SELECT call_id, name AS \"who\", '10:30' AS hour FROM calls WHERE name LIKE '客户%' AND call_id <> 2;"
    if source.engine.dialect.name == "mysql" or source.engine.dialect.name == "mariadb":
        query = query.replace('"', "`")
    batches = source.read(query=query, cursor="call_id")
    assert rows(batches) == [
        {"call_id": "1", "who": "客户1", "hour": "10:30"},
        {"call_id": "3", "who": "客户3", "hour": "10:30"},
    ]
    assert rows(source.read(query=query)) == rows(batches)


def test_a_sample_is_the_first_rows(source: Source) -> None:
    source.run(CALLS)
    filled(source, 1, 2, 3)
    batch = source.channel(table="calls", cursor="call_id").sample(2)
    assert len(rows([batch])) == 2
    assert batch.cursor is None


def test_what_is_not_there_is_told_with_what_is(source: Source) -> None:
    source.run(CALLS, "CREATE VIEW newest AS SELECT * FROM calls")
    with pytest.raises(SourceError, match=r"channel 'calls': table 'cals' is not .* \(has: calls, newest\)"):
        source.read(table="cals")
    with pytest.raises(SourceError, match=r"cursor column 'id' is not there \(has: call_id, name, at\)"):
        source.read(table="newest", cursor="id")
    with pytest.raises(SourceError, match="cannot be read"):
        source.read(query="SELECT nothing FROM nowhere")


def test_a_column_that_comes_twice_is_told(source: Source) -> None:
    if source.engine.dialect.name == "sqlite":
        pytest.skip("SQLite gives the second one another name itself")
    source.run(CALLS)
    with pytest.raises(SourceError, match=r"(column|Duplicate column name) 'name'"):
        source.read(query="SELECT a.name, b.name FROM calls a, calls b")


def test_the_database_cannot_be_written(source: Source) -> None:
    source.run(CALLS)
    with pytest.raises(SourceError, match="cannot be read"):
        source.read(query="INSERT INTO calls VALUES (1, 'x', NULL) RETURNING call_id")
    assert source.read(table="calls") == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_lost_connection_is_made_again_behind_the_last_batch(source: Source) -> None:
    if source.engine.dialect.name == "sqlite":
        pytest.skip("a file has no connection to lose")
    source.run("CREATE TABLE calls (call_id INTEGER PRIMARY KEY, name VARCHAR(500))")
    with source.engine.begin() as connection:
        lines = [{"n": number, "name": "x" * 500} for number in range(60_000)]
        connection.execute(sa.text("INSERT INTO calls VALUES (:n, :name)"), lines)
    batches = source.channel(table="calls", cursor="call_id", batch_rows=5_000).batches(after=None)
    got = [next(batches)]
    others = {
        "mysql": "SELECT id FROM information_schema.processlist WHERE id <> connection_id() AND db = database()",
        "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()",
    }
    kind = "postgresql" if source.engine.dialect.name == "postgresql" else "mysql"
    with source.engine.connect() as connection:
        found = connection.execute(sa.text(others[kind])).scalars().all()
        assert found
        if kind == "mysql":
            for number in found:
                connection.execute(sa.text(f"KILL {number}"))
    got.extend(batches)
    assert ids(got) == [str(number) for number in range(60_000)]
    gc.collect()  # PyMySQL complains when the result of a dead connection is dropped: here, not in the next test.


def test_types_become_text_that_loses_nothing(source: Source) -> None:
    kind = source.engine.dialect.name
    bytes_type, double, json_type = {
        "sqlite": ("BLOB", "REAL", "TEXT"),
        "postgresql": ("BYTEA", "DOUBLE PRECISION", "JSONB"),
    }.get(kind, ("VARBINARY(9)", "DOUBLE", "JSON"))
    money = "TEXT" if kind == "sqlite" else "DECIMAL(30, 10)"
    source.run(
        f"CREATE TABLE t (big BIGINT, sum {money}, half {double}, whole {double}, day DATE, raw {bytes_type}, "
        f"more {json_type})"
    )
    with source.engine.begin() as connection:
        values = {
            "big": 2**62,
            "sum": "12345678901234567890.0100000000" if kind == "sqlite" else Decimal("12345678901234567890.01"),
            "raw": b"\xff\x00",
            "more": '{"a": 12345678901234567890.5}',
        }
        connection.execute(
            sa.text("INSERT INTO t VALUES (:big, :sum, 0.5, 13912345678, '2024-06-12', :raw, :more)"), values
        )
        connection.execute(sa.text("INSERT INTO t VALUES (NULL, NULL, NULL, NULL, NULL, NULL, NULL)"))
    found = rows(source.read(table="t"))
    more = {"more.a": "12345678901234567890.5"} if kind == "postgresql" else {"more": values["more"]}
    assert found[0] == {
        "big": "4611686018427387904",
        "sum": "12345678901234567890.0100000000",
        "half": "0.5",
        "whole": "13912345678",
        "day": "2024-06-12",
        "raw": "ff00",
        **more,
    }
    assert set(found[1].values()) == {None}


def test_a_time_of_postgresql_without_an_end_is_null_and_blocks_nothing(source: Source) -> None:
    if source.engine.dialect.name != "postgresql":
        pytest.skip("others know no infinity")
    source.run(
        "CREATE TABLE t (id INT, day DATE, at TIMESTAMP, until TIMESTAMPTZ)",
        "INSERT INTO t VALUES (1, '2024-06-01', '2024-06-01 10:00', 'infinity')",
        "INSERT INTO t VALUES (2, 'infinity', '0044-03-15 BC', NULL)",
    )
    assert rows(source.read(table="t", cursor="id")) == [
        {"id": "1", "day": "2024-06-01", "at": "2024-06-01 10:00:00", "until": None},
        {"id": "2", "day": None, "at": None, "until": None},
    ]
    (batch,) = source.read(table="t", cursor="day")
    assert source.read(table="t", cursor="day", after=batch.cursor) != []


def test_a_cursor_may_be_a_uuid_and_one_that_cannot_be_stored_is_refused(source: Source) -> None:
    if source.engine.dialect.name != "postgresql":
        pytest.skip("others have no such columns")
    source.run(
        "CREATE TABLE t (call_id INT, key UUID PRIMARY KEY, took INTERVAL)",
        "INSERT INTO t VALUES (1, '018f0000-0000-7000-8000-000000000001', '1 h')",
    )
    (batch,) = source.read(table="t", cursor="key")
    source.run("INSERT INTO t VALUES (2, '018f0000-0000-7000-8000-000000000002', '1 h')")
    assert ids(source.read(table="t", cursor="key", after=batch.cursor)) == ["2"]
    with pytest.raises(SourceError, match="a cursor column of timedelta values cannot be gone on from"):
        source.read(table="t", cursor="took")


def test_zero_dates_are_null_and_bits_and_times_are_read(mariadb_server: str, tmp_path: Path) -> None:
    engine = sa.create_engine(mariadb_server, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in (
            "CREATE DATABASE zero",
            "SET sql_mode = ''",
            "CREATE TABLE zero.t (day DATE, at DATETIME(3), flag BIT(1), hour TIME)",
            "INSERT INTO zero.t VALUES ('0000-00-00', '0000-00-00', b'1', '09:05:00')",
            "INSERT INTO zero.t VALUES ('2024-06-01', '2024-06-01', b'0', '09:06:00')",
        ):
            connection.execute(sa.text(statement))
    source = database.DatabaseSource(url=mariadb_server, table="zero.t")
    (batch,) = database.DatabaseChannel("calls", source, folder=tmp_path).batches(after=None)
    assert rows([batch]) == [
        {"day": None, "at": None, "flag": "01", "hour": "09:05:00"},
        {"day": "2024-06-01", "at": "2024-06-01 00:00:00", "flag": "00", "hour": "09:06:00"},
    ]
    with engine.begin() as connection:
        connection.execute(sa.text("DROP DATABASE zero"))


def test_text_that_is_not_of_the_encoding_is_a_bad_row(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "calls.db")
    connection.execute("CREATE TABLE calls (call_id INTEGER PRIMARY KEY, name TEXT)")
    connection.execute("INSERT INTO calls VALUES (1, CAST(? AS TEXT))", ("张伟".encode("gbk"),))
    connection.execute("INSERT INTO calls VALUES (2, 'Ann')")
    connection.commit()
    connection.close()
    read = Source("sqlite:///calls.db", tmp_path, sa.create_engine("sqlite://")).read
    (batch,) = read(table="calls", cursor="call_id")
    assert rows([batch]) == [{"call_id": "2", "name": "Ann"}]
    (bad,) = batch.bad
    assert bad.position == "calls: call_id 1"
    assert bad.reason.en == "the row holds text that is not utf-8; set encoding if all of it is in another"
    assert bad.reason.zh == "该行含有不是 utf-8 编码的文本；如果全部是另一种编码，请设置 encoding"
    assert rows(read(table="calls", encoding="gb18030"))[0] == {"call_id": "1", "name": "张伟"}


def test_settings_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="set either table or query"):
        database.DatabaseSource(url="sqlite:///x.db")
    for url, told in (("nonsense", "is none of a database"), ("odbc://x", "is none"), ("sqlite://", "name the file")):
        with pytest.raises(SettingsError, match=told):
            database.DatabaseChannel("calls", database.DatabaseSource(url=url, table="t"), folder=tmp_path)


def test_a_missing_file_and_an_unreachable_server_are_told_without_the_password(tmp_path: Path) -> None:
    missing = database.DatabaseSource(url="sqlite:///no.db", table="t")
    with pytest.raises(SourceError, match=r"there is no database file .*/no\.db; mend url"):
        list(database.DatabaseChannel("calls", missing, folder=tmp_path).batches(after=None))
    for scheme in ("mysql", "postgresql"):
        parameter = "passwd" if scheme == "mysql" else "password"
        away = database.DatabaseSource(url=f"{scheme}://u@127.0.0.1:1/db?{parameter}=s3cret", table="t")
        with pytest.raises(SourceError) as told:
            list(database.DatabaseChannel("calls", away, folder=tmp_path, secret="s3cret").batches(after=None))
        assert "cannot be read" in str(told.value)
        assert "check url, user and password" in str(told.value)
        assert "s3cret" not in str(told.value)


def test_a_foreign_cursor_is_told(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "calls.db").close()
    read = Source("sqlite:///calls.db", tmp_path, sa.create_engine("sqlite://")).read
    with pytest.raises(SourceError, match="its stored cursor is not one of a database"):
        read(table="t", after='{"known": []}')
