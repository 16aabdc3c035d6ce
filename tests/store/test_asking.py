"""Questions that are handed to the driver: the same answers as SQLAlchemy gives, on each database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

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
