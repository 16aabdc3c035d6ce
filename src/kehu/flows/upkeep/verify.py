"""Verify: whether what must always be true of a store is, with what can only be told by doing the work again.

`store.verify` asks the database what must hold between its rows. Here the states of customers are made again out of
their records and compared (I4), the audit trail is followed to its head outside the database (I5), what is sealed is
opened, and, where that is wanted, all records are grouped again and must come out as they stand (I6). The store is not
changed by any of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from kehu.errors import StoreError
from kehu.flows.identify import identify, states
from kehu.flows.progress import SILENT, Progress
from kehu.flows.upkeep.audit import Seal
from kehu.model.customers import CUSTOMERS
from kehu.model.links import PAIRS
from kehu.resolve.model import Model
from kehu.resolve.survivorship import Survivorship
from kehu.store import customers, facts, links, media, records, search
from kehu.store import verify as invariants
from kehu.store.audit import chain, head
from kehu.store.audit.chain import End
from kehu.store.database import Database, Transaction
from kehu.store.sealing.vault import Vault
from kehu.store.verify import EXAMPLES, Finding

Known: TypeAlias = End | StoreError | None
"""The head of the trail outside the database; what is wrong with its file; None where there is none."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """By what the states of customers are made."""

    trust: Mapping[str, int]
    """For each channel how far its values are believed."""
    survivorship: Survivorship
    """Which values survive."""


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was found."""

    findings: tuple[Finding, ...]
    """What does not hold; nothing where the store is sound."""
    remarks: tuple[str, ...]
    """What could not be looked at, and why."""


def verify(database: Database, rules: Rules, *, seal: Seal | None, progress: Progress = SILENT) -> Verified:
    """Check every invariant but I6 at one moment of the store, while others go on working.

    Args:
        database: The store.
        rules: By what golden values are made.
        seal: The keys, and where the head of the audit trail stands; None leaves the trail out.
        progress: Whoever wants to watch.
    """
    # Before the snapshot: what is chained after it must not look cut off.
    known = None if seal is None else known_head(seal)
    with database.snapshot() as tx:
        return within(tx, rules, vault=database.vault, known=known, follows=seal is not None, progress=progress)


def within(
    tx: Transaction,
    rules: Rules,
    *,
    vault: Vault | None,
    known: Known,
    follows: bool = True,
    progress: Progress = SILENT,
) -> Verified:
    """As `verify`, in a transaction; `known` is how far the trail went, and is followed where `follows`."""
    progress.task("verify")
    progress.step("rows")
    found, remarks = list(invariants.findings(tx)), []
    if follows:
        progress.step("trail")
        found += _trail(tx, known)
    if vault is not None:
        progress.step("sealed")
        found += invariants.sealed(tx, vault)
    if _are_made_by(tx, rules):
        found += _golden(tx, rules, progress)
    else:
        remarks.append("I4: golden values were made by other settings; `kehu run` makes them anew, then look again")
    return Verified(findings=tuple(found), remarks=tuple(remarks))


def _are_made_by(tx: Transaction, rules: Rules) -> bool:
    """Whether golden values were made by these rules, as far as anybody noted by which."""
    noted = facts.get(tx, facts.SURVIVORSHIP)
    return noted is None or noted == rules.survivorship.fingerprint(rules.trust)


def _golden(tx: Transaction, rules: Rules, progress: Progress) -> Iterator[Finding]:
    """Customers that are something else than what their records, and the decisions about them, make of them."""
    owned = customers.memberships(tx).sort_by("customer_id")
    progress.task("golden values", owned.num_rows)
    differing: dict[str, list[int]] = {"golden values": [], "contact media": [], "search terms": []}
    for numbers in states.pieces(owned):
        rows = records.read(tx, numbers)
        made = states.made(tx, rows, trust=rules.trust, survivorship=rules.survivorship)
        ids = pc.unique(rows.column("customer_id"))
        stored = customers.states(tx, ids).filter(pc.field("merged_into").is_null())
        # A customer that is missing or was merged is told of by another check.
        there = pc.is_in(made.customers.column("customer_id"), value_set=stored.column("customer_id").combine_chunks())
        ids = made.customers.column("customer_id").filter(there).combine_chunks()
        for name, wanted, has in (
            ("golden values", made.customers, stored.select(CUSTOMERS.names)),
            ("contact media", made.media, media.of_customers(tx, ids)),
            ("search terms", made.terms, search.of_customers(tx, ids)),
        ):
            ours = wanted.filter(pc.is_in(wanted.column("customer_id"), value_set=ids))
            differing[name] += differing_in(ours, has, by="customer_id")
        progress.advance(len(numbers))
    for name, numbers in differing.items():
        yield from _finding("I4", f"customers whose {name} do not follow from their records", numbers)


