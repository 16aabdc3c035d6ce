"""Questions that are handed to the driver: the same answers as SQLAlchemy gives, on each database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from kehu.errors import StoreError
from kehu.store import asking, columns
from kehu.store.database import Database

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
