"""Grouping in the store: whom compared pairs bring together or part, and what is written of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.flows.identify import coding, hot, pairing, placing, reach, states
from kehu.flows.identify.coding import Coded
from kehu.flows.identify.placing import Placed
from kehu.flows.identify.reach import Reach
from kehu.flows.progress import SILENT, Progress
from kehu.model import arrow
from kehu.resolve import group, joining, weights
from kehu.resolve.coded import Records
from kehu.resolve.joining import Grouped
from kehu.resolve.model import Model
from kehu.resolve.survivorship import Survivorship
from kehu.store import asking, bulk, customers, links, questions, records
from kehu.store.database import Transaction

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Identified:
    """What a run of `identify` did."""

    records: int = 0
    """New records that were given a customer."""
    touched: int = 0
    """Records that were looked at again, the new ones among them."""
    created: int = 0
    """Customers that are new."""
    changed: int = 0
    """Customers whose golden values or number of records changed."""
    merged: int = 0
    """Customers that were merged into others."""
    pairs: int = 0
    """Pairs of records that were compared."""
    links: int = 0
    """Pairs that were joined."""
    refused: int = 0
    """Pairs that asked to be joined and were not; they wait for a steward."""
    hot_keys: int = 0
    """Keys that too many records share to say anything."""
    hot: tuple[int, ...] = ()
    """Those of them that are keys of one phone, e-mail or certificate; `flows.identify.hot.of` tells which."""
    renewed: int = 0
    """Customers that changed because the settings of golden values did."""


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What is known now of the records that were looked at: nobody need ask the store for it."""

    done: Identified = field(default_factory=Identified)
    """What it took."""
    records: pa.Table = field(default_factory=records.RECORDS.empty_table)
    """The records, each with the customer it is of from now on: `store.records.RECORDS`."""
    links: pa.Table = field(default_factory=links.STORED.empty_table)
    """All links between them, and those of the records that waited with any other: `store.links.STORED`."""


def settle(
    tx: Transaction,
    model: Model,
    paired: pairing.Paired,
    *,
    limits: Sequence[int],
    waited: pa.Array,
    trust: Mapping[str, int],
    survivorship: Survivorship,
    at: datetime,
    why: str,
    ids: pa.Table | None = None,
    progress: Progress = SILENT,
) -> Settled:
    """Score the pairs, group all that they reach, and store what came of it."""
    progress.step("score")
    concerned = pc.unique(pa.chunked_array([paired.anew, pairing.sides(paired.pairs)], pa.int64()))
    rows = coding.coded(tx, concerned, limits, paired.read)
    found = weights.score(rows.records, *coding.rows(rows.numbers, paired.pairs), model)
    # A pair that ties nobody brings no groups together: those of its other record are left alone.
    follow = found.weight >= model.tie_from
    ruled = joining.ruled(rows.records, found.left[follow], found.right[follow], found.weight[follow])
    touched = reach.of(tx, paired, arrow.where(paired.pairs, follow), ruled, tie_from=model.tie_from)
    compared, rows = rows, _with_all(tx, rows, touched.records, limits, paired.read)
    found = _moved(found, compared.numbers, rows.numbers)
    kept = weights.of_links(touched.links, *coding.rows(rows.numbers, touched.links), model)
    progress.step("group")
    decided = coding.decided(tx, pa.array(rows.numbers), rows.numbers)
    # Whoever was compared only is tied to nobody here, and stays what it is.
    component = _in_rows(touched, rows.numbers)
    grouped = joining.groups(rows.records, found + kept, model, decided, component=component)
    groups = grouped.group
    progress.step("store")
    mine = coding.are_among(rows.numbers, touched.records.to_numpy())
    placed = placing.placed(tx, arrow.where(rows.table, mine), groups[mine], ids)
    # Only where nothing but new records came are customers what their records make them.
    are_new = len(paired.newborn) == len(paired.anew) and not len(paired.lost) and not paired.others_wait
    before = placed.before if are_new else None
    with states.making(tx, placed.rows, trust=trust, survivorship=survivorship, before=before) as state:
        new = _links(rows.records, rows.numbers, found, grouped, model, decided)
        links.replace(tx, arrow.without(paired.anew, paired.newborn), new)
        settled = _links(rows.records, rows.numbers, kept, grouped, model, decided)
        links.settle(tx, touched.links, settled)
        written = _store(tx, placed, state, waited=waited, at=at, why=why)
        _ask(tx, placed, rows.table, pa.concat_tables([new, settled, touched.beyond]), model)
    apart = groups[found.left] != groups[found.right]
    done = Identified(
        records=len(paired.anew),
        touched=len(touched.records),
        pairs=len(found.left),
        links=int((follow & ~apart).sum()),
        refused=int((follow & apart).sum()),
        hot_keys=paired.hot.num_rows,
        hot=hot.named(paired.hot),
        **written,
    )
    return Settled(done=done, records=placed.rows, links=pa.concat_tables([new, settled]))


