"""Identify: every new record gets its customer, and yesterday's customers keep their ids.

The same story serves a first load of millions, a day's few records and a single arrival: only what the new records
touch is read, paired and grouped again, and the answer is the one that starting from nothing would give.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.engine.engine import Engine
from kehu.flows.identify import grouping, inforce, pairing, reach, states
from kehu.flows.identify.grouping import Identified, Settled
from kehu.flows.intake.held import Held
from kehu.flows.progress import SILENT, Progress
from kehu.model import arrow
from kehu.model.links import PAIRS
from kehu.resolve import keys
from kehu.resolve.model import Model
from kehu.resolve.survivorship import DEFAULT, Survivorship
from kehu.store import customers, facts, questions, records
from kehu.store import keys as stored
from kehu.store.database import Database, Transaction

KEPT = "kept by what customers know"
"""What stands in a store in which the questions for stewards are kept; where it is another text, they are made anew."""


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
    held: Held | None = None,
    progress: Progress = SILENT,
) -> Identified:
    """Give every waiting record its customer.

    Args:
        database: The store.
        engine: Who joins keys into pairs.
        model: What weighs the pairs.
        trust: For each channel how far its values are believed.
        survivorship: Which values survive; where the store was made by other settings, every customer is made anew.
        hot_key_limit: As for `resolve.keys.limits`.
        clock: The time, aware.
        why: What the history of the customers tells as the cause.
        held: Some of the records that wait, where they are at hand.
        progress: Whoever wants to watch.

    Returns:
        What it did; nothing at all, where no record waits.
    """
    with database.begin() as tx:
        customers.alone(tx)  # Who waits now does so until it is done, and in this version.
        at = clock()
        if not customers.are_there(tx):
            _begin(tx, trust, survivorship)
        done = within(
            tx,
            engine,
            model,
            waiting=records.waiting(tx),
            are_all=True,
            trust=trust,
            survivorship=survivorship,
            hot_key_limit=hot_key_limit,
            at=at,
            why=why,
            held=held,
            progress=progress,
        ).done
        renewed = states.renew(tx, trust=trust, survivorship=survivorship, at=at, progress=progress)
        # What a question is worth follows from what its customers know.
        if renewed or facts.get(tx, facts.QUESTIONS) != KEPT:
            questions.renew(tx, None, review_from=model.review_from, link_from=model.link_from)
            facts.put(tx, facts.QUESTIONS, KEPT)
        return replace(done, renewed=renewed)


def _begin(tx: Transaction, trust: Mapping[str, int], survivorship: Survivorship) -> None:
    """Nothing in this store was made in another way yet, so nothing has to be made anew behind what comes now."""
    for fact, told in ((facts.SURVIVORSHIP, survivorship.fingerprint(trust)), (facts.QUESTIONS, KEPT)):
        if facts.get(tx, fact) is None:
            facts.put(tx, fact, told)


def within(
    tx: Transaction,
    engine: Engine,
    model: Model,
    *,
    waiting: pa.Array,
    waited: pa.Array | None = None,
    are_all: bool = False,
    trust: Mapping[str, int],
    survivorship: Survivorship = DEFAULT,
    hot_key_limit: int,
    at: datetime,
    why: str,
    held: Held | None = None,
    progress: Progress = SILENT,
) -> Settled:
    """As `identify`, for some of the waiting records and in the caller's transaction.

    Those that go on waiting have no keys yet: they find their customers later, as if they had come later. With `waited`
    these of them only are noted as waiting: the others came in this transaction. If they `are_all` nobody else waits.
    """
    if not len(waiting):
        return Settled()
    customers.alone(tx)  # One at a time: two who regroup the same customers would not see each other's work.
    inforce.require(tx, model)
    progress.task("identify", len(waiting))
    progress.step("pair")
    limits = keys.limits(hot_key_limit=hot_key_limit)
    waited = waiting if waited is None else waited
    others_wait = not are_all and records.others_wait(tx, waited)
    paired = pairing.of_waiting(tx, engine, waiting, limits=limits, held=held, others_wait=others_wait)
    done = grouping.settle(
        tx, model, paired, limits=limits, waited=waited, trust=trust, survivorship=survivorship, at=at, why=why,
        progress=progress,
    )  # fmt: skip
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
        hot_key_limit: As for `resolve.keys.limits`.
        trust: For each channel how far its values are believed.
        survivorship: Which values survive.
        at: Now.
        why: What the history of the customers tells as the cause.
        ids: Which customer some of the records shall be again (`store.customers.MEMBERS`), where they come apart.

    Returns:
        All that was touched, and the customer that each record had until now: `store.customers.MEMBERS`.
    """
    customers.alone(tx)
    inforce.require(tx, model)
    nobody = numbers.slice(0, 0)
    paired = pairing.Paired(
        pairs=arrow.empty(PAIRS), anew=nobody, lost=numbers, hot=arrow.empty(stored.HOT),
        others_wait=records.others_wait(tx, nobody),
    )  # fmt: skip
    limits = keys.limits(hot_key_limit=hot_key_limit)
    touched = reach.of(tx, paired, paired.pairs, np.zeros(0), tie_from=model.tie_from)
    before = customers.memberships(tx, touched.records)
    grouping.settle(
        tx, model, paired, limits=limits, waited=nobody, trust=trust, survivorship=survivorship, at=at, why=why, ids=ids
    )
    return before


def without(
    tx: Transaction,
    engine: Engine,
    model: Model,
    *,
    gone: pa.Table,
    numbers: pa.Array,
    hot_key_limit: int,
    trust: Mapping[str, int],
    survivorship: Survivorship = DEFAULT,
    at: datetime,
    why: str,
) -> None:
    """Pair and group whom it concerns that records went, as if they had never come.

    Args:
        tx: The caller's transaction, in which they went.
        engine: Who joins keys into pairs.
        model: What weighs the pairs.
        gone: The keys that they had: `pairing.keys_of`.
        numbers: What is left of the customers that they were of.
        hot_key_limit: As for `resolve.keys.limits`.
        trust: For each channel how far its values are believed.
        survivorship: Which values survive.
        at: Now.
        why: What the history of the customers tells as the cause.
    """
    customers.alone(tx)
    limits = keys.limits(hot_key_limit=hot_key_limit)
    nobody = numbers.slice(0, 0)
    others_wait = records.others_wait(tx, nobody)
    paired = pairing.of_gone(tx, engine, gone, limits=limits, others_wait=others_wait)
    paired = replace(paired, lost=pc.unique(pa.concat_arrays([paired.lost, numbers])))
    if not len(paired.lost) and not len(paired.anew):
        return  # Nothing is weighed, by whichever model.
    inforce.require(tx, model)
    grouping.settle(
        tx, model, paired, limits=limits, waited=nobody, trust=trust, survivorship=survivorship, at=at, why=why
    )


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
    customers.alone(tx)
    inforce.require(tx, model)
    progress.step("pair")
    limits = keys.limits(hot_key_limit=hot_key_limit)
    paired = pairing.of_all(tx, engine, limits=limits)
    nobody = paired.anew.slice(0, 0)
    return grouping.settle(
        tx, model, paired, limits=limits, waited=nobody, trust=trust, survivorship=survivorship, at=at, why=why,
        progress=progress,
    ).done  # fmt: skip
