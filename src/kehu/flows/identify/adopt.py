"""Adopt: another model weighs the records of a store, after people saw whom it would merge and split.

`propose` learns the model and tells what it would change; nothing is written. `adopt` brings it into force: every
record is paired, weighed and grouped again in one transaction. Decisions hold, and numbers last as they do in any run.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.engine.engine import Engine
from kehu.errors import ModelError
from kehu.flows.identify import coding, identify, inforce
from kehu.flows.identify.coding import Coded, Numbers
from kehu.flows.identify.grouping import Identified
from kehu.flows.identify.inforce import Adopted
from kehu.flows.progress import SILENT, Progress
from kehu.model import arrow
from kehu.model.links import PAIRS
from kehu.resolve import change, joining, keys, weights
from kehu.resolve import model as models
from kehu.resolve.compare import comparisons
from kehu.resolve.joining import Decided
from kehu.resolve.model import Model
from kehu.resolve.survivorship import DEFAULT, Survivorship
from kehu.resolve.weights import Told
from kehu.store import customers, facts, records
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Entry
from kehu.store.database import Database
from kehu.store.privacy import lawful

SAMPLES = 5
"""So many merges, and so many splits, are shown."""

SHOWN_RECORDS = 6
"""So many records of each are shown."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A record of a sample."""

    channel: str
    record_id: str
    name: str | None
    customer: int | None
    """The customer it is of today."""
    part: int
    """Which customer of the sample it would be of: 1, 2, …"""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A model, and what it would change."""

    model: Model
    records: int
    """The records it was weighed on: all in force."""
    customers: int
    """Today's customers."""
    customers_then: int
    """The customers there would be."""
    merging: int
    """How many of today's customers would share a customer with others of today's."""
    merges: int
    """The customers they would be."""
    splits: int
    """How many of today's customers would come apart."""
    merge_samples: tuple[tuple[Shown, ...], ...]
    """Some of the customers that would be made of several, the greatest first."""
    split_samples: tuple[tuple[Shown, ...], ...]
    """Some of the customers that would come apart, the greatest first."""

    def as_json(self) -> dict[str, object]:
        """What it would change, without the model."""
        told = {name: getattr(self, name) for name in ("records", "customers", "customers_then")}
        told |= {name: getattr(self, name) for name in ("merging", "merges", "splits")}
        for name in ("merge_samples", "split_samples"):
            told[name] = [[asdict(record) for record in sample] for sample in getattr(self, name)]
        return told


def propose(
    database: Database,
    engine: Engine,
    *,
    hot_key_limit: int,
    given: Model | None = None,
    threads: int = 1,
    progress: Progress = SILENT,
) -> Proposal:
    """What a model would change that is learned from the records in force, or that is given.

    Learning starts from the shipped model, whichever is in force: the same records and decisions make the same model.
    What stewards decided of pairs that share a key sharpens it.

    Args:
        database: The store.
        engine: Who joins keys into pairs.
        hot_key_limit: As for `resolve.keys.limits`.
        given: A model to weigh by as it is; None learns one.
        threads: Threads to learn with.
        progress: Whoever wants to watch.

    Raises:
        ModelError: There is nothing to learn from.
    """
    limits = keys.limits(hot_key_limit=hot_key_limit)
    with database.snapshot() as tx:
        progress.task("train")
        progress.step("read")
        all_of_them = coding.coded(tx, None, limits)
        decided = coding.decided(tx, pa.array(all_of_them.numbers), all_of_them.numbers)
        kept = coding.places(all_of_them.numbers, lawful.alone(tx).to_numpy())
    coded = all_of_them.records
    progress.step("pair")
    made = keys.of(coded, np.arange(len(coded)), threads=threads)
    if len(kept):
        made = arrow.where(made, ~np.isin(made.column("record").to_numpy(), kept))
    found = engine.pairs(made, limits=limits)
    left, right = (found.pairs.column(side).to_numpy() for side in PAIRS.names)
    progress.step("compare")
    patterns = comparisons.patterns(coded, left, right, threads=threads)
    if given is None:
        weights.require_pairs(len(left))
        progress.step("train")
        told = _told(decided, left, right, size=len(coded))
        given = weights.train(coded, patterns, models.shipped(), told=told, threads=threads)
    progress.step("score")
    scores = weights.score(coded, left, right, given, patterns=patterns, threads=threads)
    progress.step("group")
    return _proposal(all_of_them, joining.groups(coded, scores, given, decided).group, given)


def _told(decided: Decided, left: Numbers, right: Numbers, *, size: int) -> Told:
    """Which of the pairs stewards decided, and how."""
    pairs = left * size + right
    lesser, greater = np.minimum(decided.left, decided.right), np.maximum(decided.left, decided.right)
    spoken = lesser * size + greater
    same, apart = (np.isin(pairs, spoken[which]) for which in (decided.together, ~decided.together))
    return Told(same=same, apart=apart)


