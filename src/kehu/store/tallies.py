"""Tallies: how many customers, contacts and tickets there are of what, for every filter of the dashboard at once.

They are counted together (`counting`), kept, and read by a stretch of one index: what a page asks for is there,
however many customers there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.store import bulk, facts
from kehu.store.database import Transaction
from kehu.store.dictionary.figures import tally
from kehu.store.dictionary.loads import sequence
from kehu.store.figures import COUNTED

_COUNTED = ("consent", "customer", "decision", "record", "ticket")
"""What has numbers and is counted, or decides what is."""
AT = "figures at"
"""The fact that says when figures were last counted."""
OF = "figures of"
"""The fact that says what there was when they were: see `marker`."""
LARGE = 100_000
"""A store that ever knew more customers is not counted while somebody waits at a page."""
ANY = ""
"""Stands for customers of any category, place or channel, and for what has no month."""
NONE = "-"
"""Stands for what is not known."""
REST = "*"
"""The code of all that are too rare for one of their own."""

TALLIES = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in ("category", "province", "channel", "month", "code")),
        pa.field("many", pa.int64(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
    ]
)
"""One row a figure, a filter, a month and a code."""


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Which customers, contacts and tickets are counted; None counts all."""

    category: str | None = None
    """A category; `NONE` for customers that state none."""
    province: str | None = None
    channel: str | None = None
    """Of customers, a channel that knows them; of contacts and tickets, the one they came by."""
    since: str | None = None
    """The first month, 2026-01, of what happens in one: new and lost customers, contacts, tickets."""
    until: str | None = None
    """The last month."""


def keep(tx: Transaction, told: pa.Table, *, at: datetime, of: str) -> None:
    """Keep tallies in place of those that were kept before; `of` is the marker of what they count."""
    tx.execute(tally.delete())
    bulk.insert(tx, tally, told)
    facts.put(tx, AT, at.astimezone(UTC).isoformat())
    facts.put(tx, OF, of)


def kept_at(tx: Transaction) -> datetime | None:
    """When they were last counted; None where they never were."""
    told = facts.get(tx, AT)
    return None if told is None else datetime.fromisoformat(told)


def marker(tx: Transaction) -> str:
    """What tells that something is there which was not counted: the last numbers that were given."""
    given = sa.select(sequence.c.name, sequence.c.next).where(sequence.c.name.in_(_COUNTED)).order_by(sequence.c.name)
    return ", ".join(f"{name} {following}" for name, following in tx.execute(given))


def are_many(tx: Transaction) -> bool:
    """Whether the store is too large to be counted while somebody waits."""
    return (tx.scalar(sa.select(sequence.c.next).where(sequence.c.name == "customer")) or 0) > LARGE


def kept(tx: Transaction, cut: Cut, names: Sequence[str]) -> pa.Table:
    """The kept tallies of these figures, for a cut: `TALLIES`."""
    sides = [tally.c[name] == value for name, value in _sides(cut).items()]
    query = sa.select(*(tally.c[name] for name in TALLIES.names)).where(*sides, tally.c.name.in_(names))
    return bulk.read(tx, query, TALLIES)


def of(told: pa.Table, name: str, cut: Cut, *, by: str = "code") -> pa.Table:
    """One figure, counted together over the months of the cut: `COUNTED`.

    Args:
        told: Tallies.
        name: The figure.
        cut: What is counted.
        by: `code`, or `month`.
    """
    wanted = pc.field("name") == name
    for side, value in _sides(cut).items():
        wanted &= pc.field(side) == value
    if cut.since is not None:
        wanted &= (pc.field("month") == ANY) | (pc.field("month") >= cut.since)
    if cut.until is not None:
        wanted &= pc.field("month") <= cut.until
    summed = told.filter(wanted).group_by(by, use_threads=False).aggregate([("many", "sum")])
    return pa.table([summed[by], summed["many_sum"]], schema=COUNTED)


def _sides(cut: Cut) -> dict[str, str]:
    return {"category": cut.category or ANY, "province": cut.province or ANY, "channel": cut.channel or ANY}
