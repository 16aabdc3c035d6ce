"""Which pairs of records a decision is about: of one customer, of two that shall part, of what was said before."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.errors import ConflictError
from kehu.model.links import PAIRS
from kehu.store.decisions import Kind

MOST_PAIRS = 250_000
"""So many pairs of records one decision keeps apart at most."""


def overridden(before: pa.Table, after: pa.Table) -> list[int]:
    """The decisions that said the contrary of what is said now of a pair."""
    said = {(row["record_l"], row["record_r"]): row for row in before.to_pylist()}
    found = []
    for row in after.to_pylist():
        old = said.get((row["record_l"], row["record_r"]))
        if old is not None and old["kind"] != row["kind"]:
            found.append(old["decision_id"])
    return sorted(set(found))


def star(numbers: pa.Array) -> pa.Table:
    """Pairs that make records one: the least with every other."""
    ordered = numbers.sort()
    rest = ordered.slice(1)
    least = pa.repeat(ordered[0], len(rest)) if len(ordered) else rest
    return pa.table([least, rest], schema=PAIRS)


def between(left: pa.Array, right: pa.Array) -> pa.Table:
    """Every pair of a record of one side and one of the other.

    Raises:
        ConflictError: They are too many.
    """
    if len(left) * len(right) > MOST_PAIRS:
        raise ConflictError(
            f"{len(left)} records apart from {len(right)} are more pairs than {MOST_PAIRS:,}: split fewer"
        )
    a, b = np.repeat(left.to_numpy(), len(right)), np.tile(right.to_numpy(), len(left))
    return pa.table([pa.array(np.minimum(a, b)), pa.array(np.maximum(a, b))], schema=PAIRS)


def told(kinds: dict[Kind, pa.Table]) -> pa.Table:
    """Pairs of several kinds, one table of them."""
    return pa.concat_tables(
        pairs.append_column("kind", pa.repeat(str(kind), pairs.num_rows)) for kind, pairs in kinds.items()
    )


def inside(said: pa.Table, numbers: pa.Array, kind: Kind) -> pa.Table:
    """What is said of this kind of pairs among the records."""
    both = pc.and_(*(pc.is_in(said.column(side), value_set=numbers) for side in PAIRS.names))
    return said.filter(pc.and_(both, pc.equal(said.column("kind"), kind.value)))
