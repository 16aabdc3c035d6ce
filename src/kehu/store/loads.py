"""Loads: what each run of a channel read, and the cursor where the next one starts."""

import functools
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from kehu.errors import NotFoundError
from kehu.model.codes import LoadState
from kehu.store import asking, sequence
from kehu.store.database import Transaction
from kehu.store.dictionary.loads import load


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What became of the rows of a load; read = accepted + duplicate + quarantined + erased."""

    read: int = 0
    """Rows read from the channel."""
    accepted: int = 0
    """Rows stored as a record."""
    duplicate: int = 0
    """Rows we held already."""
    quarantined: int = 0
    """Rows that broke a rule."""
    warned: int = 0
    """Breaches of rules of severity warn."""
    changed: int = 0
    """Accepted rows that are a new version of a record."""
    erased: int = 0
    """Rows of people who are erased: left out as they came, or erased since."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """One load of a channel."""

    load_id: int
    """Its number."""
    channel: str
    """The channel it reads."""
    state: LoadState
    """How far it came."""
    started_at: datetime
    """When it started."""
    finished_at: datetime | None
    """When it was done or failed, or was found interrupted."""
    cursor_before: str | None
    """The channel's cursor when it started."""
    cursor_after: str | None
    """The channel's cursor after its last stored batch."""
    counts: Counts
    """What became of its rows."""
    failure: str | None
    """Why it failed."""
    pushed_by: str | None
    """Who pushed its records: a login, or the name of an API key; None where they were fetched."""


_COUNTS = tuple(asdict(Counts()))


def start(tx: Transaction, channel: str, *, at: datetime, pushed_by: str | None = None) -> int:
    """The number of a new load of the channel, which starts at the channel's cursor."""
    number = sequence.take(tx, "load")
    cursor = cursor_of(tx, channel)
    tx.execute(
        load.insert().values(
            load_id=number,
            channel=channel,
            state=LoadState.RUNNING,
            started_at=at,
            cursor_before=cursor,
            cursor_after=cursor,
            pushed_by=pushed_by,
            **asdict(Counts()),
        )
    )
    return number


def of_day(tx: Transaction, channel: str, *, at: datetime, pushed_by: str | None = None) -> tuple[int, bool]:
    """The load that the records share which somebody pushes one by one to the channel on this day (UTC); if it is new.

    A load for each of them would make the list of loads as long as that of the records. Others who push one wait
    until this transaction ends.
    """
    sequence.held(tx, "load")
    found = asking.rows(tx, *_question_of_day(channel, at, pushed_by))
    if found:
        return int(found[0][0]), False
    number = start(tx, channel, at=at, pushed_by=pushed_by)
    _change(tx, number, {"day": at.astimezone(UTC).date()})
    return number, True


def questions_of_day(some: Iterable[tuple[str, str | None]], *, at: datetime) -> list[asking.Put]:
    """What `of_day` asks, for each channel and whoever pushes to it."""
    return [sequence.question("load"), *(_question_of_day(channel, at, author) for channel, author in some)]


def _question_of_day(channel: str, at: datetime, author: str | None) -> asking.Put:
    day = at.astimezone(UTC).date()
    return asking.Put(_OF_DAY, {"of_channel": channel, "of_day": day, "author": author or ""})


_OF_DAY = sa.select(load.c.load_id).where(
    load.c.channel == sa.bindparam("of_channel"),
    load.c.day == sa.bindparam("of_day"),
    sa.func.coalesce(load.c.pushed_by, "") == sa.bindparam("author"),
)


def advance(
    tx: Transaction, number: int, *, counts: Counts, cursor: str | None = None, done_at: datetime | None = None
) -> None:
    """Add what a batch brought to a load that is there, and move the cursor past it; None leaves that where it is.

    With `done_at` the load is done with that.
    """
    told: dict[str, object] = {f"more_{name}": value for name, value in asdict(counts).items()}
    if cursor is not None:
        told["cursor"] = cursor
    if done_at is not None:
        told |= {"is": LoadState.DONE.value, "at": done_at}
    asking.later(tx, _adding(tuple(told)), {"of": number, **told})


