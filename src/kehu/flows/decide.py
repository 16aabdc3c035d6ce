"""Decide: stewards merge customers, split one, pin a value, and take each of it back.

A decision is stored with its reason and its author, and what it touches is grouped again, in one transaction. It is
about records, so it survives new versions of them, re-runs and other models. Of two decisions about one pair of
records the later one counts; the answer names what it overrides.

Taking a decision back restores what was: the same customers, with the same ids and the same golden values. A number
that was given in between stays given: it leads to the customer that its records went back to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from kehu.errors import ConflictError, NotFoundError, SettingsError
from kehu.flows import identify, pairs_of
from kehu.flows.arrive import Desk
from kehu.flows.once import Once, made, noted
from kehu.model import masks
from kehu.model.links import PAIRS
from kehu.process import clean
from kehu.store import customers, decisions, questions, records
from kehu.store.audit import trail
from kehu.store.audit.trail import Act, Entry
from kehu.store.database import Database, Transaction
from kehu.store.decisions import Kind

PINNABLE = ("kind", "name", "phone", "phone_2", "birth_date", "gender", "email", "address", "category", "star_level")
"""What may be pinned. A certificate is corrected in its channel: a pin would keep its number where nothing seals it."""


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


def merge(
    database: Database, desk: Desk, ids: Sequence[int], *, reason: str, by: str, once: Once | None = None
) -> Answer:
    """Let customers be one; it keeps the id of the one with most records.

    Args:
        database: The store.
        desk: What weighs and makes customers.
        ids: Two customers or more; a retired number stands for the customer it leads to.
        reason: Why.
        by: Who decides.
        once: Where it comes again, it is answered with what was decided then.

    Raises:
        NotFoundError: There is no such customer.
        ConflictError: They are one already.
        SettingsError: There is no reason.
    """

    def decided(tx: Transaction, at: datetime) -> Answer:
        living, before = _whole(tx, desk, ids, at=at)
        if len(living) < 2:
            raise ConflictError(f"{', '.join(map(str, ids))}: customer {living[0]} already; name two to merge")
        numbers = before.column("record").combine_chunks()
        pairs = pairs_of.star(numbers)
        # What other decisions say of pairs inside must be overridden pair by pair.
        denied = pairs_of.inside(decisions.said(tx, numbers), numbers, Kind.APART)
        pairs = pa.concat_tables([pairs, denied.select(PAIRS.names)])
        return _decided(tx, desk, Kind.TOGETHER, pairs, before, reason=reason, by=by, at=at)

    return _decide(database, desk, Act.MERGE, _named("customers", ids), decided, reason=reason, by=by, once=once)


def split(
    database: Database,
    desk: Desk,
    customer_id: int,
    record_numbers: Sequence[int],
    *,
    reason: str,
    by: str,
    once: Once | None = None,
) -> Answer:
    """Let some records of a customer be another customer, and the rest stay one; the greater part keeps the id.

    Args:
        database: The store.
        desk: What weighs and makes customers.
        customer_id: The customer; a retired number stands for the one it leads to.
        record_numbers: The numbers of the records that are somebody else.
        reason: Why.
        by: Who decides.
        once: Where it comes again, it is answered with what was decided then.

    Raises:
        NotFoundError: There is no such customer, or a record is not one of its.
        ConflictError: No record would stay, or none would go.
        SettingsError: There is no reason.
    """

    def decided(tx: Transaction, at: datetime) -> Answer:
        (customer,), before = _whole(tx, desk, [customer_id], at=at)
        going = pa.array(sorted(set(record_numbers)), pa.int64())
        numbers = before.column("record").combine_chunks()
        if strange := going.filter(pc.invert(pc.is_in(going, value_set=numbers))).to_pylist():
            raise NotFoundError(f"customer {customer} has no record {', '.join(map(str, strange))}")
        staying = numbers.filter(pc.invert(pc.is_in(numbers, value_set=going)))
        if not len(going) or not len(staying):
            raise ConflictError(f"customer {customer}: a split takes some of its records, and leaves some")
        kinds = {
            Kind.APART: pairs_of.between(going, staying),
            Kind.TOGETHER: pa.concat_tables([pairs_of.star(going), pairs_of.star(staying)]),
        }
        return _decided(tx, desk, Kind.APART, pairs_of.told(kinds), before, reason=reason, by=by, at=at)

    return _decide(database, desk, Act.SPLIT, f"customer {customer_id}", decided, reason=reason, by=by, once=once)


def review(
    database: Database,
    desk: Desk,
    left: int,
    right: int,
    *,
    verdict: Kind,
    reason: str,
    by: str,
    once: Once | None = None,
) -> Answer:
    """Say of the customers of two records in doubt whether they are one: together, apart, or nobody can tell.

    Args:
        database: The store.
        desk: What weighs and makes customers.
        left: The number of a record, of any version of it.
        right: The number of the other one.
        verdict: `TOGETHER` merges their customers, `APART` keeps them apart for good, `UNSURE` changes nothing.
        reason: Why.
        by: Who decides.
        once: Where it comes again, it is answered with what was decided then.

    Raises:
        NotFoundError: A record is not there, or waits for its customer still.
        ConflictError: They are one customer already.
        SettingsError: There is no reason.
    """

    def decided(tx: Transaction, at: datetime) -> Answer:
        pair = pa.array([_current(tx, left), _current(tx, right)], pa.int64())
        asked = customers.memberships(tx, pair).column("customer_id").to_pylist()
        if len(asked) < 2:
            raise NotFoundError(f"records {left} and {right}: one waits for its customer still; `kehu identify` first")
        owners, before = _whole(tx, desk, asked, at=at)
        if len(owners) < 2:
            raise ConflictError(f"records {left} and {right} are one customer already; split it to part them")
        sides = [before.filter(pc.equal(before.column("customer_id"), owner)).column("record") for owner in owners]
        if verdict is not Kind.TOGETHER:
            pairs = pairs_of.between(*(side.combine_chunks() for side in sides))
        else:
            numbers = before.column("record").combine_chunks()
            denied = pairs_of.inside(decisions.said(tx, numbers), numbers, Kind.APART)
            pairs = pa.concat_tables([pairs_of.star(numbers), denied.select(PAIRS.names)])
        return _decided(tx, desk, verdict, pairs, before, reason=reason, by=by, at=at)

    what = _named("records", (left, right))
    return _decide(database, desk, Act.REVIEW, what, decided, reason=reason, by=by, once=once)


def pin(
    database: Database,
    desk: Desk,
    customer_id: int,
    attribute: str,
    value: str,
    *,
    reason: str,
    by: str,
    once: Once | None = None,
) -> Answer:
    """Let a customer have this value, whatever its records say; undoing the decision unpins it.

    The pin goes with a record: with the newest that states the value, else with the customer's oldest. So it lasts
    when customers merge, and follows that record when they split.

    Raises:
        NotFoundError: There is no such customer.
        SettingsError: The attribute cannot be pinned, the value is none, or there is no reason.
    """

    def decided(tx: Transaction, at: datetime) -> Answer:
        wanted = cleaned(attribute, value, home=desk.home)
        _, before = _whole(tx, desk, [customer_id], at=at)
        rows = records.read(tx, before.column("record").combine_chunks(), columns=("record", attribute)).to_pylist()
        stating = [row["record"] for row in rows if row[attribute] is not None and str(row[attribute]) == wanted]
        carrier = max(stating, default=min(row["record"] for row in rows))
        held = decisions.pinned(tx, before.column("record").combine_chunks())
        same = held.filter(pc.equal(held.column("attribute"), attribute))
        number = decisions.pin(
            tx, attribute, wanted, by=by, why=masks.in_text(reason), at=at, record=carrier, before=before
        )
        return _made_again(tx, desk, number, Kind.PIN, before, at=at, overrides=same.column("decision_id").to_pylist())

    return _decide(database, desk, Act.PIN, f"customer {customer_id}", decided, reason=reason, by=by, once=once)


def cleaned(attribute: str, value: str, *, home: str = "CN") -> str:
    """A value to pin, as records have it.

    Raises:
        SettingsError: The attribute cannot be pinned, or the value is none.

    >>> cleaned("phone", "+86 139 1234 5678"), cleaned("birth_date", "1990/3/7"), cleaned("gender", "女")
    ('13912345678', '1990-03-07', 'female')
    """
    if attribute not in PINNABLE:
        raise SettingsError(f"{attribute} cannot be pinned (can be: {', '.join(PINNABLE)})")
    column = "phone" if attribute == "phone_2" else attribute  # A second phone alone is cleaned into the first.
    made = clean.clean(pa.table({"record_id": ["0"], column: [value]}), home=home).column(column)[0].as_py()
    if made is None or (attribute == "kind" and made != value.strip().lower()):
        raise SettingsError(f"{attribute}: what was given says nothing that can be kept")
    return str(made)


def undo(database: Database, desk: Desk, number: int, *, reason: str, by: str, once: Once | None = None) -> Answer:
    """Take a decision back; what other decisions say goes on.

    Raises:
        NotFoundError: There is none of that number.
        ConflictError: It was taken back before, or a later decision builds on it.
        SettingsError: There is no reason.
    """

    def decided(tx: Transaction, at: datetime) -> Answer:
        kind = decisions.get(tx, number).kind
        decisions.undo(tx, number, by=by, at=at, why=masks.in_text(reason))
        return _made_again(tx, desk, number, kind, decisions.members(tx, number), at=at, undone=True)

    return _decide(database, desk, Act.UNDO, f"decision {number}", decided, reason=reason, by=by, once=once)


def _decide(
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
        customers.next_id(tx)
        if (before := made(once, tx)) is not None:
            kind, about = decisions.get(tx, before).kind, decisions.members(tx, before)
            return _answer(tx, before, kind, about, overrides=(), changed=True)
        at = desk.clock()
        trail.tell(tx, Entry(at=at, who=by, act=act, what=what, why=reason))
        answer = decided(tx, at)
        noted(once, tx, answer.decision_id)
        return answer


def _named(things: str, numbers: Sequence[int]) -> str:
    """Some things by their numbers; of many the first."""
    shown = ", ".join(map(str, numbers[:20]))
    return f"{things} {shown}{', …' if len(numbers) > 20 else ''}"


def _whole(tx: Transaction, desk: Desk, ids: Sequence[int], *, at: datetime) -> tuple[list[int], pa.Table]:
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


def _current(tx: Transaction, number: int) -> int:
    """The version in force of a record."""
    found = records.versions(tx, number)
    return int(found.filter(found.column("current")).column("record")[0].as_py())


def _decided(
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
    return _made_again(tx, desk, number, kind, before, at=at, overrides=overrides)


def _made_again(
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
    _, every = _whole(tx, desk, owners.to_pylist(), at=at)
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
