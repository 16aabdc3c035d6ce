"""Identify: every new record gets its customer, and yesterday's customers keep their ids.

The same story serves a first load of millions, a day's few records and a single arrival: only what the new records
touch is read, paired and grouped again, and the answer is the one that starting from nothing would give.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kehu.engine.engine import Engine
from kehu.flows import coding, hot, inforce, pairing, states
from kehu.flows.progress import SILENT, Progress
from kehu.model.links import PAIRS
from kehu.resolve import group, identity, joining, keys, weights
from kehu.resolve.coded import Records
from kehu.resolve.model import Model
from kehu.resolve.survivorship import DEFAULT, Survivorship
from kehu.store import customers, facts, links, questions, records
from kehu.store import keys as stored
from kehu.store.database import Database, Transaction

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
    """Those of them that are keys of one phone, e-mail or certificate; `flows.hot.of` tells which."""
    renewed: int = 0
    """Customers that changed because the settings of golden values did."""


def identify(
    database: Database,
    engine: Engine,
    model: Model,
    *,
    trust: Mapping[str, int],
    survivorship: Survivorship = DEFAULT,
    hot_key_limit: int,
    clock: Callable[[], datetime],
    why: str = "load",
    progress: Progress = SILENT,
) -> Identified:
    """Give every waiting record its customer.

    Args:
        database: The store.
        engine: Who joins keys into pairs.
        model: What weighs the pairs.
        trust: For each channel how far its values are believed.
        survivorship: Which values survive; where the store was made by other settings, every customer is made anew.
        hot_key_limit: A key that more records share makes no pairs.
        clock: The time, aware.
        why: What the history of the customers tells as the cause.
        progress: Whoever wants to watch.

    Returns:
        What it did; nothing at all, where no record waits.
    """
    with database.begin() as tx:
        at = clock()
        done = within(
            tx,
            engine,
            model,
            waiting=records.waiting(tx),
            trust=trust,
            survivorship=survivorship,
            hot_key_limit=hot_key_limit,
            at=at,
            why=why,
            progress=progress,
        )
        if facts.get(tx, facts.QUESTIONS) is None:
            questions.renew(tx, None, review_from=model.review_from, link_from=model.link_from)
            facts.put(tx, facts.QUESTIONS, "kept")
        renewed = states.renew(tx, trust=trust, survivorship=survivorship, at=at, progress=progress)
        return replace(done, renewed=renewed)


def within(
    tx: Transaction,
    engine: Engine,
    model: Model,
    *,
    waiting: pa.Array,
    trust: Mapping[str, int],
    survivorship: Survivorship = DEFAULT,
    hot_key_limit: int,
    at: datetime,
    why: str,
    progress: Progress = SILENT,
) -> Identified:
    """As `identify`, for some of the waiting records and in the caller's transaction.

    Those that go on waiting have no keys yet: they find their customers later, as if they had come later.
    """
    if not len(waiting):
        return Identified()
    customers.next_id(tx)  # One at a time: two who regroup the same customers would not see each other's work.
    inforce.require(tx, model)
    progress.task("identify", len(waiting))
    progress.step("pair")
    limits = keys.limits(hot_key_limit=hot_key_limit)
    paired = pairing.of_waiting(tx, engine, waiting, limits=limits)
    done = _grouped(
        tx, model, paired, limits=limits, trust=trust, survivorship=survivorship, at=at, why=why, progress=progress
    )
    progress.advance(len(waiting))
    return done


def again(
    tx: Transaction,
    model: Model,
    *,
    numbers: pa.Array,
    hot_key_limit: int,
    trust: Mapping[str, int],
    survivorship: Survivorship = DEFAULT,
    at: datetime,
    why: str,
    ids: pa.Table | None = None,
) -> pa.Table:
    """Group these records, and all that they touch, again: a decision about them was made or taken back.

    Args:
        tx: The caller's transaction.
        model: What weighs the pairs.
        numbers: Current records; every member of each customer that may change.
        hot_key_limit: A value that more records share says nothing.
        trust: For each channel how far its values are believed.
        survivorship: Which values survive.
        at: Now.
        why: What the history of the customers tells as the cause.
        ids: Which customer some of the records shall be again (`store.customers.MEMBERS`), where they come apart.

    Returns:
        All that was touched, and the customer that each record had until now: `store.customers.MEMBERS`.
    """
    customers.next_id(tx)
    inforce.require(tx, model)
    nobody = numbers.slice(0, 0)
    paired = pairing.Paired(pairs=PAIRS.empty_table(), anew=nobody, lost=numbers, hot=stored.HOT.empty_table())
    limits = keys.limits(hot_key_limit=hot_key_limit)
    touched = pairing.reach(tx, paired, paired.pairs, link_from=model.link_from)
    before = customers.memberships(tx, touched.records)
    _grouped(tx, model, paired, limits=limits, trust=trust, survivorship=survivorship, at=at, why=why, ids=ids)
    return before


def anew(
    tx: Transaction,
    engine: Engine,
    model: Model,
    *,
    hot_key_limit: int,
    trust: Mapping[str, int],
    survivorship: Survivorship = DEFAULT,
    at: datetime,
    why: str,
    progress: Progress = SILENT,
) -> Identified:
    """Pair, weigh and group every record again, as if all had just come: another model weighs them.

    Whoever is a customer already keeps the number, as far as numbers can last; nobody may wait.
    """
    customers.next_id(tx)
    inforce.require(tx, model)
    progress.step("pair")
    limits = keys.limits(hot_key_limit=hot_key_limit)
    paired = pairing.of_all(tx, engine, limits=limits)
    return _grouped(
        tx, model, paired, limits=limits, trust=trust, survivorship=survivorship, at=at, why=why, progress=progress
    )


def _grouped(
    tx: Transaction,
    model: Model,
    paired: pairing.Paired,
    *,
    limits: Sequence[int],
    trust: Mapping[str, int],
    survivorship: Survivorship,
    at: datetime,
    why: str,
    ids: pa.Table | None = None,
    progress: Progress = SILENT,
) -> Identified:
    """Score the pairs, group all that they reach, and store what came of it."""
    progress.step("score")
    compared = coding.coded(tx, pairing.sides(paired.pairs), limits)
    found = weights.score(compared.records, *coding.rows(compared.numbers, paired.pairs), model)
    # A pair that does not ask to be joined brings no groups together: those of its other record are left alone.
    follow = found.weight >= model.link_from
    touched = pairing.reach(tx, paired, paired.pairs.filter(pa.array(follow)), link_from=model.link_from)
    rows = coding.coded(tx, touched.records, limits)
    kept = weights.score(rows.records, *coding.rows(rows.numbers, touched.links), model)
    progress.step("group")
    decided = coding.decided(tx, touched.records, rows.numbers)
    among = found.where(_are_in(rows.numbers, compared.numbers[found.left], compared.numbers[found.right]))
    among = replace(
        among,
        left=coding.places(rows.numbers, compared.numbers[among.left]),
        right=coding.places(rows.numbers, compared.numbers[among.right]),
    )
    groups = joining.groups(rows.records, among + kept, model, decided)
    progress.step("store")
    told = coding.decided(tx, pa.array(compared.numbers), compared.numbers)
    group_of = _groups_of(compared.numbers, rows.numbers, groups)
    links.replace(tx, paired.anew, _links(compared.records, compared.numbers, found, group_of, model, told))
    links.settle(tx, touched.links, _links(rows.records, rows.numbers, kept, groups, model, decided))
    done = _store(tx, rows.table, groups, model, trust=trust, survivorship=survivorship, at=at, why=why, ids=ids)
    apart = group_of[found.left] != group_of[found.right]
    return Identified(
        records=len(paired.anew),
        touched=len(rows.numbers),
        pairs=len(found.left),
        links=int((follow & ~apart).sum()),
        refused=int((follow & apart).sum()),
        hot_keys=paired.hot.num_rows,
        hot=hot.named(paired.hot),
        **done,
    )


def _are_in(numbers: Numbers, left: Numbers, right: Numbers) -> npt.NDArray[np.bool_]:
    """Where both records of a pair are among these."""
    return np.isin(left, numbers) & np.isin(right, numbers)


def _groups_of(numbers: Numbers, touched: Numbers, groups: Numbers) -> Numbers:
    """The group of each record, where it is touched; each of the others is in a group of its own, whichever it is."""
    found = np.isin(numbers, touched)
    group_of = -1 - np.arange(len(numbers))
    group_of[found] = groups[coding.places(touched, numbers[found])]
    return group_of


def _links(
    coded: Records,
    numbers: Numbers,
    found: weights.Scores,
    groups: Numbers,
    model: Model,
    decided: joining.Decided,
) -> pa.Table:
    """What is kept of the pairs: all that a steward may ever have to look at.

    A pair in doubt is kept even while it stands inside one customer: other records may come and part it.
    """
    worth = found.where(found.weight >= model.review_from)
    table = weights.links_of(worth, numbers)
    certificate = np.where(coded.certified, coded.codes("id_number"), -1)
    reason = group.reasons(worth.left, worth.right, worth.weight, groups, certificate, link_from=model.link_from)
    reason = np.where((reason != "") & _kept_apart(worth.left, worth.right, decided, len(numbers)), "apart", reason)
    state = np.select([reason == "", reason == "doubtful"], ["linked", "doubtful"], default="refused")
    sides = [table.column(side) for side in PAIRS.names]
    made = {"record_l": pc.min_element_wise(*sides), "record_r": pc.max_element_wise(*sides)}
    made |= {name: table.column(name) for name in ("weight", "levels")}
    made |= {"state": pa.array(state.tolist()), "reason": pa.array(reason.tolist(), mask=reason == "")}
    return pa.table(made, schema=links.STORED)


def _kept_apart(left: Numbers, right: Numbers, decided: joining.Decided, size: int) -> npt.NDArray[np.bool_]:
    """Which of the pairs of rows a steward keeps apart."""
    apart = ~decided.together
    sides = (np.minimum(left, right), np.maximum(left, right))
    told = (np.minimum(decided.left, decided.right)[apart], np.maximum(decided.left, decided.right)[apart])
    return np.isin(sides[0] * size + sides[1], told[0] * size + told[1])


def _store(
    tx: Transaction,
    rows: pa.Table,
    groups: Numbers,
    model: Model,
    *,
    trust: Mapping[str, int],
    survivorship: Survivorship,
    at: datetime,
    why: str,
    ids: pa.Table | None,
) -> dict[str, int]:
    """Write the customers that the groups are, and let the ids that no group kept lead to them."""
    now = pc.fill_null(rows.column("customer_id"), -1).to_numpy()
    found = identity.assign(groups, now, prefer=None if ids is None else _ids(rows, ids, now))
    new = np.append(customers.new_ids(tx, found.new).to_numpy(), -1)
    customer = np.where(found.customer < 0, new[-1 - np.minimum(found.customer, -1)], found.customer)
    survivor = np.where(found.survivor < 0, new[-1 - np.minimum(found.survivor, -1)], found.survivor)
    place = rows.schema.get_field_index("customer_id")
    rows = rows.set_column(place, "customer_id", pa.array(customer))
    written = states.write(tx, rows, trust=trust, survivorship=survivorship, at=at, why=why)
    customers.assign(tx, rows.select(["record", "customer_id"]), at=at)
    if len(found.retired):
        customers.merge_into(tx, pa.table({"customer_id": found.retired, "survivor": survivor}), at=at, why=why)
    concerned = pa.array(np.unique(np.concatenate([now[now >= 0], customer])))
    questions.renew(tx, concerned, review_from=model.review_from, link_from=model.link_from)
    return {"created": written.created, "changed": written.changed, "merged": len(found.retired)}


def _ids(rows: pa.Table, ids: pa.Table, now: Numbers) -> Numbers:
    """The customer that each row shall be again: that of `ids`, else the one it is."""
    place = pc.index_in(rows.column("record"), ids.column("record").combine_chunks())
    wanted = pc.coalesce(ids.column("customer_id").take(place), pa.array(now))
    return np.asarray(wanted.to_numpy())
