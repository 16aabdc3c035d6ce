"""The walk itself: each table is read once, as columns of codes, and what is counted is grouped in memory."""

from datetime import date

import pyarrow as pa

from kehu.model import arrow
from kehu.store.counting import contacts, customers, numbers, people
from kehu.store.database import Transaction
from kehu.store.tallies import TALLIES


def tallies(tx: Transaction, *, today: date) -> pa.Table:
    """Every figure of every cut: `TALLIES`.

    Args:
        tx: A transaction.
        today: The day on which ages, and months ago, are reckoned.
    """
    who = people.read(tx, today=today)
    held = numbers.read(tx, who)
    told = [*customers.figures(who, held), *contacts.figures(tx, who, held, today=today)]
    return pa.concat_tables([_named(name, counts) for name, counts in told])


def _named(name: str, counts: pa.Table) -> pa.Table:
    named = pa.array([name] * counts.num_rows, pa.string())
    return arrow.typed(counts.append_column("name", named), TALLIES)
