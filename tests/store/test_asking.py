"""Questions that are handed to the driver: the same answers as SQLAlchemy gives, on each database."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
import sqlalchemy as sa

from kehu.errors import ConflictError, NotFoundError, StoreError
from kehu.store import asking, bulk, columns, customers, drivers, households, media, unsent, views
from kehu.store.asking import Put
from kehu.store.database import Database, Transaction
from kehu.store.service import numbers

AT = datetime(2026, 11, 22, 8, 30, 0, 123456, tzinfo=UTC)

THING = sa.Table(
    "asked_thing",
    sa.MetaData(),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", columns.Instant()),
    sa.Column("word", columns.Word(40)),
    sa.Column("digest", columns.Digest(4)),
    sa.Column("weight", columns.Real()),
    sa.Column("current", sa.Boolean),
    sa.Column("born", sa.Date),
)
ROWS = [
    {
        "number": number,
        "at": AT + timedelta(hours=number),
        "word": f"50% of {number}",
        "digest": bytes([number, 0, 255, 39]),
        "weight": number / 3,
        "current": bool(number % 2),
        "born": AT.date() - timedelta(days=number),
    }
    for number in range(1, 6)
] + [{"number": 7, "at": None, "word": None, "digest": None, "weight": None, "current": None, "born": None}]

SINCE = sa.select(THING).where(THING.c.at >= sa.bindparam("since")).order_by(THING.c.number)
ONE_OF = sa.select(THING).where(THING.c.digest.in_(sa.bindparam("digests", expanding=True))).order_by(THING.c.number)
LIKE = sa.select(THING.c.number, THING.c.word).where(THING.c.word.startswith("50%", autoescape=True))


@pytest.fixture
def things(store: Database) -> Iterator[Database]:
    """A store with a table that has columns of every type."""
    with store.begin() as tx:
        THING.create(tx)
        tx.execute(THING.insert(), ROWS)
    yield store
    with store.begin() as tx:
        THING.drop(tx)


def test_values_come_as_their_columns_have_them(things: Database) -> None:
    with things.read() as tx:
        known = [row._asdict() for row in asking.told(tx, sa.select(THING).order_by(THING.c.number))]
        assert known == ROWS
        assert [type(value) for value in known[0].values()] == [type(value) for value in ROWS[0].values()]
        for since in (AT, AT + timedelta(hours=3)):
            asked = tx.execute(SINCE, {"since": since}).all()
            assert [tuple(row) for row in asking.told(tx, SINCE, since=since)] == [tuple(row) for row in asked]
        wanted = [ROWS[1]["digest"], ROWS[4]["digest"], b"none"]
        assert [row.number for row in asking.told(tx, ONE_OF, digests=wanted)] == [2, 5]
        assert asking.told(tx, ONE_OF, digests=[]) == []
        assert sorted(row.number for row in asking.told(tx, LIKE)) == [1, 2, 3, 4, 5]
        # What is handed over and not asked for does no harm.
        assert len(asking.told(tx, SINCE, since=AT, another=1)) == len(ROWS) - 1


def test_what_is_asked_again_and_again_is_answered_as_at_first(things: Database) -> None:
    for looking in (things.look, things.glance, things.read, things.snapshot, things.begin):
        for _ in range(5):
            with looking() as tx:
                for hours, wanted in ((0, [1, 2, 3, 4, 5]), (3, [3, 4, 5])):
                    told = asking.told(tx, SINCE, since=AT + timedelta(hours=hours))
                    assert [row.number for row in told] == wanted
                assert [row.number for row in asking.told(tx, ONE_OF, digests=[ROWS[1]["digest"]])] == [2]


def test_what_was_prepared_on_a_connection_may_be_forgotten_there(things: Database) -> None:
    for _ in range(5):
        with things.glance() as tx:
            assert len(asking.told(tx, SINCE, since=AT)) == len(ROWS) - 1
    with things.glance() as tx:
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("DEALLOCATE ALL")
    for _ in range(5):
        with things.glance() as tx:
            assert len(asking.told(tx, SINCE, since=AT)) == len(ROWS) - 1


def test_what_was_written_before_in_the_transaction_is_found(things: Database) -> None:
    with things.trial() as tx:
        tx.execute(THING.delete().where(THING.c.number > 2))
        assert [row.number for row in asking.told(tx, SINCE, since=AT)] == [1, 2]
    with things.look() as tx:
        assert len(asking.told(tx, SINCE, since=AT)) == len(ROWS) - 1


def test_a_question_that_cannot_be_answered_is_told_without_its_values(things: Database) -> None:
    lost = sa.Table("lost_thing", sa.MetaData(), sa.Column("word", columns.Word(40)))
    asked = sa.select(lost).where(lost.c.word == sa.bindparam("word"))
    for looking in (things.look, things.glance, things.read):
        with pytest.raises(StoreError) as told, looking() as tx:
            asking.told(tx, asked, word="personal")
        assert "personal" not in str(told.value)
        with looking() as tx:
            assert len(asking.told(tx, SINCE, since=AT)) == len(ROWS) - 1


LATER = (
    THING.update()
    .where(THING.c.number >= sa.bindparam("least"))
    .values(at=sa.bindparam("moment"), word=sa.bindparam("said"), number=THING.c.number + sa.bindparam("more"))
)


def test_a_change_is_made_as_sqlalchemy_makes_it(things: Database) -> None:
    told = {"least": 5, "moment": AT, "said": "50% ?", "more": 10}
    with things.trial() as tx:
        assert tx.execute(LATER, told).rowcount == 2
        wanted = tx.execute(sa.select(THING).order_by(THING.c.number)).all()
    with things.begin() as tx:
        assert asking.done(tx, LATER, told) == 2
        assert asking.done(tx, LATER, told | {"least": 99}) == 0
        assert tx.execute(sa.select(THING).order_by(THING.c.number)).all() == wanted


SHARED = sa.select(THING.c.number / sa.bindparam("among", type_=sa.BigInteger)).where(THING.c.number == 4)


def _put(since: datetime, among: int) -> list[Put]:
    return [Put(SINCE, {"since": since}), Put(ONE_OF, {"digests": [ROWS[1]["digest"]]}), Put(SHARED, {"among": among})]


def _ahead(tx: Transaction) -> dict[object, object]:
    """The answers that are at hand."""
    found: dict[object, object] = tx.get_execution_options()["once"].get("ahead", {})
    return found


def test_what_is_asked_ahead_is_answered_as_in_its_turn(things: Database) -> None:
    for _ in range(5):
        for looking in (things.look, things.glance):
            with looking() as tx:
                asking.ahead(tx, _put(AT, 2))
                at_hand = len(_ahead(tx))
                assert [row.number for row in asking.told(tx, SINCE, since=AT + timedelta(hours=3))] == [3, 4, 5]
                assert [row._asdict() for row in asking.told(tx, SINCE, since=AT)] == ROWS[:5]
                assert [row.number for row in asking.told(tx, ONE_OF, digests=[ROWS[1]["digest"]])] == [2]
                assert [int(number) for (number,) in asking.rows(tx, SHARED, {"among": 2})] == [2]
                assert not _ahead(tx)
    assert at_hand == (0 if tx.dialect.name == "sqlite" else 3)


def _ask_until_known(things: Database) -> None:
    """Ask one by one, so often that they are prepared and can be asked ahead."""
    for _ in range(5):
        with things.look() as tx:
            for put in _put(AT, 2):
                asking.rows(tx, *put)


def test_what_was_asked_ahead_is_answered_once(things: Database) -> None:
    for _ in range(5):
        with things.look() as tx:
            asking.ahead(tx, _put(AT, 2))
            asking.told(tx, SINCE, since=AT)
            with things.begin() as other:
                other.execute(THING.update().values(at=AT))
            assert len(asking.told(tx, SINCE, since=AT)) == (5 if tx.dialect.name == "sqlite" else len(ROWS))
        with things.glance() as tx:
            assert not _ahead(tx)
        with things.begin() as tx:
            tx.execute(THING.delete())
            tx.execute(THING.insert(), ROWS)


def test_a_question_that_is_refused_ahead_is_refused_in_its_turn_and_spoils_no_other(things: Database) -> None:
    if things.engine.dialect.name != "postgresql":
        pytest.skip("others divide by nothing")
    _ask_until_known(things)
    for _ in range(2):
        with pytest.raises(StoreError), things.look() as tx:  # noqa: PT012  (of one look)
            asking.ahead(tx, list(reversed(_put(AT, 0))))
            assert [row.number for row in asking.told(tx, SINCE, since=AT)] == [1, 2, 3, 4, 5]
            asking.rows(tx, SHARED, {"among": 0})
        with things.look() as tx:
            asking.ahead(tx, _put(AT, 2))
            assert len(_ahead(tx)) == 3


def test_a_server_that_goes_away_while_it_is_asked_ahead_is_told_and_found_again(things: Database) -> None:
    name = things.engine.dialect.name
    if name == "sqlite":
        pytest.skip("a file does not go away")
    its_number, end = {
        "postgresql": (sa.func.pg_backend_pid(), "SELECT pg_terminate_backend({})"),
        "mariadb": (sa.func.connection_id(), "KILL {}"),
    }[name]
    _ask_until_known(things)
    with pytest.raises(StoreError), things.look() as tx:  # noqa: PT012  (of one look)
        number = asking.rows(tx, sa.select(its_number), {})[0][0]
        with things.begin() as other:
            other.exec_driver_sql(end.format(number))
        asking.ahead(tx, _put(AT, 2))
        asking.rows(tx, *_put(AT, 2)[0])
    for _ in range(5):
        with things.look() as tx:
            asking.ahead(tx, _put(AT, 2))
            assert len(asking.told(tx, SINCE, since=AT)) == len(ROWS) - 1


@pytest.mark.parametrize(
    ("questions", "ask"),
    [
        pytest.param(lambda number: [customers.question_of(number)], customers.get, id="the customer"),
        pytest.param(lambda number: [views.question_of_records(number)], views.records_of, id="its records"),
        pytest.param(lambda number: [media.question_of(number)], media.of_customer, id="how it is reached"),
        pytest.param(
            households.questions_of,
            lambda tx, number: (households.subscriptions_of(tx, number), households.accounts_of(tx, number)),
            id="its numbers and accounts",
        ),
        pytest.param(
            lambda number: [households.question_of_timeline(number)], households.timeline_of, id="its contacts"
        ),
        pytest.param(
            views.questions_of_past,
            lambda tx, number: (
                views.links_of(tx, number, inside=True),
                views.links_of(tx, number, inside=False),
                views.history_of(tx, number),
            ),
            id="why it is one",
        ),
        pytest.param(lambda number: [numbers.question_of(number)], numbers.were_served, id="whether it was served"),
    ],
)
def test_what_is_said_to_be_asked_is_asked(
    store: Database, questions: Callable[[int], list[Put]], ask: Callable[[Transaction, int], object]
) -> None:
    for _ in range(5):
        with store.look() as tx:
            asking.ahead(tx, questions(7))
            at_hand = len(_ahead(tx))
            with suppress(NotFoundError):
                ask(tx, 7)
            assert not _ahead(tx)
    assert at_hand == (0 if tx.dialect.name == "sqlite" else len(questions(7)))


def _seen_by_sqlalchemy(tx: Transaction) -> list[int]:
    return list(tx.scalars(sa.select(THING.c.number).order_by(THING.c.number)))


def _seen_by_the_driver(tx: Transaction) -> list[int]:
    return [number for (number,) in bulk.rows(tx, "SELECT number FROM asked_thing ORDER BY number", {})]


def _seen_copied_out(tx: Transaction) -> list[int]:
    query = sa.select(THING.c.number).order_by(THING.c.number)
    found = bulk.batches(tx, query, pa.schema([("number", pa.int64())]), are_many=True)
    return [number for batch in found for number in batch.column(0).to_pylist()]


def _seen_when_asked(tx: Transaction) -> list[int]:
    return [number for (number,) in asking.rows(tx, sa.select(THING.c.number).order_by(THING.c.number), {})]


def _seen_once_more_is_changed(tx: Transaction) -> list[int]:
    assert asking.done(tx, LATER, {"least": 30, "moment": AT, "said": "new", "more": 1}) == 1
    return [*_seen_when_asked(tx)[:-1], 30]


def _insert(tx: Transaction, numbers: list[int]) -> None:
    """Left for later by a database to which the way is long."""
    mark = drivers.mark(tx)
    statement = f"INSERT INTO asked_thing (number, word) VALUES ({mark}, {mark})"
    drivers.handful(tx, statement, [(number, "50%") for number in numbers])


SEEN = (
    _seen_by_sqlalchemy, _seen_by_the_driver, _seen_copied_out, _seen_when_asked, _seen_once_more_is_changed,
)  # fmt: skip


@pytest.mark.parametrize("seen", SEEN)
def test_what_is_left_for_later_is_done_before_anything_is_asked(
    things: Database, seen: Callable[[Transaction], list[int]]
) -> None:
    changed = {"least": 7, "moment": AT, "said": "new", "more": 10}
    for _ in range(4):  # The third time it is prepared.
        with things.trial() as tx:
            _seen_when_asked(tx)
            asking.later(tx, LATER, changed)
            _insert(tx, [20])
            _insert(tx, [29, 30])
            assert seen(tx) == [1, 2, 3, 4, 5, 17, 20, 29, 30]


@pytest.mark.parametrize("many", [1, 2, 16, 17, 40])
@pytest.mark.parametrize("word", ["{}", "LOWER({})", "COALESCE({}, (SELECT MIN(word) FROM asked_thing))"])
def test_rows_are_inserted_together_whatever_stands_in_them(things: Database, word: str, many: int) -> None:
    for _ in range(4):  # The third time it is prepared.
        with things.trial() as tx:
            _seen_when_asked(tx)
            mark = drivers.mark(tx)
            statement = f"INSERT INTO asked_thing (number, word) VALUES ({mark}, {word.format(mark)})"
            numbers = range(100, 100 + many)
            drivers.handful(tx, statement, [(number, f"it is ${number}, 50% (of)") for number in numbers])
            told = tx.execute(sa.select(THING.c.number, THING.c.word).where(THING.c.number >= 100)).all()
            assert sorted(map(tuple, told)) == [(number, f"it is ${number}, 50% (of)") for number in numbers]


def test_what_is_left_for_later_is_done_before_a_transaction_ends_and_not_where_it_is_taken_back(
    things: Database,
) -> None:
    with things.begin() as tx:
        _seen_when_asked(tx)
        _insert(tx, [20, 30])
    with things.trial() as tx:
        _seen_when_asked(tx)
        _insert(tx, [40])
    with pytest.raises(ZeroDivisionError), things.begin() as tx:  # noqa: PT012  (of one transaction)
        _seen_when_asked(tx)
        _insert(tx, [50])
        raise ZeroDivisionError
    with things.look() as tx:
        assert _seen_when_asked(tx) == [1, 2, 3, 4, 5, 7, 20, 30]


def test_what_is_left_for_later_waits_on_where_nothing_is_asked_ahead(things: Database) -> None:
    with things.trial() as tx:
        _seen_when_asked(tx)
        _insert(tx, [20])
        asking.ahead(tx, [])
        is_server = drivers.direct(tx) is not None
        assert len(unsent.taken(tx)) == is_server


def test_more_than_are_kept_for_later_are_done_as_well(things: Database) -> None:
    with things.begin() as tx:
        _seen_when_asked(tx)
        for number in range(100, 100 + 2 * unsent.WAITING):
            _insert(tx, [number])
        assert len(_seen_when_asked(tx)) == len(ROWS) + 2 * unsent.WAITING


def test_more_than_the_way_takes_at_once_is_left_for_later(things: Database) -> None:
    """PostgreSQL is told while it answers; MariaDB in several texts."""
    word = "x" * 2_000_000
    with things.trial() as tx:
        kind = "LONGTEXT" if tx.dialect.name == "mariadb" else "TEXT"
        tx.exec_driver_sql(f"CREATE TEMPORARY TABLE long_thing (word {kind})")
        _seen_when_asked(tx)
        for _ in range(3):
            statement = f"INSERT INTO long_thing (word) VALUES ({drivers.mark(tx)})"
            drivers.handful(tx, statement, [(word,)] * 3)
        assert tx.scalars(sa.text("SELECT LENGTH(word) FROM long_thing")).all() == [len(word)] * 9
        tx.exec_driver_sql("DROP TABLE long_thing")


@pytest.mark.parametrize("asked", [_seen_when_asked, _seen_by_sqlalchemy, lambda _: None])
def test_what_is_refused_later_spoils_the_transaction_and_no_other(
    things: Database, asked: Callable[[Transaction], object]
) -> None:
    for _ in range(4):
        with pytest.raises(ConflictError), things.begin() as tx:  # noqa: PT012  (of one transaction)
            _seen_when_asked(tx)
            _insert(tx, [20])
            _insert(tx, [7])
            _insert(tx, [30])
            asked(tx)
        with things.begin() as tx:
            assert _seen_when_asked(tx) == [1, 2, 3, 4, 5, 7]
