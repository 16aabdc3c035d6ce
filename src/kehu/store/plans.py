"""The plan that a member's record states, kept beside whose the record is: who has a plan is told by one index.

What a record states never changes, until it is erased. So `member.plan` is right from when a record gets its customer
on, however often it moves: it is written wherever a row of `member` is.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.store import bulk, drivers, wire
from kehu.store.database import Transaction
from kehu.store.dictionary.households import subscription
from kehu.store.dictionary.records import member

PLANS = pa.schema([pa.field("record", pa.int64()), pa.field("plan", pa.string())])
"""One row a record that states a plan."""


def insert_members(tx: Transaction, members: pa.Table) -> None:
    """Insert rows of `member` (`record`, `customer_id`, `since`), each with the plan that its record states."""
    if members.num_rows == 0:
        return
    if members.num_rows <= wire.HANDFUL:
        # The database looks it up on the way: an arrival waits for no answer more.
        record = members.schema.get_field_index("record")
        told = wire.rows(members, iso=tx.dialect.name == "sqlite")
        drivers.handful(tx, _inserting(tx, members.column_names), [(*row, row[record]) for row in told])
        return
    stated = _stated(tx, members.column("record").combine_chunks())
    if stated.num_rows:
        place = pc.index_in(members.column("record"), stated.column("record").combine_chunks())
        members = members.append_column("plan", stated.column("plan").take(place))
    bulk.insert(tx, member, members)


def _inserting(tx: Transaction, names: Sequence[str]) -> str:
    marks = ", ".join([drivers.mark(tx)] * len(names))
    plan = f"(SELECT plan FROM subscription WHERE record = {drivers.mark(tx)})"  # noqa: S608
    return f"INSERT INTO member ({', '.join(names)}, plan) VALUES ({marks}, {plan})"  # noqa: S608


def _stated(tx: Transaction, records: pa.Array) -> pa.Table:
    """The plans that these records state, and perhaps those of others: `PLANS`."""
    query = sa.select(subscription.c.record, subscription.c.plan).where(subscription.c.plan.is_not(None))
    if len(records) < bulk.MANY:
        with bulk.among(tx, subscription.c.record, records) as one_of_them:
            return bulk.read(tx, query.where(one_of_them), PLANS)
    # So many are most of those between the first and the last: sought one by one they would take longer.
    ends = pc.min_max(records).as_py()
    return bulk.read(tx, query.where(subscription.c.record.between(ends["min"], ends["max"])), PLANS)


def follow(tx: Transaction, records: pa.Array | pa.ChunkedArray) -> None:
    """Let those of these records that are members have the plans that they state.

    A new version takes the place of the one before when it is stored, and what it states is stored behind it.

    Args:
        tx: The transaction.
        records: The numbers of records that were stored in it, one after the other.
    """
    if len(records):
        ends = pc.min_max(records).as_py()
        tx.execute(_FOLLOWING, {"first": ends["min"], "last": ends["max"]})


_FOLLOWING = (
    member.update()
    .where(member.c.record.between(sa.bindparam("first"), sa.bindparam("last")))
    .values(plan=sa.select(subscription.c.plan).where(subscription.c.record == member.c.record).scalar_subquery())
)


def forget(tx: Transaction, records: pa.Array) -> None:
    """Take the plans of these records out of the members that they are."""
    with bulk.among(tx, member.c.record, records) as one_of_them:
        tx.execute(member.update().where(one_of_them).values(plan=None))
