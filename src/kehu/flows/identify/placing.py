"""Placing: which customer each group of records is, the numbers of those that are new and of those that are no more."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.model import arrow
from kehu.resolve import identity
from kehu.store import customers
from kehu.store.database import Transaction

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Whose each record is."""

    rows: pa.Table
    """`store.records.RECORDS`, with the customers that they are of now."""
    before: Numbers
    """The customer that each was of before; -1 where it was nobody's."""
    new: pa.Array
    """The customers that are new."""
    merged: pa.Table
    """`customer_id` of those that no group kept, and the `survivor` that each leads to."""


def placed(tx: Transaction, rows: pa.Table, groups: Numbers, ids: pa.Table | None) -> Placed:
    """Find the customers that the groups are; those that are new get their numbers."""
    before = arrow.numbers(rows.column("customer_id"), null=-1)
    found = identity.assign(groups, before, prefer=None if ids is None else _ids(rows, ids, before))
    made = customers.new_ids(tx, found.new)
    new = np.append(made.to_numpy(), -1)
    customer = np.where(found.customer < 0, new[-1 - np.minimum(found.customer, -1)], found.customer)
    survivor = np.where(found.survivor < 0, new[-1 - np.minimum(found.survivor, -1)], found.survivor)
    return Placed(
        rows=rows.set_column(rows.schema.get_field_index("customer_id"), "customer_id", pa.array(customer)),
        before=before,
        new=made,
        merged=pa.table({"customer_id": found.retired, "survivor": survivor}),
    )


def _ids(rows: pa.Table, ids: pa.Table, now: Numbers) -> Numbers:
    """The customer that each row shall be again: that of `ids`, else the one it is."""
    place = pc.index_in(rows.column("record"), ids.column("record").combine_chunks())
    wanted = pc.coalesce(ids.column("customer_id").take(place), pa.array(now))
    return np.asarray(wanted.to_numpy())
