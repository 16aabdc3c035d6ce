"""The figures of customers: who they are, who knows them, who is new and who is gone."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.model.codes import NumberState, Role
from kehu.store import bulk
from kehu.store.counting import people as counted
from kehu.store.counting import rolling
from kehu.store.counting.people import People
from kehu.store.database import Transaction
from kehu.store.dictionary.customers import customer, customer_history
from kehu.store.dictionary.households import subscription
from kehu.store.tallies import ANY, NONE

ENDED = (NumberState.CLOSED, NumberState.PORTED_OUT)
"""States of a number that its holder has no longer."""

_INSTANT = pa.timestamp("us", tz="UTC")


def figures(tx: Transaction, people: People) -> Iterator[tuple[str, pa.Table]]:
    """Each figure by its name, rolled up."""
    for name in counted.CODES:
        yield name, people.by(people.rows[name])
    yield "channel", _channels(people)
    yield "twice", _twice(people)
    yield "numbers", _numbers(tx, people)
    yield "new", _new(tx, people)
    yield "lost", _lost(tx)


def _channels(people: People) -> pa.Table:
    """Customers by the channels that know them; of those that one channel knows, by all that do."""
    place, channel = people.known["place"].to_numpy(), people.known["channel"]
    told = [people.things(place, channel)]
    for name in pc.unique(channel).to_pylist():
        theirs = np.zeros(people.rows.num_rows, bool)
        theirs[place[pc.equal(channel, name).to_numpy()]] = True
        among = theirs[place]
        told.append(
            people.things(
                place[among], channel.filter(pa.array(among)), channel=rolling.constant(name, int(among.sum()))
            )
        )
    return rolling.up(*told, without=counted.PLACED)


def _twice(people: People) -> pa.Table:
    """Records beside another one of the same customer and channel: what a channel holds twice."""
    channel = people.known["channel"]
    told = people.things(people.known["place"].to_numpy(), channel, channel=channel)
    told = told.append_column("many", pc.subtract(people.known["records"], 1))
    return rolling.up(told.filter(pc.greater(told["many"], 0)), without=counted.SIDES)


def _numbers(tx: Transaction, people: People) -> pa.Table:
    """Customers with a certificate by how many numbers they hold now (一证五户)."""
    state = subscription.c.number_state
    # What is not known to have ended counts: a limit that is passed unseen is worse than one told early.
    held = sa.or_(state.is_(None), state.not_in([one.value for one in ENDED]))
    query = sa.select(subscription.c.record, subscription.c.msisdn).where(
        subscription.c.role == Role.HOLDER.value, held
    )
    told = bulk.read(tx, query, pa.schema([("record", pa.int64()), ("msisdn", pa.string())]))
    at = rolling.found(people.records, told["record"].to_numpy())
    mine = pa.table({"place": people.place[at[at >= 0]], "msisdn": told["msisdn"].filter(pa.array(at >= 0))})
    many = mine.group_by("place").aggregate([("msisdn", "count_distinct")])
    numbers = np.zeros(people.rows.num_rows, np.int64)
    numbers[many["place"].to_numpy()] = many["msisdn_count_distinct"].to_numpy()
    counts = people.by(pa.chunked_array([pc.if_else(people.rows["certified"], counted.up_to(numbers), ANY)]))
    return counts.filter(pc.not_equal(counts["code"], ANY))


def _new(tx: Transaction, people: People) -> pa.Table:
    """By the month in which they were first known."""
    number = customer_history.c.customer_id
    before = sa.select(number, sa.func.min(customer_history.c.valid_from)).group_by(number)
    living = sa.select(customer.c.customer_id, customer.c.valid_from).where(customer.c.merged_into.is_(None))
    schema = pa.schema([("customer_id", pa.int64()), ("at", _INSTANT)])
    both = pa.concat_tables([bulk.read(tx, query, schema) for query in (living, before)])
    first = both.group_by("customer_id").aggregate([("at", "min")]).sort_by("customer_id")
    at = rolling.found(first["customer_id"].to_numpy(), people.rows["customer_id"].to_numpy())
    month = rolling.months(first["at_min"].take(pa.array(at)))
    return people.by(month, month=month)


def _lost(tx: Transaction) -> pa.Table:
    """By the month in which they were merged into another; no channel knows them any more."""
    query = sa.select(customer.c.category, customer.c.province, customer.c.valid_from)
    schema = pa.schema([("category", pa.string()), ("province", pa.string()), ("at", _INSTANT)])
    gone = bulk.read(tx, query.where(customer.c.merged_into.is_not(None)), schema)
    sides = {side: pc.fill_null(gone[side], NONE) for side in ("category", "province")}
    month = rolling.months(gone["at"])
    things = pa.table({**sides, "channel": rolling.constant(ANY, len(gone)), "month": month, "code": month})
    return rolling.up(things, without=counted.PLACED)