def _proposal(all_of_them: Coded, groups: Numbers, model: Model) -> Proposal:
    now = pc.fill_null(all_of_them.table.column("customer_id"), -1).to_numpy()
    found = change.between(now, groups)
    return Proposal(
        model=model,
        records=len(now),
        customers=found.customers,
        customers_then=found.groups,
        merging=found.joined,
        merges=len(found.merging),
        splits=len(found.splitting),
        merge_samples=tuple(
            _shown(all_of_them.table, change.sample(groups, now, one, most=SHOWN_RECORDS), groups)
            for one in found.merging[:SAMPLES].tolist()
        ),
        split_samples=tuple(
            _shown(all_of_them.table, change.sample(now, groups, one, most=SHOWN_RECORDS), groups)
            for one in found.splitting[:SAMPLES].tolist()
        ),
    )


def _shown(table: pa.Table, rows: Numbers, groups: Numbers) -> tuple[Shown, ...]:
    parts = {group: number for number, group in enumerate(dict.fromkeys(groups[rows].tolist()), 1)}
    told = table.select(["channel", "record_id", "name", "customer_id"]).take(pa.array(rows)).to_pylist()
    return tuple(
        Shown(
            channel=row["channel"],
            record_id=row["record_id"],
            name=row["name"],
            customer=row["customer_id"],
            part=parts[group],
        )
        for row, group in zip(told, groups[rows].tolist(), strict=True)
    )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who adopts a model, and what stood in kehu.toml."""

    who: str
    """A login, or `cli:USER`."""
    instead_of: str
    """What `[resolve] model` names."""


def adopt(
    database: Database,
    engine: Engine,
    model: Model,
    *,
    folder: Path,
    asked: Asked,
    trust: Mapping[str, int],
    survivorship: Survivorship = DEFAULT,
    hot_key_limit: int,
    clock: Callable[[], datetime],
    progress: Progress = SILENT,
) -> tuple[str, Identified]:
    """Bring a model into force, and group every record by it.

    The model is kept in a file of its own first. Where the transaction does not follow, that file means nothing: the
    store says which model is in force.

    Args:
        database: The store.
        engine: Who joins keys into pairs.
        model: The model.
        folder: The project's folder.
        asked: Who adopts it.
        trust: For each channel how far its values are believed.
        survivorship: Which values survive.
        hot_key_limit: As for `resolve.keys.limits`.
        clock: The time, aware.
        progress: Whoever wants to watch.

    Returns:
        Where the model lies from the folder, and what became of the customers.

    Raises:
        ModelError: The file cannot be written.
    """
    name = _saved(model, folder, clock())
    why = f"model {name}"
    with database.begin() as tx:
        customers.alone(tx)  # Nobody else changes customers from here on, so no state begins later than these.
        at = clock()
        progress.task("adopt")
        inforce.adopt(tx, Adopted(model=name, fingerprint=model.fingerprint, instead_of=asked.instead_of))
        # What waits becomes a customer first, so that all keys are stored.
        came = identify.within(
            tx, engine, model, waiting=records.waiting(tx), are_all=True, trust=trust, survivorship=survivorship,
            hot_key_limit=hot_key_limit, at=at, why="identify", progress=progress,
        ).done  # fmt: skip
        done = identify.anew(
            tx, engine, model, trust=trust, survivorship=survivorship, hot_key_limit=hot_key_limit, at=at,
            why=why, progress=progress,
        )  # fmt: skip
        facts.put(tx, facts.SURVIVORSHIP, survivorship.fingerprint(trust))  # All values were made anew, too.
        counts = {count: getattr(done, count) for count in ("created", "changed", "merged")}
        trail.tell(tx, Entry(at=at, who=asked.who, act=Act.ADOPT, what=why, detail=counts))
    return name, replace(done, records=came.records)


def is_in_force(database: Database, model: Model) -> bool:
    """Whether this model was adopted, and none after it."""
    with database.read() as tx:
        now = inforce.adopted(tx)
    return now is not None and now.fingerprint == model.fingerprint


def _saved(model: Model, folder: Path, at: datetime) -> str:
    """Keep a model in a new file of the project; returns where it lies from the folder."""
    names = _names(at.strftime("%Y-%m-%dT%H%M%S"))
    path = next(path for name in names if not (path := folder / "models" / name).exists())
    try:
        path.parent.mkdir(exist_ok=True)
        model.save(path)
        with path.open("rb") as written:
            os.fsync(written.fileno())
    except OSError as why:
        raise ModelError(f"{path}: the model cannot be kept: {why.strerror}") from None
    return path.relative_to(folder).as_posix()


def _names(moment: str) -> Sequence[str]:
    return [f"{moment}.json", *(f"{moment}-{number}.json" for number in range(2, 100))]
