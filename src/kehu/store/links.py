"""Links between records: the pairs that were scored and matter, and what became of each."""

from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.model import arrow
from kehu.model import links as model
from kehu.model.records import require
from kehu.store import bulk
from kehu.store.database import Transaction
from kehu.store.dictionary.records import link, member


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


def replace(tx: Transaction, records: pa.Array, links: pa.Table) -> None:
    """Put these links (`STORED`) in place of every link of these records.

    The links of pairs among which no record is given must not be in `links`.
    """
    require(links, STORED, what="links to store")
    if len(records) and (len(records) <= bulk.FEW or tx.scalar(sa.select(link.c.record_l).limit(1)) is not None):
        for side in ("record_l", "record_r"):
            bulk.delete(tx, link, pa.table({side: records}))
    if links.num_rows == 0:
        return
    bulk.insert(tx, link, once(links.select(STORED.names)))


def settle(tx: Transaction, before: pa.Table, after: pa.Table) -> int:
    """Let stored links have another state and reason, where they have; returns how many changed.

    Args:
        tx: The transaction.
        before: The links as they are stored (`STORED`).
        after: What has become of them (`STORED`); those that are not there are as they were.
    """
    if after.num_rows == 0 or before.num_rows == 0:
        return 0
    told = ["state", "reason"]
    if after.num_rows + before.num_rows <= arrow.ONE_BY_ONE:
        columns = [*model.PAIRS.names, *told]
        had = set(zip(*arrow.lists(before.select(columns)), strict=True))
        pairs = {one[:2] for one in had}
        rows = zip(*arrow.lists(after.select(columns)), strict=True)
        places = [place for place, one in enumerate(rows) if one[:2] in pairs and one not in had]
        changed = arrow.picked(after, np.array(places, np.int64)).select(columns)
        return bulk.update(tx, link, changed, by=model.PAIRS.names)
    left, right = (np.append(after.column(side), before.column(side)) for side in model.PAIRS.names)
    order = np.lexsort((right, left))  # Of a pair that stands in both, the one of `after` comes first.
    in_both = (np.diff(left[order]) == 0) & (np.diff(right[order]) == 0)
    now, then = after.take(order[:-1][in_both]), before.take(order[1:][in_both] - after.num_rows)
    same = [pc.equal(*(pc.fill_null(side.column(name), "") for side in (now, then))) for name in told]
    changed = now.filter(pc.invert(pc.and_(*same))).select([*model.PAIRS.names, *told])
    return bulk.update(tx, link, changed, by=model.PAIRS.names)


def every(tx: Transaction) -> pa.Table:
    """Every link of the store: `STORED`."""
    return bulk.read(tx, _in_state(None), STORED)


def of_records(tx: Transaction, numbers: pa.Array, *, state: State | None = None) -> pa.Table:
    """Every link that has one of these records on a side: `STORED`, each once."""
    if len(numbers) <= bulk.FEW:
        found = [_of_few(tx, numbers, state)] if len(numbers) else []
    else:
        query, found = _in_state(state), []
        for side in ("record_l", "record_r"):
            with bulk.among(tx, link.c[side], numbers) as one_of_them:
                found.append(bulk.read(tx, query.where(one_of_them), STORED))
    return once(pa.concat_tables(found)) if found else arrow.empty(STORED)


def reason(tx: Transaction, left: int, right: int) -> str | None:
    """Why two records were not joined, the lesser number left; None where they were, or nothing is kept of them."""
    return tx.scalar(sa.select(link.c.reason).where(link.c.record_l == left, link.c.record_r == right))


def once(found: pa.Table) -> pa.Table:
    """Each link once, in order: one between two of the records asked for was found from both sides."""
    if found.num_rows < 2:
        return found
    left, right = (found.column(side).to_numpy() for side in model.PAIRS.names)
    if ((left[1:] > left[:-1]) | ((left[1:] == left[:-1]) & (right[1:] > right[:-1]))).all():
        return found
    order = np.lexsort((right, left))
    left, right = left[order], right[order]
    first = np.append(True, (left[1:] != left[:-1]) | (right[1:] != right[:-1]))
    return arrow.picked(found, order[first])


def _in_state(state: State | None) -> bulk.Query:
    query = sa.select(*(link.c[name] for name in STORED.names))
    return query if state is None else query.where(link.c.state == state)


def _of_few(tx: Transaction, numbers: pa.Array, state: State | None) -> pa.Table:
    found = bulk.read_few(tx, _EITHER_SIDE, STORED, few=numbers.to_pylist())
    # Asked for the state, too, SQLite would walk all links of that state.
    return found if state is None or not found.num_rows else found.filter(pc.equal(found.column("state"), state.value))


_SIDES = [_in_state(None).where(bulk.few(link.c[side])) for side in model.PAIRS.names]
_EVERY = sa.union_all(*_SIDES).subquery("either_side")
_EITHER_SIDE: bulk.Query = sa.select(*(_EVERY.c[name] for name in STORED.names))
"""The links of a few records, those of either side found in an index."""


def of_customer(tx: Transaction, customer_id: int) -> pa.Table:
    """Every link of the customer's records: `STORED`."""
    theirs = sa.select(member.c.record).where(member.c.customer_id == customer_id)
    return of_records(tx, pa.array(tx.scalars(theirs).all(), pa.int64()))
