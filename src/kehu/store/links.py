"""Links between records: the pairs that were scored and matter, and what became of each."""

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.model import links as model
from kehu.model.records import require
from kehu.store import bulk
from kehu.store.database import Transaction
from kehu.store.tables import link, member


class State(StrEnum):
    """What became of a scored pair."""

    LINKED = "linked"
    """The two records are one customer."""
    REFUSED = "refused"
    """It would, but a certificate, a decision or the group forbids it."""
    DOUBTFUL = "doubtful"
    """It may; a steward should look."""


STORED = pa.schema(
    [*model.LINKS, pa.field("state", pa.string(), nullable=False), pa.field("reason", pa.string())]
)  # fmt: skip
"""One row a link: `LINKS` with its state, and why where it was not joined."""


@dataclass(frozen=True, kw_only=True)
class Review:
    """A pair that a steward should look at."""

    record_l: int
    """The lesser record number."""
    record_r: int
    """The greater record number."""
    weight: float
    """log2 odds that the two are one customer."""
    levels: str
    """The level of each comparison."""
    state: State
    """refused or doubtful."""
    reason: str | None
    """Why it was not joined."""


def replace(tx: Transaction, records: pa.Array, links: pa.Table) -> None:
    """Put these links (`STORED`) in place of every link of these records.

    The links of pairs among which no record is given must not be in `links`.
    """
    require(links, STORED, what="links to store")
    if tx.scalar(sa.select(link.c.record_l).limit(1)) is not None:
        for side in ("record_l", "record_r"):
            bulk.delete(tx, link, pa.table({side: records}))
    bulk.insert(tx, link, links.select(STORED.names).sort_by([("record_l", "ascending"), ("record_r", "ascending")]))


def settle(tx: Transaction, before: pa.Table, after: pa.Table) -> int:
    """Let stored links have another state and reason, where they have; returns how many changed.

    Args:
        tx: The transaction.
        before: The links as they are stored (`STORED`).
        after: What has become of them (`STORED`); those that are not there are as they were.
    """
    told = ["state", "reason"]
    both = after.join(before, ["record_l", "record_r"], join_type="inner", right_suffix="_before")
    same = [
        pc.equal(*(pc.fill_null(both.column(name), "") for name in (column, f"{column}_before"))) for column in told
    ]
    return bulk.update(
        tx,
        link,
        both.filter(pc.invert(pc.and_(*same))).select(["record_l", "record_r", *told]),
        by=["record_l", "record_r"],
    )


def of_records(tx: Transaction, numbers: pa.Array, *, state: State | None = None) -> pa.Table:
    """Every link that has one of these records on a side: `STORED`, each once."""
    query = sa.select(*(link.c[name] for name in STORED.names))
    if state is not None:
        query = query.where(link.c.state == state)
    found = []
    for side in ("record_l", "record_r"):
        with bulk.among(tx, link.c[side], numbers) as one_of_them:
            found.append(bulk.read(tx, query.where(one_of_them), STORED))
    # A link between two of the records was found from both sides.
    both = pa.concat_tables(found)
    once = both.group_by(["record_l", "record_r"], use_threads=False).aggregate(
        [(name, "min") for name in STORED.names[2:]]
    )
    renamed = once.rename_columns([name.removesuffix("_min") for name in once.column_names])
    return renamed.select(STORED.names).cast(STORED).sort_by([("record_l", "ascending"), ("record_r", "ascending")])


def of_customer(tx: Transaction, customer_id: int) -> pa.Table:
    """Every link of the customer's records: `STORED`."""
    theirs = sa.select(member.c.record).where(member.c.customer_id == customer_id)
    return of_records(tx, pa.array(tx.scalars(theirs).all(), pa.int64()))


def reviews(
    tx: Transaction, *, state: State = State.DOUBTFUL, limit: int = 50, after: Review | None = None
) -> list[Review]:
    """Pairs for a steward, the heaviest first; `after` is the last one of the page before."""
    query = sa.select(*(link.c[name] for name in STORED.names)).where(link.c.state == state)
    if after is not None:
        lighter = link.c.weight < after.weight
        same_l = sa.and_(link.c.record_l == after.record_l, link.c.record_r < after.record_r)
        query = query.where(link.c.weight <= after.weight, sa.or_(lighter, link.c.record_l < after.record_l, same_l))
    query = query.order_by(link.c.weight.desc(), link.c.record_l.desc(), link.c.record_r.desc()).limit(limit)
    return [Review(**{**row, "state": State(row["state"])}) for row in tx.execute(query).mappings()]


def count(tx: Transaction, *, state: State) -> int:
    """How many links are in this state."""
    return tx.scalar(sa.select(sa.func.count()).select_from(link).where(link.c.state == state)) or 0
