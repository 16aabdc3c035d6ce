"""The figures of customers: who they are, who knows them, who is new and who is gone."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.store.counting import people as counted
from kehu.store.counting import rolling
from kehu.store.counting.numbers import NEVER, Numbers
from kehu.store.counting.people import People
from kehu.store.tallies import ANY


def figures(people: People, numbers: Numbers) -> Iterator[tuple[str, pa.Table]]:
    """Each figure by its name, rolled up."""
    for name in counted.CODES:
        yield name, people.by(people.rows[name])
    yield "channel", _channels(people)
    yield "twice", _twice(people)
    yield "numbers", _numbers(people, numbers)
    yield "new", _new(people, numbers)
    yield "lost", _lost(people, numbers)


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


def _numbers(people: People, numbers: Numbers) -> pa.Table:
    """Customers with a certificate by how many numbers they hold now (一证五户)."""
    counts = people.by(pa.chunked_array([pc.if_else(people.rows["certified"], counted.up_to(numbers.held), ANY)]))
    return counts.filter(pc.not_equal(counts["code"], ANY))


def _new(people: People, numbers: Numbers) -> pa.Table:
    """By the month in which they opened their first number, or else in which they were first heard of."""
    # Not when we came to know them: a store that is filled at once would have all its customers in one month.
    first = np.full(people.rows.num_rows, NEVER)
    heard = rolling.month_numbers(pa.array(people.stated_at, rolling.INSTANT))
    np.minimum.at(first, people.place, heard)
    first = np.where(numbers.opened < NEVER, numbers.opened, first)
    # Of whom no record is in force, that alone is known.
    first = np.where(first < NEVER, first, rolling.month_numbers(people.rows["valid_from"]))
    return _by_month(people, first)


def _lost(people: People, numbers: Numbers) -> pa.Table:
    """By the month in which they gave back their last number, or took it to another operator."""
    return _by_month(people, numbers.ended)


def _by_month(people: People, month: np.ndarray) -> pa.Table:
    known = month < NEVER
    texts = pc.if_else(pa.array(known), rolling.month_texts(np.where(known, month, 0)), ANY)
    code = pa.chunked_array([texts])
    counts = people.by(code, month=code)
    return counts.filter(pc.not_equal(counts["code"], ANY))