def differing_in(one: pa.Table, other: pa.Table, *, by: str) -> list[int]:
    """The values in one column of the rows that stand in one of two tables only; neither holds a row twice.

    >>> one = pa.table({"of": [1, 1, 2, 3], "told": ["a", "b", None, "c"]})
    >>> other = pa.table({"of": [1, 2, 3, 4], "told": ["a", None, "d", None]})
    >>> differing_in(one, other, by="of")
    [1, 3, 4]
    """
    names = one.column_names
    counted = (
        pa.concat_tables([one, other.select(names).cast(one.schema)]).group_by(names).aggregate([([], "count_all")])
    )
    alone = counted.filter(pc.equal(counted.column("count_all"), 1)).column(by)
    return sorted(pc.unique(alone).to_pylist())


def known_head(seal: Seal) -> Known:
    """How far the trail went when its head was last written outside the database, or why nobody can tell."""
    try:
        return head.read(seal.head_at, keys=seal.keys)
    except StoreError as why:
        return why


def _trail(tx: Transaction, known: Known) -> Iterator[Finding]:
    """Where the audit trail is not what it was when it was chained, or not what its head outside says."""
    if isinstance(known, StoreError):
        yield Finding(invariant="I5", broken=str(known), count=1, examples=())
        known = chain.end(tx)  # What stands in the database is followed anyway.
    of_kind: dict[str, list[int]] = {}
    for fault in chain.faults(tx, head=known):
        of_kind.setdefault(fault.broken, []).append(fault.audit_id)
    for broken, numbers in of_kind.items():
        yield from _finding("I5", f"entries of the audit trail: {broken}", numbers)


def _finding(invariant: str, broken: str, numbers: Sequence[int]) -> Iterator[Finding]:
    if numbers:
        told = tuple(number for number in sorted(numbers)[:EXAMPLES] if number)
        yield Finding(invariant=invariant, broken=broken, count=len(numbers), examples=told)


def rerun(
    database: Database, rules: Rules, model: Model, *, hot_key_limit: int, at: datetime, progress: Progress = SILENT
) -> tuple[Finding, ...]:
    """Group all records again, compare, and take it back (I6); others who want to write wait meanwhile."""
    with database.trial() as tx:
        return tuple(_grouped_again(tx, rules, model, hot_key_limit=hot_key_limit, at=at, progress=progress))


def _grouped_again(
    tx: Transaction, rules: Rules, model: Model, *, hot_key_limit: int, at: datetime, progress: Progress
) -> Iterator[Finding]:
    # Who waits has no keys yet, and would be found alone.
    numbers = records.current(tx)
    numbers = numbers.filter(pc.invert(pc.is_in(numbers, value_set=records.waiting(tx))))
    if not len(numbers):
        return
    progress.task("group again", len(numbers))
    members, pairs = customers.memberships(tx), links.every(tx)
    identify.again(
        tx,
        model,
        numbers=numbers,
        hot_key_limit=hot_key_limit,
        trust=rules.trust,
        survivorship=rules.survivorship,
        at=at,
        why="verify",
    )
    moved = differing_in(members, customers.memberships(tx), by="record")
    yield from _finding("I6", "records that a re-run gives to another customer", moved)
    judged = differing_in(pairs, links.every(tx), by=PAIRS.names[0])
    yield from _finding("I6", "records with links that a re-run judges otherwise", judged)
    progress.advance(len(numbers))
