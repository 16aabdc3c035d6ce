"""What every decision has in common: it is stored, what it touches is grouped again, and it is answered.

All in one transaction in which nobody else changes customers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from kehu.errors import ConflictError, SettingsError
from kehu.flows.arrive.arrive import Desk
from kehu.flows.decide import pairs_of
from kehu.flows.identify import identify
from kehu.flows.once import Once, made, noted
from kehu.model import masks
from kehu.model.links import PAIRS
from kehu.store import customers, decisions, questions, records
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Entry
from kehu.store.database import Database, Transaction
from kehu.store.decisions import Kind


class Caution(StrEnum):
    """What a person may do and a machine would not."""

    CERTIFICATES = "certificates"
    """The customer now holds two different valid certificates."""
    OVERRIDDEN = "overridden"
    """Another decision said otherwise of some of the records; this one counts from now on."""
    UNCHANGED = "unchanged"
    """The customers are what they were: other decisions, or the records themselves, say the same."""


TEXTS: dict[Caution, tuple[str, str]] = {
    Caution.CERTIFICATES: (
        "该客户现在持有两个不同的有效证件，机器不会这样合并。",
        "The customer now holds two different valid certificates; no machine would have joined them.",
    ),
    Caution.OVERRIDDEN: ("本次裁决取代了先前的裁决。", "This decision takes the place of an earlier one."),
    Caution.UNCHANGED: ("客户没有变化。", "The customers are what they were."),
}
"""The zh and the en text of every caution."""


@dataclass(frozen=True, kw_only=True)
class Warned:
    """A caution, in words."""

    caution: Caution
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a decision did."""

    decision_id: int
    kind: Kind
    customers: tuple[int, ...]
    """The living customers that its records belong to now."""
    overrides: tuple[int, ...]
    """The decisions that said otherwise of some of its pairs, and count for them no longer."""
    warnings: tuple[Warned, ...]


def make(
    database: Database,
    desk: Desk,
    act: Act,
    what: str,
    decided: Callable[[Transaction, datetime], Answer],
    *,
    reason: str,
    by: str,
    once: Once | None,
) -> Answer:
    """Decide in a transaction in which nobody else changes customers; the audit trail tells of it.

    What was decided `once` before is answered as it is now, its warnings left out.
    """
    if not reason.strip():
        raise SettingsError("a decision needs a reason")
    if not by.strip():
        raise SettingsError("a decision needs an author")
    with database.begin() as tx:
        # Whoever else merges or splits waits here, and then sees what this one did.
        customers.alone(tx)
        if (before := made(once, tx)) is not None:
            kind, about = decisions.get(tx, before).kind, decisions.members(tx, before)
            return _answer(tx, before, kind, about, overrides=(), changed=True)
        at = desk.clock()
        trail.tell(tx, Entry(at=at, who=by, act=act, what=what, why=reason))
        answer = decided(tx, at)
        noted(once, tx, answer.decision_id)
        return answer


def named(things: str, numbers: Sequence[int]) -> str:
    """Some things by their numbers; of many the first."""
    shown = ", ".join(map(str, numbers[:20]))
    return f"{things} {shown}{', …' if len(numbers) > 20 else ''}"


def whole(tx: Transaction, desk: Desk, ids: Sequence[int], *, at: datetime) -> tuple[list[int], pa.Table]:
    """The living customers that these numbers mean today, each once, and all their records (`MEMBERS`).

    A record of theirs that came in another version and waits is identified first: a decision is about what it says now.
    """
    while True:
        living = list(dict.fromkeys(customers.get(tx, number).customer_id for number in ids))
        theirs = customers.members(tx, pa.array(living, pa.int64()))
        waiting = records.waiting(tx, theirs.column("record").combine_chunks())
        if not len(waiting):
            return living, theirs
        identify.within(
            tx,
            desk.engine,
            desk.model,
            waiting=waiting,
            trust=desk.trust,
            survivorship=desk.survivorship,
            hot_key_limit=desk.hot_key_limit,
            at=at,
            why="identify",
        )


def of_pairs(
    tx: Transaction,
    desk: Desk,
    kind: Kind,
    pairs: pa.Table,
    before: pa.Table,
    *,
    reason: str,
    by: str,
    at: datetime,
) -> Answer:
    """Store a decision about pairs, and group what it touches again."""
    held = decisions.standing(tx, before.column("record").combine_chunks())
    number = decisions.add(tx, kind, pairs, by=by, why=masks.in_text(reason), at=at, before=before)
    overrides = pairs_of.overridden(held, decisions.standing(tx, before.column("record").combine_chunks()))
    if kind is Kind.UNSURE:
        owners = pc.unique(before.column("customer_id"))
        questions.renew(tx, owners, review_from=desk.model.review_from, link_from=desk.model.link_from)
        return _answer(tx, number, kind, before, overrides=[], changed=False)
    return regroup(tx, desk, number, kind, before, at=at, overrides=overrides)