def _in_rows(touched: Reach, numbers: Numbers) -> Numbers | None:
    """For each row the number of its component, where the rows alone do not tell it; who is not touched is alone."""
    if touched.component is None:
        return None
    component = int(touched.component.max(initial=-1)) + 1 + np.arange(len(numbers))
    component[coding.places(numbers, touched.records.to_numpy())] = touched.component
    return component


def _with_all(
    tx: Transaction, rows: Coded, numbers: pa.Array, limits: Sequence[int], read: coding.Read | None
) -> Coded:
    """Rows, and those of these records that are not among them; most often all are."""
    if coding.are_among(numbers.to_numpy(), rows.numbers).all():
        return rows
    nothing = np.zeros(0, np.uint64)
    known = coding.Read(
        table=rows.table, keys=nothing if read is None else read.keys, hot=nothing if read is None else read.hot
    )
    return coding.coded(tx, pc.unique(pa.concat_arrays([pa.array(rows.numbers), numbers])), limits, known)


def _moved(scores: weights.Scores, before: Numbers, after: Numbers) -> weights.Scores:
    """Scores of pairs whose records stand in other rows now."""
    if before is after:
        return scores
    place = coding.places(after, before)
    return replace(scores, left=place[scores.left], right=place[scores.right])


def _links(
    coded: Records,
    numbers: Numbers,
    found: weights.Scores,
    grouped: Grouped,
    model: Model,
    decided: joining.Decided,
) -> pa.Table:
    """What is kept of the pairs: all that a steward may ever have to look at.

    A pair in doubt is kept even while it stands inside one customer: other records may come and part it.
    """
    worth = found.where(found.weight >= model.review_from)
    if not len(worth.left):
        return arrow.empty(links.STORED)
    differ = joining.differ(coded, worth.left, worth.right)
    reason = group.reasons(
        worth.left, worth.right, worth.weight, grouped.group, grouped.component, differ, link_from=model.link_from
    )
    reason = np.where((reason != "") & _kept_apart(worth.left, worth.right, decided, len(numbers)), "apart", reason)
    state = np.where(reason == "", "linked", np.where(reason == "doubtful", "doubtful", "refused"))
    left, right = numbers[worth.left], numbers[worth.right]
    told = [np.minimum(left, right), np.maximum(left, right), worth.weight, weights.levels_of(worth)]
    told += [pa.array(state.tolist()), pa.array(reason.tolist(), mask=reason == "")]
    return pa.table(told, schema=links.STORED)


def _kept_apart(left: Numbers, right: Numbers, decided: joining.Decided, size: int) -> npt.NDArray[np.bool_]:
    """Which of the pairs of rows a steward keeps apart."""
    apart = ~decided.together
    if not apart.any():
        return np.zeros(len(left), dtype=np.bool_)
    sides = (np.minimum(left, right), np.maximum(left, right))
    told = (np.minimum(decided.left, decided.right)[apart], np.maximum(decided.left, decided.right)[apart])
    return np.isin(sides[0] * size + sides[1], told[0] * size + told[1])


def _store(
    tx: Transaction, placed: Placed, state: states.Making, *, waited: pa.Array, at: datetime, why: str
) -> dict[str, int]:
    """Write the customers that the groups are, and let the numbers that no group kept lead to them."""
    rows = placed.rows
    asking.ahead(tx, _questions(placed))
    nobodys = rows.column("record").filter(pa.array(placed.before < 0)).combine_chunks()
    customers.assign(tx, rows.select(customers.MEMBERS.names), at=at, new=nobodys, waited=waited)
    written = states.write(tx, state, at=at, why=why, new=placed.new)
    if placed.merged.num_rows:
        customers.merge_into(tx, placed.merged, at=at, why=why)
    return {"created": written.created, "changed": written.changed, "merged": placed.merged.num_rows}


def _questions(placed: Placed) -> Iterator[asking.Put]:
    """What is asked, one thing after the other, by whoever stores whose the records are and what the customers know."""
    if placed.rows.num_rows > bulk.FEW:
        return
    owned = placed.rows.column("record").filter(pa.array(placed.before >= 0)).combine_chunks()
    now = pa.array(np.unique(placed.rows.column("customer_id").to_numpy()))
    yield from customers.questions_of_few(owned, arrow.without(now, placed.new))


def _ask(tx: Transaction, placed: Placed, looked_at: pa.Table, known: pa.Table, model: Model) -> None:
    """Make the questions about the customers anew.

    Args:
        tx: The transaction.
        placed: The records whose customers are concerned.
        looked_at: `store.records.RECORDS`: those records, and others that keep their customers.
        known: `store.links.STORED`: all links of the records.
        model: What tells which of them are in doubt.
    """
    now = placed.rows.column("customer_id").to_numpy()
    concerned = pa.array(np.unique(np.concatenate([placed.before[placed.before >= 0], now])))
    every, mine = (rows.select(customers.MEMBERS.names) for rows in (looked_at, placed.rows))
    is_mine = coding.are_among(every.column("record").to_numpy(), mine.column("record").to_numpy())
    owned = pa.concat_tables([mine, arrow.where(every, ~is_mine)])
    questions.renew(
        tx, concerned, review_from=model.review_from, link_from=model.link_from, known=questions.Known(known, owned)
    )
