"""The numbers that customers hold, held, and since when: what their records state of them, the newest first."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kehu.model.codes import NumberState, Role
from kehu.store import bulk
from kehu.store.counting import rolling
from kehu.store.counting.people import People
from kehu.store.database import Transaction
from kehu.store.dictionary.households import subscription

ENDED = (NumberState.CLOSED, NumberState.PORTED_OUT)
"""States of a number that its holder has no longer."""

NEVER = np.iinfo(np.int64).max
"""Stands for a month where there is none."""


@dataclass(frozen=True)
class Numbers:
    """One value a customer, in the order of `People.rows`."""

    held: np.ndarray
    """How many numbers they hold now."""
    opened: np.ndarray
    """Since which month they have held one; `NEVER` where nobody says so."""
    ended: np.ndarray
    """In which month they gave back the last; `NEVER` where they hold one, or never did."""


def read(tx: Transaction, people: People) -> Numbers:
    """What is known of the numbers of everybody who is counted."""
    wanted = (subscription.c.record, subscription.c.msisdn, subscription.c.number_state, subscription.c.opened_at)
    types = (pa.int64(), pa.string(), pa.string(), rolling.INSTANT)
    schema = pa.schema([(column.name, kind) for column, kind in zip(wanted, types, strict=True)])
    told = bulk.read(tx, sa.select(*wanted).where(subscription.c.role == Role.HOLDER.value), schema)
    at = rolling.found(people.records, told["record"].to_numpy())
    told, at = told.filter(pa.array(at >= 0)), at[at >= 0]
    place, size = people.place[at], people.rows.num_rows
    opened = np.full(size, NEVER)
    said = told["opened_at"].is_valid().to_numpy()
    np.minimum.at(opened, place[said], rolling.month_numbers(told["opened_at"].filter(pa.array(said))))
    number = told["msisdn"].combine_chunks().dictionary_encode()
    own = place * max(len(number.dictionary), 1) + number.indices.to_numpy()
    # Of each customer's number the newest word on its state holds; a payment says nothing of it.
    speaks = np.flatnonzero(told["number_state"].is_valid().to_numpy())
    speaks = speaks[np.lexsort((at[speaks], people.stated_at[at[speaks]], own[speaks]))]
    last = speaks[np.append(np.diff(own[speaks]) != 0, True)[: len(speaks)]]
    is_over = pc.is_in(told["number_state"].take(pa.array(last)), value_set=pa.array([one.value for one in ENDED]))
    over = last[is_over.to_numpy()]
    every = np.unique(own)
    # What is not known to have ended counts: a limit that is passed unseen is worse than one told early.
    still = every[~np.isin(every, own[over])] // max(len(number.dictionary), 1)
    held = np.bincount(still, minlength=size)
    ended = np.full(size, -1)
    np.maximum.at(ended, place[over], rolling.month_numbers(pa.array(people.stated_at[at[over]], rolling.INSTANT)))
    return Numbers(held=held, opened=opened, ended=np.where((ended < 0) | (held > 0), NEVER, ended))