def regroup(
    tx: Transaction,
    desk: Desk,
    number: int,
    kind: Kind,
    before: pa.Table,
    *,
    at: datetime,
    overrides: Sequence[int] = (),
    undone: bool = False,
) -> Answer:
    """Group the customers that a decision is about again; one that is undone gives them the ids they had."""
    about = before.column("record").combine_chunks()
    now = customers.memberships(tx, about).column("customer_id")
    # Whoever may claim an id must be looked at together with all that hold it.
    owners = pc.unique(pa.chunked_array([*now.chunks, *before.column("customer_id").chunks], pa.int64()))
    _, every = whole(tx, desk, owners.to_pylist(), at=at)
    had = identify.again(
        tx,
        desk.model,
        numbers=pc.unique(pa.chunked_array([about, *every.column("record").chunks], pa.int64())),
        hot_key_limit=desk.hot_key_limit,
        trust=desk.trust,
        survivorship=desk.survivorship,
        at=at,
        why=f"undo {number}" if undone else f"decision {number}",
        ids=before if undone else None,
    )
    have = customers.memberships(tx, had.column("record").combine_chunks())
    place = pc.index_in(had.column("record"), have.column("record").combine_chunks())
    moved = had.filter(pc.not_equal(had.column("customer_id"), have.column("customer_id").take(place)))
    if not undone:
        # With its customers others may have come together or apart: taking it back moves them back, too.
        decisions.concern(tx, number, moved.filter(pc.invert(pc.is_in(moved.column("record"), value_set=about))))
    _must_hold(tx, every.column("record").combine_chunks(), number, undone=undone)
    changed = kind is Kind.PIN or moved.num_rows > 0
    return _answer(tx, number, kind, before, overrides=overrides, changed=changed)


def _answer(
    tx: Transaction, number: int, kind: Kind, before: pa.Table, *, overrides: Sequence[int], changed: bool
) -> Answer:
    owners = pc.unique(customers.memberships(tx, before.column("record").combine_chunks()).column("customer_id"))
    cautions = []
    if kind is Kind.TOGETHER and _certificates(tx, owners):
        cautions.append(Caution.CERTIFICATES)
    if overrides:
        cautions.append(Caution.OVERRIDDEN)
    if not changed and kind is not Kind.UNSURE:
        cautions.append(Caution.UNCHANGED)
    return Answer(
        decision_id=number,
        kind=kind,
        customers=tuple(sorted(owners.to_pylist())),
        overrides=tuple(sorted(set(overrides))),
        warnings=tuple(Warned(caution=one, zh=TEXTS[one][0], en=TEXTS[one][1]) for one in cautions),
    )


def _must_hold(tx: Transaction, numbers: pa.Array, number: int, *, undone: bool) -> None:
    """Refuse what leaves standing decisions that contradict each other.

    Raises:
        ConflictError: Naming the decisions that would not hold.
    """
    held = decisions.standing(tx, numbers)
    about = pa.chunked_array([chunk for side in PAIRS.names for chunk in held.column(side).chunks], pa.int64())
    owner = customers.memberships(tx, pc.unique(about))
    left, right = (
        owner.column("customer_id").take(pc.index_in(held.column(side), owner.column("record").combine_chunks()))
        for side in PAIRS.names
    )
    together = pc.equal(held.column("kind"), Kind.TOGETHER.value)
    broken = pc.unique(held.filter(pc.xor(pc.equal(left, right), together)).column("decision_id")).to_pylist()
    if broken:
        what = f"decision {number} cannot be undone" if undone else "this cannot be decided"
        names = ", ".join(map(str, broken))
        raise ConflictError(f"{what}: decision {names} would no longer hold; undo that one first")


def _certificates(tx: Transaction, owners: pa.Array) -> bool:
    """Whether one of the customers holds two different valid certificates."""
    numbers = customers.members(tx, owners).column("record").combine_chunks()
    rows = records.read(tx, numbers, columns=("id_number", "id_valid", "customer_id"))
    valid = rows.filter(pc.and_(rows.column("id_valid"), rows.column("id_number").is_valid()))
    many = valid.group_by("customer_id", use_threads=False).aggregate([("id_number", "count_distinct")])
    return (pc.max(many.column("id_number_count_distinct")).as_py() or 0) > 1
