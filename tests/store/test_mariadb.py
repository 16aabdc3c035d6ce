"""Statements handed to MariaDB past its driver: the same values, whatever they are, and no answer left half read."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from kehu.errors import ConflictError, StoreError
from kehu.store import columns, mariadb
from kehu.store.database import Database

pytestmark = pytest.mark.parametrize("store", ["mariadb"], indirect=True)

THING = sa.Table(
    "handed_thing",
    sa.MetaData(),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("word", columns.Word(80)),
)

EVERY_TYPE = """
SELECT 7, -1, 2 = 2, 1.25, CAST(1.5 AS DOUBLE), CAST(0.1 AS FLOAT), NULL, '', '客户 😀', X'00ff27', DATE '2026-11-30',
    TIMESTAMP '2026-11-30 08:30:00.000001', TIME '12:00:01', CAST('客' AS BINARY), JSON_ARRAY(1), 18446744073709551615
UNION ALL
SELECT NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
"""

WORDS = ("'; DROP TABLE handed_thing; -- ", "50% %s %(word)s", "\\' \\", '"`', "客户\n\t", "")


@pytest.fixture
def things(store: Database) -> Iterator[Database]:
    with store.begin() as tx:
        THING.create(tx)
    yield store
    with store.begin() as tx:
        THING.drop(tx)


def test_values_of_every_type_are_read_as_the_driver_reads_them(store: Database) -> None:
    with store.read() as tx:
        rows, types = mariadb.rows(tx, EVERY_TYPE, ())
        cursor = tx.connection.cursor()
        cursor.execute(EVERY_TYPE)
        assert rows == list(cursor.fetchall())
        assert types == [column[1] for column in cursor.description]
        cursor.close()
        assert [type(value) for value in rows[0][:3]] == [int, int, int]


@pytest.mark.parametrize("letters", [250, 251, 65_535, 65_536, 3_000_000])
def test_long_values_and_many_are_read_whole(store: Database, letters: int) -> None:
    with store.look() as tx:
        assert mariadb.rows(tx, "SELECT REPEAT('x', %s), 7", (letters,))[0] == [("x" * letters, 7)]
        assert mariadb.rows(tx, "SELECT REPEAT('客', %s)", (letters,))[0] == [("客" * letters,)]
        rows, _ = mariadb.rows(tx, "SELECT seq, 'x' FROM seq_1_to_5000", ())
        assert rows == [(number, "x") for number in range(1, 5001)]


def test_what_values_hold_is_never_taken_for_a_statement(things: Database) -> None:
    with things.begin() as tx:
        for number, word in enumerate(WORDS):
            mariadb.later(tx, "INSERT INTO handed_thing (number, word) VALUES (%s, %s)", [(number, word)])
        more = list(enumerate(WORDS, len(WORDS)))
        mariadb.later(tx, "INSERT INTO handed_thing (number, word) VALUES (%s, %s)", more)
        mariadb.later(tx, "UPDATE handed_thing SET word = %s WHERE number = %s", [(WORDS[0], 99), (WORDS[1], 0)])
        told, _ = mariadb.rows(tx, "SELECT word FROM handed_thing ORDER BY number", ())
    assert [word for (word,) in told] == [WORDS[1], *WORDS[1:], *WORDS]
    with things.look() as tx:
        for word in WORDS[1:]:
            wanted = [(str(number),) for number, one in enumerate([WORDS[1], *WORDS[1:], *WORDS]) if one == word]
            asked = "SELECT CAST(number AS CHAR) FROM handed_thing WHERE BINARY word = %(word)s ORDER BY number"
            assert mariadb.rows(tx, asked, {"word": word})[0] == wanted


def test_many_letters_travel_in_several_texts(store: Database) -> None:
    """The server takes 16 MB in one: sixteen rows of a million letters of three bytes are 48."""
    made = "CREATE TEMPORARY TABLE long_thing (number INT PRIMARY KEY, word LONGTEXT CHARACTER SET utf8mb4)"
    with store.trial() as tx:
        mariadb.done(tx, made, ())
        rows = [(number, "客" * 1_000_000) for number in range(16)]
        mariadb.later(tx, "INSERT INTO long_thing (number, word) VALUES (%s, %s)", rows)
        mariadb.later(tx, "UPDATE long_thing SET word = %s WHERE number = %s", [("x" * 2_000_000, 3), ("y", 4)])
        found, _ = mariadb.rows(tx, "SELECT CHAR_LENGTH(word) FROM long_thing ORDER BY number", ())
        assert [letters for (letters,) in found] == [1_000_000] * 3 + [2_000_000, 1] + [1_000_000] * 11


def test_a_value_longer_than_a_packet_is_read_whole(store: Database) -> None:
    with store.begin() as tx:
        mariadb.done(tx, "SET GLOBAL max_allowed_packet = 67108864", ())
    store.engine.dispose()  # A connection keeps the length that it began with.
    try:
        with store.read() as tx:
            for letters in (2**24 - 10, 2**24, 40_000_000):
                rows, _ = mariadb.rows(tx, "SELECT REPEAT('x', %s), 7", (letters,))
                assert [(len(word), number) for word, number in rows] == [(letters, 7)]
    finally:
        with store.begin() as tx:
            mariadb.done(tx, "SET GLOBAL max_allowed_packet = 16777216", ())
        store.engine.dispose()


def test_a_statement_that_is_refused_stops_those_that_travel_with_it(things: Database) -> None:
    driver = things.engine.dialect.loaded_dbapi
    with things.trial() as tx:
        for number in (1, 1, 2):
            mariadb.later(tx, "INSERT INTO handed_thing (number) VALUES (%s)", [(number,)])
        with pytest.raises(driver.IntegrityError):
            mariadb.rows(tx, "SELECT number FROM handed_thing", ())
        assert mariadb.rows(tx, "SELECT number FROM handed_thing", ()) == ([(1,)], [8])


def test_nobody_is_given_what_a_connection_has_still_to_say(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(mariadb._Packets, "next", interrupted)
        with pytest.raises(KeyboardInterrupt), store.begin() as tx:
            mariadb.rows(tx, "SELECT seq FROM seq_1_to_5000", ())
    for _ in range(3):
        with store.begin() as tx:
            assert mariadb.rows(tx, "SELECT 7", ()) == ([(7,)], [3])


def test_what_was_committed_is_not_rolled_back_as_well(store: Database) -> None:
    with store.begin() as tx:
        before = _rolled_back(tx)
    with store.begin() as tx:
        assert _rolled_back(tx) == before


def test_what_was_left_open_is_ended_when_its_connection_is_given_back(things: Database) -> None:
    raw = things.engine.raw_connection()
    raw.cursor().execute("INSERT INTO handed_thing (number, word) VALUES (1, 'left open')")
    raw.close()
    with things.begin() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(THING)) == 0


def test_what_is_refused_where_it_is_committed_is_not_committed_by_the_next(things: Database) -> None:
    inserting = "INSERT INTO handed_thing (number, word) VALUES (%s, 'x')"
    with things.begin() as tx:
        mariadb.done(tx, inserting, (5,))
    with pytest.raises(ConflictError), things.begin() as tx:  # noqa: PT012  (of one transaction)
        mariadb.later(tx, inserting, [(1,)])
        mariadb.later(tx, inserting, [(5,)])
    with things.begin() as tx:
        assert mariadb.rows(tx, "SELECT number FROM handed_thing", ())[0] == [(5,)]
    with things.read() as tx:
        assert mariadb.rows(tx, "SELECT number FROM handed_thing", ())[0] == [(5,)]


def test_a_lost_connection_leaves_its_place_to_another(store: Database) -> None:
    for _ in range(3):
        with store.glance() as tx:
            held = mariadb.rows(tx, "SELECT CONNECTION_ID()", ())[0][0][0]
        before = store.engine.pool.checkedout()  # type: ignore[attr-defined]  # it is one that counts
        with store.begin() as tx:
            mariadb.done(tx, f"KILL {held}", ())
        with pytest.raises(StoreError, match=r"Lost connection|gone away"), store.glance() as tx:
            mariadb.rows(tx, "SELECT 1", ())
        assert store.engine.pool.checkedout() == before - 1  # type: ignore[attr-defined]  # of those at hand


def _rolled_back(tx: sa.Connection) -> int:
    """How often the server was asked to roll back on any connection."""
    return int(mariadb.rows(tx, "SHOW GLOBAL STATUS LIKE 'Com_rollback'", ())[0][0][1])