@functools.cache
def _adding(told: tuple[str, ...]) -> sa.Update:
    """What adds to the counts of a load; to put it together costs more than to run it."""
    added: dict[str, object] = {name: load.c[name] + sa.bindparam(f"more_{name}") for name in _COUNTS}
    columns = {"cursor": "cursor_after", "is": "state", "at": "finished_at"}
    added |= {columns[name]: sa.bindparam(name) for name in told if name in columns}
    return load.update().where(load.c.load_id == sa.bindparam("of")).values(added)


def finish(tx: Transaction, number: int, *, at: datetime) -> None:
    """Mark the load done."""
    _change(tx, number, {"state": LoadState.DONE, "finished_at": at})


def fail(tx: Transaction, number: int, *, at: datetime, reason: str) -> None:
    """Mark the load failed; its stored batches stay, and the next load starts after them."""
    _change(tx, number, {"state": LoadState.FAILED, "finished_at": at, "failure": reason})


def has_open(tx: Transaction, channel: str) -> bool:
    """Whether a load of the channel says that batches are still arriving."""
    return tx.scalar(sa.select(load.c.load_id).where(*_open(channel)).limit(1)) is not None


def interrupt(tx: Transaction, channel: str, *, at: datetime) -> None:
    """Mark the open loads of a channel interrupted; for who knows that nobody is at work on them any more.

    Their counts are right as they are: each batch was added to them in the transaction that stored it.
    """
    tx.execute(load.update().where(*_open(channel)).values(state=LoadState.INTERRUPTED, finished_at=at))


def _open(channel: str) -> tuple[sa.ColumnElement[bool], ...]:
    return load.c.channel == channel, load.c.state == LoadState.RUNNING, load.c.day.is_(None)


def cursor_of(tx: Transaction, channel: str) -> str | None:
    """Where the next load of the channel starts; None at the very beginning."""
    latest = sa.select(load.c.cursor_after).where(load.c.channel == channel).order_by(load.c.load_id.desc()).limit(1)
    cursor: str | None = tx.scalar(latest)
    return cursor


def channels(tx: Transaction) -> tuple[str, ...]:
    """The name of every channel that ever loaded."""
    return tuple(tx.scalars(sa.select(load.c.channel).distinct().order_by(load.c.channel)))


def get(tx: Transaction, number: int) -> Load:
    """One load.

    Raises:
        NotFoundError: There is no load of that number.
    """
    row = tx.execute(sa.select(load).where(load.c.load_id == number)).mappings().first()
    if row is None:
        raise NotFoundError(f"there is no load {number}")
    return _load(row)


def recent(tx: Transaction, *, channel: str | None = None, limit: int = 50, before: int | None = None) -> list[Load]:
    """The newest loads first; `before` is the last load of the page before."""
    query = sa.select(load).order_by(load.c.load_id.desc()).limit(limit)
    if channel is not None:
        query = query.where(load.c.channel == channel)
    if before is not None:
        query = query.where(load.c.load_id < before)
    return [_load(row) for row in tx.execute(query).mappings()]


def totals(tx: Transaction, *, channel: str | None = None) -> Counts:
    """The counts of all loads together."""
    query = sa.select(*(sa.func.coalesce(sa.func.sum(load.c[name]), 0) for name in _COUNTS))
    if channel is not None:
        query = query.where(load.c.channel == channel)
    return Counts(**{name: int(value) for name, value in zip(_COUNTS, tx.execute(query).one(), strict=True)})


def _change(tx: Transaction, number: int, values: dict[str, object]) -> None:
    if tx.execute(load.update().where(load.c.load_id == number).values(values)).rowcount != 1:
        raise NotFoundError(f"there is no load {number}")


def _load(row: sa.RowMapping) -> Load:
    return Load(
        counts=Counts(**{name: row[name] for name in _COUNTS}),
        state=LoadState(row["state"]),
        **{
            name: row[name]
            for name in (
                "load_id",
                "channel",
                "started_at",
                "finished_at",
                "cursor_before",
                "cursor_after",
                "failure",
                "pushed_by",
            )
        },
    )
